"""`vigil scan`: judges a live account now, and writes nothing to it.

Results go to stdout Region by Region; what could not be looked at is told at the end, on stderr.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import IO

import click

from chalicelib.aws import SystemClock
from chalicelib.evaluate.placing import rules_anywhere
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.facts.legible import legible
from chalicelib.model import ResourceType, Severity
from chalicelib.model.ruleset import Ruleset, narrowed
from chalicelib.resources._observer import ResourceObserver
from vigil.cli import EXIT_COULD_NOT_LOOK, EXIT_TO_ACT_ON, is_person
from vigil.cli._rules_options import rules_options
from vigil.cli._scan_view import Advance, ForPeople, summarise
from vigil.cli.output import Csv, JsonLines, Writer, opened
from vigil.library.loading import library
from vigil.rulefiles import resource_types
from vigil.scan.account import (
    Account,
    CouldNotLookError,
    CountedClients,
    account_of,
    clients_of_caller,
    regions_of,
)
from vigil.scan.counting import Tally
from vigil.scan.journal import Done, Journal
from vigil.scan.looking import Eyes
from vigil.scan.plan import Scope, Task, tasks_for, wanted_rules
from vigil.scan.rows import Row
from vigil.scan.running import Finished, scanned

COLUMNS = tuple(Row.__dataclass_fields__)
#: More does not help: beyond this the services themselves slow a scan down.
JOBS = 16


@click.command(
    epilog="\b\nExamples:\n  vigil scan --region eu-west-1 --fail-on high\n"
    "  vigil scan --service s3 --service iam --format jsonl --output findings.jsonl"
)
@click.option("--service", "services", multiple=True, help="Look at this service only, e.g. s3.")
@click.option("--resource-type", "types", multiple=True, help="Only this type: AWS::S3::Bucket.")
@click.option("--rule", "rules", multiple=True, help="Judge by this rule only.")
@rules_options
@click.option("--region", "regions", multiple=True, help="Only this Region; default: all enabled.")
@click.option("--all", "everything", is_flag=True, help="COMPLIANT and NOT_APPLICABLE lines too.")
@click.option(
    "--format", "form", type=click.Choice(["table", "jsonl", "csv"]), help="How to print."
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    help="End with 1 where something of this severity or above is NON_COMPLIANT.",
)
@click.option(
    "--resume",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep what is done in this file, and go on from it.",
)
@click.option("--jobs", type=click.IntRange(1, 64), default=JOBS, help="Looks at a time.")
@click.pass_context
def scan(  # noqa: PLR0913 - one parameter per option
    ctx: click.Context,
    *,
    services: tuple[str, ...],
    types: tuple[str, ...],
    rules: tuple[str, ...],
    regions: tuple[str, ...],
    own_rules: tuple[Path, ...],
    settings: Path | None,
    everything: bool,
    form: str | None,
    output: Path | None,
    fail_on: str | None,
    resume: Path | None,
    jobs: int,
) -> None:
    """Judge a live account now: every rule on every resource, in every Region."""
    lowered = tuple(map(str.lower, services))
    scope = Scope(services=lowered, types=types, rules=rules, regions=regions)
    limit = Severity(fail_on) if fail_on else None
    form = form or ("table" if is_person() and output is None else "jsonl")
    known = resource_types()
    ruleset = library(known, own_rules, settings).ruleset
    rulebook = _rulebook(ruleset, known, scope)
    tally, started = Tally(), monotonic()
    with _could_not_look() as failed:
        way = _way(rulebook, known, scope, everything=everything)
        with (
            _journal(resume, way) as journal,
            opened(output) as file,
            _writer(form, file, rulebook) as writer,
        ):
            _look(way, jobs, journal, writer, tally)
        summarise(tally, way.tasks, way.clients.calls, monotonic() - started)
    if failed or tally.could_not_look:
        ctx.exit(EXIT_COULD_NOT_LOOK)
    if limit is not None and tally.worst is not None and tally.worst.rank >= limit.rank:
        ctx.exit(EXIT_TO_ACT_ON)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """Where to look, and with what."""

    account: Account
    clients: CountedClients
    tasks: tuple[Task, ...]
    eyes: Eyes

    @property
    def question(self) -> Mapping[str, str]:
        """What was asked, for a journal to remember."""
        names = "\n".join(task.name for task in self.tasks)
        return {
            "account": self.account.id,
            "rules": self.eyes.rulebook.hash,
            "tasks": sha256(names.encode()).hexdigest(),
            "lines": "all" if self.eyes.everything else "open",
        }


def _rulebook(ruleset: Ruleset, known: tuple[ResourceType, ...], scope: Scope) -> Rulebook:
    wanted = {rule.id for rule in wanted_rules(rules_anywhere(ruleset), known, scope)}
    return Rulebook.in_force(narrowed(ruleset, wanted), known)


def _way(
    rulebook: Rulebook, known: tuple[ResourceType, ...], scope: Scope, *, everything: bool
) -> _Way:
    """Ask AWS who the caller is and where to look.

    Raises:
        CouldNotLookError: It does not say.
    """
    clients = clients_of_caller()
    account = account_of(clients)
    tasks = tasks_for(rulebook, known, regions_of(clients, scope.regions))
    types = {resource_type.type: resource_type for resource_type in known}
    clock = SystemClock()
    observer = ResourceObserver(clients, types, rulebook.pointers_for, clock)
    eyes = Eyes(
        observer=observer, rulebook=rulebook, types=types, clock=clock, everything=everything
    )
    return _Way(account=account, clients=clients, tasks=tasks, eyes=eyes)


@contextmanager
def _journal(path: Path | None, way: _Way) -> Iterator[Journal | None]:
    if path is None:
        yield None
        return
    with closing(Journal.opened(path, way.question)) as journal:
        yield journal


def _look(way: _Way, jobs: int, journal: Journal | None, writer: Writer, tally: Tally) -> None:
    left = Counter(task.region for task in way.tasks)
    with Advance(len(way.tasks)) as advance:

        def ended(finished: Finished) -> None:
            if journal is not None and finished.keeps:
                journal.write(finished.done)
            left[finished.task.region] -= 1
            if not left[finished.task.region]:
                way.clients.forget(finished.task.region)
            advance.one(finished.done.tally)

        earlier = journal.read if journal is not None else _nothing_earlier
        for finished in scanned(
            way.tasks, way.account, way.eyes, jobs, earlier=earlier, ended=ended
        ):
            tally.join((finished.done.tally,))
            if finished.done.rows:
                advance.pause()
                writer.write(finished.done.rows)


def _nothing_earlier(_task: str) -> Done | None:
    return None


@contextmanager
def _could_not_look() -> Iterator[list[str]]:
    """Tell of what kept us from looking at all."""
    failed: list[str] = []
    try:
        yield failed
    except CouldNotLookError as error:
        failed.append(str(error))
        click.echo(f"vigil: {legible(str(error))}", err=True)


@contextmanager
def _writer(form: str, file: IO[str], rulebook: Rulebook) -> Iterator[Writer]:
    """Yield what rows are written with; people get theirs at the end, worst first."""
    if form == "jsonl":
        yield JsonLines(file)
    elif form == "csv":
        yield Csv(file, COLUMNS)
    else:
        table = ForPeople(file, rulebook.by_id)
        yield table
        table.show()
