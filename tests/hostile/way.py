"""The way of one message with everything but AWS: real rules, routes, facts, lifecycle, payloads.

What AWS would hold is kept in memory, in the very form in which it would be sent. A message that
ends otherwise than the exception tree allows ends the test.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import msgspec

from chalicelib import pipeline, wiring
from chalicelib.aws import Clients
from chalicelib.errors import PermanentError, RetryableError
from chalicelib.evaluate.bundle import bundle_from
from chalicelib.findings._items import Item, entry_key
from chalicelib.findings._transactions import Tables, row_action, transactions
from chalicelib.findings.history import body_of, transition_from
from chalicelib.findings.identity import detection_key
from chalicelib.model import (
    Commit,
    Compliance,
    ConfigurationItem,
    Gap,
    GapReason,
    Known,
    LedgerRow,
    LookRequest,
    ResourceRef,
    SweepRequest,
    message_from,
    request_from,
)
from chalicelib.model.notice import Entry, Notice
from chalicelib.notify import slack, sns
from chalicelib.notify.notices import notices_from
from chalicelib.resources._frame import derive
from chalicelib.resources._plain import TooDeepError, plain
from chalicelib.settings import Settings
from tests.builders import ACCOUNT, REGION
from vigil._completion import completed_item
from vigil.rates import MemoryRates
from vigil.rulefiles import built_in, resource_types

START = datetime(2026, 1, 1, 12, 0, 5, tzinfo=UTC)
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:vigil-findings"
TABLES = Tables(findings="findings", history="history", ledger="ledger")
#: What DynamoDB takes.
ITEM_LIMIT_BYTES, PK_LIMIT_BYTES, SK_LIMIT_BYTES = 400 * 1024, 2_048, 1_024


@dataclass
class Clock:
    """Every question takes a second."""

    instant: datetime = START

    def now(self) -> datetime:
        """Return the next second."""
        self.instant += timedelta(seconds=1)
        return self.instant


@dataclass
class Memory:
    """Implements `ports.Store` as far as one message needs it; keeps what DynamoDB would get."""

    known_by_key: dict[str, Known] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    rows: list[LedgerRow] = field(default_factory=list)
    written: list[Item] = field(default_factory=list)

    def known(self, ref: ResourceRef) -> Known:
        """Return what is known of a resource."""
        return self.known_by_key.get(ref.key, Known())

    def commit(self, commit: Commit) -> None:
        """Keep a commit, written as transactions."""
        for actions in transactions(commit, TABLES):
            self.written += [a.request["Put"]["Item"] for a in actions if "Put" in a.request]
        findings = {f.id: f for f in commit.known.findings}
        detections = {detection_key(d): d for d in (*commit.known.detections, *commit.detections)}
        for transition in commit.transitions:
            stored = transition_from(body_of(transition))
            self.entries.append(
                Entry(pk=commit.ref.key, sk=entry_key(transition), transition=stored)
            )
            if transition.finding:
                findings[transition.finding.id] = transition.finding
            if transition.detection:
                detections[detection_key(transition.detection)] = transition.detection
        self.known_by_key[commit.ref.key] = Known(
            look=commit.look or commit.known.look,
            findings=tuple(findings.values()),
            detections=tuple(detections.values()),
        )
        self.rows += [commit.ledger] if commit.ledger else []

    def log(self, row: LedgerRow) -> None:
        """Keep a row."""
        self.rows.append(row)
        self.written.append(row_action(row, TABLES).request["Put"]["Item"])

    def dependents(self, companion_key: str, dependent_type: str) -> tuple[ResourceRef, ...]:
        """Say that one resource depends on every companion."""
        account, region, _, _ = companion_key.split("#", 3)
        return (
            ResourceRef(account_id=account, region=region, type=dependent_type, id="dependent"),
        )


@dataclass
class Eyes:
    """Implements `ports.Observer` over one raw item per type, whatever resource is asked for.

    Attributes:
        raw: What AWS would answer, without facts; what has no item is not there.
    """

    raw: Mapping[str, ConfigurationItem]
    world: pipeline.Ports
    clock: Clock

    def resolve(self, ref: ResourceRef) -> ResourceRef:
        """Take every id as it is."""
        return ref

    def describe(self, ref: ResourceRef, observes: Mapping[str, Any]) -> ConfigurationItem | None:
        """Return the raw item under the name asked for, facts derived."""
        started_at = self.clock.now()
        raw = self.raw.get(ref.type)
        if raw is None:
            return None
        raw = _read(raw)
        proven = {pointer.split("/")[2]: value for pointer, value in observes.items()}
        item = replace(
            raw,
            ref=replace(ref, unique_id=raw.ref.unique_id),
            observed={**raw.observed, **proven},
            started_at=started_at,
            ended_at=self.clock.now(),
        )
        return derive(types()[ref.type], item, self.world.rulebook.pointers_for(ref.type))


def _read(raw: ConfigurationItem) -> ConfigurationItem:
    """Return what the frame makes of AWS's answers: plain values, gaps for those too deep."""
    sections: dict[str, dict[str, Any]] = {"properties": {}, "observed": {}}
    gaps = raw.gaps
    for section, values in sections.items():
        for name, value in getattr(raw, section).items():
            try:
                values[name] = plain(value)
            except TooDeepError as error:
                values[name] = None
                gaps += (_gap(f"/{section}/{name}", error),)
    return replace(raw, **sections, gaps=gaps)


def _gap(pointer: str, error: Exception) -> Gap:
    return Gap(
        pointer=pointer, reason=GapReason.MALFORMED, call="test:Get", error=type(error).__name__
    )


@dataclass
class Line:
    """Implements `ports.Queue`: the bodies that SQS would get."""

    bodies: list[str] = field(default_factory=list)

    def enqueue(self, *requests: LookRequest | SweepRequest, delay_seconds: int = 0) -> None:
        """Keep requests as they would be sent, and see that they can be read."""
        assert 0 <= delay_seconds <= 900
        for request in requests:
            self.bodies.append(message_from(request))
            assert request_from(self.bodies[-1]) is not None


@dataclass
class Way:
    """An account, and all that left the pipeline.

    Attributes:
        found: What looks find, by type.
    """

    ports: pipeline.Ports
    store: Memory
    line: Line
    found: dict[str, ConfigurationItem]
    error: Exception | None = None

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What is announced."""
        return notices_from(self.store.entries)

    def published(self) -> list[dict[str, Any]]:
        """Return what SNS gets."""
        return [sns.payload(notice, TOPIC) for notice in self.notices]

    def posted(self) -> Iterator[slack.Payload]:
        """Yield what Slack gets: new messages, replies, and a digest of everything."""
        lines = []
        for notice in self.notices:
            moves = [entry.transition for entry in notice.entries]
            lines += [slack.line_of(move) for move in moves]
            told = [one for move in moves if (one := move.finding or move.detection)]
            yield slack.payload(told, moves)
            yield slack.reply(*moves, repeated=True)
        if lines:
            yield slack.digest_payload(lines)

    def process(self, body: bytes | str, *, redelivered: bool = False) -> str | None:
        """Process a message; None where it ends in one of the two roots of our exceptions."""
        text = body if isinstance(body, str) else body.decode("utf-8", "surrogateescape")
        message = pipeline.Message(id="m-1", body=text, received_at=START, redelivered=redelivered)
        try:
            return pipeline.process_message(message, self.ports)
        except (RetryableError, PermanentError) as error:
            self.error = error
            return None

    def everything(self) -> str:
        """Return all that left the pipeline, as one text."""
        parts: list[Any] = [self.store.written, self.line.bodies, self.published(), str(self.error)]
        return msgspec.json.encode([*parts, list(self.posted())]).decode()


def way(raw: ConfigurationItem | None = None) -> Way:
    """Return an empty account in which `raw`, or else something exposed, is what any look finds."""
    clock, store, line = Clock(), Memory(), Line()
    found = {item.ref.type: item for item in reversed(exposed_items())}
    ports = cast("Any", _ports())
    if raw is not None:
        found = {raw.ref.type: raw}
    eyes = Eyes(raw=found, world=ports, clock=clock)
    world = replace(
        ports, clock=clock, store=store, live=line, bulk=line, observer=eyes, rates=MemoryRates()
    )
    return Way(ports=world, store=store, line=line, found=found)


@cache
def types() -> Mapping[str, Any]:
    """Return the resource types by name."""
    return {one.type: one for one in resource_types()}


@cache
def exposed_items() -> tuple[ConfigurationItem, ...]:
    """Return what the rules' own examples object to, as AWS would describe it: without facts."""
    return tuple(
        completed_item(types()[file.rule.resource_type], example, START)
        for file in built_in().files
        for example in file.examples
        if file.rule.resource_type and example["expect"] == Compliance.NON_COMPLIANT
    )


@cache
def _ports() -> pipeline.Ports:
    with TemporaryDirectory() as folder:
        bundle = Path(folder) / "bundle.json"
        bundle.write_bytes(bundle_from(built_in().rules))
        settings = Settings(
            findings_table="findings",
            history_table="history",
            ledger_table="ledger",
            work_table="work",
            changes_queue_url="",
            sweep_queue_url="",
            account_id=ACCOUNT,
            bundle=bundle,
            sweep_regions=(REGION,),
        )
        return wiring.ports_over(settings, cast("Clients", _Nobody()), Clock())


class _Nobody:
    """Clients that are never called."""

    def client(self, _service: str, **_: Any) -> None:
        """Return nothing."""
