"""Who is named when an account's recording ends: only who ended it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.evaluate.engine import judge_change, judge_item
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.findings.blame import explains
from chalicelib.ingest.cloudtrail import change_from
from chalicelib.ingest.routing import Routing
from chalicelib.model import (
    Change,
    ConfigurationItem,
    DetectionStatus,
    Evidence,
    FacetReading,
    ResourceRef,
    Severity,
    Subject,
    Touch,
)
from chalicelib.resources import _frame, account_global, cloudtrail_trail
from vigil.rulefiles import load_rules

ACCOUNT = "123456789012"
ARN = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/main"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TYPES = (account_global.RESOURCE_TYPE, cloudtrail_trail.RESOURCE_TYPE)
RULES = load_rules([Path(__file__).parents[2] / "rules" / "cloudtrail"], TYPES)
BOOK = Rulebook.of(RULES.rules, TYPES)
ROUTING = Routing.of(TYPES)
REF = ResourceRef(account_id=ACCOUNT, region="global", type=account_global.TYPE, id=ACCOUNT)

MANAGEMENT = "cloudtrail-multi-region-trail-active"
OBJECT_READS = "cloudtrail-s3-object-read-events"

COMPLETE: Mapping[str, Any] = {
    "Name": "main",
    "HomeRegion": "eu-west-1",
    "IsMultiRegionTrail": True,
    "IsOrganizationTrail": False,
    "HasCustomEventSelectors": False,
    "IsLogging": True,
    "LatestDeliveryError": None,
    "EventSelectors": [],
    "AdvancedEventSelectors": [],
}
READS_ONLY = {
    "ReadWriteType": "ReadOnly",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}
SINGLE = {
    "IsMultiRegionTrail": False,
    "IsLogging": None,
    "EventSelectors": None,
    "AdvancedEventSelectors": None,
}


def account(**changes: Any) -> ConfigurationItem:
    return described({ARN: {**COMPLETE, **changes}})


def described(trails: Mapping[str, Any]) -> ConfigurationItem:
    item = _frame.listed(REF, FacetReading(observed={"Trails": trails}))
    return _frame.derive(TYPES[0], item, BOOK.pointers_for(account_global.TYPE))


def evidence(item: ConfigurationItem, rule_id: str = MANAGEMENT) -> tuple[Evidence, ...]:
    (found,) = [each for each in judge_item(item, BOOK, NOON) if each.rule_id == rule_id]
    return found.evidence


def change(action: str, **parameters: Any) -> Change:
    record = {
        "eventVersion": "1.11",
        "eventSource": "cloudtrail.amazonaws.com",
        "eventName": action,
        "eventTime": "2026-01-01T11:59:00Z",
        "awsRegion": "eu-west-1",
        "recipientAccountId": ACCOUNT,
        "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT, "userName": "mallory"},
        "requestParameters": parameters,
        "eventID": "6f1d2c3b-0000-4000-8000-000000000002",
    }
    return change_from(record, ROUTING, received_at=NOON)


def touch(of: Change) -> Touch:
    (found,) = [each for each in of.touches if each.ref == REF]
    return found


@pytest.mark.parametrize(
    ("item", "event"),
    [
        pytest.param(account(IsLogging=False), change("StopLogging", name="main"), id="stopped"),
        pytest.param(account(IsLogging=False), change("StopLogging", name=ARN), id="by its ARN"),
        pytest.param(described({}), change("DeleteTrail", name="main"), id="last one deleted"),
        pytest.param(
            account(**SINGLE),
            change("UpdateTrail", name="main", isMultiRegionTrail=False),
            id="confined to one Region",
        ),
        pytest.param(
            account(EventSelectors=[READS_ONLY], HasCustomEventSelectors=True),
            change(
                "PutEventSelectors",
                trailName="main",
                eventSelectors=[{"readWriteType": "ReadOnly", "includeManagementEvents": True}],
            ),
            id="writes left out",
        ),
    ],
)
def test_who_ended_the_recording_is_named(item: ConfigurationItem, event: Change) -> None:
    assert explains(touch(event), evidence(item), item)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(change("StopLogging", name="other"), id="stopped another trail"),
        pytest.param(change("DeleteTrail", name="other"), id="deleted another trail"),
        pytest.param(change("StartLogging", name="main"), id="started it"),
        pytest.param(change("UpdateTrail", name="main", s3KeyPrefix="logs"), id="moved its files"),
    ],
)
def test_nobody_else_is_named_for_a_stopped_trail(event: Change) -> None:
    item = account(IsLogging=False)

    assert not explains(touch(event), evidence(item), item)


OBJECT_WRITES_ONLY = {
    "readWriteType": "WriteOnly",
    "includeManagementEvents": True,
    "dataResources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}],
}


@pytest.mark.parametrize(
    ("event", "named"),
    [
        pytest.param(
            change("PutEventSelectors", trailName="main", eventSelectors=[OBJECT_WRITES_ONLY]),
            True,
            id="left reads out",
        ),
        pytest.param(
            change("PutEventSelectors", trailName="other", eventSelectors=[OBJECT_WRITES_ONLY]),
            False,
            id="changed another trail",
        ),
        pytest.param(change("StartLogging", name="main"), False, id="started it"),
    ],
)
def test_who_ended_the_recording_of_object_reads_is_named(event: Change, named: bool) -> None:
    left = {
        "ReadWriteType": "WriteOnly",
        "IncludeManagementEvents": True,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
        "ExcludeManagementEventSources": [],
    }
    item = account(EventSelectors=[left], HasCustomEventSelectors=True)

    assert explains(touch(event), evidence(item, OBJECT_READS), item) is named


@pytest.mark.parametrize(
    ("event", "rules", "message"),
    [
        pytest.param(
            change("StopLogging", name="main"),
            {"cloudtrail-trail-stopped"},
            "mallory stopped trail main in eu-west-1",
            id="stopped",
        ),
        pytest.param(
            change("DeleteTrail", name="main"),
            {"cloudtrail-trail-deleted"},
            "mallory deleted trail main in eu-west-1",
            id="deleted",
        ),
        pytest.param(
            change("UpdateTrail", name="main", isMultiRegionTrail=False),
            {"cloudtrail-trail-narrowed"},
            "mallory made trail main record less: single-region",
            id="narrowed",
        ),
    ],
)
def test_a_change_rule_waits_for_the_finding_about_the_account(
    event: Change, rules: set[str], message: str
) -> None:
    told = judge_change(event, BOOK, lambda ref, _: Subject(ref=ref))
    # That a trail changed at all waits for nothing.
    seen = [one for one in told if one.severity is not Severity.INFORMATIONAL]

    assert {detection.rule_id for detection in seen} == rules
    assert {detection.subject.ref for detection in seen} == {REF}
    assert {detection.status for detection in seen} == {DetectionStatus.PENDING}
    assert {detection.message for detection in seen} == {message}
