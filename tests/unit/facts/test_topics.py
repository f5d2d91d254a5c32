"""Topics: whose addresses may be subscribed, and when a pattern of addresses says less."""

from typing import Any

import pytest

from chalicelib.facts.policy import PUBLIC_AUDIENCES, normalise_policy, openings
from chalicelib.facts.topics import ENDPOINT_WITHOUT_PROTOCOL, topic_openings

ACCOUNT = "111122223333"


def policy(condition: dict[str, Any], *, action: str = "SNS:Subscribe") -> Any:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": action,
        "Resource": "*",
        "Condition": condition,
    }
    return normalise_policy({"Version": "2012-10-17", "Statement": [statement]})


def audiences(condition: dict[str, Any]) -> set[str]:
    return {row["Audience"] for row in topic_openings(policy(condition), account_id=ACCOUNT)}


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param("*@example.com", id="a domain of mail addresses"),
        pytest.param("ops@example.com", id="one address"),
        pytest.param("arn:aws:sqs:eu-west-1:444455556666:*", id="queues of one account"),
        pytest.param("https://hooks.example.com/sns", id="one web address"),
    ],
)
def test_an_endpoint_of_one_owner_closes(endpoint: str) -> None:
    assert audiences({"StringLike": {"sns:Endpoint": endpoint}}) == {"restricted"}


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param({"StringLike": {"SNS:Endpoint": "*"}}, id="any"),
        pytest.param({"StringLike": {"SNS:Endpoint": "*@*.com"}}, id="any domain"),
        pytest.param({"StringLike": {"SNS:Endpoint": "*@"}}, id="no domain"),
        pytest.param({"StringLike": {"SNS:Endpoint": ["*@example.com", "*"]}}, id="one too many"),
        pytest.param({"StringLike": {"SNS:Endpoint": "https://*"}}, id="any web address"),
        pytest.param({"StringLike": {"SNS:Endpoint": "arn:aws:sqs:*:*:*"}}, id="any queue"),
        pytest.param({"StringLikeIfExists": {"SNS:Endpoint": "*@example.com"}}, id="if exists"),
        pytest.param({"StringNotLike": {"SNS:Endpoint": "*@example.com"}}, id="all others"),
        pytest.param({"StringEquals": {"SNS:Protocol": "email"}}, id="the protocol alone"),
    ],
)
def test_an_endpoint_that_a_stranger_has_closes_nothing(condition: dict[str, Any]) -> None:
    assert audiences(condition) & PUBLIC_AUDIENCES


def test_a_denial_of_all_other_endpoints_closes_what_it_denies() -> None:
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "SNS:Subscribe", "Resource": "*"}
    others = {"StringNotLike": {"SNS:Endpoint": "*@example.com"}}
    denial = {**everybody, "Effect": "Deny", "Condition": others}
    document = normalise_policy({"Version": "2012-10-17", "Statement": [everybody, denial]})

    rows = topic_openings(document, account_id=ACCOUNT)

    assert {row["Audience"] for row in rows} == {"restricted"}


@pytest.mark.parametrize(
    ("condition", "notes"),
    [
        pytest.param(
            {"StringLike": {"SNS:Endpoint": "*@example.com"}},
            [ENDPOINT_WITHOUT_PROTOCOL],
            id="address alone",
        ),
        pytest.param(
            {
                "StringLike": {"sns:endpoint": "*@example.com"},
                "StringEquals": {"sns:protocol": "email"},
            },
            [],
            id="address and protocol",
        ),
        pytest.param({"StringEquals": {"AWS:SourceOwner": ACCOUNT}}, [], id="no address"),
    ],
)
def test_an_address_without_a_protocol_is_noted(
    condition: dict[str, Any], notes: list[str]
) -> None:
    (row,) = topic_openings(policy(condition), account_id=ACCOUNT)

    assert row["Notes"] == notes


def test_nothing_else_about_the_rows_is_changed() -> None:
    document = policy({"StringLike": {"SNS:Endpoint": "*"}}, action="sns:*")

    rows = topic_openings(document, account_id=ACCOUNT)

    plain = openings(document, account_id=ACCOUNT, kind="sns")
    assert [{**row, "Notes": []} for row in rows] == [{**row, "Notes": []} for row in plain]
    assert topic_openings(None, account_id=ACCOUNT) == []
