"""AWS::KMS::Key, read from answers as KMS gives them: only what applies is asked, and no more."""

from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib.model import GapReason
from chalicelib.resources import kms_key
from tests.unit.resources.scripted_aws import (
    Reply,
    ScriptedAws,
    everything,
    gaps,
    look,
    page,
    refusal,
)

EMPTY = '{"Version":"2012-10-17","Statement":[]}'

METADATA = {
    "KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab",
    "KeyManager": "CUSTOMER",
    "KeySpec": "SYMMETRIC_DEFAULT",
    "KeyState": "Enabled",
    "Origin": "AWS_KMS",
    "MultiRegion": False,
}
REPLICA = {"MultiRegionKeyType": "REPLICA", "PrimaryKey": {}, "ReplicaKeys": []}
PRIMARY = {"MultiRegionKeyType": "PRIMARY", "PrimaryKey": {}, "ReplicaKeys": []}


def kms(*, rotation: Reply = None, policy: Reply = None, **metadata: Any) -> ScriptedAws:
    return ScriptedAws(
        {
            "describe_key": {"KeyMetadata": {**METADATA, **metadata}},
            "get_key_policy": policy or {"Policy": EMPTY, "PolicyName": "default"},
            "get_key_rotation_status": rotation or {"KeyRotationEnabled": False},
        }
    )


def test_an_ordinary_key_takes_three_calls() -> None:
    aws = kms(rotation={"KeyRotationEnabled": True, "RotationPeriodInDays": 180})

    item = look(aws, kms_key.RESOURCE_TYPE)

    assert item is not None
    assert aws.asked == ["describe_key", "get_key_policy", "get_key_rotation_status"]
    assert item.gaps == ()
    assert item.properties["EnableKeyRotation"] is True
    assert item.properties["RotationPeriodInDays"] == 180


@pytest.mark.parametrize(
    ("metadata", "calls"),
    [
        pytest.param({"KeyManager": "AWS"}, ["describe_key"], id="AWS's own"),
        *(
            pytest.param(metadata, ["describe_key", "get_key_policy"], id=name)
            for name, metadata in {
                "asymmetric": {"KeySpec": "RSA_2048"},
                "HMAC": {"KeySpec": "HMAC_256"},
                "imported material": {"Origin": "EXTERNAL"},
                "CloudHSM key store": {"Origin": "AWS_CLOUDHSM"},
                "external key store": {"Origin": "EXTERNAL_KEY_STORE"},
                "replica": {"MultiRegion": True, "MultiRegionConfiguration": REPLICA},
                "disabled": {"KeyState": "Disabled"},
                "pending deletion": {"KeyState": "PendingDeletion"},
                "pending import": {"KeyState": "PendingImport"},
            }.items()
        ),
        pytest.param(
            {"MultiRegion": True, "MultiRegionConfiguration": PRIMARY},
            ["describe_key", "get_key_policy", "get_key_rotation_status"],
            id="primary",
        ),
    ],
)
def test_only_what_applies_to_a_key_is_asked(metadata: dict[str, Any], calls: list[str]) -> None:
    aws = kms(**metadata)

    item = look(aws, kms_key.RESOURCE_TYPE)

    assert item is not None
    assert aws.asked == calls
    assert item.gaps == ()
    assert (item.properties["EnableKeyRotation"] is None) is (
        "get_key_rotation_status" not in calls
    )


def test_a_rotation_of_unsaid_period_has_the_documented_one() -> None:
    item = look(kms(rotation={"KeyRotationEnabled": True}), kms_key.RESOURCE_TYPE)

    assert item is not None
    assert item.properties["RotationPeriodInDays"] == 365


@pytest.mark.parametrize(
    ("replies", "unread"),
    [
        pytest.param(
            {"rotation": refusal("AccessDeniedException", "GetKeyRotationStatus")},
            {
                "/properties/EnableKeyRotation": (GapReason.DENIED, "kms:GetKeyRotationStatus"),
                "/properties/RotationPeriodInDays": (
                    GapReason.DENIED,
                    "kms:GetKeyRotationStatus",
                ),
            },
            id="rotation denied",
        ),
        pytest.param(
            {"rotation": {"KeyId": "x"}},
            {
                "/properties/EnableKeyRotation": (GapReason.MALFORMED, "kms:GetKeyRotationStatus"),
                "/properties/RotationPeriodInDays": (
                    GapReason.MALFORMED,
                    "kms:GetKeyRotationStatus",
                ),
            },
            id="rotation unsaid",
        ),
        pytest.param(
            {"policy": refusal("AccessDeniedException", "GetKeyPolicy")},
            {
                "/properties/KeyPolicy": (GapReason.DENIED, "kms:GetKeyPolicy"),
                "/derived/PolicyOpenings": (GapReason.DENIED, "kms:GetKeyPolicy"),
            },
            id="policy denied",
        ),
        pytest.param(
            {"policy": {"Policy": "{"}},
            {
                "/properties/KeyPolicy": (GapReason.MALFORMED, "kms:GetKeyPolicy"),
                "/derived/PolicyOpenings": (GapReason.MALFORMED, "kms:GetKeyPolicy"),
            },
            id="policy broken",
        ),
    ],
)
def test_what_a_key_does_not_tell_leaves_the_rest_known(
    replies: dict[str, Reply], unread: dict[str, Any]
) -> None:
    item = look(kms(**replies), kms_key.RESOURCE_TYPE)

    assert gaps(item) == unread
    assert item is not None
    assert item.observed["KeyState"] == "Enabled"


def test_a_silent_kms_is_not_asked_again_in_the_same_look() -> None:
    aws = kms(policy=ReadTimeoutError(endpoint_url="https://kms"))

    item = look(aws, kms_key.RESOURCE_TYPE)

    assert aws.asked == ["describe_key", "get_key_policy"]
    assert set(gaps(item)) == everything(kms_key.RESOURCE_TYPE)


def test_key_metadata_without_its_manager_are_malformed() -> None:
    item = look(kms(KeyManager=None), kms_key.RESOURCE_TYPE)

    assert gaps(item)["/observed/KeyManager"] == (GapReason.MALFORMED, "kms:DescribeKey")


def test_keys_are_listed_page_by_page() -> None:
    keys = [{"KeyId": "a", "KeyArn": "arn"}]
    aws = ScriptedAws(
        {"list_keys": [{"Keys": keys, "NextMarker": "m", "Truncated": True}, {"Keys": []}]}
    )

    first = page(aws, kms_key.RESOURCE_TYPE)
    last = page(aws, kms_key.RESOURCE_TYPE, first.next_token)

    assert [found.id for found in first.refs] == ["a"]
    assert (first.next_token, last.next_token) == ("m", None)
    assert aws.calls[1] == ("list_keys", {"Limit": 1000, "Marker": "m"})
