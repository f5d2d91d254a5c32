"""How commands print what they found: JSON Lines and CSV for programs, text for people.

Every string was written by somebody else. JSON carries it as it is; a cell of a table program
must not become a formula, and nothing printed may steer a terminal.
"""

import csv
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import msgspec

from chalicelib.errors import PermanentError
from chalicelib.facts.legible import legible

#: What starts a formula in Excel, LibreOffice and Sheets, their fullwidth forms included (OWASP,
#: "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
CELL_LIMIT_CHARS = 32_000


class OutputError(PermanentError):
    """A file cannot be written."""


class Writer(Protocol):
    """Writes rows in one format."""

    def write(self, rows: Sequence[Any]) -> None:
        """Write some rows."""


class JsonLines:
    """One JSON object a line."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, rows: Sequence[Any]) -> None:
        """Write some rows."""
        if rows:
            lines = (_ascii_controls(msgspec.json.encode(row).decode()) for row in rows)
            self._file.write("\n".join(lines) + "\n")


class Csv:
    """RFC 4180 with a heading; lists become texts."""

    def __init__(self, file: IO[str], columns: Sequence[str]) -> None:
        self._columns = columns
        self._writer = csv.writer(file)
        self._writer.writerow(columns)

    def write(self, rows: Sequence[Any]) -> None:
        """Write some rows."""
        for row in rows:
            values: Mapping[str, Any] = msgspec.to_builtins(row)
            self._writer.writerow([cell(values.get(name)) for name in self._columns])


def cell(value: Any) -> str:
    """Return a cell that no table program takes for a formula."""
    text = legible(_flat(value))[:CELL_LIMIT_CHARS]
    # An apostrophe is what these programs themselves mark texts with.
    return f"'{text}" if text.lstrip().startswith(FORMULA_STARTS) else text


@contextmanager
def opened(path: Path | None) -> Iterator[IO[str]]:
    """Open what results go to: stdout, or a file that appears only when it is complete.

    Raises:
        OutputError: The file cannot be written.
    """
    if path is None:
        yield sys.stdout
        return
    try:
        with _replacing(path) as file:
            yield file
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error


@contextmanager
def _replacing(path: Path) -> Iterator[IO[str]]:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        unfinished.chmod(0o666 & ~_umask())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _flat(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return " ".join(map(_flat, value.values()))
    if isinstance(value, list | tuple):
        return "; ".join(map(_flat, value))
    return str(value)


def _ascii_controls(line: str) -> str:
    # JSON need not escape DEL, C1 controls and direction marks; terminals act on them.
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else _escaped(c) for c in line)


def _escaped(character: str) -> str:
    encoded = character.encode("utf-16-be").hex()
    return "".join(f"\\u{encoded[at : at + 4]}" for at in range(0, len(encoded), 4))
