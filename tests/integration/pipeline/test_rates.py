"""A burst is told once, whatever is delivered again and wherever a process dies."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.findings.rates import DynamoRates
from chalicelib.findings.store import DynamoStore
from chalicelib.ingest.routing import Routing
from chalicelib.model import Change, Commit, Occurrence, ResourceRef, Subject
from chalicelib.pipeline import Message, Ports
from chalicelib.pipeline.messages import process_change
from tests.integration.conftest import Database
from tests.ratekit import document, refused
from tests.rulekit import ACCOUNT, NOW, book

ACCOUNT_REF = ResourceRef(
    account_id=ACCOUNT, region="global", type="Observed::Account::Global", id=ACCOUNT
)
MESSAGE = Message(id="m-1", body="", received_at=NOW)


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Living:
    """Passes everything on until the call that the process does not survive."""

    inner: Any
    dies_at: str = ""
    #: Whether the deadly call still has its effect.
    after: bool = False
    calls: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        def call(*given: Any) -> Any:
            self.calls.append(name)
            if name == self.dies_at and not self.after:
                raise Killed
            answer = getattr(self.inner, name)(*given)
            if name == self.dies_at:
                raise Killed
            return answer

        return call


@dataclass(frozen=True)
class World:
    """The tables, and a pipeline over them that can die."""

    store: DynamoStore
    rates: DynamoRates
    rulebook: Rulebook

    def process(self, change: Change, *, dies_at: str = "", after: bool = False) -> list[str]:
        """Process a record; return the calls that were made for it."""
        living = Living(_Both(self.store, self.rates), dies_at, after)
        process_change(change, MESSAGE, _ports(living, self.rulebook))
        return living.calls

    def told(self) -> list[str]:
        """Return the messages of the history."""
        entries = [entry.body for entry in self.store.history_of(ACCOUNT_REF)]
        detections = self.store.known(ACCOUNT_REF).detections
        assert len(entries) == len(detections)
        return [detection.message for detection in detections]


@dataclass(frozen=True)
class _Both:
    store: DynamoStore
    rates: DynamoRates

    def commit(self, commit: Commit) -> None:
        self.store.commit(commit)

    def log(self, row: Any) -> None:
        self.store.log(row)

    def count(self, one: Occurrence) -> tuple[str, ...]:
        return self.rates.count(one)

    def settle(self, one: Occurrence) -> None:
        self.rates.settle(one)


@dataclass(frozen=True)
class _Now:
    def now(self) -> Any:
        return NOW


def _ports(world: Any, rulebook: Rulebook) -> Ports:
    return Ports(
        clock=_Now(),
        observer=world,
        store=world,
        sweeps=world,
        rates=world,
        live=world,
        bulk=world,
        rulebook=rulebook,
        routing=Routing.of([]),
        confirm_seconds=(),
        places=(),
        subject_of=lambda ref, _: Subject(ref=ref),
        fingerprint_of=lambda _: "",
    )


@pytest.fixture
def world(fast_database: Database) -> World:
    rates = DynamoRates(fast_database.client(), fast_database.table("work"))
    return World(fast_database.store(), rates, book(document()))


def calls(count: int) -> list[Change]:
    return [refused(number, event_id=f"e-{number}") for number in range(count)]


def test_a_burst_is_told_once_however_long_it_lasts(world: World) -> None:
    made = [world.process(change) for change in calls(8)]

    assert world.told() == ["mallory: 3 in 5: OpenDoor (AccessDenied)"]
    assert made[0] == ["count", "log"]
    assert made[2] == ["count", "commit", "settle", "log"]
    assert made[7] == ["count", "log"]


def test_what_no_rate_rule_counts_costs_nothing_more(world: World) -> None:
    assert world.process(refused(error_code="Throttling")) == ["log"]


def test_a_message_delivered_often_is_one_call(world: World) -> None:
    for _ in range(5):
        world.process(refused())

    assert world.told() == []


@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize("step", ["count", "commit", "settle", "log"])
def test_a_process_that_dies_anywhere_leaves_a_burst_that_is_told_once(
    world: World, step: str, *, after: bool
) -> None:
    first, second, third = calls(3)
    world.process(first)
    world.process(second)
    with pytest.raises(Killed):
        world.process(third, dies_at=step, after=after)

    world.process(third)

    assert len(world.told()) == 1


def test_a_record_that_is_never_processed_whole_hides_no_burst(world: World) -> None:
    first, second, third, fourth = calls(4)
    world.process(first)
    world.process(second)
    with pytest.raises(Killed):
        world.process(third, dies_at="commit")

    world.process(fourth)

    assert world.told() == ["mallory: 4 in 5: OpenDoor (AccessDenied)"]


def test_two_records_of_one_burst_tell_it_once(world: World) -> None:
    first, second, third, fourth = calls(4)
    world.process(first)
    world.process(second)
    with pytest.raises(Killed):
        world.process(third, dies_at="settle")

    world.process(fourth)

    assert world.told() == ["mallory: 3 in 5: OpenDoor (AccessDenied)"]


def test_actors_and_stretches_are_told_apart(world: World) -> None:
    for change in calls(3):
        world.process(change)
        other = replace(change.actor, principal_id="AIDAOTHER", name="other")
        world.process(replace(change, actor=other))
        later = change.event_time.replace(hour=23)
        world.process(replace(change, event_time=later, record_hash=change.record_hash[::-1]))

    assert len(world.told()) == 3
