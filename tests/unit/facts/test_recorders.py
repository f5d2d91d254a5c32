"""Which recorders count: edge cases of `config-recorder-active`, and gaps."""

from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from chalicelib.facts.recorders import (
    CONFIG_RECORDINGS_SCHEMA,
    config_recordings,
    every_recorder_is_judged,
)
from chalicelib.model import ConfigurationItem, ResourceRef

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ACCOUNT = "123456789012"
SERVICE_ROLE = (
    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
)
IAM_TYPES = ["AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::Policy"]

Row = dict[str, Any]


def group(**changes: Any) -> Row:
    return {
        "AllSupported": True,
        "IncludeGlobalResourceTypes": True,
        "ResourceTypes": [],
        "ExclusionByResourceTypes": [],
        "RecordingStrategy": "ALL_SUPPORTED_RESOURCE_TYPES",
        **changes,
    }


def recorder(**changes: Any) -> Row:
    return {
        "Name": "default",
        "RoleARN": SERVICE_ROLE,
        "RecordingGroup": group(),
        "RecordingScope": "PAID",
        "ServicePrincipal": None,
        **changes,
    }


EXCLUDING = group(
    AllSupported=False,
    IncludeGlobalResourceTypes=False,
    RecordingStrategy="EXCLUSION_BY_RESOURCE_TYPES",
    ExclusionByResourceTypes=["AWS::EC2::NetworkInterface"],
)
INTERNAL = recorder(
    Name="AWSConfigurationRecorderFor_x",
    RecordingScope="INTERNAL",
    ServicePrincipal="observabilityadmin.amazonaws.com",
)
STATUS = {"Name": "default", "Recording": True, "LastStatus": "SUCCESS"}


def region(**observed: Any) -> ConfigurationItem:
    """Build a Region whose recorder records all there is, with changes."""
    return ConfigurationItem(
        ref=ResourceRef(
            account_id=ACCOUNT, region="eu-west-1", type="Observed::Account::Region", id="eu-west-1"
        ),
        properties={},
        observed={
            "ConfigurationRecorders": [recorder()],
            "RecorderStatuses": [STATUS],
            "DeliveryChannels": [{"Name": "default", "S3BucketName": "config-logs"}],
            **observed,
        },
        started_at=NOON,
        ended_at=NOON,
    )


def rows(item: ConfigurationItem) -> list[Row]:
    found = config_recordings(item)
    assert Draft202012Validator(dict(CONFIG_RECORDINGS_SCHEMA)).is_valid(found)
    return found


def recording(item: ConfigurationItem) -> list[tuple[str, list[str]]]:
    return [(row["Recording"], row["Because"]) for row in rows(item)]


def test_a_recorder_of_everything_that_delivers_is_complete() -> None:
    assert rows(region()) == [
        {
            "Recorder": "default",
            "Recording": "complete",
            "GlobalTypes": "recorded",
            "Role": "service-linked",
            "Because": [],
        }
    ]


SHORT: dict[str, tuple[Row, str, str]] = {
    "no recorder": ({"ConfigurationRecorders": []}, "absent", "/observed/ConfigurationRecorders"),
    "only a service's recorder": (
        {"ConfigurationRecorders": [INTERNAL]},
        "absent",
        "/observed/ConfigurationRecorders",
    ),
    "stopped": (
        {"RecorderStatuses": [{**STATUS, "Recording": False}]},
        "stopped",
        "/observed/RecorderStatuses/0/Recording",
    ),
    "without a status": ({"RecorderStatuses": []}, "stopped", "/observed/RecorderStatuses"),
    "no delivery channel": ({"DeliveryChannels": []}, "undelivered", "/observed/DeliveryChannels"),
    "recording, and the last delivery failed": (
        {"RecorderStatuses": [{**STATUS, "LastStatus": "FAILURE"}]},
        "failing",
        "/observed/RecorderStatuses/0/LastStatus",
    ),
    "all but some types": (
        {"ConfigurationRecorders": [recorder(RecordingGroup=EXCLUDING)]},
        "excluding",
        "/observed/ConfigurationRecorders/0/RecordingGroup",
    ),
    "some types": (
        {"ConfigurationRecorders": [recorder(RecordingGroup=group(AllSupported=False))]},
        "partial",
        "/observed/ConfigurationRecorders/0/RecordingGroup",
    ),
    "the worst comes first": (
        {
            "ConfigurationRecorders": [recorder(RecordingGroup=EXCLUDING)],
            "RecorderStatuses": [{**STATUS, "Recording": False, "LastStatus": "FAILURE"}],
            "DeliveryChannels": [],
        },
        "stopped",
        "/observed/RecorderStatuses/0/Recording",
    ),
}


@pytest.mark.parametrize(("observed", "kind", "because"), SHORT.values(), ids=SHORT.keys())
def test_what_keeps_a_recorder_from_recording_everything(
    observed: Row, kind: str, because: str
) -> None:
    item = region(**observed)

    assert recording(item) == [(kind, [because])]
    assert every_recorder_is_judged(item)


@pytest.mark.parametrize("last", ["SUCCESS", "PENDING", "NOTAPPLICABLE", None])
def test_a_delivery_that_did_not_fail_is_no_shortfall(last: str | None) -> None:
    item = region(RecorderStatuses=[{**STATUS, "LastStatus": last}])

    assert recording(item) == [("complete", [])]


def test_a_recorder_that_a_service_keeps_counts_for_nothing() -> None:
    item = region(
        ConfigurationRecorders=[INTERNAL, recorder()],
        RecorderStatuses=[
            {"Name": INTERNAL["Name"], "Recording": False, "LastStatus": None},
            STATUS,
        ],
    )

    assert [(row["Recorder"], row["Recording"]) for row in rows(item)] == [("default", "complete")]


GLOBAL_TYPES = {
    "all with global types": (group(), "recorded"),
    "all without global types": (group(IncludeGlobalResourceTypes=False), "left-out"),
    "exclusions of something else": (EXCLUDING, "recorded"),
    "IAM roles excluded": (
        {**EXCLUDING, "ExclusionByResourceTypes": ["AWS::IAM::Role"]},
        "left-out",
    ),
    "a list with IAM's types": (group(AllSupported=False, ResourceTypes=IAM_TYPES), "recorded"),
    "a list with some": (group(AllSupported=False, ResourceTypes=IAM_TYPES[:3]), "left-out"),
}


@pytest.mark.parametrize(("types", "expected"), GLOBAL_TYPES.values(), ids=GLOBAL_TYPES.keys())
def test_whether_global_types_are_recorded_is_said_apart(types: Row, expected: str) -> None:
    item = region(ConfigurationRecorders=[recorder(RecordingGroup=types)])

    assert [row["GlobalTypes"] for row in rows(item)] == [expected]


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (SERVICE_ROLE, "service-linked"),
        (f"arn:aws:iam::{ACCOUNT}:role/config", "custom"),
        (f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/other.amazonaws.com/x", "custom"),
        (None, "custom"),
    ],
    ids=["service-linked", "own", "another service's", "none"],
)
def test_a_role_of_ones_own_is_noted_and_no_shortfall(role: str | None, expected: str) -> None:
    item = region(ConfigurationRecorders=[recorder(RoleARN=role)])

    assert [(row["Recording"], row["Role"]) for row in rows(item)] == [("complete", expected)]


UNREAD: dict[str, Row] = {
    "recorders": {"ConfigurationRecorders": None},
    "statuses": {"RecorderStatuses": None},
    "channels": {"DeliveryChannels": None},
}


@pytest.mark.parametrize("observed", UNREAD.values(), ids=UNREAD.keys())
def test_an_unread_part_leaves_a_sound_recorder_open(observed: Row) -> None:
    item = region(**observed)

    assert rows(item) == []
    assert not every_recorder_is_judged(item)


@pytest.mark.parametrize(
    ("observed", "kind"),
    [
        ({"ConfigurationRecorders": [], "RecorderStatuses": None}, "absent"),
        ({"DeliveryChannels": [], "RecorderStatuses": None}, "undelivered"),
        (
            {
                "ConfigurationRecorders": [recorder(RecordingGroup=EXCLUDING)],
                "DeliveryChannels": None,
            },
            "excluding",
        ),
    ],
    ids=["none there", "no channel", "exclusions"],
)
def test_what_is_proven_needs_nothing_else(observed: Row, kind: str) -> None:
    item = region(**observed)

    assert [row["Recording"] for row in rows(item)] == [kind]
    assert every_recorder_is_judged(item)
