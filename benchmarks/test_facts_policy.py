"""What the largest policies cost: S3 stores up to 20 KB, and its author may be hostile."""

from typing import Any

import pytest

from chalicelib.facts.policy import normalise_policy, openings
from chalicelib.facts.s3_access import payload_openings

OWN = "111122223333"
ARN = "arn:aws:s3:::b"
ORDINARY = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{OWN}:role/app"},
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": f"{ARN}/*",
        },
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [ARN, f"{ARN}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
}


def statements(effect: str, action: str, count: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {"Effect": effect, "Principal": "*", "Action": f"{action}{n}", "Resource": f"{ARN}/{n}*"}
        | more
        for n in range(count)
    ]


def many(kinds: int) -> dict[str, Any]:
    """Return `kinds` Allows against as many Denies that certainly hold."""
    deny = {"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}
    return {
        "Statement": [
            *statements("Allow", "s3:Get*", kinds),
            *statements("Deny", "s3:Put*", kinds, **deny),
        ]
    }


def wide(size: int) -> dict[str, Any]:
    """Return one Allow and one Deny with long lists of patterns that never match."""
    return {
        "Statement": [
            {
                "Effect": effect,
                "Principal": "*",
                "Action": [f"s3:{letter}*{n}?" for n in range(size)],
                "Resource": [f"{ARN}/{letter}{n}*" for n in range(size)],
            }
            for effect, letter in (("Allow", "G"), ("Deny", "P"))
        ]
    }


def stars(length: int) -> dict[str, Any]:
    """Return patterns made to make a back-tracking matcher explode."""
    hostile = "*a" * length + "b"
    statement = {"Principal": "*", "Action": f"s3:{hostile}", "Resource": f"{ARN}/{hostile}"}
    return {"Statement": [statement | {"Effect": effect} for effect in ("Allow", "Deny")]}


POLICIES = {
    "ordinary": ORDINARY,
    "60 allows, 60 denies": many(60),
    "lists of 150 patterns": wide(150),
    "2,000 stars": stars(2_000),
}


@pytest.mark.parametrize("name", POLICIES)
def test_openings(benchmark: Any, name: str) -> None:
    policy = normalise_policy(POLICIES[name])

    benchmark(openings, policy, account_id=OWN, kind="s3")


@pytest.mark.parametrize("name", POLICIES)
def test_bucket_openings(benchmark: Any, name: str) -> None:
    policy = normalise_policy(POLICIES[name])

    benchmark(payload_openings, policy=policy, bucket="b")


@pytest.mark.parametrize("name", POLICIES)
def test_normalising(benchmark: Any, name: str) -> None:
    benchmark(normalise_policy, POLICIES[name])
