"""What a call gives away that attaches or writes a policy."""

from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from chalicelib.facts.granted import GRANTED_ACCESS_SCHEMA, access_of_attached, access_of_written
from chalicelib.facts.policy import normalise_policy

VALIDATOR = Draft202012Validator(dict(GRANTED_ACCESS_SCHEMA))


@pytest.mark.parametrize(
    ("arn", "access"),
    [
        ("arn:aws:iam::aws:policy/AdministratorAccess", "administrator"),
        ("arn:aws-us-gov:iam::aws:policy/AdministratorAccess", "administrator"),
        ("arn:aws:iam::aws:policy/AdministratorAccess-Amplify", "near-administrator"),
        ("arn:aws:iam::aws:policy/PowerUserAccess", "near-administrator"),
        ("arn:aws:iam::aws:policy/IAMFullAccess", "iam"),
        ("arn:aws:iam::aws:policy/job-function/ViewOnlyAccess", "other"),
        ("arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV2", "other"),
        ("arn:aws:iam::111122223333:policy/AdministratorAccess", "other"),
        ("AdministratorAccess", "other"),
        ("", "other"),
    ],
)
def test_only_policies_of_aws_are_known_by_name(arn: str, access: str) -> None:
    rows = access_of_attached(arn)

    assert VALIDATOR.is_valid(rows)
    assert [row["Access"] for row in rows] == [access]


@pytest.mark.parametrize(
    ("statement", "access"),
    [
        ({"Action": "*"}, "administrator"),
        ({"NotAction": "iam:*"}, "near-administrator"),
        ({"Action": "s3:*"}, "other"),
    ],
    ids=["everything", "everything but IAM", "a service"],
)
def test_a_text_gives_what_it_says(statement: dict[str, Any], access: str) -> None:
    whole = {"Effect": "Allow", "Resource": "*", **statement}

    rows = access_of_written("all", normalise_policy({"Statement": whole}))

    assert VALIDATOR.is_valid(rows)
    assert [(row["Policy"], row["Access"]) for row in rows] == [("all", access)]
