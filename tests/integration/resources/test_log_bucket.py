"""The log bucket of a trail: read part by part, in this account or not at all."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.ingest.cloudtrail import change_from
from chalicelib.ingest.routing import Routing
from chalicelib.model import ConfigurationItem, GapReason, ResourceRef
from chalicelib.resources import _frame
from chalicelib.resources.cloudtrail_trail import RESOURCE_TYPE, TYPE
from tests.integration.resources.recorded_aws import (
    ACCOUNT,
    NOON,
    RecordedAws,
    StoppedClock,
    aws_on_moto,
)

HOME = "eu-west-1"
MAIN = ResourceRef(account_id=ACCOUNT, region=HOME, type=TYPE, id="main")
ACCESS = "/derived/LogBucketAccess"
LOGGING = "/observed/LogBucketLogging"
EDGE = f"{ACCOUNT}#global#AWS::S3::Bucket#trail-logs"
ROUTING = Routing.of([RESOURCE_TYPE])


@pytest.fixture(scope="module")
def world() -> Iterator[RecordedAws]:
    """Play an account whose trail logs into an open bucket of another Region."""
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::trail-logs/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    with aws_on_moto() as aws:
        s3 = aws.client("s3", region="us-east-1")
        s3.create_bucket(Bucket="trail-logs")
        s3.delete_public_access_block(Bucket="trail-logs")
        s3.put_bucket_policy(Bucket="trail-logs", Policy=json.dumps(policy))
        aws.client("cloudtrail", region=HOME).create_trail(Name="main", S3BucketName="trail-logs")
        yield aws


@pytest.fixture
def aws(world: RecordedAws) -> Iterator[RecordedAws]:
    """Return it with nothing refused."""
    yield world
    world.refused.clear()


def look(aws: RecordedAws, *pointers: str) -> ConfigurationItem:
    item = _frame.describe(aws, RESOURCE_TYPE, MAIN, frozenset(pointers), StoppedClock())
    assert item is not None
    return item


def test_a_bucket_in_another_region_shows_what_is_open(aws: RecordedAws) -> None:
    item = look(aws, ACCESS)

    assert item.gaps == ()
    assert [(row["Access"], row["Because"]) for row in item.derived["LogBucketAccess"]] == [
        ("read", ["/observed/LogBucketPolicy/Statement/0"])
    ]
    assert item.companions == (EDGE,)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("s3:GetBucketPolicy", "LogBucketPolicy"),
        ("s3:GetBucketAcl", "LogBucketGrants"),
        ("s3:GetBucketLogging", "LogBucketLogging"),
    ],
)
def test_a_part_that_is_denied_is_a_gap_of_its_own(aws: RecordedAws, call: str, name: str) -> None:
    aws.deny(call)

    item = look(aws, ACCESS, LOGGING)

    raw = [gap for gap in item.gaps if gap.pointer.startswith("/observed/")]
    assert [(gap.pointer, gap.reason, gap.call) for gap in raw] == [
        (f"/observed/{name}", GapReason.DENIED, call)
    ]


def test_a_bucket_that_is_gone_is_not_called_private(aws: RecordedAws) -> None:
    aws.refused |= {
        call: "NoSuchBucket"
        for facet in RESOURCE_TYPE.facets
        for call in facet.calls
        if call.startswith("s3:")
    }

    item = look(aws, ACCESS, LOGGING)

    unread = {gap.pointer: gap.error for gap in item.gaps}
    assert unread[ACCESS] == "NoSuchBucket"
    assert unread[LOGGING] == "NoSuchBucket"


class _Foreign:
    """A trail whose bucket belongs to somebody else: S3 refuses whoever expects to own it."""

    def __init__(self) -> None:
        self.owners: list[str] = []

    def client(self, *_: Any, **__: Any) -> "_Foreign":
        return self

    def describe_trails(self, **_: Any) -> dict[str, Any]:
        return {"trailList": [{"Name": "main", "S3BucketName": "central-logs"}]}

    def __getattr__(self, name: str) -> Any:
        def ask(**given: Any) -> dict[str, Any]:
            self.owners.append(given.get("ExpectedBucketOwner", ""))
            return {}

        return ask


def test_every_read_of_the_bucket_names_its_owner() -> None:
    aws = _Foreign()
    (facet,) = [facet for facet in RESOURCE_TYPE.facets if facet.name == "log_bucket"]

    facet.read(aws, MAIN)

    # One of the reads is about the account itself.
    assert sorted(aws.owners) == ["", *[ACCOUNT] * 5]


def test_a_trail_that_vanished_has_no_log_bucket(aws: RecordedAws) -> None:
    (facet,) = [facet for facet in RESOURCE_TYPE.facets if facet.name == "log_bucket"]

    assert facet.read(aws, replace(MAIN, id="gone")) is None


def change(action: str, **parameters: Any) -> Any:
    record = {
        "eventVersion": "1.11",
        "eventSource": "s3.amazonaws.com",
        "eventName": action,
        "eventTime": "2026-01-01T11:59:00Z",
        "awsRegion": "eu-central-1",
        "recipientAccountId": ACCOUNT,
        "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT},
        "requestParameters": parameters,
        "eventID": "6f1d2c3b-0000-4000-8000-000000000002",
    }
    return change_from(record, ROUTING, received_at=NOON)


OFF = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False
)


@pytest.mark.parametrize(
    ("event", "proposed"),
    [
        pytest.param(
            change("DeleteBucketPolicy", bucketName="trail-logs"),
            {"/observed/LogBucketPolicy": None},
            id="its policy goes",
        ),
        pytest.param(
            change("DeleteBucketPublicAccessBlock", bucketName="trail-logs"),
            {"/observed/LogBucketPublicAccessBlock": OFF},
            id="its block goes",
        ),
        pytest.param(
            change(
                "PutBucketLogging",
                bucketName="trail-logs",
                BucketLoggingStatus={"xmlns": "x"},
            ),
            {LOGGING: None},
            id="access is no longer logged",
        ),
        pytest.param(
            change(
                "PutBucketLogging",
                bucketName="trail-logs",
                BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "access-logs"}},
            ),
            {LOGGING: {"DestinationBucketName": "access-logs"}},
            id="access is logged",
        ),
        pytest.param(
            change("PutBucketLogging", bucketName="trail-logs"), {}, id="without saying how"
        ),
        pytest.param(change("DeleteBucket", bucketName="trail-logs"), {}, id="it is deleted"),
    ],
)
def test_a_change_of_the_bucket_finds_the_trails_that_log_into_it(
    event: Any, proposed: dict[str, Any]
) -> None:
    (companion,) = event.companions

    assert (companion.ref.key, companion.account_wide) == (EDGE, False)
    assert companion.dependent_type == TYPE
    assert companion.proposed == proposed


def test_a_change_of_the_accounts_block_concerns_every_trail() -> None:
    event = change("DeleteAccountPublicAccessBlock")

    (companion,) = event.companions
    assert (companion.account_wide, companion.writes, companion.proposed) == (
        True,
        ("/observed/LogBucketAccountBlock",),
        {"/observed/LogBucketAccountBlock": OFF},
    )


def test_tags_of_the_bucket_are_nothing_to_the_trail() -> None:
    assert change("PutBucketTagging", bucketName="trail-logs").companions == ()
