"""The canonical record says what held at one instant, and nothing that is not known."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from chalicelib.export.record import (
    UNREADABLE_RULE_ID,
    compliance_of,
    history_of,
    record_of,
)
from chalicelib.findings.unreadable import UNREADABLE_RULE
from chalicelib.model import ItemRef, Reason, Status, TransitionKind
from chalicelib.model.export import ExportedFinding
from tests.unit.export import given
from tests.unit.export.given import EXEMPTION, History, at, finding

NOW = given.END
KEYS = frozenset(
    {
        "schema_version",
        "finding_id",
        "rule_id",
        "rule_hash",
        "title",
        "severity",
        "severity_because",
        "status",
        "compliance",
        "episode",
        "revision",
        "reason",
        "account_id",
        "region",
        "partition",
        "resource_type",
        "resource_id",
        "resource_arn",
        "resource_unique_id",
        "tags",
        "owner",
        "message",
        "risk",
        "fix",
        "evidence",
        "gaps",
        "differences",
        "item",
        "cause",
        "seen_by",
        "frameworks",
        "times",
        "overdue",
        "acknowledged_by",
        "assignee",
        "exemption",
        "integrity",
    }
)
TIMES = frozenset(
    {
        "event_at",
        "received_at",
        "decided_at",
        "seen_at",
        "opened_at",
        "changed_at",
        "acknowledged_at",
        "resolved_at",
        "due_at",
    }
)
BY_NAME = dict(
    zip(
        ("acknowledged", "exempted", "fixed", "deleted", "unreadable"),
        given.population(),
        strict=True,
    )
)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_record_has_every_key_whatever_became_of_the_finding(name: str) -> None:
    record = record_of(BY_NAME[name], given.about(), NOW)

    assert record.keys() == KEYS
    assert record["times"].keys() == TIMES
    assert msgspec.json.decode(msgspec.json.encode(record)) == record


@pytest.mark.parametrize(
    ("name", "compliance"),
    [
        ("acknowledged", "NON_COMPLIANT"),
        ("exempted", "NON_COMPLIANT"),
        ("fixed", "COMPLIANT"),
        ("deleted", None),
        ("unreadable", "INSUFFICIENT_DATA"),
    ],
)
def test_an_exempted_failure_is_a_failure_and_a_deleted_resource_is_not_compliant(
    name: str, compliance: str | None
) -> None:
    assert record_of(BY_NAME[name], None, NOW)["compliance"] == compliance


def test_a_withdrawn_rule_judges_nothing_compliant() -> None:
    withdrawn = finding(status=Status.RESOLVED, reason=Reason.RULE_CHANGE)

    assert compliance_of(withdrawn) is None


def test_the_rule_of_unreadable_resources_is_known_by_its_id() -> None:
    assert UNREADABLE_RULE.id == UNREADABLE_RULE_ID


@pytest.mark.parametrize(
    ("due_in", "is_exempt", "is_resolved", "overdue"),
    [
        (timedelta(seconds=-1), False, False, True),
        (timedelta(0), False, False, False),
        (timedelta(seconds=-1), True, False, False),
        (timedelta(seconds=-1), False, True, False),
        (None, False, False, False),
    ],
    ids=["late", "just due", "late but accepted", "late but resolved", "never due"],
)
def test_only_an_open_unaccepted_finding_is_overdue(
    due_in: timedelta | None, is_exempt: bool, is_resolved: bool, overdue: bool
) -> None:
    about = finding(
        due_at=None if due_in is None else NOW + due_in,
        status=Status.RESOLVED if is_resolved else Status.OPEN,
    )
    exported = ExportedFinding(
        finding=about, entries=(), exemption=EXEMPTION if is_exempt else None
    )

    assert record_of(exported, None, NOW)["overdue"] is overdue


def test_differences_and_item_are_the_newest_of_the_current_episode() -> None:
    first = ItemRef(hash="11" * 32, size=1)
    second = ItemRef(hash="22" * 32, size=2)
    history = History(finding(), differences=given.BEFORE_AFTER, item=first)
    history.then(TransitionKind.NOTED, 1, {}, item=second).then(TransitionKind.NOTED, 2, {})

    record = record_of(history.exported(), None, NOW)

    assert record["item"] == {"hash": second.hash, "size": 2}
    assert [one["pointer"] for one in record["differences"]] == ["/properties/BucketPolicy"]


def test_what_an_earlier_episode_showed_is_not_shown_of_this_one() -> None:
    history = History(finding(), differences=given.BEFORE_AFTER, item=ItemRef(hash="1", size=1))
    history.then(TransitionKind.RESOLVED, 1, {"status": Status.RESOLVED, "resolved_at": at(1)})
    history.then(TransitionKind.REOPENED, 2, {"status": Status.OPEN, "episode": 2})

    record = record_of(history.exported(), None, NOW)

    assert (record["differences"], record["item"]) == ([], None)


def test_times_of_the_event_are_those_of_the_entry_that_opened_the_episode() -> None:
    history = History(finding())
    history.then(
        TransitionKind.NOTED, 9, {}, times=replace(history.entries[0].transition.times, event=at(8))
    )

    times = record_of(history.exported(), None, NOW)["times"]

    assert times["event_at"] == "2026-01-01T12:00:00.000Z"
    assert times["decided_at"] == "2026-01-01T12:00:18.000Z"
    assert times["resolved_at"] is None


def test_nobody_is_named_without_proof() -> None:
    assert record_of(BY_NAME["exempted"], None, NOW)["cause"] is None


def test_integrity_is_that_of_the_newest_entry() -> None:
    exported = BY_NAME["fixed"]

    integrity = record_of(exported, None, NOW)["integrity"]

    assert integrity == {
        "seq": 4,
        "hash": exported.finding.head,
        "prev": exported.entries[-2].hash,
    }


def test_without_entries_the_head_stands_for_them() -> None:
    exported = ExportedFinding(finding=BY_NAME["fixed"].finding, entries=())

    assert record_of(exported, None, NOW)["integrity"]["hash"] == exported.finding.head


def test_frameworks_are_those_of_the_rule_and_empty_where_it_is_unknown() -> None:
    exported = BY_NAME["acknowledged"]

    assert record_of(exported, given.about(), NOW)["frameworks"]["fsbp"] == ["S3.2", "S3.8"]
    assert record_of(exported, given.about(rules={}), NOW)["frameworks"] == {}
    assert record_of(exported, None, NOW)["frameworks"] == {}


def test_history_names_who_acted_and_chains_its_entries() -> None:
    opened, acknowledged = history_of(BY_NAME["acknowledged"].entries)

    assert (opened["by"], opened["note"], opened["prev"]) == (None, None, None)
    assert acknowledged["prev"] == opened["hash"]
    assert acknowledged["by"] == {"name": "bob@example.com", "person": "bob"}
    assert acknowledged["note"] == "I am on it."
