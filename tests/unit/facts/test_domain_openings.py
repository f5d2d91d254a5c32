"""Whom a search domain lets in: nobody from outside its VPC, else whom its policy does."""

from typing import Any

import pytest

from chalicelib.facts.domain_openings import domain_openings
from chalicelib.facts.policy import normalise_policy

OWN = "111122223333"


def allowing(principal: Any, **more: Any) -> dict[str, Any] | None:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "es:*", "Resource": "*"}
    return normalise_policy({"Version": "2012-10-17", "Statement": [{**statement, **more}]})


EVERYBODY = allowing("*")


def audiences(policy: dict[str, Any] | None, *, in_vpc: bool = False) -> list[str]:
    return [row["Audience"] for row in domain_openings(policy, in_vpc=in_vpc, account_id=OWN)]


@pytest.mark.parametrize("policy", [EVERYBODY, None], ids=["for everybody", "for nobody"])
def test_in_a_vpc_no_policy_opens_anything(policy: dict[str, Any] | None) -> None:
    assert audiences(policy, in_vpc=True) == []


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        pytest.param(None, [], id="no policy"),
        pytest.param(normalise_policy(""), [], id="an empty text is no policy"),
        pytest.param(EVERYBODY, ["anyone"], id="everybody"),
        pytest.param(allowing({"AWS": f"arn:aws:iam::{OWN}:role/r"}), ["own-account"], id="a role"),
        pytest.param(
            allowing("*", Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
            ["networks"],
            id="own ranges",
        ),
        pytest.param(
            allowing("*", Condition={"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}),
            ["anyone"],
            id="the world in two halves",
        ),
        pytest.param(
            allowing("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
            ["restricted"],
            id="the organisation",
        ),
    ],
)
def test_before_a_public_endpoint_the_policy_decides(
    policy: dict[str, Any] | None, expected: list[str]
) -> None:
    assert audiences(policy) == ["endpoint", *expected]


def test_reasons_point_at_the_network_and_at_the_statement() -> None:
    rows = domain_openings(EVERYBODY, in_vpc=False, account_id=OWN)

    assert [row["Because"] for row in rows] == [
        ["/properties/VPCOptions"],
        ["/properties/AccessPolicies/Statement/0"],
    ]
