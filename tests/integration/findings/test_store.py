"""The store keeps what it is given, all or nothing, on every DynamoDB there is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from botocore.awsrequest import AWSResponse

from chalicelib.errors import ConflictError, DuplicateRecordError, RetryableError
from chalicelib.findings.history import hash_of, transition_from
from chalicelib.findings.lifecycle import commit_of_detections, transition_of_summary
from chalicelib.findings.store import DynamoStore
from chalicelib.model import (
    Commit,
    Compliance,
    DetectionStatus,
    Known,
    Reason,
    ResourceRef,
    Rule,
    Severity,
    Summary,
    Sweep,
)
from tests.integration.conftest import Database
from tests.unit.findings import given
from tests.unit.findings.given import (
    REF,
    RULE_ID,
    absent,
    at,
    change,
    closed,
    decided,
    detection,
    evaluation,
    item,
    known_after,
    ledger_row,
    opened,
    opening,
    request,
    rule,
    sighting,
)


def look(store: DynamoStore, seen: given.Sighting, *more: Any, **options: Any) -> Commit:
    """Decide a look from what the store knows and commit it."""
    outcome = decided(store.known(REF), seen, *more, **options)
    assert outcome.commit is not None
    store.commit(outcome.commit)
    return outcome.commit


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


# Edges


PREFIX_LIST = "111122223333#eu-west-1#AWS::EC2::PrefixList#pl-1"
POLICY = "111122223333#global#AWS::IAM::ManagedPolicy#arn:p#1"


def test_a_companion_knows_its_dependents_until_they_leave_it(store: DynamoStore) -> None:
    look(store, closed(0, seen=item({"Open": False}, companions=(PREFIX_LIST, POLICY))))
    assert store.dependents(PREFIX_LIST, REF.type) == (REF,)

    look(store, closed(10, seen=item({"Open": False}, companions=(POLICY,))))

    assert store.dependents(PREFIX_LIST, REF.type) == ()
    assert store.dependents(POLICY, REF.type) == (REF,)
    assert store.dependents(POLICY, "Test::Window") == ()


def test_a_dependent_keeps_its_partition_and_an_id_with_separators(store: DynamoStore) -> None:
    ref = replace(REF, id="a#b#c", partition="aws-cn")
    seen = closed(0, seen=item({"Open": False}, ref=ref, companions=(POLICY,)))
    outcome = decided(Known(), seen)
    assert outcome.commit is not None

    store.commit(outcome.commit)

    assert store.dependents(POLICY, REF.type) == (ref,)


def test_edges_of_others_are_no_knowledge_of_the_companion(store: DynamoStore) -> None:
    look(store, closed(0, seen=item({"Open": False}, companions=(PREFIX_LIST,))))
    account_id, region, type_name, resource_id = PREFIX_LIST.split("#")
    companion = ResourceRef(account_id=account_id, region=region, type=type_name, id=resource_id)

    assert store.known(companion) == Known()


def test_a_deleted_resource_depends_on_nothing(store: DynamoStore) -> None:
    look(store, closed(0, seen=item({"Open": False}, companions=(POLICY,))))

    look(store, absent(10), request(change(), given.touch(deletes=True)))

    assert store.dependents(POLICY, REF.type) == ()


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


# Readers


def test_open_findings_are_listed_worst_first_and_only_while_open(store: DynamoStore) -> None:
    low, bad = rule("low", severity=Severity.LOW), rule("bad", severity=Severity.CRITICAL)
    rules = {"low": low, "bad": bad, RULE_ID: rule()}
    verdicts = [evaluation(rule_id=r.id, severity=r.severity) for r in rules.values()]
    look(store, sighting(*verdicts), rules=rules)
    assert [f.rule_id for f in store.open_findings(REF.account_id)] == ["bad", RULE_ID, "low"]

    fixed = [replace(v, compliance=Compliance.COMPLIANT) for v in verdicts[:2]]
    look(store, sighting(*fixed, verdicts[2], start=10), rules=rules)

    assert [f.rule_id for f in store.open_findings(REF.account_id)] == [RULE_ID]
    assert list(store.open_findings("999999999999")) == []


def test_a_finding_is_read_by_its_rule(store: DynamoStore) -> None:
    look(store, opened(0))

    assert store.finding(REF, RULE_ID) == store.known(REF).findings[0]
    assert store.finding(REF, "other") is None


def test_only_what_is_due_is_due(store: DynamoStore) -> None:
    ticking = evaluation(Compliance.COMPLIANT, flips_at=at(500))
    look(store, sighting(ticking))

    assert list(store.due(at(499))) == []
    assert list(store.due(at(500))) == [REF]

    look(store, closed(10))
    assert list(store.due(at(500) + timedelta(days=400))) == []


def test_a_sweeps_findings_are_counted_by_rule(store: DynamoStore) -> None:
    for name in ("a", "b"):
        ref = replace(REF, id=name)
        seen = opened(0, seen=item(ref=ref))
        seen = replace(seen, subject=replace(seen.subject, ref=ref))
        outcome = decided(Known(), seen, request(reason=Reason.FIRST_LOOK))
        assert outcome.commit is not None
        store.commit(outcome.commit)
    look(store, opened(0))

    (count,) = store.summarise(REF.account_id, at(0))

    assert (count.rule_id, count.count, set(count.examples)) == (RULE_ID, 2, {"a", "b"})
    assert store.summarise(REF.account_id, at(60)) == ()


def test_a_summary_is_told_once(store: DynamoStore) -> None:
    sweep = Sweep(id="s", account_id=REF.account_id, started_at=at(0), bundle="b", first=True)
    summary = Summary(sweep_id="s", bundle="b", first=True, counts=())

    for later in (60, 90):
        store.append(transition_of_summary(summary, sweep, now=at(later)))

    (entry,) = store.entries_of_hour(at(0))
    assert transition_from(entry.body).summary == summary


# Size


def many_rules(count: int) -> tuple[dict[str, Rule], list[given.Evaluation]]:
    rules = {f"r-{n:03d}": rule(f"r-{n:03d}") for n in range(count)}
    return rules, [evaluation(rule_id=rule_id) for rule_id in rules]


def test_more_transitions_than_fit_are_written_along_the_revisions(store: DynamoStore) -> None:
    rules, verdicts = many_rules(120)

    look(store, sighting(*verdicts), rules=rules, ledger=ledger_row())

    known = store.known(REF)
    assert known.look is not None
    assert (len(known.findings), known.look.rev) == (120, 3)
    assert known.look.fingerprint == "f-open"
    assert len(list(store.history_of(REF))) == 120


def test_large_documents_are_split_by_size_too(store: DynamoStore) -> None:
    rules, verdicts = many_rules(30)
    heavy = [replace(v, message="x" * 100_000) for v in verdicts]

    look(store, sighting(*heavy), rules=rules)

    assert len(store.known(REF).findings) == 30


class _Dying:
    """A client that dies after some transactions."""

    def __init__(self, client: Any, transactions: int) -> None:
        self._client, self._left = client, transactions

    def transact_write_items(self, **request: Any) -> Any:
        if not self._left:
            raise RuntimeError("the process died")
        self._left -= 1
        return self._client.transact_write_items(**request)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return getattr(self._client, name)  # type: ignore[no-any-return] # a client's method


def test_dying_between_two_parts_loses_nothing(database: Database) -> None:
    store = database.store()
    rules, verdicts = many_rules(120)
    dying = replace(store, client=_Dying(store.client, 1))
    with pytest.raises(RuntimeError):
        look(dying, sighting(*verdicts), rules=rules, ledger=ledger_row())
    half = store.known(REF)
    assert half.look is not None
    assert (half.look.fingerprint, len(half.findings)) == (None, 49)

    look(store, sighting(*verdicts, start=10), rules=rules, ledger=ledger_row())

    assert len(store.known(REF).findings) == 120
    assert {f.revision for f in store.known(REF).findings} == {1}


# Refusals that are nobody's fault


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("TransactionConflict", ConflictError),
        ("ThrottlingError", RetryableError),
        ("ProvisionedThroughputExceeded", RetryableError),
    ],
)
def test_a_busy_database_asks_for_another_try(
    fast_database: Database, code: str, error: type[Exception]
) -> None:
    store = fast_database.store()
    body = msgspec.json.encode(
        {
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "CancellationReasons": [{"Code": code}, {"Code": "None"}],
        }
    )
    store.client.meta.events.register(
        "before-send.dynamodb.TransactWriteItems", lambda **_: _answer(body)
    )

    with pytest.raises(error):
        look(store, closed(0))


def _answer(body: bytes) -> Any:
    class _Raw:
        @staticmethod
        def stream(*_: Any, **__: Any) -> list[bytes]:
            return [body]

    return AWSResponse("http://db", 400, {"Content-Type": "application/x-amz-json-1.0"}, _Raw())
