"""Small builders with overrides: a CloudTrail record, its envelope, the SQS message around it.

Every key is a keyword argument named as AWS names it; `ABSENT` removes one. What a builder fills
in by itself is unremarkable: an IAM user, a succeeded call, one account, one Region.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from chalicelib.model import Companion, FacetReading, Page, Relation, ResourceType
from chalicelib.model.plugin import Facet, Route

ACCOUNT = "111122223333"
OTHER_ACCOUNT = "444455556666"
REGION = "eu-west-1"
EVENT_ID = "0d1f6f3c-5a0e-4a57-9a3a-3f1c2b7a9e10"
EVENT_TIME = "2026-01-01T12:00:00Z"
#: When the record of that event reaches the queue.
RECEIVED_AT = datetime(2026, 1, 1, 12, 0, 5, tzinfo=UTC)

#: As a value: leave the key out.
ABSENT = object()


def record(**overrides: Any) -> dict[str, Any]:
    """Build a CloudTrail record: a tag written to a bucket by a user, unless told otherwise."""
    return _with(
        {
            "eventVersion": "1.11",
            "userIdentity": iam_user(),
            "eventTime": EVENT_TIME,
            "eventSource": "s3.amazonaws.com",
            "eventName": "PutBucketTagging",
            "awsRegion": REGION,
            "sourceIPAddress": "192.0.2.10",
            "userAgent": "aws-cli/2.17.0",
            "requestParameters": {"bucketName": "records", "tagging": ""},
            "responseElements": None,
            "requestID": "1B2C3D4E5F607182",
            "eventID": EVENT_ID,
            "readOnly": False,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Management",
        },
        overrides,
    )


def envelope(detail: Mapping[str, Any], /, **overrides: Any) -> dict[str, Any]:
    """Build the EventBridge event that carries a record; underscores stand for hyphens."""
    source = str(detail.get("eventSource", "")).removesuffix(".amazonaws.com")
    return _with(
        {
            "version": "0",
            "id": "7bf73129-1428-4cd3-a780-95db273d1602",
            "detail-type": "AWS API Call via CloudTrail",
            "source": f"aws.{source}",
            "account": detail.get("recipientAccountId", ACCOUNT),
            "time": detail.get("eventTime", EVENT_TIME),
            "region": detail.get("awsRegion", REGION),
            "resources": [],
            "detail": detail,
        },
        {key.replace("_", "-"): value for key, value in overrides.items()},
    )


def sqs_message(body: Mapping[str, Any], /, **overrides: Any) -> dict[str, Any]:
    """Build one element of a Lambda SQS event's ``Records``."""
    return _with(
        {
            "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
            "body": msgspec.json.encode(body).decode(),
            "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1767268805000"},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:vigil-changes",
            "awsRegion": REGION,
        },
        overrides,
    )


def iam_user(name: str = "alice", **overrides: Any) -> dict[str, Any]:
    """Build the identity of an IAM user."""
    return _with(
        {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLEALICE",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}",
            "accountId": ACCOUNT,
            "userName": name,
        },
        overrides,
    )


def assumed_role(
    role: str = "Deployer", session: str = "build-17", *, path: str = "/", **overrides: Any
) -> dict[str, Any]:
    """Build the identity of a role session; keyword arguments override top-level keys."""
    return _with(
        {
            "type": "AssumedRole",
            "principalId": f"AROAEXAMPLEROLE:{session}",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}",
            "accountId": ACCOUNT,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": "AROAEXAMPLEROLE",
                    "arn": f"arn:aws:iam::{ACCOUNT}:role{path}{role}",
                    "accountId": ACCOUNT,
                    "userName": role,
                },
                "attributes": {"creationDate": EVENT_TIME, "mfaAuthenticated": "false"},
            },
        },
        overrides,
    )


def root_user(**overrides: Any) -> dict[str, Any]:
    """Build the identity of an account's root user."""
    return _with(
        {
            "type": "Root",
            "principalId": ACCOUNT,
            "arn": f"arn:aws:iam::{ACCOUNT}:root",
            "accountId": ACCOUNT,
        },
        overrides,
    )


def resource_type(name: str = "AWS::S3::Bucket", *routes: Route, **overrides: Any) -> ResourceType:
    """Build a resource type that is all routes: it describes and lists nothing."""
    return ResourceType(
        **_with(
            {
                "type": name,
                "service": "test",
                "noun": "thing",
                "schema": {},
                "routes": routes,
                "facets": (_facet(),),
                "list": lambda _aws, _account, _region, _token: Page(),
                "list_calls": (),
                "list_permissions": (),
                "defaults": {},
            },
            overrides,
        )
    )


def companion(name: str, *routes: Route, wide: bool = False, **overrides: Any) -> Companion:
    """Build a companion whose dependents are found by edge, or `wide`: all of the account."""
    relation = Relation.ACCOUNT if wide else Relation.EDGE
    return Companion(
        **_with({"type": name, "relation": relation, "routes": routes}, overrides),
    )


def _facet() -> Facet:
    return Facet(
        name="thing",
        calls=(),
        permissions=(),
        pointers=(),
        read=lambda _aws, _ref: FacetReading(),
        existence=True,
    )


def _with(given: dict[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**given, **overrides}.items() if value is not ABSENT}
