"""Whom a trust policy lets assume a role: sections 9 and 10 of the edge cases."""

from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from chalicelib.facts.policy import normalise_policy
from chalicelib.facts.trust import (
    FEDERATED_OPENINGS_SCHEMA,
    OUTSIDE_OPENINGS_SCHEMA,
    TRUST_OPENINGS_SCHEMA,
    federated_openings,
    outside_openings,
    trust_openings,
)

OWN = "111122223333"
OTHER = "123456789012"
GITHUB = "token.actions.githubusercontent.com"
EKS = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
WEB = "sts:AssumeRoleWithWebIdentity"


def trusted(*statements: dict[str, Any]) -> list[dict[str, Any]]:
    policy = normalise_policy({"Version": "2012-10-17", "Statement": list(statements)})
    rows = trust_openings(policy, account_id=OWN)
    Draft202012Validator(TRUST_OPENINGS_SCHEMA).validate(rows)
    return rows


def allow(**elements: Any) -> dict[str, Any]:
    base = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    return {key: value for key, value in (base | elements).items() if value is not None}


def test_a_star_lets_any_account_assume_the_role() -> None:
    [row] = trusted(allow())

    assert row == {
        "Audience": "any-aws-account",
        "Guard": "none",
        "Principals": ["*"],
        "ExceptPrincipals": [],
        "Actions": ["sts:AssumeRole"],
        "Because": ["/Statement/0"],
    }


def test_an_external_id_guards_without_closing() -> None:
    [row] = trusted(allow(Condition={"StringEquals": {"sts:ExternalId": "1234"}}))

    assert row["Guard"] == "external-id"


@pytest.mark.parametrize(
    ("condition", "is_open"),
    [
        ({"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/*"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}, True),
        ({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}, True),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, True),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, False),
    ],
    ids=str,
)
def test_a_condition_closes_a_trust_by_what_strangers_lack(
    condition: dict[str, Any], *, is_open: bool
) -> None:
    assert bool(trusted(allow(Condition=condition))) is is_open


@pytest.mark.parametrize(
    "statement",
    [
        allow(Principal={"AWS": f"arn:aws:iam::{OWN}:root"}),
        allow(Principal={"AWS": f"arn:aws:iam::{OTHER}:root"}),
        allow(Principal={"Service": "ec2.amazonaws.com"}),
        allow(Effect="Deny"),
        allow(Action="sts:TagSession"),
        allow(Action=["sts:TagSession", "sts:SetSourceIdentity"]),
        allow(Action=None, NotAction="sts:AssumeRole*"),
    ],
    ids=["own-root", "foreign", "service", "deny", "tag", "tag-and-identity", "not-assume"],
)
def test_what_lets_no_stranger_in_is_no_opening(statement: dict[str, Any]) -> None:
    assert trusted(statement) == []


@pytest.mark.parametrize(
    "statement",
    [
        allow(Principal="*", Action="sts:*"),
        allow(Principal="*", Action="*"),
        allow(Principal=None, NotPrincipal={"AWS": f"arn:aws:iam::{OWN}:root"}),
        allow(Action=None, NotAction="sts:TagSession"),
        allow(Principal={"Federated": "*"}, Action=WEB),
        allow(Action="STS:assume*"),
    ],
    ids=["sts-star", "star", "not-principal", "not-action", "federated-star", "case"],
)
def test_every_spelling_of_everybody_is_an_opening(statement: dict[str, Any]) -> None:
    assert len(trusted(statement)) == 1


def test_a_deny_of_assuming_closes_a_wider_allow() -> None:
    outside = allow(
        Effect="Deny",
        Action="sts:AssumeRole*",
        Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-abc"}},
    )

    assert trusted(allow(Action="sts:*"), outside) == []
    assert len(trusted(allow(Action="sts:*"), allow(Effect="Deny", Action="sts:TagSession"))) == 1


def outside(*statements: dict[str, Any]) -> list[tuple[str, str]]:
    policy = normalise_policy({"Version": "2012-10-17", "Statement": statements})
    rows = outside_openings(policy, account_id=OWN)
    assert Draft202012Validator(dict(OUTSIDE_OPENINGS_SCHEMA)).is_valid(rows)
    return [(row["Audience"], row["Guard"]) for row in rows]


def test_others_than_the_own_account_are_outsiders_or_everybody() -> None:
    other = {"AWS": "arn:aws:iam::444455556666:root"}
    guarded = {"StringEquals": {"sts:ExternalId": "x"}}

    assert outside(allow(Principal=other)) == [("outsiders", "none")]
    assert outside(allow(Principal=other, Condition=guarded)) == [("outsiders", "external-id")]
    assert outside(allow(Principal="*")) == [("any-aws-account", "none")]
    assert trusted(allow(Principal=other)) == []


@pytest.mark.parametrize(
    "statement",
    [
        allow(Principal={"AWS": OWN}),
        allow(Principal={"Service": "ec2.amazonaws.com"}),
        allow(Principal={"Federated": f"arn:aws:iam::{OWN}:saml-provider/idp"}),
        allow(Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
        {**allow(Principal={"AWS": "444455556666"}), "Action": "sts:TagSession"},
    ],
    ids=["own account", "service", "own provider", "organisation", "tags only"],
)
def test_what_lets_only_insiders_in_is_no_opening_to_outsiders(statement: dict[str, Any]) -> None:
    assert outside(statement) == []


def test_no_policy_trusts_nobody() -> None:
    assert trust_openings(None, account_id=OWN) == []
    assert federated_openings(None, account_id=OWN) == []


def federated(
    issuer: str, condition: dict[str, Any] | None = None, *more: dict[str, Any], **other: Any
) -> list[dict[str, Any]]:
    bare = issuer if "amazon" in issuer and "eks" not in issuer else None
    name = bare or f"arn:aws:iam::{OWN}:oidc-provider/{issuer}"
    statement = allow(Principal={"Federated": name}, Action=WEB, Condition=condition or {})
    policy = normalise_policy({"Version": "2012-10-17", "Statement": [statement | other, *more]})
    rows = federated_openings(policy, account_id=OWN)
    Draft202012Validator(FEDERATED_OPENINGS_SCHEMA).validate(rows)
    return rows


def exposures(
    issuer: str, condition: dict[str, Any] | None = None, *more: dict[str, Any], **other: Any
) -> list[str]:
    return [row["Exposure"] for row in federated(issuer, condition, *more, **other)]


def github_sub(operator: str, *subjects: str) -> dict[str, Any]:
    return {
        "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"},
        operator: {f"{GITHUB}:sub": list(subjects)},
    }


def test_an_audience_alone_trusts_all_of_github() -> None:
    [row] = federated(GITHUB, {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}})

    assert row == {
        "Provider": f"arn:aws:iam::{OWN}:oidc-provider/{GITHUB}",
        "ProviderKind": "github",
        "Exposure": "anyone-at-provider",
        "Unpinned": [f"{GITHUB}:sub"],
        "Subjects": [],
        "Because": ["/Statement/0"],
    }


@pytest.mark.parametrize("subject", ["repo:*", "repo:org*", "repo:*/repo:*", "*", "repo:o?g/x:*"])
def test_a_subject_without_a_whole_owner_trusts_all_of_github(subject: str) -> None:
    assert exposures(GITHUB, github_sub("StringLike", subject)) == ["anyone-at-provider"]


@pytest.mark.parametrize(
    ("operator", "subject", "expected"),
    [
        ("StringLike", "repo:org/*", ["whole-organisation"]),
        ("StringLike", "repo:org/*:ref:refs/heads/main", ["whole-organisation"]),
        ("StringLike", "repo:org/repo:*", ["pull-requests"]),
        ("StringEquals", "repo:org/repo:pull_request", ["pull-requests"]),
        ("StringLike", "repo:org/repo:ref:refs/heads/*", []),
        ("StringEquals", "repo:org/repo:ref:refs/heads/main", []),
        ("StringEquals", "repo:org/*", ["nobody"]),
        ("StringEquals", "repo:*", ["nobody"]),
        ("StringLike", "repository_owner_id:1234:*", ["whole-organisation"]),
        ("StringLike", "environment:*", ["anyone-at-provider"]),
        ("ForAllValues:StringLike", "repo:org/repo:*", ["anyone-at-provider"]),
        ("StringLikeIfExists", "repo:org/repo:*", ["anyone-at-provider"]),
        ("StringNotLike", "repo:org/repo:*", ["anyone-at-provider"]),
        ("ForAnyValue:StringLike", "repo:org/repo:ref:refs/heads/main", []),
    ],
)
def test_a_subject_is_as_wide_as_it_is_written(
    operator: str, subject: str, expected: list[str]
) -> None:
    assert exposures(GITHUB, github_sub(operator, subject)) == expected


def test_one_wide_subject_among_narrow_ones_is_wide() -> None:
    condition = github_sub("StringLike", "repo:org/repo:ref:refs/heads/main", "repo:*")

    assert exposures(GITHUB, condition) == ["anyone-at-provider"]


@pytest.mark.parametrize("claim", ["repository_owner", "job_workflow_ref"])
def test_a_claim_that_aws_does_not_know_closes_nothing(claim: str) -> None:
    condition = {"StringEquals": {f"{GITHUB}:{claim}": "org"}}

    assert exposures(GITHUB, condition) == ["anyone-at-provider"]


def test_condition_keys_of_a_provider_have_no_case() -> None:
    condition = {"StringEquals": {"Token.Actions.GithubUserContent.com:SUB": "repo:org/repo:x"}}

    assert exposures(GITHUB, condition) == []


def test_a_deny_can_pin_the_subject() -> None:
    lock = allow(
        Effect="Deny",
        Principal="*",
        Action="sts:*",
        Condition={"StringNotLike": {f"{GITHUB}:sub": "repo:org/repo:*"}},
    )

    assert exposures(GITHUB, None, lock) == []


def test_a_provider_that_is_denied_is_trusted_with_nothing() -> None:
    lock = allow(Effect="Deny", Principal="*", Action="sts:*")

    assert exposures(GITHUB, github_sub("StringLike", "repo:org/*"), lock) == []


def test_an_address_range_keeps_strangers_out_too() -> None:
    office = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}

    assert exposures(GITHUB, office) == []


PROVIDERS = [
    ("gitlab.com", "sub", "project_path:*", "anyone-at-provider"),
    ("gitlab.com", "sub", "project_path:group/*", "whole-organisation"),
    ("gitlab.com", "sub", "project_path:group/app:ref_type:branch:*", None),
    ("gitlab.example.com", "sub", "project_path:group/app:*", None),
    ("app.terraform.io", "sub", "organization:*", "anyone-at-provider"),
    ("app.terraform.io", "sub", "organization:org:*", "whole-organisation"),
    ("app.terraform.io", "sub", "organization:org:project:*:workspace:w", "whole-organisation"),
    ("app.terraform.io", "sub", "organization:org:project:p:workspace:w:run_phase:*", None),
    ("api.bitbucket.org/2.0/workspaces/w/pipelines-config/identity/oidc", "sub", "{1234}*", None),
    (
        "api.bitbucket.org/2.0/workspaces/w/pipelines-config/identity/oidc",
        "sub",
        "*",
        "whole-organisation",
    ),
    ("oidc.circleci.com/org/1234", "sub", "org/1234/project/5678/user/*", None),
    ("oidc.circleci.com/org/1234", "sub", "org/1234/*", "whole-organisation"),
    (EKS, "sub", "system:serviceaccount:shop:api", None),
    (EKS, "sub", "system:serviceaccount:shop:*", None),
    (EKS, "sub", "system:serviceaccount:*:*", "own-cluster"),
    (EKS, "sub", "system:serviceaccount:*:api", "own-cluster"),
    (EKS, "aud", "sts.amazonaws.com", "own-cluster"),
    ("accounts.google.com", "aud", "1234.apps.example.com", None),
    ("accounts.google.com", "aud", "*", "anyone-at-provider"),
    ("graph.facebook.com", "app_id", "1234", None),
    ("graph.facebook.com", "aud", "1234", None),
    ("graph.facebook.com", "id", "*", "anyone-at-provider"),
    ("idp.example.com", "aud", "our-client", None),
    ("idp.example.com", "sub", "*", "anyone-at-provider"),
    ("cognito-identity.amazonaws.com", "amr", "authenticated", "anyone-at-provider"),
]


@pytest.mark.parametrize(("issuer", "claim", "value", "expected"), PROVIDERS)
def test_each_provider_has_its_own_way_to_name_a_customer(
    issuer: str, claim: str, value: str, expected: str | None
) -> None:
    found = exposures(issuer, {"StringLike": {f"{issuer.lower()}:{claim}": value}})

    assert found == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("amr", "expected"),
    [("unauthenticated", ["guest"]), (None, ["guest"]), ("authenticated", [])],
)
def test_a_pool_may_let_guests_in(amr: str | None, expected: list[str]) -> None:
    host = "cognito-identity.amazonaws.com"
    condition: dict[str, Any] = {"StringEquals": {f"{host}:aud": "eu-west-1:pool"}}
    if amr:
        condition["ForAnyValue:StringLike"] = {f"{host}:amr": amr}

    assert exposures(host, condition) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, ["unpinned-audience"]),
        ({"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}, []),
        ({"StringLike": {"SAML:aud": "https://*.signin.aws.amazon.com/saml"}}, []),
        ({"StringLike": {"SAML:aud": "*"}}, ["unpinned-audience"]),
    ],
    ids=str,
)
def test_a_saml_trust_names_its_audience(condition: dict[str, Any], expected: list[str]) -> None:
    principal = {"Federated": f"arn:aws:iam::{OWN}:saml-provider/corp"}
    saml = {"Principal": principal, "Action": "sts:AssumeRoleWithSAML"}

    assert exposures("unused", condition, **saml) == expected


@pytest.mark.parametrize("kind", ["oidc-provider/" + GITHUB, "saml-provider/corp"])
def test_a_provider_of_another_account_is_in_foreign_hands(kind: str) -> None:
    principal = {"Federated": f"arn:aws:iam::{OTHER}:{kind}"}
    action = ["sts:AssumeRoleWithSAML", WEB]
    condition = github_sub("StringEquals", "repo:org/repo:x")

    found = exposures("unused", condition, Principal=principal, Action=action)

    assert found == ["other-account-provider"]


def test_a_provider_that_may_not_assume_the_role_is_no_opening() -> None:
    assert exposures(GITHUB, Action="sts:AssumeRole") == []
    assert exposures(GITHUB, Effect="Deny") == []


def test_each_provider_of_a_statement_is_judged_alone() -> None:
    names = [f"arn:aws:iam::{OWN}:oidc-provider/{host}" for host in (GITHUB, "gitlab.com")]
    condition = github_sub("StringEquals", "repo:org/repo:ref:refs/heads/main")

    [row] = federated("unused", condition, Principal={"Federated": names})

    assert row["ProviderKind"] == "gitlab"
