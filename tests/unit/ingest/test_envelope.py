"""What a message from the bus must look like to be believed."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.errors import InvalidRecordError
from chalicelib.ingest.envelope import BODY_LIMIT_BYTES, DETAIL_TYPES, Received, read
from tests.builders import (
    ABSENT,
    ACCOUNT,
    OTHER_ACCOUNT,
    RECEIVED_AT,
    REGION,
    envelope,
    iam_user,
    record,
    sqs_message,
)

EVENTS = Path(__file__).parents[2] / "events"


def reading(message: dict[str, Any]) -> Received:
    return read(json.dumps(message), received_at=RECEIVED_AT)


def test_a_genuine_envelope_gives_its_record() -> None:
    detail = record()

    received = read(sqs_message(envelope(detail))["body"], received_at=RECEIVED_AT)

    assert received.record == detail
    assert (received.account_id, received.region, received.source) == (ACCOUNT, REGION, "aws.s3")
    assert received.received_at == RECEIVED_AT


def test_bytes_are_read_like_text() -> None:
    assert read(json.dumps(envelope(record())).encode(), received_at=RECEIVED_AT).record == record()


@pytest.mark.parametrize("detail_type", sorted(DETAIL_TYPES))
def test_every_kind_of_cloudtrail_event_is_read(detail_type: str) -> None:
    assert reading(envelope(record(), detail_type=detail_type)).record is not None


@pytest.mark.parametrize(
    "detail_type",
    ["AWS Insight via CloudTrail", "GuardDuty Finding", "aws api call via cloudtrail", ""],
)
def test_every_other_event_on_the_bus_is_irrelevant_and_no_error(detail_type: str) -> None:
    assert reading(envelope(record(), detail_type=detail_type)).record is None


def test_an_irrelevant_event_needs_no_record_inside() -> None:
    message = json.loads((EVENTS / "guardduty_finding.json").read_text())

    received = reading(message)

    assert (received.record, received.detail_type) == (None, "GuardDuty Finding")


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param({"source": "my.app"}, id="a customer's source"),
        pytest.param({"source": "xaws.s3"}, id="a source that only contains aws."),
        pytest.param({"source": "aws"}, id="a source without a service"),
        pytest.param({"source": ABSENT}, id="no source"),
        pytest.param({"source": ["aws.s3"]}, id="a list as source"),
        pytest.param({"account": OTHER_ACCOUNT}, id="another account's bus"),
        pytest.param({"account": ABSENT}, id="no account"),
        pytest.param({"region": "us-east-1"}, id="another Region's bus"),
        pytest.param({"region": ABSENT}, id="no region"),
    ],
)
def test_an_envelope_that_contradicts_its_record_is_refused_as_spoofed(
    overrides: dict[str, Any],
) -> None:
    with pytest.raises(InvalidRecordError) as refusal:
        reading(envelope(record(), **overrides))

    assert refusal.value.spoofed


@pytest.mark.parametrize(
    "detail",
    [
        pytest.param(record(eventSource="cloudsearch.amazonaws.com"), id="source is not compared"),
        pytest.param(
            record(eventSource="iam.amazonaws.com", awsRegion="us-east-1"),
            id="a global service's Region",
        ),
        pytest.param(
            record(recipientAccountId=ABSENT, userIdentity=iam_user()),
            id="before recipientAccountId existed",
        ),
        pytest.param(
            record(recipientAccountId=ABSENT, userIdentity={"type": "AWSService"}),
            id="an identity without account",
        ),
        pytest.param(
            record(userIdentity=iam_user(accountId=OTHER_ACCOUNT)), id="a caller from elsewhere"
        ),
    ],
)
def test_genuine_envelopes_that_look_odd_are_believed(detail: dict[str, Any]) -> None:
    message = envelope(detail, source="aws.rds", account=ACCOUNT, region=REGION)

    assert reading(message).record == detail


def test_an_old_record_of_another_account_is_refused() -> None:
    detail = record(recipientAccountId=ABSENT, userIdentity=iam_user(accountId=OTHER_ACCOUNT))

    with pytest.raises(InvalidRecordError) as refusal:
        reading(envelope(detail, account=ACCOUNT))

    assert refusal.value.spoofed


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="empty"),
        pytest.param("[]", id="list"),
        pytest.param('"text"', id="text"),
        pytest.param(json.dumps(record()), id="a bare record"),
        pytest.param('{"detail-type": 3}', id="detail-type of another type"),
        pytest.param(
            json.dumps(envelope(record(), detail="record as text")), id="detail is no object"
        ),
    ],
)
def test_what_is_no_envelope_is_invalid_but_not_spoofed(body: str) -> None:
    with pytest.raises(InvalidRecordError) as refusal:
        read(body, received_at=RECEIVED_AT)

    assert not refusal.value.spoofed


def test_a_body_is_read_up_to_the_limit_and_refused_above() -> None:
    message = envelope(record(), pad="")
    room = BODY_LIMIT_BYTES - len(json.dumps(message))

    assert reading({**message, "pad": "x" * room}).record is not None
    with pytest.raises(InvalidRecordError):
        reading({**message, "pad": "x" * (room + 1)})


def test_a_body_with_a_lone_surrogate_is_repaired() -> None:
    detail = record(userAgent="agent \ud800")

    received = reading(envelope(detail))

    assert received.record is not None
    assert received.record["userAgent"] == "agent \ufffd"


def test_a_refusal_names_no_value_of_the_record() -> None:
    message = envelope(record(userAgent="secret"), source="secret", account="secret")

    with pytest.raises(InvalidRecordError) as refusal:
        reading(message)

    assert "secret" not in str(refusal.value)
