"""What S3's events say about versions, logs, expiry and copies of a bucket."""

from typing import Any

import pytest

from chalicelib.model.plugin import Record
from chalicelib.resources.s3_bucket import RESOURCE_TYPE

OWNER = "111122223333"


def derived(action: str, parameters: Any) -> Any:
    record: Record = {"recipientAccountId": OWNER, "requestParameters": parameters}
    (route,) = (route for route in RESOURCE_TYPE.routes if action in route.actions)
    assert route.derive is not None
    return route.derive(record)


@pytest.mark.parametrize(
    ("configuration", "asked"),
    [
        ({"Status": "Suspended"}, {"Status": "Suspended", "MfaDelete": None}),
        ({"Status": ["Enabled"], "MfaDelete": "Disabled"},
         {"Status": "Enabled", "MfaDelete": "Disabled"}),
        ({"Status": {}}, {"Status": None, "MfaDelete": None}),
    ],
    ids=str,
)  # fmt: skip
def test_a_versioning_call_says_what_it_asks_for(configuration: Any, asked: Any) -> None:
    payload = {"VersioningConfiguration": configuration}

    assert derived("PutBucketVersioning", payload) == {"VersioningRequest": asked}


@pytest.mark.parametrize(
    ("status", "fact"),
    [
        ({"xmlns": "x"}, {"LoggingTarget": {"Bucket": None}}),
        ("", {"LoggingTarget": {"Bucket": None}}),
        ({"LoggingEnabled": {"TargetBucket": "logs"}}, {"LoggingTarget": {"Bucket": "logs"}}),
        ({"LoggingEnabled": [{"TargetBucket": ["logs"]}]}, {"LoggingTarget": {"Bucket": "logs"}}),
        (None, {}),
        (7, {}),
    ],
    ids=str,
)
def test_an_empty_logging_status_means_off_and_a_missing_one_nothing(
    status: Any, fact: Any
) -> None:
    assert derived("PutBucketLogging", {"BucketLoggingStatus": status}) == fact


@pytest.mark.parametrize(
    ("rules", "days"),
    [
        ({"Status": "Enabled", "Expiration": {"Days": 1}}, 1),
        ([{"Status": "Enabled", "Expiration": {"Days": "30"}},
          {"Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 2}}], 2),
        ({"Status": "Disabled", "Expiration": {"Days": 1}}, None),
        ({"Status": "Enabled", "Transition": {"Days": 1}}, None),
        ({"Status": "Enabled", "Expiration": {"Days": "9" * 5000}}, None),
        ("", None),
        (None, None),
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
def test_the_soonest_expiry_of_enabled_rules_counts(rules: Any, days: int | None) -> None:
    payload = {"LifecycleConfiguration": {"Rule": rules}}

    assert derived("PutBucketLifecycle", payload) == {"Expiry": {"Days": days}}


@pytest.mark.parametrize(
    ("rules", "accounts"),
    [
        ({"Destination": {"Account": "999988887777"}}, ["999988887777"]),
        ([{"Destination": {"Account": OWNER}}, {"Destination": {"Account": "444455556666"}}],
         ["444455556666"]),
        ({"Destination": {"Bucket": "arn:aws:s3:::ours"}}, []),
        ("", []),
    ],
    ids=str,
)  # fmt: skip
def test_copies_for_other_accounts_are_named(rules: Any, accounts: list[str]) -> None:
    payload = {"ReplicationConfiguration": {"Rule": rules}}

    rows = derived("PutBucketReplication", payload)["ReplicatedTo"]

    assert [row["Account"] for row in rows] == accounts


def test_an_objects_acl_opens_without_a_place_in_the_buckets_item() -> None:
    rows = derived("PutObjectAcl", {"bucketName": "example", "x-amz-acl": "public-read"})

    assert [(row["Access"], row["Because"]) for row in rows["PublicAccess"]] == [("read", [])]
