"""What a person sees of a scan: how far it is, what is wrong, and what could not be looked at."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from time import monotonic
from types import TracebackType
from typing import IO, Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from chalicelib.facts.legible import legible
from chalicelib.model import Compliance, GapReason, Rule, Severity
from vigil.scan.counting import Tally, Unread
from vigil.scan.plan import Task
from vigil.scan.rows import Row

#: Progress appears only where a person waits longer than this.
PATIENCE_SECONDS = 1.0
#: Lines kept for the table, the worst ones; a program reads JSON Lines instead.
LINES_SHOWN = 2_000
GAPS_NAMED = 20

STYLES: Mapping[str, str] = {
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "low": "cyan",
    "informational": "cyan",
}
#: Position among severities, worst first; what is not NON_COMPLIANT comes after them all.
_AFTER: Mapping[Compliance, int] = {
    Compliance.INSUFFICIENT_DATA: 10,
    Compliance.NOT_APPLICABLE: 30,
    Compliance.COMPLIANT: 20,
}

Place = tuple[int, str, str, str]


class ForPeople:
    """Rules, worst first, and under each the resources it is about."""

    def __init__(self, file: IO[str], rules: Mapping[str, Rule]) -> None:
        self._console = Console(file=file, highlight=False, markup=False)
        self._rules = rules
        self._kept: list[Row] = []
        self._left_out = 0

    def write(self, rows: Sequence[Row]) -> None:
        """Take some rows."""
        self._kept += rows
        if len(self._kept) > 2 * LINES_SHOWN:
            self._shrink()

    def show(self) -> None:
        """Print what was taken."""
        self._shrink()
        for (_, rule_id), rows in groupby(sorted(self._kept, key=_place), key=_heading):
            self._print_rule(rule_id, list(rows))
        if self._left_out:
            more = f"and {self._left_out:,} more lines; --format jsonl has them all"
            self._console.print(Text(more, style="dim"))

    def _shrink(self) -> None:
        self._left_out += max(0, len(self._kept) - LINES_SHOWN)
        self._kept = heapq.nsmallest(LINES_SHOWN, self._kept, key=_place)

    def _print_rule(self, rule_id: str, rows: Sequence[Row]) -> None:
        level, style = _level_of(rows[0])
        title = self._rules[rule_id].title if rule_id in self._rules else ""
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(min_width=8)
        grid.add_column(overflow="fold")
        grid.add_row(Text(level, style), Text(rule_id, "bold"))
        grid.add_row("", Text(title, "italic"))
        for row in rows:
            said = legible(row.message or row.resource_id)
            grid.add_row("", Text.assemble((f"{row.region}  ", "dim"), said))
        self._console.print(grid)
        self._console.print()


class Advance:
    """Shows how far it is, on stderr, to a person who has waited for a second."""

    def __init__(self, total: int) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("looking"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("listings · {task.fields[seen]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._bar = self._progress.add_task("looking", total=total, seen="")
        self._tally = Tally()
        self._started = monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.pause()

    def one(self, tally: Tally) -> None:
        """Note the end of a task."""
        self._tally.join((tally,))
        failures = self._tally.failures.total()
        seen = f"{self._tally.resources:,} resources · {failures:,} findings"
        self._progress.update(self._bar, advance=1, seen=seen)
        if monotonic() - self._started > PATIENCE_SECONDS:
            self._progress.start()

    def pause(self) -> None:
        """Leave the line to results, which may go to the same terminal."""
        if self._progress.live.is_started:
            self._progress.stop()


def summarise(tally: Tally, tasks: Sequence[Task], calls: int, seconds: float) -> None:
    """Say what was looked at, what was found and what could not be read, on stderr."""
    for line in (
        *_unread_lines(tally),
        *_found_lines(tally),
        _looked_line(tally, tasks, calls, seconds),
    ):
        click.echo(line, err=True)


def _unread_lines(tally: Tally) -> Iterator[str]:
    worst_first = sorted(tally.unread.items(), key=lambda pair: (pair[0].reason, -pair[1], pair[0]))
    for unread, count in worst_first[:GAPS_NAMED]:
        yield f"vigil: {_unread_line(unread, count)}"
    if len(worst_first) > GAPS_NAMED:
        yield f"vigil: and {len(worst_first) - GAPS_NAMED:,} more kinds of gaps"


def _unread_line(unread: Unread, count: int) -> str:
    where = f"{unread.region}: {unread.call}: {_REASONS[unread.reason]} ({legible(unread.error)})"
    return where if unread.listing else f"{where}, {_some(count, 'resource')}"


def _found_lines(tally: Tally) -> Iterator[str]:
    worst_first = sorted(tally.failures, key=lambda severity: -severity.rank)
    by_severity = ", ".join(f"{tally.failures[level]:,} {level.value}" for level in worst_first)
    counts = [f"{tally.verdicts[verdict]:,} {verdict.value}" for verdict in Compliance]
    yield ", ".join(counts) + (f" ({by_severity})" if by_severity else "")


def _looked_line(tally: Tally, tasks: Sequence[Task], calls: int, seconds: float) -> str:
    kinds = len({task.type for task in tasks})
    regions = len({task.region for task in tasks} - {"global"})
    counted = (_some(tally.resources, "resource"), _some(kinds, "type"), _some(regions, "Region"))
    return "{} of {} in {}, {}, {:.1f} s".format(*counted, _some(calls, "call"), seconds)


def _some(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _place(row: Row) -> Place:
    return (_rank(row), row.rule_id, row.region, row.resource_id)


def _heading(row: Row) -> tuple[int, str]:
    return _rank(row), row.rule_id


def _rank(row: Row) -> int:
    return _AFTER.get(row.compliance, len(Severity) - row.severity.rank)


def _level_of(row: Row) -> tuple[str, str]:
    if row.compliance is Compliance.NON_COMPLIANT:
        return row.severity.value.upper(), STYLES[row.severity.value]
    names = {
        Compliance.INSUFFICIENT_DATA: ("UNKNOWN", "magenta"),
        Compliance.COMPLIANT: ("ok", "green"),
    }
    return names.get(row.compliance, ("n/a", "dim"))


_REASONS: Mapping[GapReason, str] = {
    GapReason.DENIED: "denied",
    GapReason.THROTTLED: "throttled to the end",
    GapReason.UNAVAILABLE: "no answer",
    GapReason.UNSUPPORTED: "not available here",
    GapReason.MALFORMED: "an answer of unexpected shape",
}
