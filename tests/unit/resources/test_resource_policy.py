"""What types with a policy share: described text, the fact, and what payloads propose and open."""

import json
from typing import Any

import pytest

from chalicelib.facts.policy import PolicyError
from chalicelib.findings._matching import carries
from chalicelib.model import ConfigurationItem, FacetReading, ResourceRef
from chalicelib.resources._added_permission import AddedPermission
from chalicelib.resources._frame import listed
from chalicelib.resources._resource_policy import (
    POLICY_OPENINGS,
    UNTOUCHED,
    derived_openings,
    openings_by,
    policy_at,
    policy_fact,
    policy_from,
    proposed_by,
    proposed_policy,
    proposes,
)

ACCOUNT = "111122223333"
POINTER = "/observed/Policy"
STATEMENTS = f"{POINTER}/Statement"


def document(principal: Any = "*") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sqs:*", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": statement}


NORMAL = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["sqs:*"], "Resource": ["*"]}
    ],
}


def record(**parameters: Any) -> dict[str, Any]:
    return {"recipientAccountId": ACCOUNT, "requestParameters": parameters}


def item(section: str, policy: Any) -> ConfigurationItem:
    ref = ResourceRef(account_id=ACCOUNT, region="eu-west-1", type="Test::Unit::Thing", id="x")
    values: dict[str, Any] = {section: {"Policy": policy}}
    return listed(ref, FacetReading(**values))


@pytest.mark.parametrize(
    ("described", "policy"),
    [
        pytest.param(json.dumps(document()), NORMAL, id="text"),
        pytest.param(document(), NORMAL, id="object"),
        pytest.param(None, None, id="none"),
        pytest.param("", None, id="empty text"),
    ],
)
def test_a_described_policy_comes_in_one_form(described: Any, policy: Any) -> None:
    assert policy_from(described) == policy


@pytest.mark.parametrize("described", ["no JSON", "[]", '{"Version": "2012-10-17"}', 7])
def test_what_is_no_policy_is_never_no_policy(described: Any) -> None:
    with pytest.raises(PolicyError):
        policy_from(described)


def test_a_lone_surrogate_does_not_reach_the_item() -> None:
    hostile = policy_from({"Statement": {"Effect": "Allow", "Sid": "a\ud800", "Action": "sqs:*"}})

    assert hostile is not None
    assert hostile["Statement"][0]["Sid"] == "a?"


@pytest.mark.parametrize("section", ["properties", "observed"])
def test_the_fact_points_at_the_statement_that_opens(section: str) -> None:
    fact = policy_fact(f"/{section}/Policy", "sqs")

    (row,) = fact.compute(item(section, NORMAL))

    assert fact.name == POLICY_OPENINGS
    assert row["Audience"] == "anyone"
    assert row["Because"] == [f"/{section}/Policy/Statement/0"]


def test_the_fact_knows_the_own_account_and_a_missing_policy() -> None:
    fact = policy_fact(POINTER, "sqs", name="Other")

    (row,) = fact.compute(item("observed", policy_from(document({"AWS": ACCOUNT}))))

    assert fact.name == "Other"
    assert row["Audience"] == "own-account"
    assert fact.compute(item("observed", None)) == []


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({"attributes": {"Policy": json.dumps(document())}}, id="text"),
        pytest.param({"ATTRIBUTES": {"policy": document()}}, id="object, other case"),
    ],
)
def test_a_policy_is_found_at_its_path(parameters: dict[str, Any]) -> None:
    event = record(**parameters)

    assert proposed_policy(POINTER, "attributes", "Policy")(event) == {POINTER: NORMAL}
    (row,) = derived_openings("sqs", "attributes", "Policy")(event)[POLICY_OPENINGS]
    assert row["Audience"] == "anyone"
    assert row["Because"] == ["/Statement/0"]


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({}, id="no parameters"),
        pytest.param({"requestParameters": None}, id="null"),
        pytest.param({"requestParameters": "HIDDEN_DUE_TO_SECURITY_REASONS"}, id="hidden"),
        pytest.param(record(), id="no policy"),
        pytest.param(record(policy=""), id="empty"),
        pytest.param(record(policy="{"), id="broken"),
        pytest.param(record(policy=["*"]), id="list"),
        pytest.param(record(policy={"Statement": {"Effect": "Perhaps"}}), id="grammar"),
    ],
)
def test_a_payload_that_cannot_be_read_proposes_and_opens_nothing(event: dict[str, Any]) -> None:
    assert proposed_policy(POINTER, "policy")(event) == {}
    assert derived_openings("sqs", "policy")(event) == {POLICY_OPENINGS: []}


def test_a_call_that_may_leave_the_policy_alone_is_not_blamed_for_it() -> None:
    alone = {POINTER: UNTOUCHED}
    propose = proposed_by(POINTER, policy_at("policy"), otherwise=alone)

    assert propose(record(other="x")) == alone
    assert not carries(alone[POINTER], ("Statement", "0"), NORMAL)
    assert propose(record(policy=document())) == {POINTER: NORMAL}
    assert propose(record(policy="{")) == {}


def test_a_fixed_proposal_says_the_same_of_every_record() -> None:
    assert proposes(POINTER, None)(record(policy=document())) == {POINTER: None}


@pytest.mark.parametrize(
    ("extra", "audience"),
    [
        pytest.param({"recipientAccountId": ACCOUNT}, "own-account", id="recipient"),
        pytest.param({"userIdentity": {"accountId": ACCOUNT}}, "own-account", id="caller"),
        pytest.param(
            {"recipientAccountId": "444455556666", "userIdentity": {"accountId": ACCOUNT}},
            "outsiders",
            id="recipient before caller",
        ),
    ],
)
def test_whose_account_it_is_comes_from_the_record(extra: dict[str, Any], audience: str) -> None:
    event = {"requestParameters": {"policy": document({"AWS": ACCOUNT})}, **extra}

    (row,) = derived_openings("sqs", "policy")(event)[POLICY_OPENINGS]

    assert row["Audience"] == audience


ADDED = AddedPermission(
    label="label",
    principals=("aWSAccountId", "aWSAccountIds"),
    actions=("actions",),
    service="SQS",
    condition="condition",
)


def added(**parameters: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = openings_by("sqs", ADDED.policy)(record(**parameters))[
        POLICY_OPENINGS
    ]
    return rows


@pytest.mark.parametrize(
    ("accounts", "audience"),
    [
        pytest.param({"aWSAccountIds": ["*"]}, "anyone", id="everybody"),
        pytest.param({"AWSAccountIds": ["444455556666"]}, "outsiders", id="another account"),
        pytest.param({"aWSAccountId": ACCOUNT}, "own-account", id="one, not in a list"),
        pytest.param({"aWSAccountId": 444455556666}, "outsiders", id="a number"),
    ],
)
def test_an_added_permission_opens_to_whom_it_names(accounts: Any, audience: str) -> None:
    (row,) = added(label="x", actions=["SendMessage", "SQS:ReceiveMessage"], **accounts)

    assert row["Audience"] == audience
    assert row["Actions"] == ["SQS:SendMessage", "SQS:ReceiveMessage"]


def test_a_condition_of_an_added_permission_closes_it() -> None:
    condition = {"type": "StringEquals", "key": "aws:PrincipalOrgID", "value": "o-1"}

    (row,) = added(aWSAccountIds=["*"], actions=["*"], condition=condition)

    assert row["Audience"] == "restricted"


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"aWSAccountIds": []}, id="no account"),
        pytest.param({"aWSAccountIds": {"x": 1}}, id="an object"),
    ],
)
def test_an_added_permission_that_names_nobody_opens_nothing(parameters: dict[str, Any]) -> None:
    assert added(**parameters) == []


def test_a_broken_condition_closes_nothing() -> None:
    (row,) = added(aWSAccountIds=["*"], actions=["*"], condition="aws:PrincipalOrgID")

    assert row["Audience"] == "anyone"


def test_who_adds_a_statement_is_blamed_for_that_statement_only() -> None:
    described = policy_from(
        {"Statement": [{"Sid": "old", "Effect": "Allow"}, {"Sid": "new", "Effect": "Allow"}]}
    )
    assert described is not None

    proposed = ADDED.proposed(record(label="new"), STATEMENTS)[STATEMENTS]

    assert carries(proposed, ("1",), described["Statement"])
    assert not carries(proposed, ("0",), described["Statement"])


@pytest.mark.parametrize("label", [None, "", 7])
def test_a_statement_without_a_label_is_not_told_apart(label: Any) -> None:
    assert ADDED.proposed(record(label=label), STATEMENTS) == {}
