"""People act while looks move the same finding: nothing is lost, and nothing written twice."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from chalicelib.acting import ATTEMPTS, Acting
from chalicelib.errors import ConflictError, InvalidRequestError, NotFoundError
from chalicelib.findings import acts
from chalicelib.findings.history import hash_of
from chalicelib.findings.reading import DynamoReader
from chalicelib.findings.store import DynamoStore
from chalicelib.model import Act, Commit, Finding, Identity, IdentityKind, Status
from tests.integration.conftest import Database
from tests.integration.findings.looking import look
from tests.unit.findings.deciding import decided
from tests.unit.findings.given import REF, at, closed, evaluation, evidence, opened, sighting

PEOPLE = tuple(
    Identity(kind=IdentityKind.IAM_USER, id=f"AIDA{n}", name=f"person-{n}") for n in range(8)
)
ANN = PEOPLE[0]
WAIT_SECONDS = 20


class Clock:
    """A clock that moves on by a second whenever it is read."""

    def __init__(self) -> None:
        self._seconds = 100
        self._lock = threading.Lock()

    def now(self) -> Any:
        """Return a later instant than ever before."""
        with self._lock:
            self._seconds += 1
            return at(self._seconds)


@dataclass
class Meddled:
    """A store in which something happens just before commits, or to their answers."""

    store: DynamoStore
    before: list[Callable[[], object]] = field(default_factory=list)
    loses_answers: int = 0

    def commit(self, commit: Commit) -> None:
        """Let what is to happen happen, then commit."""
        if self.before:
            self.before.pop(0)()
        self.store.commit(commit)
        if self.loses_answers:
            # As AWS's client does after a time-out: it sends the same again.
            self.loses_answers -= 1
            self.store.commit(commit)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def reader(database: Database) -> DynamoReader:
    return DynamoReader(
        database.client(), database.table("findings"), database.table("history"), REF.account_id
    )


def acting(database: Database, store: Any = None) -> Acting:
    return Acting(find=reader(database).finding, store=store or database.store(), clock=Clock())


def standing(database: Database) -> Finding:
    (finding,) = database.store().known(REF).findings
    return finding


def noted(text: str, by: Identity = ANN) -> Callable[[Finding, Any], Any]:
    return lambda finding, now: acts.noted(finding, Act(by=by, note=text), now)


def acknowledged(finding: Finding, now: Any) -> Any:
    return acts.acknowledged(finding, Act(by=ANN), now)


def chain_of(database: Database) -> list[int]:
    """The revisions of the one finding, checked to be one chain."""
    entries = sorted(database.store().history_of(REF), key=lambda entry: entry.seq)
    assert [e.prev for e in entries] == [None, *(hash_of(e.body) for e in entries[:-1])]
    assert standing(database).head == hash_of(entries[-1].body)
    return [entry.seq for entry in entries]


def test_an_act_is_stored_with_its_entry(fast_database: Database) -> None:
    look(fast_database.store(), opened(0))

    returned = acting(fast_database).act(standing(fast_database).id, acknowledged)

    assert returned == standing(fast_database)
    assert (returned.acknowledged_by, returned.revision) == (ANN.name, 2)
    assert chain_of(fast_database) == [1, 2]


def test_what_was_done_outlasts_the_looks_that_follow(fast_database: Database) -> None:
    store = fast_database.store()
    look(store, opened(0))
    acting(fast_database).act(standing(fast_database).id, acknowledged)

    look(store, opened(1000))
    more = evaluation(evidence=(evidence(), evidence("ajar", path="/properties/Gap")))
    look(store, sighting(more, start=1100))

    assert standing(fast_database).acknowledged_by == ANN.name
    assert chain_of(fast_database) == [1, 2, 3]


def test_an_act_that_a_look_overtakes_is_decided_afresh(fast_database: Database) -> None:
    store = fast_database.store()
    look(store, opened(0))
    more = evaluation(evidence=(evidence(), evidence("ajar", path="/properties/Gap")))
    meddled = Meddled(store, before=[lambda: look(store, sighting(more, start=10))])

    returned = acting(fast_database, meddled).act(standing(fast_database).id, acknowledged)

    assert len(returned.evidence) == 2
    assert chain_of(fast_database) == [1, 2, 3]


def test_an_act_on_what_a_look_resolved_meanwhile_is_refused(fast_database: Database) -> None:
    store = fast_database.store()
    look(store, opened(0))
    meddled = Meddled(store, before=[lambda: look(store, closed(10))])

    with pytest.raises(InvalidRequestError, match="resolved"):
        acting(fast_database, meddled).act(standing(fast_database).id, acknowledged)

    assert standing(fast_database).status is Status.RESOLVED
    assert chain_of(fast_database) == [1, 2]


def test_a_look_that_an_act_overtakes_is_refused_and_taken_again(fast_database: Database) -> None:
    store = fast_database.store()
    look(store, opened(0))
    stale = decided(store.known(REF), closed(10)).commit
    assert stale is not None
    acting(fast_database).act(standing(fast_database).id, acknowledged)

    with pytest.raises(ConflictError):
        store.commit(stale)
    look(store, closed(1000))

    assert standing(fast_database).status is Status.RESOLVED
    assert standing(fast_database).acknowledged_by == ANN.name
    assert chain_of(fast_database) == [1, 2, 3]


def test_a_remark_whose_answer_was_lost_is_kept_once(fast_database: Database) -> None:
    look(fast_database.store(), opened(0))
    meddled = Meddled(fast_database.store(), loses_answers=1)

    returned = acting(fast_database, meddled).act(standing(fast_database).id, noted("once"))

    assert returned == standing(fast_database)
    assert chain_of(fast_database) == [1, 2]


def test_who_is_always_overtaken_gives_up(fast_database: Database) -> None:
    store = fast_database.store()
    look(store, opened(0))
    finding_id, others = standing(fast_database).id, acting(fast_database)
    busy = [lambda n=n: others.act(finding_id, noted(f"{n}")) for n in range(ATTEMPTS)]

    with pytest.raises(ConflictError, match="kept moving"):
        acting(fast_database, Meddled(store, before=list(busy))).act(finding_id, acknowledged)

    assert chain_of(fast_database) == [1, 2, 3, 4]


def test_there_is_no_acting_on_what_is_not_there(fast_database: Database) -> None:
    with pytest.raises(NotFoundError):
        acting(fast_database).act("f" * 32, acknowledged)


@pytest.mark.parametrize("finding_id", ["", "F" * 32, "x" * 5000, "0" * 32 + "\n"])
def test_dynamodb_is_not_asked_for_what_is_no_id(fast_database: Database, finding_id: str) -> None:
    asked: list[str] = []
    service = replace(acting(fast_database), find=asked.append)

    with pytest.raises(NotFoundError):
        service.act(finding_id, acknowledged)

    assert asked == []


def test_of_people_and_looks_at_once_nobodys_word_is_lost(fast_database: Database) -> None:
    look(fast_database.store(), opened(0))
    finding_id, barrier = standing(fast_database).id, threading.Barrier(len(PEOPLE) + 1)
    conflicts: list[str] = []

    def speak(person: Identity) -> None:
        service = acting(fast_database)
        barrier.wait(WAIT_SECONDS)
        for word in range(3):
            said = noted(f"{word}", person)
            insist(lambda said=said: service.act(finding_id, said), conflicts)

    def watch() -> None:
        store = fast_database.store()
        barrier.wait(WAIT_SECONDS)
        for number in range(6):
            seen = (closed if number % 2 == 0 else opened)(1000 * (number + 1))
            insist(lambda seen=seen: look(store, seen), conflicts)

    workers = [threading.Thread(target=speak, args=(person,)) for person in PEOPLE]
    workers.append(threading.Thread(target=watch))
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(WAIT_SECONDS)

    said = 1 + 6 + 3 * len(PEOPLE)
    assert chain_of(fast_database) == list(range(1, said + 1))
    assert standing(fast_database).episode == 4
    assert conflicts


def insist(attempt: Callable[[], object], conflicts: list[str]) -> None:
    """Do it again until nobody was quicker, as a person and the queue do."""
    for _ in range(200):
        try:
            attempt()
        except ConflictError as error:
            conflicts.append(str(error))
        else:
            return
    raise AssertionError("never got through")
