"""The store keeps what it is given, all or nothing, on every DynamoDB there is."""

from dataclasses import replace

import msgspec
import pytest

from chalicelib.errors import ConflictError, DuplicateRecordError
from chalicelib.findings.history import hash_of, transition_from
from chalicelib.findings.lifecycle import commit_of_detections
from chalicelib.findings.store import DynamoStore
from chalicelib.model import (
    DetectionStatus,
    Known,
)
from tests.integration.findings.looking import look
from tests.unit.findings.deciding import decided, known_after
from tests.unit.findings.given import (
    REF,
    at,
    change,
    closed,
    detection,
    ledger_row,
    opened,
    opening,
)


def test_what_is_known_is_what_was_committed(store: DynamoStore) -> None:
    first = decided(Known(), closed(0), opening(), detections=(detection(),))
    assert first.commit is not None

    store.commit(first.commit)
    look(store, opened(10), opening(time=5))

    expected = known_after(decided(known_after(first), opened(10), opening(time=5)))
    assert store.known(REF) == expected


def test_nothing_is_known_of_a_resource_nobody_looked_at(store: DynamoStore) -> None:
    assert store.known(REF) == Known()


def test_a_commit_decided_from_old_knowledge_is_refused_whole(store: DynamoStore) -> None:
    look(store, closed(0))
    stale = decided(store.known(REF), opened(10)).commit
    assert stale is not None
    look(store, closed(20))

    with pytest.raises(ConflictError):
        store.commit(replace(stale, ledger=ledger_row()))

    assert store.known(REF).findings == ()
    assert list(store.history_of(REF)) == []
    store.log(ledger_row())


def test_a_first_look_loses_against_another_first_look(store: DynamoStore) -> None:
    mine = decided(Known(), opened(0)).commit
    assert mine is not None
    look(store, closed(10))

    with pytest.raises(ConflictError):
        store.commit(mine)


def test_a_finding_cannot_be_moved_past_a_revision(store: DynamoStore) -> None:
    commit = look(store, opened(0))
    moved = decided(store.known(REF), closed(10)).commit
    assert moved is not None
    (transition,) = moved.transitions
    assert transition.finding is not None
    skipped = replace(transition, finding=replace(transition.finding, revision=5), seq=5)

    with pytest.raises(ConflictError):
        store.commit(replace(moved, transitions=(skipped,)))

    assert store.known(REF).look == commit.look


def test_a_history_entry_is_never_overwritten(store: DynamoStore) -> None:
    look(store, opened(0))
    written = look(store, closed(10))
    (transition,) = written.transitions
    assert transition.finding is not None
    assert written.look is not None
    forged = replace(transition, finding=replace(transition.finding, revision=3))
    commit = replace(
        written,
        known=store.known(REF),
        look=replace(written.look, rev=written.look.rev + 1),
        transitions=(forged,),
    )

    with pytest.raises(ConflictError):
        store.commit(commit)


def test_the_history_is_a_chain_of_exact_bytes(store: DynamoStore) -> None:
    for seen in (opened(0), closed(10), opened(20)):
        look(store, seen)

    entries = list(store.history_of(REF))

    assert [e.seq for e in entries] == [1, 2, 3]
    assert [e.prev for e in entries] == [None, *(hash_of(e.body) for e in entries[:2])]
    assert store.known(REF).findings[0].head == hash_of(entries[2].body)
    assert [transition_from(e.body).kind.value for e in entries] == [
        "opened", "resolved", "reopened"]  # fmt: skip
    assert all(e.body == msgspec.json.encode(transition_from(e.body), order="sorted")
               for e in entries)  # fmt: skip


def test_an_hours_history_is_found_without_knowing_the_resources(store: DynamoStore) -> None:
    look(store, opened(0))
    look(store, closed(10))
    look(store, opened(3600))

    assert [e.seq for e in store.entries_of_hour(at(0))] == [1, 2]
    assert [e.seq for e in store.entries_of_hour(at(3600))] == [3]


# The ledger


def test_a_record_is_processed_once(store: DynamoStore) -> None:
    look(store, opened(0), opening(), ledger=ledger_row())

    with pytest.raises(DuplicateRecordError):
        look(store, closed(10), opening(), ledger=ledger_row())

    assert len(list(store.history_of(REF))) == 1


def test_another_record_under_the_same_event_id_is_another_record(store: DynamoStore) -> None:
    look(store, opened(0), opening(), ledger=ledger_row())
    other = ledger_row(record_hash="another", message_id="m-2")

    look(store, closed(10), opening(), ledger=other)

    with pytest.raises(DuplicateRecordError):
        look(store, opened(20), opening(), ledger=other)
    with pytest.raises(DuplicateRecordError):
        store.log(other)


def test_a_duplicate_is_one_even_where_the_resource_moved(store: DynamoStore) -> None:
    look(store, closed(0), opening(), ledger=ledger_row())
    stale = decided(store.known(REF), opened(10), ledger=ledger_row()).commit
    assert stale is not None
    look(store, closed(20))

    with pytest.raises(DuplicateRecordError):
        store.commit(stale)


def test_a_logged_record_is_a_duplicate_the_second_time(store: DynamoStore) -> None:
    store.log(ledger_row())

    with pytest.raises(DuplicateRecordError):
        store.log(ledger_row())


def test_a_logged_record_does_not_hide_another_with_its_event_id(store: DynamoStore) -> None:
    store.log(ledger_row())

    store.log(ledger_row(record_hash="another"))

    with pytest.raises(DuplicateRecordError):
        store.log(ledger_row(record_hash="another"))


def test_records_without_an_event_id_are_told_apart_by_their_message(store: DynamoStore) -> None:
    store.log(ledger_row(None))

    store.log(ledger_row(None, message_id="m-2"))

    with pytest.raises(DuplicateRecordError):
        store.log(ledger_row(None))


# Detections


def test_a_detection_on_its_own_is_stored_once(store: DynamoStore) -> None:
    commit = commit_of_detections(change(), (detection(),), now=at(0))
    store.commit(commit)

    with pytest.raises(DuplicateRecordError):
        store.commit(commit_of_detections(change(), (detection(),), now=at(9)))

    assert len(list(store.history_of(REF))) == 1


def test_two_detections_of_one_rule_in_one_look_are_two_entries(store: DynamoStore) -> None:
    look(store, closed(-20))
    both = (detection("e-1"), detection("e-2"))
    look(store, closed(60), opening(), detections=both)

    assert [d.status for d in store.known(REF).detections] == [DetectionStatus.TOLD] * 2
    assert len(list(store.history_of(REF))) == 2


def test_a_waiting_detection_is_settled_in_place(store: DynamoStore) -> None:
    look(store, closed(-20))
    look(store, closed(0), opening(), detections=(detection(),))
    look(store, closed(40), opening(confirmation=1))

    assert [d.status for d in store.known(REF).detections] == [DetectionStatus.TOLD]
