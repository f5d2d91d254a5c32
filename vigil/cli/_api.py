"""What the commands share that speak with the API: where it is, paging, and how rows are printed.

Rows are the API's own objects; JSON Lines give them as they came.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from urllib.parse import quote

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chalicelib.facts.legible import legible
from vigil.cli import is_person
from vigil.cli.output import Csv, JsonLines, opened

_P = ParamSpec("_P")
_R = TypeVar("_R")
Row = Mapping[str, Any]

#: The API gives at most this many a page.
PAGE_SIZE = 100
#: Rows that are written at once.
_CHUNK = 100

SEVERITY_STYLES: Mapping[str, str] = {
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "low": "cyan",
    "informational": "cyan",
}


def api_option(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """Add ``--api``."""
    return click.option("--api", metavar="URL", help="The API's URL [VIGIL_API_URL].")(command)


def list_options(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """Add ``--api``, ``--format`` and ``--output``."""
    formats = click.Choice(["table", "jsonl", "csv"])
    path = click.Path(path_type=Path, dir_okay=False)
    command = click.option("--output", type=path, help="Write here instead of stdout.")(command)
    command = click.option("--format", "form", type=formats, help="How to print.")(command)
    return api_option(command)


@functools.cache
def client(api: str | None) -> Any:
    """Return the API's client; boto3 is imported only now."""
    from vigil.client import ApiClient  # noqa: PLC0415 - see above

    return ApiClient.from_env(api)


def path_of(*parts: str) -> str:
    """Return a path with every part percent-encoded."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def pages(api: str | None, path: str, query: Mapping[str, str]) -> Iterator[Row]:
    """Yield every row of a list, page by page."""
    wanted = {"limit": str(PAGE_SIZE), **query}
    while True:
        page = client(api).call("GET", path, wanted)
        yield from page["items"]
        if not page.get("next"):
            return
        wanted["cursor"] = page["next"]


def print_rows(
    rows: Iterator[Row], columns: Mapping[str, str], form: str | None, output: Path | None
) -> int:
    """Print rows as asked and return how many there were.

    Args:
        rows: What to print.
        columns: Key of a row → heading for people; CSV has the keys.
        form: ``table``, ``jsonl``, ``csv``, or None for what suits the reader.
        output: File to write, or None for stdout.
    """
    form = form or ("table" if is_person() and output is None else "jsonl")
    count = 0
    with opened(output) as file:
        if form == "table":
            table = _Rows(columns)
            count = sum(map(table.add, rows))
            Console(file=file, highlight=False).print(table.made(count))
            return count
        writer = Csv(file, list(columns)) if form == "csv" else JsonLines(file)
        while chunk := list(islice(rows, _CHUNK)):
            writer.write(chunk)
            count += len(chunk)
    return count


class _Rows:
    """Rows as a table; the first column is copied from, so it is never cut."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._columns = columns
        self._table = Table(box=None, header_style="bold", pad_edge=False)
        for number, heading in enumerate(columns.values()):
            self._table.add_column(heading, no_wrap=number == 0, overflow="fold")

    def add(self, row: Row) -> int:
        """Add a row; return 1, so that rows can be summed."""
        self._table.add_row(*(_cell(name, row.get(name)) for name in self._columns))
        return 1

    def made(self, count: int) -> Table | Text:
        """Return the table, or what to say where it is empty."""
        return self._table if count else Text("none", style="dim")


def _cell(name: str, value: Any) -> Text:
    text = legible(shown(value))
    return Text(text, SEVERITY_STYLES.get(text, "") if name == "severity" else "")


def shown(value: Any) -> str:
    """Return a value of a row as people read it; who somebody is is their name."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return str(
            value.get("name") or value.get("id") or ", ".join(f"{k}={v}" for k, v in value.items())
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(shown, value))
    return str(value)
