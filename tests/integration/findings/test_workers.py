"""Eight workers at once on one resource: whoever loses looks again, and nothing is lost or doubled.

The workers meet at a barrier before every round, and the number of conflicts is asserted: a race
that never happens proves nothing.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from chalicelib.errors import ConflictError, DuplicateRecordError
from chalicelib.findings.history import hash_of, transition_from
from chalicelib.findings.lifecycle import reconcile
from chalicelib.findings.store import DynamoStore
from chalicelib.model import LedgerRow, LookRequest, Status
from tests.integration.conftest import Database
from tests.unit.findings import given
from tests.unit.findings.given import REF, RULE_ID, RULES, closed, opened

WORKERS = 8
FLIPS, MANY_FLIPS = 30, 60
PATIENCE = 200


@dataclass
class Door:
    """The truth, which flips while everybody looks."""

    is_open: bool = False
    conflicts: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def flip(self) -> None:
        """Open it or close it."""
        self.is_open = not self.is_open

    def seen(self) -> given.Sighting:
        """Look at it."""
        start = now()
        look = opened() if self.is_open else closed()
        return given.replace(look, started_at=start, ended_at=now())

    def lost(self) -> None:
        """Count a conflict."""
        with self.lock:
            self.conflicts += 1


def now() -> datetime:
    instant = datetime.now(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def take(store: DynamoStore, door: Door, request: LookRequest, row: LedgerRow) -> bool:
    """Look until a look is accepted; False where the record was done before."""
    for _ in range(PATIENCE):
        known = store.known(REF)
        outcome = reconcile(known, door.seen(), request, RULES, now=now(), ledger=row)
        if outcome.commit is None:
            continue
        try:
            store.commit(outcome.commit)
        except ConflictError:
            door.lost()
        except DuplicateRecordError:
            return False
        else:
            return True
    raise AssertionError("a worker never won")


def race(store_of: Callable[[], DynamoStore], door: Door, flips: int) -> list[bool]:
    """Flip the door under the eyes of all; every event reaches two of eight workers."""
    barrier = threading.Barrier(WORKERS)

    def work(number: int) -> list[bool]:
        store, done = store_of(), []
        for flip in range(flips):
            barrier.wait()
            if number == 0:
                door.flip()
            event_id = f"e-{flip}-{number // 2}"
            request = given.tagging(event_id, time=flip)
            done.append(take(store, door, request, given.ledger_row(event_id)))
        return done

    with ThreadPoolExecutor(WORKERS) as pool:
        return [done for worker in pool.map(work, range(WORKERS)) for done in worker]


@pytest.mark.parametrize("flips", [FLIPS, pytest.param(MANY_FLIPS, marks=pytest.mark.slow)])
def test_eight_workers_write_one_history(database: Database, flips: int) -> None:
    door = Door()

    done = race(database.store, door, flips)

    store = database.store()
    known, entries = store.known(REF), list(store.history_of(REF))
    # Each round every worker but one can lose; far fewer would mean that they never met.
    assert door.conflicts >= flips * 2 // 3
    assert sum(done) == flips * WORKERS // 2
    assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
    assert all(b.prev == hash_of(a.body) for a, b in pairwise(entries))
    kinds = [transition_from(e.body).kind.value for e in entries]
    assert kinds == ["opened", *(["resolved", "reopened"] * flips)][: len(kinds)]
    (finding,) = known.findings
    assert transition_from(entries[-1].body).finding == given.replace(finding, head=None)
    assert finding.status is (Status.OPEN if door.is_open else Status.RESOLVED)
    assert finding.rule_id == RULE_ID
    assert known.look is not None
    assert known.look.rev >= len(entries)
