"""What other accounts may change in a bucket."""

from typing import Any

import pytest

from chalicelib.facts._s3_actions import ACTIONS, Access, Scope, access_of, spelled
from chalicelib.facts._s3_reach import Bucket
from chalicelib.facts.policy import normalise_policy
from chalicelib.facts.s3_sharing import foreign_writes

OWNER = "111122223333"
OTHER = "999988887777"
ARN = "arn:aws:s3:::example"
RISKY = {
    "s3:DeleteBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutBucketPolicy",
    "s3:PutEncryptionConfiguration",
    "s3:PutObjectAcl",
}


def rows(*statements: dict[str, Any]) -> list[dict[str, Any]]:
    raw = [{"Effect": "Allow", "Resource": [ARN, f"{ARN}/*"], **each} for each in statements]
    return foreign_writes(normalise_policy({"Statement": raw}), Bucket(name="example"), OWNER)


def risky(*statements: dict[str, Any]) -> set[str]:
    return RISKY & {action for row in rows(*statements) for action in row["Actions"]}


@pytest.mark.parametrize(
    ("principal", "audience"),
    [
        ({"AWS": OTHER}, ["outsiders"]),
        ({"AWS": f"arn:aws:iam::{OTHER}:role/partner"}, ["outsiders"]),
        ({"AWS": f"arn:aws-cn:iam::{OTHER}:root"}, ["outsiders"]),
        ({"CanonicalUser": "f" * 64}, ["outsiders"]),
        ("*", ["anyone"]),
        ({"AWS": OWNER}, []),
        ({"AWS": f"arn:aws:iam::{OWNER}:role/admin"}, []),
        ({"AWS": "AROAEXAMPLEEXAMPLE123"}, []),
        ({"Service": "delivery.logs.amazonaws.com"}, []),
    ],
    ids=str,
)
def test_only_other_accounts_are_named(principal: Any, audience: list[str]) -> None:
    found = rows({"Principal": principal, "Action": "s3:PutBucketPolicy"})

    assert [row["Audience"] for row in found] == audience


@pytest.mark.parametrize(
    ("elements", "actions"),
    [
        ({"Action": "s3:PutBucketAcl"}, {"s3:PutBucketAcl"}),
        ({"Action": "S3:putbucketacl"}, {"s3:PutBucketAcl"}),
        ({"Action": "s3:*"}, RISKY),
        ({"Action": "*"}, RISKY),
        ({"Action": "s3:Delete*"}, {"s3:DeleteBucketPolicy"}),
        ({"Action": "s3:P?tObjectAcl"}, {"s3:PutObjectAcl"}),
        ({"NotAction": ["s3:Get*", "s3:Put*"]}, {"s3:DeleteBucketPolicy"}),
        ({"Action": ["s3:GetObject", "s3:PutObject"]}, set()),
        ({"Action": "s3:PutBucket*", "Resource": f"{ARN}/*"}, set()),
        ({"Action": "s3:PutObjectAcl", "Resource": ARN}, set()),
        ({"Action": "s3:*", "Resource": "arn:aws:s3:::other"}, set()),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),
)
def test_patterns_are_spelled_out_where_they_reach(
    elements: dict[str, Any], actions: set[str]
) -> None:
    assert risky({"Principal": {"AWS": OTHER}, **elements}) == actions


@pytest.mark.parametrize(
    ("deny", "actions"),
    [
        ({"Principal": "*", "Action": "s3:*"}, set()),
        ({"Principal": {"AWS": OTHER}, "Action": "s3:Put*"}, {"s3:DeleteBucketPolicy"}),
        ({"Principal": {"AWS": "444455556666"}, "Action": "s3:*"}, RISKY),
        (
            {
                "Principal": "*",
                "Action": "s3:*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            RISKY,
        ),
    ],
    ids=["everything", "puts", "somebody else", "only without TLS"],
)
def test_a_deny_takes_away_what_it_certainly_covers(
    deny: dict[str, Any], actions: set[str]
) -> None:
    allow = {"Principal": {"AWS": OTHER}, "Action": "s3:*"}

    assert risky(allow, {"Effect": "Deny", **deny}) == actions


def test_a_statement_for_everybody_closed_by_the_organisation_names_nobody() -> None:
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}

    assert rows({"Principal": "*", "Action": "s3:*", "Condition": condition}) == []


def test_principals_with_the_same_actions_share_a_row() -> None:
    (row,) = rows({"Principal": {"AWS": [OTHER, OWNER, "444455556666"]}, "Action": "s3:*"})

    assert row["Principals"] == [OTHER, "444455556666"]
    assert row["Because"] == ["/Statement/0"]
    assert set(row["Actions"]) == {
        spelled(action)
        for scope in Scope
        for action in ACTIONS[scope]
        if access_of(action) is Access.WRITE
    }
