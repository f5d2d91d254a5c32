"""What is stored is found again: by companion, by severity, by time; and whole, however large."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from botocore.awsrequest import AWSResponse

from chalicelib.errors import ConflictError, RetryableError
from chalicelib.findings.history import transition_from
from chalicelib.findings.lifecycle import transition_of_summary
from chalicelib.findings.store import DynamoStore
from chalicelib.model import (
    Compliance,
    Known,
    Reason,
    ResourceRef,
    Rule,
    Severity,
    Summary,
    Sweep,
)
from tests.integration.conftest import Database
from tests.integration.findings.looking import look
from tests.unit.findings import given
from tests.unit.findings.deciding import decided
from tests.unit.findings.given import (
    REF,
    RULE_ID,
    absent,
    at,
    change,
    closed,
    evaluation,
    item,
    ledger_row,
    opened,
    request,
    rule,
    sighting,
)

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
