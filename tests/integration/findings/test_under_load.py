"""Eight writers, thousands of transitions, half of them fought over: none lost, none doubled.

What the database says it consumed is counted on the way; `docs/guide/capacity.md` reckons with it.
"""

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from chalicelib.errors import ConflictError
from chalicelib.findings.history import hash_of
from chalicelib.findings.lifecycle import reconcile
from chalicelib.findings.store import DynamoStore
from chalicelib.model import ResourceRef
from tests.integration.conftest import DYNOXIDE, Database
from tests.unit.findings import given
from tests.unit.findings.given import REF, RULES, closed, opened

WRITERS = 8
FEW, MANY = 400, 50_000
#: A resource that two writers in eight meet at: what an account's busiest group looks like.
SHARED = 4
OWN_PER_WRITER = 25
PATIENCE = 500
#: Per transition and per look; a transaction costs twice what its puts would.
WRITE_UNITS, READ_UNITS = 20.0, 1.5


@dataclass
class Meter:
    """What the database consumed and how often it refused."""

    units: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self, client: Any) -> Any:
        """Return the client, asking for capacity with every call and counting it."""
        for operation in ("TransactWriteItems", "Query"):
            client.meta.events.register(f"before-parameter-build.dynamodb.{operation}", _ask)
            client.meta.events.register(f"after-call.dynamodb.{operation}", self._count)
        return client

    def _count(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity", [])
        with self.lock:
            self.calls[model.name] += 1
            for one in consumed if isinstance(consumed, list) else [consumed]:
                self.units[model.name] += one["CapacityUnits"]


def _ask(params: dict[str, Any], **_: Any) -> None:
    params["ReturnConsumedCapacity"] = "TOTAL"


def _refs(writer: int) -> list[ResourceRef]:
    shared = [replace(REF, id=f"shared-{number}") for number in range(SHARED)]
    own = [replace(REF, id=f"own-{writer}-{number}") for number in range(OWN_PER_WRITER)]
    return shared * (OWN_PER_WRITER // SHARED) + own


def _now() -> datetime:
    instant = datetime.now(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def _flip(store: DynamoStore, ref: ResourceRef, conflicts: Counter[str]) -> int:
    """Turn a resource over until a look is accepted; return how many transitions it wrote."""
    for _ in range(PATIENCE):
        known = store.known(ref)
        start = _now()
        is_open = any(f.status == "OPEN" for f in known.findings)
        look = _about(closed() if is_open else opened(), ref, start)
        outcome = reconcile(known, look, given.tagging("e"), RULES, now=_now())
        if outcome.commit is None:
            continue
        try:
            store.commit(outcome.commit)
        except ConflictError:
            conflicts["lost"] += 1
        else:
            return len(outcome.commit.transitions)
    raise AssertionError("a writer never won")


def _about(sighting: given.Sighting, ref: ResourceRef, start: datetime) -> given.Sighting:
    item = replace(sighting.item, ref=ref) if sighting.item else None
    subject = replace(sighting.subject, ref=ref)
    return replace(sighting, subject=subject, item=item, started_at=start, ended_at=_now())


def _write(database: Database, meter: Meter, writer: int, wanted: int) -> tuple[int, int]:
    store = replace(database.store(), client=meter.watch(database.client()))
    rng, refs, conflicts, written = random.Random(writer), _refs(writer), Counter[str](), 0
    while written < wanted:
        written += _flip(store, rng.choice(refs), conflicts)
    return written, conflicts["lost"]


def _everything() -> set[ResourceRef]:
    return {ref for writer in range(WRITERS) for ref in _refs(writer)}


@pytest.mark.parametrize("transitions", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def test_nothing_is_lost_or_doubled_under_load(fast_database: Database, transitions: int) -> None:
    meter = Meter()

    with ThreadPoolExecutor(WRITERS) as pool:
        each = [
            pool.submit(_write, fast_database, meter, writer, transitions // WRITERS)
            for writer in range(WRITERS)
        ]
        done = [one.result() for one in each]

    written, lost = sum(w for w, _ in done), sum(c for _, c in done)
    store = fast_database.store()
    kept = 0
    for ref in _everything():
        entries = list(store.history_of(ref))
        assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
        assert all(b.prev == hash_of(a.body) for a, b in pairwise(entries))
        assert len({(e.pk, e.sk) for e in entries}) == len(entries)
        kept += len(entries)
    assert kept == written
    assert written >= transitions
    # Writers that never met prove nothing about meeting.
    assert lost >= transitions // 100
    writes = meter.units["TransactWriteItems"] / written
    reads = meter.units["Query"] / meter.calls["Query"]
    if DYNOXIDE:
        assert writes == pytest.approx(WRITE_UNITS, rel=0.1)
        assert reads <= READ_UNITS
