"""Whom a resource policy lets in: section 0 of the edge cases."""

from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from chalicelib.facts.policy import (
    OPENINGS_SCHEMA,
    PUBLIC_AUDIENCES,
    normalise_policy,
    openings,
)

OWN = "111122223333"
OTHER = "999988887777"
BUCKET = "arn:aws:s3:::shop"
ORG = "o-abcd123456"

Row = dict[str, Any]


def allow(**elements: Any) -> Row:
    base = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"{BUCKET}/*",
    }
    return without_none(base | elements)


def deny(**elements: Any) -> Row:
    return allow(Action="s3:*", Resource=[BUCKET, f"{BUCKET}/*"]) | {"Effect": "Deny"} | elements


def without_none(elements: Row) -> Row:
    return {key: value for key, value in elements.items() if value is not None}


def rows(*statements: Row, kind: str = "s3") -> list[Row]:
    policy = normalise_policy({"Version": "2012-10-17", "Statement": list(statements)})
    found = openings(policy, account_id=OWN, kind=kind)
    Draft202012Validator(OPENINGS_SCHEMA).validate(found)
    return found


def audiences(*statements: Row, kind: str = "s3") -> list[str]:
    return [row["Audience"] for row in rows(*statements, kind=kind)]


def is_public(*statements: Row, kind: str = "s3") -> bool:
    return not PUBLIC_AUDIENCES.isdisjoint(audiences(*statements, kind=kind))


def when(operator: str, key: str, *values: Any) -> Row:
    return allow(Condition={operator: {key: list(values) if len(values) != 1 else values[0]}})


def test_a_single_statement_object_is_one_statement() -> None:
    policy = normalise_policy({"Statement": allow()})

    assert [row["Audience"] for row in openings(policy, account_id=OWN, kind="s3")] == ["anyone"]


@pytest.mark.parametrize(
    "principal",
    [
        "*",
        {"AWS": "*"},
        {"AWS": ["*"]},
        {"AWS": [f"arn:aws:iam::{OWN}:root", "*"]},
        {"Service": "*"},
        {"Federated": "*"},
        {"AWS": "arn:aws:iam::*:root"},
    ],
    ids=str,
)
def test_a_star_lets_everybody_in(principal: Any) -> None:
    assert audiences(allow(Principal=principal)) == ["anyone"]


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        (OWN, "own-account"),
        (f"arn:aws:iam::{OWN}:root", "own-account"),
        (f"arn:aws-us-gov:iam::{OWN}:role/x", "own-account"),
        (f"arn:aws-cn:iam::{OWN}:user/x", "own-account"),
        (OTHER, "outsiders"),
        (f"arn:aws:iam::{OTHER}:root", "outsiders"),
        (f"arn:aws-cn:iam::{OTHER}:root", "outsiders"),
        (f"arn:aws:sts::{OTHER}:assumed-role/x/y", "outsiders"),
        ("AROAEXAMPLEEXAMPLE234", "nobody"),
        ("AIDAEXAMPLEEXAMPLE234", "nobody"),
        (
            "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E127EXAMPLE51Z",
            "aws-service",
        ),
    ],
)
def test_a_named_principal_is_not_the_public(principal: str, expected: str) -> None:
    assert audiences(allow(Principal={"AWS": principal})) == [expected]


def test_a_canonical_user_is_somebody_in_particular() -> None:
    assert audiences(allow(Principal={"CanonicalUser": "79a59df900b949e5"})) == ["outsiders"]


@pytest.mark.parametrize("partition", ["aws", "aws-us-gov", "aws-cn"])
def test_every_partition_is_read_alike(partition: str) -> None:
    star = {"ArnLike": {"aws:PrincipalArn": f"arn:{partition}:iam::*:role/x"}}
    own = {"ArnLike": {"aws:PrincipalArn": f"arn:{partition}:iam::{OWN}:role/x"}}

    assert is_public(allow(Resource=f"arn:{partition}:s3:::shop/*"))
    assert is_public(allow(Condition=star))
    assert not is_public(allow(Condition=own))


def test_an_allow_for_all_but_some_is_public() -> None:
    statement = allow(Principal=None, NotPrincipal={"AWS": f"arn:aws:iam::{OWN}:root"})

    [row] = rows(statement)

    assert row["Audience"] == "anyone"
    assert row["ExceptPrincipals"] == [f"arn:aws:iam::{OWN}:root"]


def test_a_deny_for_all_but_some_opens_nothing_and_closes() -> None:
    lock = deny(Principal=None, NotPrincipal={"AWS": f"arn:aws:iam::{OWN}:root"})

    assert rows(without_none(lock)) == []
    assert not is_public(allow(), without_none(lock))


def test_a_missing_principal_or_action_limits_nobody() -> None:
    assert audiences(allow(Principal=None)) == ["anyone"]
    assert audiences(allow(Action=None, Resource=None)) == ["anyone"]


def test_a_deny_without_conditions_leaves_nothing() -> None:
    assert rows(allow(), deny()) == []


@pytest.mark.parametrize(
    "closing",
    [
        {"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": ORG}}},
        {"Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}}},
        {"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-0abc"}}},
        {"Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}},
        {"Condition": {"StringNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/*"}}},
        {"Condition": {"IpAddressIfExists": {"aws:SourceIp": ["0.0.0.0/0", "::/0"]}}},
        {"Action": "s3:Get*", "Resource": "*"},
        {"Action": "S3:G?tObject", "Resource": f"{BUCKET}*"},
        {"Action": "*"},
        {
            "Condition": {
                "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            }
        },
    ],
    ids=lambda closing: str(next(iter(closing.values())))[:70],
)
def test_a_deny_that_covers_what_the_allow_leaves_open_closes_it(closing: Row) -> None:
    assert is_public(allow())

    assert not is_public(allow(), deny(**closing))


@pytest.mark.parametrize(
    "useless",
    [
        {"Action": "s3:DeleteObject"},
        {"Resource": BUCKET},
        {"Resource": f"{BUCKET}/private/*"},
        {"Resource": f"{BUCKET}/${{aws:username}}*"},
        {"Principal": {"AWS": OTHER}},
        {"Condition": {"IpAddressIfExists": {"aws:SourceIp": "0.0.0.0/0"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Condition": {"StringEquals": {"aws:PrincipalOrgID": ORG}}},
        {"Condition": {"ForAnyValue:StringNotEquals": {"aws:PrincipalOrgID": ORG}}},
        {"Condition": {"StringNotEquals": {"aws:UserAgent": "ours"}}},
        {"Condition": {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}},
        {"Condition": {"NotIpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}},
        {"Condition": {"Null": {"aws:PrincipalOrgID": "true"}}},
        {
            "Condition": {
                "StringNotEquals": {"aws:PrincipalOrgID": ORG},
                "Bool": {"aws:SecureTransport": "false"},
            }
        },
    ],
    ids=lambda useless: str(next(iter(useless.values())))[:70],
)
def test_a_deny_that_a_stranger_can_avoid_closes_nothing(useless: Row) -> None:
    assert is_public(allow(), deny(**useless))


def test_a_deny_takes_only_its_own_actions_away() -> None:
    statement = allow(Action=["s3:GetObject", "s3:PutObject"])

    [row] = rows(statement, deny(Action="s3:Put*"))

    assert row["Actions"] == ["s3:GetObject"]
    assert row["ExceptActions"] == ["s3:Put*"]


CLOSING_CONDITIONS = [
    ("StringEquals", "aws:PrincipalOrgID", ORG),
    ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", f"{ORG}/*"),
    ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", f"{ORG}/r-ab12/ou-ab12-*/*"),
    ("StringEquals", "aws:PrincipalAccount", OWN),
    ("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{OWN}:role/*"),
    ("StringLike", "aws:PrincipalArn", f"arn:aws:iam::{OWN}:*"),
    ("StringEquals", "aws:SourceVpc", "vpc-0abc"),
    ("StringEquals", "aws:SourceVpce", "vpce-0abc"),
    ("StringEquals", "aws:SourceAccount", OWN),
    ("StringEquals", "aws:SourceOrgID", ORG),
    ("ForAnyValue:StringLike", "aws:SourceOrgPaths", f"{ORG}/*"),
    ("StringEquals", "AWS:SourceOwner", OWN),
    ("ArnEquals", "aws:SourceArn", f"arn:aws:sns:eu-west-1:{OWN}:topic"),
    ("ArnLike", "aws:SourceArn", f"arn:aws:sns:*:{OWN}:*"),
    ("StringEquals", "kms:CallerAccount", OWN),
    ("StringEquals", "s3:DataAccessPointAccount", OWN),
    ("StringLike", "aws:userid", "AROAEXAMPLEEXAMPLE234:*"),
]


@pytest.mark.parametrize(("operator", "key", "value"), CLOSING_CONDITIONS)
def test_a_fixed_value_of_identity_or_origin_closes(operator: str, key: str, value: str) -> None:
    [row] = rows(when(operator, key, value))

    assert (row["Audience"], row["Limits"]) == ("restricted", [key])


OPEN_CONDITIONS = [
    ("Bool", "aws:SecureTransport", "true"),
    ("StringLike", "aws:Referer", "https://example.com/*"),
    ("StringEquals", "aws:UserAgent", "secret"),
    ("DateLessThan", "aws:CurrentTime", "2099-01-01T00:00:00Z"),
    ("StringEquals", "s3:x-amz-acl", "bucket-owner-full-control"),
    ("StringEquals", "aws:RequestedRegion", "eu-west-1"),
    ("Bool", "aws:MultiFactorAuthPresent", "true"),
    ("StringEquals", "sts:ExternalId", "secret"),
    ("StringEquals", "aws:PrincipalType", "User"),
    ("ArnLike", "aws:SourceArn", "arn:aws:s3:::*"),
    ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:*"),
    ("StringEquals", "aws:PrincipalTag/team", "blue"),
    ("StringEquals", "lambda:FunctionUrlAuthType", "AWS_IAM"),
    ("StringLike", "aws:PrincipalOrgID", "o-*"),
    ("StringLike", "aws:PrincipalOrgID", "*"),
    ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "*"),
    ("StringLike", "aws:PrincipalAccount", "1111*"),
    ("StringEquals", "aws:PrincipalAccount", "${aws:PrincipalAccount}"),
    ("StringLike", "aws:userid", "*:session"),
    ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/x"),
    ("NewOperator", "aws:PrincipalOrgID", ORG),
    ("NumericEquals", "aws:PrincipalAccount", OWN),
    ("NumericEquals", "aws:SecureTransport", "1"),
    ("StringLike", "aws:SourceIp", "203.*"),
    ("StringEquals", "aws:SourceIp", "${aws:SourceIp}"),
]


@pytest.mark.parametrize(("operator", "key", "value"), OPEN_CONDITIONS)
def test_what_a_stranger_can_bring_along_closes_nothing(
    operator: str, key: str, value: str
) -> None:
    assert is_public(when(operator, key, value))


def test_an_s3_source_closes_together_with_its_account() -> None:
    both = {
        "ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"},
        "StringEquals": {"aws:SourceAccount": OWN},
    }

    assert not is_public(allow(Condition=both))


def test_the_name_of_a_bucket_closes_but_is_noted() -> None:
    [row] = rows(when("ArnLike", "aws:SourceArn", "arn:aws:s3:::source"))

    assert (row["Audience"], row["Notes"]) == ("restricted", ["source-without-account"])


def test_a_function_url_for_iam_is_open_to_any_account_only() -> None:
    statement = when("StringEquals", "lambda:FunctionUrlAuthType", "AWS_IAM")

    assert audiences(statement | {"Action": "lambda:InvokeFunctionUrl"}, kind="lambda") == [
        "any-aws-account"
    ]


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        (["10.0.0.0/8", "192.168.0.0/16"], ("restricted", ["dead-condition"])),
        (["203.0.113.7/32"], ("networks", ["narrow-ranges"])),
        (["203.0.113.7"], ("networks", ["narrow-ranges"])),
        (["198.51.0.0/16"], ("networks", ["narrow-ranges"])),
        (["0.0.0.0/0"], ("anyone", [])),
        (["::/0"], ("anyone", [])),
        (["0.0.0.0/1", "128.0.0.0/1"], ("anyone", [])),
        (["203.0.113.7/32", "0.0.0.0/1"], ("anyone", [])),
        ([f"{n}.0.0.0/8" for n in range(1, 200)], ("anyone", ["narrow-ranges"])),
        (["not-a-network"], ("anyone", [])),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_source_address_closes_by_how_much_of_the_internet_it_is(
    ranges: list[str], expected: tuple[str, list[str]]
) -> None:
    [row] = rows(when("IpAddress", "aws:SourceIp", *ranges))

    assert (row["Audience"], row["Notes"]) == expected


def test_an_allow_for_all_addresses_but_some_is_public() -> None:
    assert is_public(when("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"))


def test_one_closing_key_is_enough_whatever_stands_beside_it() -> None:
    both = {"StringEquals": {"aws:PrincipalOrgID": ORG, "aws:Unheard": "of"}}
    wide = {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}

    assert not is_public(allow(Condition=both))
    assert not is_public(allow(Condition=wide | both))
    assert is_public(allow(Condition=wide))


@pytest.mark.parametrize(
    "operator",
    ["StringEquals", "StringLike", "StringEqualsIgnoreCase", "ForAnyValue:StringEquals"],
)
def test_an_operator_that_needs_the_key_closes(operator: str) -> None:
    assert not is_public(when(operator, "aws:PrincipalOrgID", ORG))


@pytest.mark.parametrize("operator", ["ArnLike", "ArnEquals"])
def test_an_arn_operator_closes(operator: str) -> None:
    assert not is_public(when(operator, "aws:SourceArn", f"arn:aws:sns:eu-west-1:{OWN}:t"))


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("StringEqualsIfExists", ORG),
        ("StringLikeIfExists", ORG),
        ("StringNotEquals", ORG),
        ("Null", "false"),
        ("Null", False),
        ("ForAllValues:StringEquals", ORG),
        ("ForAnyValue:StringEqualsIfExists", ORG),
    ],
)
def test_an_operator_that_holds_without_the_key_does_not_close(operator: str, value: Any) -> None:
    assert is_public(when(operator, "aws:PrincipalOrgID", value))


def test_every_value_of_a_key_must_be_fixed() -> None:
    assert not is_public(when("StringEquals", "aws:PrincipalAccount", OWN, OTHER))
    assert is_public(when("StringLike", "aws:PrincipalOrgID", ORG, "*"))
    assert is_public(when("StringEquals", "aws:PrincipalOrgID", ORG, "*"))


@pytest.mark.parametrize("key", ["AWS:SourceAccount", "aws:sourceaccount", "aws:SourceAccount"])
def test_condition_keys_have_no_case(key: str) -> None:
    assert not is_public(when("StringEquals", key, OWN))


@pytest.mark.parametrize("action", ["s3:get*", "S3:GetObject", "s3:G?tObject", "*", "s3:*"])
def test_actions_have_no_case_and_wildcards_anywhere(action: str) -> None:
    lock = deny(Action=action, Resource="*")

    assert [row["Actions"] for row in rows(allow(Action=action))] == [[action]]
    assert rows(allow(), lock) == []


def test_an_allow_of_all_actions_but_some_contains_the_rest() -> None:
    [row] = rows(allow(Action=None, NotAction="s3:DeleteObject"))

    assert (row["Audience"], row["Actions"]) == ("anyone", ["s3:*"])
    assert row["ExceptActions"] == ["s3:DeleteObject"]


def test_a_deny_of_all_actions_but_some_leaves_those() -> None:
    lock = without_none(deny(Action=None, NotAction="s3:GetObject"))

    assert is_public(allow(), lock)
    assert not is_public(allow(Action="s3:PutObject"), lock)


def test_a_deny_without_a_principal_stops_nobody() -> None:
    lock = without_none(deny(Principal=None))

    assert audiences(allow(), lock) == ["anyone"]
    assert audiences(allow(Principal={"AWS": OWN}), lock) == ["own-account"]


def test_an_address_compared_as_text_is_still_an_address() -> None:
    assert audiences(when("StringEquals", "aws:SourceIp", "203.0.113.7")) == ["networks"]


def test_a_single_character_wildcard_covers_no_star() -> None:
    assert is_public(allow(Action="s3:Get*"), deny(Action="s3:Get?"))


def test_a_resource_stays_what_it_names() -> None:
    bucket_only = rows(allow(Resource=BUCKET))
    all_but = rows(allow(Resource=None, NotResource=f"{BUCKET}/private/*"))

    assert bucket_only[0]["Resources"] == [BUCKET]
    assert all_but[0]["Resources"] == ["*"]
    assert all_but[0]["ExceptResources"] == [f"{BUCKET}/private/*"]


def test_a_variable_in_a_resource_widens_an_allow_and_narrows_a_deny() -> None:
    own_folder = f"{BUCKET}/${{aws:username}}/*"

    assert rows(allow(Resource=own_folder))[0]["Resources"] == [f"{BUCKET}/*/*"]
    assert is_public(allow(), deny(Resource=own_folder))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, "absent"),
        ({"Bool": {"aws:SecureTransport": "true"}}, "absent"),
        ({"StringEquals": {"aws:SourceAccount": OWN}}, "present"),
        ({"ArnLike": {"AWS:SourceArn": f"arn:aws:s3:::*:{OWN}"}}, "absent"),
        ({"ArnLike": {"AWS:SourceArn": f"arn:aws:execute-api:eu-west-1:{OWN}:api/*"}}, "present"),
        ({"StringEquals": {"aws:SourceOrgID": ORG}}, "present"),
        ({"StringEqualsIfExists": {"aws:SourceAccount": OWN}}, "absent"),
    ],
    ids=str,
)
def test_a_service_without_a_fixed_source_is_no_public_but_says_so(
    condition: Row, expected: str
) -> None:
    statement = allow(Principal={"Service": "s3.amazonaws.com"}, Condition=condition)

    [row] = rows(statement)

    assert (row["Audience"], row["SourceCondition"]) == ("aws-service", expected)


def test_a_deny_can_fix_the_source_of_a_service() -> None:
    service = allow(Principal={"Service": "sns.amazonaws.com"})
    lock = deny(Condition={"StringNotEquals": {"aws:SourceAccount": OWN}})

    [row] = rows(service, lock)

    assert row["SourceCondition"] == "present"


def test_log_delivery_services_are_services() -> None:
    services = ["delivery.logs.amazonaws.com", "logdelivery.elasticloadbalancing.amazonaws.com"]

    [row] = rows(allow(Principal={"Service": services}))

    assert (row["Audience"], row["Principals"]) == ("aws-service", services)


def test_each_audience_of_a_statement_has_its_row() -> None:
    principal = {"AWS": [OWN, OTHER], "Service": "sns.amazonaws.com"}

    assert audiences(allow(Principal=principal)) == ["own-account", "outsiders", "aws-service"]


def test_a_deny_on_a_named_principal_removes_it() -> None:
    two = allow(Principal={"AWS": [f"arn:aws:iam::{OTHER}:role/a", f"arn:aws:iam::{OWN}:role/b"]})
    lock = deny(Principal={"AWS": OTHER})

    assert audiences(two, lock) == ["own-account"]


def test_a_deny_for_all_but_some_spares_those_and_their_account() -> None:
    three = [f"arn:aws:iam::{OWN}:role/a", f"arn:aws:iam::{OWN}:role/b", OTHER]
    lock = deny(Principal=None, NotPrincipal={"AWS": f"arn:aws:iam::{OWN}:role/a"})

    [row] = rows(allow(Principal={"AWS": three}), without_none(lock))

    assert row["Principals"] == three[:2]


def test_an_origin_access_identity_is_pinned_by_itself() -> None:
    identity = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E127EXAMPLE51Z"

    [row] = rows(allow(Principal={"AWS": identity}))

    assert row["SourceCondition"] == "present"


def test_strangers_without_credentials_can_be_denied_alone() -> None:
    lock = deny(Condition={"Null": {"aws:PrincipalArn": "true"}})

    assert audiences(allow(), lock) == ["any-aws-account"]


def test_no_policy_lets_nobody_in() -> None:
    assert openings(None, account_id=OWN, kind="s3") == []


def test_reasons_point_at_the_statement() -> None:
    found = rows(allow(Principal={"AWS": OWN}), deny(Action="s3:DeleteBucket"), allow())

    assert [row["Because"] for row in found] == [["/Statement/0"], ["/Statement/2"]]
