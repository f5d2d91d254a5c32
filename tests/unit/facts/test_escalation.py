"""Which policies let their holder give himself more rights than they say."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from chalicelib.facts._escalations import COMBINATIONS, Target
from chalicelib.facts.escalation import ESCALATIONS_SCHEMA, escalations
from chalicelib.facts.policy import normalise_policy

ACCOUNT = "111122223333"
OWN = f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"
ONE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
BOUNDARY = {"StringEquals": {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/edge"}}
VALIDATOR = Draft202012Validator(dict(ESCALATIONS_SCHEMA))
NAMES = {combination.name for combination in COMBINATIONS}


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    normal = normalise_policy({"Version": "2012-10-17", "Statement": statements})
    assert normal is not None
    return normal


def rows(*statements: dict[str, Any]) -> list[dict[str, Any]]:
    found = escalations([("", policy(*statements))])
    assert VALIDATOR.is_valid(found)
    return found


def far_reaching(*statements: dict[str, Any]) -> set[str]:
    """Return the combinations of rows that reach more than single named things."""
    return {n for row in rows(*statements) if row["Scope"] != "named" for n in row["Combinations"]}


@pytest.mark.parametrize("combination", COMBINATIONS, ids=lambda c: c.name)
def test_every_combination_is_found_where_all_of_it_is_allowed(combination: Any) -> None:
    actions = [need.action for need in combination.needs]

    assert combination.name in far_reaching(allow(actions))
    assert combination.name in far_reaching(*(allow(action) for action in actions))


@pytest.mark.parametrize("combination", COMBINATIONS, ids=lambda c: c.name)
def test_no_combination_is_found_where_one_part_is_missing_or_denied(combination: Any) -> None:
    actions = [need.action for need in combination.needs]

    for absent in actions:
        assert combination.name not in far_reaching(allow([a for a in actions if a != absent]))
        assert combination.name not in far_reaching(allow(actions), deny(absent))


def test_reading_is_no_escalation() -> None:
    assert rows(allow(["iam:Get*", "iam:List*", "ec2:Describe*", "lambda:InvokeFunction"])) == []


@pytest.mark.parametrize(
    ("action", "found"),
    [
        ("iam:Put*", "iam:putuserpolicy"),
        ("iam:P*Policy", "iam:putrolepolicy"),
        ("IAM:PUTGROUPPOLICY", "iam:putgrouppolicy"),
        ("iam:?reateAccessKey", "iam:createaccesskey"),
        ("*", "iam:attachrolepolicy"),
    ],
)
def test_wildcards_and_upper_case_match(action: str, found: str) -> None:
    assert found in far_reaching(allow(action))


def test_all_but_something_contains_the_rest() -> None:
    statement = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}

    found = far_reaching(statement)

    assert "lambda:updatefunctioncode" in found
    assert not any("iam:" in name for name in found)


def test_everything_is_one_row() -> None:
    (row,) = rows(allow("*"))

    assert set(row["Combinations"]) == NAMES
    assert row["Because"] == ["/Statement/0"]


@pytest.mark.parametrize(
    "action", ["iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile"]
)
def test_keeping_ones_own_credentials_is_no_escalation(action: str) -> None:
    assert rows(allow(action, OWN)) == []
    assert far_reaching(allow(action, f"arn:aws:iam::{ACCOUNT}:user/*")) == {action.lower()}


def test_everything_on_oneself_includes_writing_ones_own_policy() -> None:
    found = far_reaching(allow("iam:*", OWN))

    assert found == {"iam:putuserpolicy", "iam:attachuserpolicy"}
    assert {row["Scope"] for row in rows(allow("iam:*", OWN))} == {"self"}


def test_passing_one_role_reaches_a_named_thing_only() -> None:
    passing, running = allow("iam:PassRole", ONE_ROLE), allow("ec2:RunInstances")

    (row,) = rows(passing, running)

    assert row["Scope"] == "named"
    assert row["Combinations"] == ["iam:passrole + ec2:runinstances"]


@pytest.mark.parametrize(
    "roles",
    ["*", f"arn:aws:iam::{ACCOUNT}:role/*", "arn:aws:iam::*:role/app-*", "arn:aws:iam::*:*"],
)
def test_passing_roles_by_pattern_reaches_any(roles: str) -> None:
    found = far_reaching(allow("iam:PassRole", roles), allow("ec2:RunInstances"))

    assert found == {"iam:passrole + ec2:runinstances"}


def test_what_is_no_role_cannot_be_passed() -> None:
    assert rows(allow("iam:PassRole", "arn:aws:s3:::*"), allow("ec2:RunInstances")) == []


@pytest.mark.parametrize("operator", ["StringEquals", "StringLike", "StringEqualsIfExists"])
def test_a_role_for_one_service_serves_no_other(operator: str) -> None:
    for_ec2 = {operator: {"iam:PassedToService": "ec2.amazonaws.com"}}
    passing = allow("iam:PassRole", Condition=for_ec2)

    found = far_reaching(passing, allow(["lambda:*", "ec2:RunInstances"]))

    assert "iam:passrole + ec2:runinstances" in found
    assert not any("iam:passrole + lambda" in name for name in found)


def test_the_service_a_role_is_for_is_no_limit() -> None:
    for_ec2 = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}

    (row,) = rows(allow("iam:PassRole", Condition=for_ec2), allow("ec2:RunInstances"))

    assert row["Limits"] == []


def test_a_boundary_that_is_asked_for_is_named_as_a_limit() -> None:
    wanted = rows(allow("iam:PutRolePolicy", Condition=BOUNDARY))
    without = {"StringNotEquals": BOUNDARY["StringEquals"]}
    enforced = rows(allow("iam:PutRolePolicy"), deny("iam:Put*", Condition=without))

    assert [row["Limits"] for row in wanted] == [["iam:permissionsboundary"]]
    assert [row["Limits"] for row in enforced] == [["iam:permissionsboundary"]]


def test_a_way_without_limits_counts_before_a_limited_one() -> None:
    (row,) = rows(allow("iam:PutRolePolicy", Condition=BOUNDARY), allow("iam:PutRolePolicy"))

    assert row["Limits"] == []
    assert row["Because"] == ["/Statement/1"]


def test_halves_in_two_policies_of_one_holder_are_a_whole() -> None:
    passing = ("/a", policy(allow("iam:PassRole")))
    running = ("/b", policy(allow("ec2:RunInstances")))

    (row,) = escalations([passing, running])

    assert row["Because"] == ["/a/Statement/0", "/b/Statement/0"]
    assert escalations([passing]) == escalations([running]) == []


def test_a_deny_in_another_policy_counts() -> None:
    held = [("/a", policy(allow("iam:PutRolePolicy"))), ("/b", policy(deny("iam:*")))]

    assert escalations(held) == []


def test_a_deny_of_some_roles_leaves_the_others() -> None:
    protected = deny("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/admin")

    assert far_reaching(allow("iam:PutRolePolicy"), protected) == {"iam:putrolepolicy"}


def test_a_policy_full_of_wildcards_costs_little() -> None:
    # 6,144 characters is what a managed policy may have.
    statements = [allow(f"iam:*{'a*' * 8}{n}", f"arn:*{'b*' * 8}{n}") for n in range(90)]
    started = time.perf_counter()

    rows(*statements)

    assert time.perf_counter() - started < 5


ACTIONS = sorted({need.action for combination in COMBINATIONS for need in combination.needs})
STATEMENTS = st.builds(
    lambda effect, actions: {"Effect": effect, "Action": actions, "Resource": "*"},
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=6),
)


@given(st.lists(STATEMENTS, max_size=6), st.integers(0, 6))
def test_a_combination_is_held_if_each_action_is_allowed_and_none_denied(
    statements: list[dict[str, Any]], cut: int
) -> None:
    held = [("/a", policy(*statements[:cut])), ("/b", policy(*statements[cut:]))]

    found = {name for row in escalations(held) for name in row["Combinations"]}

    allowed = {a for s in statements if s["Effect"] == "Allow" for a in s["Action"]}
    denied = {a for s in statements if s["Effect"] == "Deny" for a in s["Action"]}
    expected = {c.name for c in COMBINATIONS if {n.action for n in c.needs} <= allowed - denied}
    assert found == expected


def test_no_combination_stands_twice_in_the_table() -> None:
    assert len(NAMES) == len(COMBINATIONS)
    assert all(c.service or c.needs[0].target is not Target.NEW for c in COMBINATIONS)
