"""`vigil replay`: judges recorded CloudTrail, so that a person sees what Vigil would have said.

Results go to stdout as they are found; what could not be read is told at the end, on stderr.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic
from typing import IO, Any

import click
from botocore.exceptions import BotoCoreError
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from chalicelib.aws import Clients, SystemClock
from chalicelib.evaluate.bundle import bundle_from
from chalicelib.model import Severity
from chalicelib.model.ruleset import Ruleset
from vigil.cli import EXIT_COULD_NOT_LOOK, EXIT_TO_ACT_ON, is_person
from vigil.cli._rules_options import rules_options
from vigil.cli.output import Csv, JsonLines, Writer, opened
from vigil.library.loading import library
from vigil.replay.counting import Plan, Tally
from vigil.replay.outline import Verdict
from vigil.replay.row import Row
from vigil.replay.running import replayed
from vigil.replay.sources import (
    SUFFIXES,
    CouldNotLookError,
    NotThereError,
    check,
    sources_at,
)
from vigil.rulefiles import resource_types

COLUMNS = tuple(Row.__dataclass_fields__)
#: Progress appears only where a person waits longer than this.
PATIENCE_SECONDS = 1.0
GAPS_NAMED = 20

STYLES: Mapping[str, str] = {
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "low": "cyan",
    "informational": "cyan",
    "failed": "dim",
    "ignored": "dim",
    "invalid": "magenta",
}


@click.command(
    epilog="\b\nExamples:\n  vigil replay trail-logs/\n"
    "  vigil replay --format jsonl --fail-on high s3://my-trail-bucket/AWSLogs/"
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--all", "everything", is_flag=True, help="One line per record, not only risky ones.")
@click.option(
    "--format", "form", type=click.Choice(["table", "jsonl", "csv"]), help="How to print."
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    help="End with 1 where a rule of this severity or above objects.",
)
@rules_options
@click.option("--jobs", type=click.IntRange(min=1), help="Processes; default: one per core.")
@click.pass_context
def replay(  # noqa: PLR0913 - one parameter per option
    ctx: click.Context,
    paths: tuple[str, ...],
    *,
    everything: bool,
    form: str | None,
    output: Path | None,
    fail_on: str | None,
    own_rules: tuple[Path, ...],
    settings: Path | None,
    jobs: int | None,
) -> None:
    """Judge recorded CloudTrail: log files, folders, JSON Lines, envelopes, s3:// prefixes."""
    check(paths)
    tally = Tally()
    limit = Severity(fail_on) if fail_on else None
    form = form or ("table" if is_person() and output is None else "jsonl")
    ruleset = library(resource_types(), own_rules, settings).ruleset
    with tempfile.TemporaryDirectory(prefix="vigil-replay-") as name, opened(output) as file:
        folder = Path(name)
        plan = _plan(ruleset, folder, everything=everything, limit=limit)
        writer = _WRITERS[form](file)
        sources = sources_at(paths, _s3, folder)
        progress = _Progress(tally)
        with _could_not_look() as failed, closing(progress):
            for rows in replayed(sources, plan, tally, jobs):
                if rows:
                    progress.close()
                    writer.write(rows)
                progress.show()
    if not (tally.files or tally.gaps or failed):
        raise NotThereError(f"{', '.join(paths)}: no log files here ({', '.join(SUFFIXES)}, .gz)")
    _summarise(tally)
    if failed or tally.gaps:
        ctx.exit(EXIT_COULD_NOT_LOOK)
    if limit is not None and tally.worst is not None and tally.worst.rank >= limit.rank:
        ctx.exit(EXIT_TO_ACT_ON)


def _plan(ruleset: Ruleset, folder: Path, *, everything: bool, limit: Severity | None) -> Plan:
    bundle = folder / "rules.json"
    bundle.write_bytes(bundle_from(ruleset))
    # What makes the command fail is shown, however mild.
    mildest = min(Severity.MEDIUM, limit or Severity.MEDIUM, key=lambda severity: severity.rank)
    now = SystemClock().now()
    return Plan(bundle=bundle, everything=everything, now=now, mildest=mildest)


def _s3() -> Any:
    try:
        return Clients().client("s3")
    except BotoCoreError as error:
        raise CouldNotLookError(str(error)) from error


@contextmanager
def _could_not_look() -> Iterator[list[str]]:
    """Tell of what kept us from looking, after what was found until then."""
    failed: list[str] = []
    try:
        yield failed
    except CouldNotLookError as error:
        failed.append(str(error))
    except BrokenProcessPool:
        failed.append("a worker process was killed, probably for want of memory; try --jobs 1")
    for line in failed:
        click.echo(f"vigil: {line}", err=True)


class _Progress:
    """Shows how far it is, to a person who has waited for a second."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._started = monotonic()
        console = Console(stderr=True)
        self._status = console.status("") if console.is_terminal else None

    def show(self) -> None:
        """Show the counts."""
        if self._status is not None and monotonic() - self._started > PATIENCE_SECONDS:
            counts = f"{self._tally.records:,} records in {self._tally.files:,} files"
            self._status.update(counts)
            self._status.start()

    def close(self) -> None:
        """Leave the line to results, which may go to the same terminal."""
        if self._status is not None:
            self._status.stop()


class _ForPeople:
    """Two lines a row: what and where, then who and why; wide tables cut what matters."""

    def __init__(self, file: IO[str]) -> None:
        self._console = Console(file=file, highlight=False, markup=False, soft_wrap=False)

    def write(self, rows: Sequence[Row]) -> None:
        """Write some rows."""
        for row in rows:
            self._console.print(_headline(row))
            for line in _details(row):
                self._console.print(
                    Padding(Text(line, overflow="fold"), (0, 0, 0, 2), expand=False)
                )


def _headline(row: Row) -> Text:
    level = row.severity.value if row.severity else row.verdict.value
    what = f"{row.event_name or '?'}  {row.region or ''} {row.account_id or ''}"
    return Text.assemble(
        (f"{level.upper():13}", STYLES.get(level, "")),
        (row.event_time or "no time", "dim"),
        f"  {what}",
        overflow="fold",
    )


def _details(row: Row) -> Iterator[str]:
    if row.message:
        yield row.message
    if row.rule_ids:
        yield f"rules  {', '.join(row.rule_ids)}"
    if row.actor:
        yield f"who    {row.actor}" + (f" from {row.source_ip}" if row.source_ip else "")
    again = f" (again; first {row.duplicate_of})" if row.duplicate_of else ""
    yield f"where  {row.source}{again}"


def _summarise(tally: Tally) -> None:
    for row in tally.invalid:
        click.echo(f"vigil: {row.source}: invalid: {row.message}", err=True)
    unnamed = tally.verdicts[Verdict.INVALID] - len(tally.invalid)
    if unnamed > 0:
        click.echo(f"vigil: and {unnamed:,} more invalid records", err=True)
    for gap in tally.gaps[:GAPS_NAMED]:
        click.echo(f"vigil: {gap.name}: could not be read: {gap.why}", err=True)
    if len(tally.gaps) > GAPS_NAMED:
        click.echo(f"vigil: and {len(tally.gaps) - GAPS_NAMED:,} more that could not be", err=True)
    click.echo(_counted(tally), err=True)


def _counted(tally: Tally) -> str:
    counts = ", ".join(f"{tally.verdicts[verdict]:,} {verdict.value}" for verdict in Verdict)
    return (
        f"{tally.records:,} records in {tally.files:,} files: {counts}; "
        f"duplicates: {tally.duplicates:,}, id_reused: {tally.reused:,}"
    )


_WRITERS: Mapping[str, Callable[[IO[str]], Writer]] = {
    "table": _ForPeople,
    "jsonl": JsonLines,
    "csv": lambda file: Csv(file, COLUMNS),
}
