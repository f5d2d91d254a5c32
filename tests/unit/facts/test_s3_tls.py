"""What of a bucket is reached without TLS: section 3 of the edge cases."""

from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from chalicelib.facts._s3_reach import Bucket
from chalicelib.facts.policy import normalise_policy
from chalicelib.facts.s3_tls import (
    PLAINTEXT_OPENINGS_SCHEMA,
    bucket_plaintext_openings,
    plaintext_openings,
)
from chalicelib.model import ConfigurationItem, ResourceRef

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ARN = "arn:aws:s3:::shop"
BUCKET = Bucket(name="shop")
LOCK: dict[str, Any] = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": [ARN, f"{ARN}/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def lock(*dropped: str, **elements: Any) -> dict[str, Any]:
    return {key: value for key, value in (LOCK | elements).items() if key not in dropped}


def left(*statements: dict[str, Any]) -> dict[str, list[str]]:
    rows = plaintext_openings(normalise_policy({"Statement": list(statements)}), BUCKET)
    Draft202012Validator(PLAINTEXT_OPENINGS_SCHEMA).validate(rows)
    return {row["Scope"]: row["Actions"] for row in rows}


def test_a_deny_of_plain_http_on_bucket_and_objects_leaves_nothing() -> None:
    assert left(LOCK) == {}


@pytest.mark.parametrize(
    "elements",
    [
        {"Condition": {"Bool": {"aws:SecureTransport": False}}},
        {"Condition": {"Bool": {"aws:SecureTransport": "False"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": ["false"]}}},
        {"Condition": {"BoolIfExists": {"aws:SecureTransport": "false"}}},
        {"Condition": {"Bool": {"AWS:securetransport": "false"}}},
        {"Condition": {"StringEquals": {"aws:SecureTransport": "false"}}},
        {"Condition": {"StringNotEquals": {"aws:SecureTransport": "true"}}},
        {"Condition": {"NumericLessThanIfExists": {"s3:TlsVersion": "1.2"}}},
        {"Condition": {"Null": {"s3:TlsVersion": "true"}}},
        {"Principal": {"AWS": "*"}},
        {"Resource": f"{ARN}*"},
        {"Resource": "*"},
        {"Action": "*"},
        {"Action": ["s3:*"]},
        {"Condition": {}},
    ],
    ids=str,
)
def test_every_spelling_of_that_deny_counts(elements: dict[str, Any]) -> None:
    assert left(lock(**elements)) == {}


@pytest.mark.parametrize(
    "elements",
    [
        {"Principal": {"AWS": "111122223333"}},
        {"Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {
            "Condition": {
                "Bool": {"aws:SecureTransport": "false"},
                "StringEquals": {"aws:PrincipalAccount": "111122223333"},
            }
        },
        {"Effect": "Allow", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Resource": ["arn:aws:s3:::other", "arn:aws:s3:::other/*"]},
    ],
    ids=str,
)
def test_a_statement_that_misses_some_caller_leaves_everything(elements: dict[str, Any]) -> None:
    assert left(lock(**elements)) == {"bucket": ["s3:*"], "objects": ["s3:*"]}


def test_a_deny_for_all_but_some_leaves_those() -> None:
    statement = lock("Principal", NotPrincipal={"AWS": "arn:aws:iam::111122223333:role/x"})

    assert left(statement) == {"bucket": ["s3:*"], "objects": ["s3:*"]}


def test_the_objects_alone_leave_the_bucket() -> None:
    assert left(lock(Resource=f"{ARN}/*")) == {"bucket": ["s3:*"]}
    assert left(lock(Resource=ARN)) == {"objects": ["s3:*"]}
    assert left(lock(Resource=f"{ARN}/private/*")) == {"bucket": ["s3:*"], "objects": ["s3:*"]}


def test_one_action_leaves_the_others() -> None:
    rest = left(lock(Action="s3:GetObject"))

    assert rest["bucket"] == ["s3:*"]
    assert "s3:PutObject" in rest["objects"]
    assert "s3:GetObject" not in rest["objects"]


def test_all_actions_but_some_leave_those() -> None:
    assert left(lock("Action", NotAction="s3:GetObject")) == {"objects": ["s3:GetObject"]}
    assert left(lock("Action", NotAction="s3:ListAllMyBuckets")) == {}


def test_all_resources_but_some_leave_those() -> None:
    assert left(lock("Resource", NotResource="arn:aws:s3:::other/*")) == {}
    assert left(lock("Resource", NotResource=f"{ARN}/public/*")) == {"objects": ["s3:*"]}


def test_two_statements_close_together() -> None:
    assert left(lock(Resource=ARN), lock(Resource=f"{ARN}/*")) == {}


def test_no_policy_leaves_everything() -> None:
    assert [row["Scope"] for row in plaintext_openings(None, BUCKET)] == ["bucket", "objects"]


def test_the_reason_is_the_policy_as_a_whole() -> None:
    item = ConfigurationItem(
        ref=ResourceRef(
            account_id="111122223333",
            region="cn-north-1",
            type="AWS::S3::Bucket",
            id="shop",
            partition="aws-cn",
        ),
        properties={},
        observed={"BucketPolicy": normalise_policy({"Statement": LOCK})},
        started_at=NOON,
        ended_at=NOON,
    )

    rows = bucket_plaintext_openings(item)

    assert [row["Because"] for row in rows] == [["/observed/BucketPolicy"]] * 2
