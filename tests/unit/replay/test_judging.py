"""What replay says of a record, and that looking at its outline only never says something else."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ingest.actor import ACTOR_KEYS, actor_from
from tests.builders import ABSENT, ACCOUNT, envelope, iam_user, record
from tests.unit.replay.given import NOW, encoded, harmless, judge, reading, risky
from vigil.replay.judging import remembering, row_of
from vigil.replay.outline import Verdict, outlined
from vigil.replay.row import Row

S3 = "s3.amazonaws.com"
EVENTS = Path(__file__).parents[2] / "events"


def verdict(value: Any) -> Verdict:
    return judge().judged(encoded(value)).verdict


def told(value: Any) -> Row:
    return row_of(judge().judged(encoded(value)), "a.json#7")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (risky(), "risky"),
        (envelope(risky()), "risky"),
        (envelope(risky(), source="somebody.else", account="999999999999"), "risky"),
        (risky(errorCode="Client.UnauthorizedOperation"), "failed"),
        (harmless(), "harmless"),
        (harmless(errorCode="AccessDenied"), "failed"),
        (reading(), "ignored"),
        (reading(errorCode="AccessDenied"), "failed"),
        (reading(readOnly=ABSENT), "ignored"),
        (record(eventSource=S3, eventName="PutObject", managementEvent=False), "ignored"),
        (record(eventSource=S3, eventName="PutObject", eventCategory="Data"), "ignored"),
        (
            record(
                eventSource=S3, eventName="PutObject", managementEvent=ABSENT, eventCategory=ABSENT
            ),
            "ignored",
        ),
        (
            record(
                eventSource="ec2.amazonaws.com",
                eventName="ModifySecurityGroupRules",
                requestParameters={
                    "ModifySecurityGroupRulesRequest": {
                        "GroupId": "sg-1",
                        "SecurityGroupRule": {
                            "SecurityGroupRuleId": "sgr-1",
                            "SecurityGroupRule": {
                                "IpProtocol": "-1",
                                "CidrIpv4": "0.0.0.0/0",
                            },
                        },
                    }
                },
            ),
            "noted",
        ),
        ({"detail-type": "GuardDuty Finding", "detail": {"severity": 5}}, "ignored"),
        ({"detail-type": "GuardDuty Finding"}, "invalid"),
        (record(eventSource=ABSENT), "invalid"),
        (record(eventTime=ABSENT), "invalid"),
        ("text", "invalid"),
        (None, "invalid"),
        ([], "invalid"),
        (record(recipientAccountId=ABSENT, userIdentity={"type": "Root"}), "risky"),
    ],
)
def test_verdicts(value: Any, expected: str) -> None:
    assert verdict(value) == expected


def test_a_risky_row_says_who_what_where_and_which_rules() -> None:
    row = told(risky(eventID="d9a7d9d4-1d0c-4a59-8d5e-2f1a4b3c5d6e"))

    assert row.source == "a.json#7"
    assert row.event_id == "d9a7d9d4-1d0c-4a59-8d5e-2f1a4b3c5d6e"
    assert row.event_time == "2026-01-01T12:00:00.000Z"
    assert row.account_id == ACCOUNT
    assert row.actor is not None
    assert row.actor.startswith("arn:aws:iam::")
    assert row.source_ip == "192.0.2.10"
    assert row.rule_ids == ("ec2-security-groups-changed", "ec2-sg-ingress-opened-to-internet")
    assert row.severity == "critical"
    assert row.resources[0] == {"type": "AWS::EC2::SecurityGroup", "id": "sg-0a1b2c3d"}
    assert "tcp 22-22 for 0.0.0.0/0" in row.message


def test_a_redacted_time_is_not_invented_before_the_replay() -> None:
    assert told(risky(eventTime="...")).event_time == "2026-01-02T00:00:00.000Z"
    assert NOW.year == 2026


def test_a_record_of_no_known_account_names_none() -> None:
    row = told(record(recipientAccountId=ABSENT, userIdentity={"type": "Root"}))

    assert row.account_id is None


def test_an_invalid_record_says_why_and_what_could_be_read() -> None:
    row = told({"eventName": "CreateUser\x1b[31m", "eventTime": 7})

    assert row.verdict is Verdict.INVALID
    assert row.message == "the record has no eventSource"
    assert row.event_name == "CreateUser\ufffd[31m"
    assert row.event_time is None


def test_resources_and_messages_are_bounded() -> None:
    many = [{"resourceId": f"sg-{number:08x}"} for number in range(5_000)]
    tagged = record(
        eventSource="ec2.amazonaws.com",
        eventName="CreateTags",
        requestParameters={"resourcesSet": {"items": many}},
    )

    assert len(told(tagged).resources) <= 100


# --- the outline -------------------------------------------------------------------------------


def by_outline(value: Any) -> Verdict | None:
    outline, _ = outlined(encoded(value))
    return judge().sight.verdict_of(outline) if outline else None


def test_most_records_are_known_by_their_outline() -> None:
    assert by_outline(reading()) is Verdict.IGNORED
    assert by_outline(harmless()) is Verdict.HARMLESS
    assert by_outline(envelope(reading())) is Verdict.IGNORED


@pytest.mark.parametrize(
    "value",
    [
        risky(),
        harmless(userIdentity={"type": "Root"}),
        harmless(eventSource=" ec2.amazonaws.com", eventName="AuthorizeSecurityGroupIngress"),
        harmless(eventSource="signin.amazonaws.com"),
        harmless(recipientAccountId=ABSENT),
        harmless(userIdentity=None),
        harmless(eventTime=""),
        harmless(eventName="CreateMesh "),
        harmless(errorCode=7),
    ],
)
def test_what_may_concern_a_rule_or_is_odd_is_looked_at_whole(value: Any) -> None:
    assert by_outline(value) is None


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 2),
    st.sampled_from(["", " ", "***", "true", "...", "\u202e", "HIDDEN_DUE_TO_SECURITY_REASONS"]),
    st.just({}),
    st.just([]),
)
CHOICES = {
    "eventSource": [
        "ec2.amazonaws.com",
        "iam.amazonaws.com",
        "s3.amazonaws.com",
        "x.amazonaws.com",
    ],
    "eventName": ["CreateUser", "GetObject", "PutObject", "Describe", "CreateFunction20150331"],
    "eventTime": ["2026-01-01T12:00:00Z", "2026-01-01", "x"],
    "eventID": ["d9a7d9d4-1d0c-4a59-8d5e-2f1a4b3c5d6e"],
    "recipientAccountId": ["111122223333", "1", "１１１１２２２２３３３３"],
    "userIdentity": [{"type": "Root"}, {"type": "IAMUser"}, {"type": "AWSService"}],
    "errorCode": ["AccessDenied", ""],
    "errorMessage": ["no"],
    "readOnly": [True, False, "true"],
    "managementEvent": [True, False],
    "eventCategory": ["Data", "Management", "Insight"],
}
RECORDS = st.fixed_dictionaries(
    {},
    optional={key: st.one_of(st.sampled_from(some), ODD) for key, some in CHOICES.items()},
)


@given(RECORDS)
def test_an_outline_never_says_other_than_the_whole_record(changes: dict[str, Any]) -> None:
    value = record() | changes

    quick = by_outline(value)

    assert quick is None or quick is verdict(value)


# --- the memory of actors ----------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda path: path.stem)
def test_a_remembered_actor_is_the_actor(path: Path) -> None:
    value = json.loads(path.read_text())
    value = value.get("detail", value)
    actor_of = remembering(4)

    assert actor_of(value) == actor_of(value) == actor_from(value)


@pytest.mark.parametrize("key", ACTOR_KEYS)
def test_whatever_an_actor_is_read_from_tells_two_apart(key: str) -> None:
    others = {
        "userIdentity": iam_user(userName="somebody.else"),
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "Terraform/1.11.4",
        "additionalEventData": {"MFAUsed": "Yes"},
        "sessionCredentialFromConsole": "true",
    }
    actor_of = remembering(4)

    first, second = actor_of(record()), actor_of(record(**{key: others[key]}))

    assert first != second
    assert second == actor_from(record(**{key: others[key]}))
