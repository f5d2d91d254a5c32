"""`vigil verify`: says whether a pack is what was sealed, and names every place that is not.

It runs the very code that lies in packs as verify.py, and never the copy in the pack: that one came
from whoever made the pack.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import click
from rich.console import Console
from rich.text import Text

from chalicelib.errors import PermanentError
from chalicelib.export._verify import Report, fingerprint_from, opened, sentences_of
from chalicelib.export._verify import verify as verify_pack
from chalicelib.facts.legible import legible
from vigil.cli import is_person
from vigil.cli import output as results
from vigil.cli.output import JsonLines

VERDICTS = {0: "proven", 1: "tampered", 3: "consistent"}
_STYLES = {0: "bold green", 1: "bold red", 3: "bold yellow"}


class NotAPackError(PermanentError):
    """What was named cannot be a pack, or pins no key."""


@click.command(
    epilog="\b\nExamples:\n  vigil verify q3.zip --key-fingerprint 4f2d…\n"
    "  vigil verify --format jsonl unpacked/"
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--key-fingerprint",
    "fingerprint",
    metavar="F",
    help="SHA-256 of the key that must have signed; never take it from the pack itself.",
)
@click.option("--format", "form", type=click.Choice(["table", "jsonl"]), help="How to print.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
@click.pass_context
def verify(
    ctx: click.Context,
    file: Path,
    *,
    fingerprint: str | None,
    form: str | None,
    output: Path | None,
) -> None:
    """Check an evidence pack: 0 proven, 1 tampered with, 3 consistent but signed by whomever."""
    form = form or ("table" if is_person() and output is None else "jsonl")
    try:
        pinned = fingerprint_from(fingerprint) if fingerprint else None
        report = verify_pack(opened(file), pinned)
    except ValueError as error:
        raise NotAPackError(str(error)) from error
    with results.opened(output) as stream:
        _PRINT[form](report, stream)
    ctx.exit(report.exit_code)


def _print_text(report: Report, stream: IO[str]) -> None:
    console = Console(file=stream, soft_wrap=True, highlight=False)
    *told, verdict = sentences_of(report)
    for sentence in told:
        console.print(Text(sentence))
    console.print(Text(verdict, style=_STYLES[report.exit_code]))


def _print_jsonl(report: Report, stream: IO[str]) -> None:
    JsonLines(stream).write(tuple(_rows(report)))


def _rows(report: Report) -> Iterator[Mapping[str, Any]]:
    """Yield a row for each place, and one for the whole."""
    for place, what in report.problems:
        yield {"place": legible(place), "problem": legible(what)}
    yield {
        "verdict": VERDICTS[report.exit_code],
        "problems": len(report.problems),
        "key_fingerprint": report.fingerprint,
        "notes": [legible(note) for note in report.notes],
    }


_PRINT: Mapping[str, Callable[[Report, IO[str]], None]] = {
    "table": _print_text,
    "jsonl": _print_jsonl,
}
