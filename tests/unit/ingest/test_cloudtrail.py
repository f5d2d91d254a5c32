"""A record becomes a change, or is refused as no record."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.errors import InvalidRecordError
from chalicelib.ingest.cloudtrail import action_of, change_from
from chalicelib.ingest.routing import Routing
from chalicelib.model import Change, Outcome
from tests.builders import (
    ABSENT,
    ACCOUNT,
    EVENT_ID,
    OTHER_ACCOUNT,
    RECEIVED_AT,
    REGION,
    iam_user,
    record,
)

EVENTS = Path(__file__).parents[2] / "events"
NO_ROUTES = Routing.of([])


def change(**overrides: Any) -> Change:
    return change_from(record(**overrides), NO_ROUTES, received_at=RECEIVED_AT)


def test_a_plain_record_becomes_a_change() -> None:
    found = change()

    assert found.event_id == EVENT_ID
    assert found.event_time == datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
    assert found.received_at == RECEIVED_AT
    assert (found.partition, found.account_id, found.region) == ("aws", ACCOUNT, REGION)
    assert (found.event_source, found.event_name) == ("s3.amazonaws.com", "PutBucketTagging")
    assert (found.outcome, found.error_code, found.read_only) == (Outcome.SUCCEEDED, None, False)
    assert (found.kind, found.actor.name) == ("api-call", "alice")
    assert len(found.record_hash) == 64


@pytest.mark.parametrize(
    "thing",
    [
        pytest.param(None, id="null"),
        pytest.param([], id="list"),
        pytest.param("record", id="text"),
        pytest.param({}, id="empty object"),
        pytest.param({"Records": [record()]}, id="a log file"),
        pytest.param({"digestStartTime": "2026-01-01T00:00:00Z", "logFiles": []}, id="a digest"),
        pytest.param(
            record(eventSource=ABSENT, eventName=ABSENT, insightDetails={"state": "Start"}),
            id="an insight",
        ),
        pytest.param({"EventId": "1", "CloudTrailEvent": "{}"}, id="a LookupEvents entry"),
        pytest.param(record(eventSource=ABSENT), id="no eventSource"),
        pytest.param(record(eventSource="..."), id="a redacted eventSource"),
        pytest.param(record(eventSource=7), id="a number as eventSource"),
        pytest.param(record(eventName=""), id="no eventName"),
        pytest.param(record(eventTime=ABSENT), id="no eventTime"),
        pytest.param(record(eventTime=1767268800), id="a number as eventTime"),
        pytest.param(
            record(recipientAccountId=ABSENT, userIdentity={"type": "AWSService"}), id="no account"
        ),
    ],
)  # fmt: skip
def test_what_is_no_record_is_refused(thing: Any) -> None:
    with pytest.raises(InvalidRecordError):
        change_from(thing, NO_ROUTES, received_at=RECEIVED_AT)


def test_a_record_nested_too_deeply_is_refused() -> None:
    nested: dict[str, Any] = {}
    for _ in range(50_000):
        nested = {"a": nested}

    with pytest.raises(InvalidRecordError):
        change(requestParameters=nested)


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("CreateFunction20150331", "CreateFunction"),
        ("UpdateFunctionCode20150331v2", "UpdateFunctionCode"),
        ("AddPermission20150331", "AddPermission"),
        ("CreateFunction2020_05_31", "CreateFunction"),
        ("CreateFunctionUrlConfig", "CreateFunctionUrlConfig"),
        ("PutBucketPolicy", "PutBucketPolicy"),
        ("SendSSHPublicKey ", "SendSSHPublicKey"),
        ("CreateVpcPeeringConnectionV2", "CreateVpcPeeringConnectionV2"),
        ("Describe19991231", "Describe19991231"),
        ("Create20150331Thing", "Create20150331Thing"),
        ("Create20150331Thing2", "Create20150331Thing2"),
        ("20150331", "20150331"),
    ],
)
def test_an_action_is_the_name_without_date_and_blanks(name: str, action: str) -> None:
    assert action_of(name) == action


@pytest.mark.parametrize(
    ("text", "time"),
    [
        pytest.param("2026-01-01T12:00:00Z", datetime(2026, 1, 1, 12, tzinfo=UTC), id="CloudTrail"),
        pytest.param("2026-01-01 12:00:00Z", datetime(2026, 1, 1, 12, tzinfo=UTC), id="blank"),
        pytest.param("2026-01-01 12:00:00", datetime(2026, 1, 1, 12, tzinfo=UTC), id="no zone"),
        pytest.param("2026-01-01T12:00:00.123456789Z",
                     datetime(2026, 1, 1, 12, 0, 0, 123_000, tzinfo=UTC), id="nanoseconds"),
        pytest.param("2026-01-01T14:00:00.000+0200", datetime(2026, 1, 1, 12, tzinfo=UTC),
                     id="offset"),
        pytest.param("...", RECEIVED_AT, id="redacted"),
        pytest.param("Jan 1, 2026, 12:00:00\u202fPM", RECEIVED_AT, id="prose"),
        pytest.param("2026-01-01", RECEIVED_AT, id="date only"),
        pytest.param("0001-01-01T00:00:00+14:00", RECEIVED_AT, id="before time began"),
    ],
)  # fmt: skip
def test_the_time_of_an_event_is_read_or_is_that_of_its_arrival(text: str, time: datetime) -> None:
    found = change(eventTime=text).event_time

    assert found == time
    assert found.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "event_id",
    [
        pytest.param(ABSENT, id="absent"),
        pytest.param(None, id="null"),
        pytest.param("", id="empty"),
        pytest.param("...", id="redacted"),
        pytest.param("1", id="number as text"),
        pytest.param(1, id="number"),
        pytest.param("EXAMPLE-1234-5678-9012-EXAMPLE", id="example"),
        pytest.param("g2f3e4d5-c6b7-8901-2345-678901bcdefg", id="not hexadecimal"),
        pytest.param("00000000-0000-0000-0000-000000000000", id="zeros"),
        pytest.param(f"{EVENT_ID}\n", id="with newline"),
    ],
)
def test_a_placeholder_is_no_event_id(event_id: Any) -> None:
    assert change(eventID=event_id).event_id is None


@pytest.mark.parametrize(
    ("overrides", "account"),
    [
        pytest.param({}, ACCOUNT, id="recipient"),
        pytest.param({"userIdentity": iam_user(accountId=OTHER_ACCOUNT)}, ACCOUNT,
                     id="recipient before caller"),
        pytest.param({"recipientAccountId": ABSENT,
                      "resources": [{}, {"accountId": OTHER_ACCOUNT}]},
                     OTHER_ACCOUNT, id="owner of a resource before caller"),
        pytest.param({"recipientAccountId": ABSENT}, ACCOUNT, id="caller"),
        pytest.param({"recipientAccountId": "...", "resources": "none"}, ACCOUNT, id="redacted"),
        pytest.param({"recipientAccountId": "1#2"}, ACCOUNT, id="not digits"),
        pytest.param({"recipientAccountId": "٣٢١"}, ACCOUNT, id="digits of another script"),
    ],
)  # fmt: skip
def test_the_account_is_the_owner_of_what_changed(overrides: dict[str, Any], account: str) -> None:
    assert change(**overrides).account_id == account


@pytest.mark.parametrize(
    ("overrides", "kind"),
    [
        pytest.param({}, "api-call", id="API call"),
        pytest.param({"eventType": ABSENT}, "api-call", id="no type"),
        pytest.param({"eventType": "AwsServiceEvent"}, "service-event", id="service event"),
        pytest.param({"eventType": "AwsConsoleAction"}, "api-call", id="console action"),
        pytest.param({"eventType": "AwsConsoleSignIn"}, "sign-in", id="sign-in by type"),
        pytest.param({"eventType": "AwsConsoleSignin"}, "sign-in", id="sign-in, other spelling"),
        pytest.param({"eventSource": "signin.amazonaws.com"}, "sign-in", id="sign-in by source"),
    ],
)
def test_kinds_of_change(overrides: dict[str, Any], kind: str) -> None:
    assert change(**overrides).kind == kind


@pytest.mark.parametrize(
    ("name", "flag", "read_only"),
    [
        pytest.param("PutBucketPolicy", True, True, id="flag wins"),
        pytest.param("GetObject", False, False, id="flag wins against the verb"),
        pytest.param("GetObject", "false", False, id="flag as text"),
        pytest.param("PutObject", "True", True, id="flag as text, upper case"),
        pytest.param("GetObject", ABSENT, True, id="get"),
        pytest.param("DescribeInstances", ABSENT, True, id="describe"),
        pytest.param("ListBuckets", None, True, id="list"),
        pytest.param("AssumeRole", ABSENT, True, id="assume"),
        pytest.param("BatchGetItem", ABSENT, True, id="batch get"),
        pytest.param("LookupEvents", "perhaps", True, id="unreadable flag"),
        pytest.param("PutBucketPolicy", ABSENT, False, id="put"),
        pytest.param("ListenForChanges", ABSENT, False, id="a verb that only begins like one"),
        pytest.param("ConsoleLogin", ABSENT, False, id="sign-in"),
        pytest.param("BatchDisableStandards", ABSENT, False, id="batch disable"),
    ],
)
def test_reading_is_told_by_the_flag_and_else_by_the_verb(
    name: str, flag: Any, *, read_only: bool
) -> None:
    assert change(eventName=name, readOnly=flag).read_only is read_only


def test_the_same_record_has_the_same_hash_wherever_it_came_from() -> None:
    one = change()
    reordered = dict(reversed(record().items()))

    other = change_from(reordered, NO_ROUTES, received_at=RECEIVED_AT + timedelta(days=1))

    assert one.record_hash == other.record_hash


def test_a_later_correction_of_a_record_is_another_record() -> None:
    addendum = {"reason": "UPDATED_DATA", "updatedFields": "errorCode"}

    assert change(addendum=addendum).record_hash != change().record_hash


def test_names_are_kept_printable_and_bounded() -> None:
    found = change(eventName="Put\u202e" + "x" * 1000, errorCode="Bad\n" + "y" * 1000)

    assert found.event_name.startswith("Put\ufffdx")
    assert len(found.event_name) == 256
    assert found.error_code is not None
    assert found.error_code.startswith("Bad y")
    assert len(found.error_code) == 256


@pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda path: path.stem)
def test_every_committed_event_is_a_record_or_something_else_on_the_bus(path: Path) -> None:
    event = json.loads(path.read_text())

    if "detail-type" in event:
        assert event["source"].startswith("aws.")
        return
    assert change_from(event, NO_ROUTES, received_at=RECEIVED_AT).account_id == ACCOUNT
