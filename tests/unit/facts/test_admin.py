"""Which policies make an administrator of whoever holds them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from chalicelib.facts.admin import ADMIN_GRANTS_SCHEMA, CORE_SERVICES, admin_grants
from chalicelib.facts.policy import normalise_policy

LETTERS = "abcdefghijklmnopqrstuvwxyz"
VALIDATOR = Draft202012Validator(dict(ADMIN_GRANTS_SCHEMA))


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def allow_but(excepted: Any, resource: Any = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "NotAction": excepted, "Resource": resource}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def grants(*statements: dict[str, Any]) -> list[dict[str, Any]]:
    rows = admin_grants(normalise_policy({"Version": "2012-10-17", "Statement": statements}))
    assert VALIDATOR.is_valid(rows)
    return rows


@pytest.mark.parametrize(
    "action", ["*", ["*"], "*:*", "**", "?*", "?*:?*", ["s3:GetObject", "*"]], ids=str
)
def test_every_spelling_of_every_action_makes_an_administrator(action: Any) -> None:
    (row,) = grants(allow(action))

    assert row["Form"] == "everything"
    assert row["Because"] == ["/Statement/0"]


@pytest.mark.parametrize(
    "resource",
    [
        "*",
        "**",
        "arn:aws:*",
        "arn:aws:?*",
        "arn:*:*:*:*:*",
        "*:*",
        "arn:aws-cn:*",
        ["arn:aws:s3:::b", "arn:*"],
    ],
    ids=str,
)
def test_every_spelling_of_everything_is_everything(resource: Any) -> None:
    assert [row["Form"] for row in grants(allow("*", resource))] == ["everything"]


@pytest.mark.parametrize(
    "resource", ["arn:aws:s3:::*", "arn:aws:s3:::b/*", "arn:aws:iam::111122223333:*"], ids=str
)
def test_every_action_on_a_few_things_makes_no_administrator(resource: str) -> None:
    assert grants(allow("*", resource)) == []


def test_everything_but_a_resource_is_everything() -> None:
    one = {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::audit/*"}
    none = {"Effect": "Allow", "Action": "*", "NotResource": "*"}

    assert [row["Form"] for row in grants(one)] == ["everything"]
    assert grants(none) == []


def test_one_service_is_not_everything() -> None:
    assert grants(allow("iam:*")) == []


@pytest.mark.parametrize(
    ("excepted", "form"),
    [
        ("iam:*", "everything-but"),
        ([], "everything-but"),
        (["iam:*", "organizations:*", "account:*"], "everything-but"),
        ("s3:DeleteBucket", "everything-but"),
        ("*", None),
        ([f"{name}:*" for name in CORE_SERVICES[:30]], None),
    ],
    ids=["all but IAM", "all but nothing", "PowerUserAccess", "all but one", "nothing", "a third"],
)
def test_what_is_left_out_of_everything_decides(excepted: Any, form: str | None) -> None:
    rows = grants(allow_but(excepted))

    assert [row["Form"] for row in rows] == ([form] if form else [])


def test_a_condition_is_named_and_changes_nothing() -> None:
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}

    (row,) = grants(allow(Condition=mfa))

    assert row["Conditions"] == ["aws:MultiFactorAuthPresent"]


def test_denying_a_few_actions_leaves_an_administrator() -> None:
    (row,) = grants(allow(), deny(["organizations:LeaveOrganization", "cloudtrail:*"]))

    assert row["Because"] == ["/Statement/0"]


def test_only_a_deny_of_everything_to_everybody_leaves_nothing() -> None:
    hours = {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}

    assert grants(allow(), deny("*")) == []
    assert grants(allow(), deny("*", "arn:aws:s3:::*")) != []
    assert grants(allow(), deny("*", Condition=hours)) != []


def test_everything_in_two_halves_is_everything() -> None:
    first = allow([f"{letter}*" for letter in LETTERS[:13]])
    second = allow([f"{letter}*" for letter in LETTERS[13:]])

    (row,) = grants(first, second)

    assert row["Form"] == "together"
    assert row["Because"] == ["/Statement/0", "/Statement/1"]
    assert grants(first) == []


def test_halves_are_conditional_only_if_both_are() -> None:
    halves = [f"{letter}*" for letter in LETTERS[:13]], [f"{letter}*" for letter in LETTERS[13:]]
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}

    (one,) = grants(allow(halves[0], Condition=mfa), allow(halves[1]))
    (both,) = grants(allow(halves[0], Condition=mfa), allow(halves[1], Condition=mfa))

    assert one["Conditions"] == []
    assert both["Conditions"] == ["aws:MultiFactorAuthPresent"]


def test_no_policy_grants_nothing() -> None:
    assert admin_grants(None) == []


def _matches(pattern: str, action: str) -> bool:
    """Match with ``*`` alone, by cutting: another way than the product's."""
    head, *rest = pattern.split("*")
    if not rest:
        return pattern == action
    if not action.startswith(head) or not action.endswith(rest[-1]):
        return False
    place = len(head)
    for part in rest[:-1]:
        place = action.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return place <= len(action) - len(rest[-1])


PATTERNS = st.sampled_from(["*", "*:*", "iam:*", "*:get*", "a*", "s*", "*s:*", "ec2:run*", "i*:*"])
STATEMENTS = st.builds(
    lambda action, effect: {**allow(action), "Effect": effect},
    st.lists(PATTERNS, min_size=1, max_size=3),
    st.sampled_from(["Allow", "Allow", "Deny"]),
)


@given(st.lists(STATEMENTS, max_size=4))
def test_whom_rows_call_administrator_may_call_anything_that_is_not_denied(
    statements: list[dict[str, Any]],
) -> None:
    rows = grants(*statements)
    probes = [f"{service}:{verb}" for service in CORE_SERVICES for verb in ("getx", "runx")]

    allowed = [
        probe
        for probe in probes
        if any(
            _matches(p, probe) for s in statements if s["Effect"] == "Allow" for p in s["Action"]
        )
    ]

    if rows:
        assert allowed == probes
    elif allowed == probes:
        # Patterns that cut through services, or a Deny of everything.
        assert not any(
            {"*", "*:*"} & {*s["Action"]} for s in statements if s["Effect"] == "Allow"
        ) or any({"*", "*:*"} & {*s["Action"]} for s in statements if s["Effect"] == "Deny")
