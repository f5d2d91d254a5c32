"""The policies: nobody may change what Vigil looks at, and a rule that is gone costs nothing."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.evaluate.rulebook import Rulebook
from vigil.package.catalogue import Catalogue
from vigil.package.permissions import (
    CONFINED,
    FROM_PARAMETER_STORE,
    FROM_SECRETS_MANAGER,
    GRANTS,
    looks_of,
    policy_for,
)
from vigil.package.plan import FUNCTIONS, FunctionPlan

CATALOGUE = Catalogue.read()
PLANS = {plan.name: plan for plan in FUNCTIONS}
READS = re.compile(r"(Get|List|Describe)\w+")
#: Reads that are called otherwise: a REST verb, a batch, and a report that IAM makes of itself.
ALSO_READS = {"apigateway:GET", "codebuild:BatchGetProjects", "iam:GenerateCredentialReport"}
#: Services in which Vigil keeps things of its own.
OWN = {"dynamodb", "logs", "sqs", "sns", "secretsmanager", "ssm"}
#: What the data stack exports of its buckets and its key.
OWN_ARN = re.compile(r"(Evidence|Exports|Failures|Rules)BucketArn|SealKeyArn")

each_function = pytest.mark.parametrize("plan", FUNCTIONS, ids=lambda plan: plan.name)


def statements(plan: FunctionPlan, catalogue: Catalogue = CATALOGUE) -> Iterator[dict[str, Any]]:
    for one in policy_for(plan, catalogue)["Statement"]:
        yield one["Fn::If"][1] if "Fn::If" in one else one


def is_own(one: dict[str, Any]) -> bool:
    return OWN_ARN.search(json.dumps(one["Resource"])) is not None


def actions(plan: FunctionPlan, catalogue: Catalogue = CATALOGUE) -> set[str]:
    return {action for one in statements(plan, catalogue) for action in one["Action"]}


def without(*prefixes: str) -> Catalogue:
    rules = tuple(rule for rule in CATALOGUE.rules if not rule.id.startswith(prefixes))
    return replace(CATALOGUE, rules=rules, rulebook=Rulebook.of(rules, CATALOGUE.types))


@each_function
def test_a_function_only_reads_what_vigil_looks_at(plan: FunctionPlan) -> None:
    foreign = {
        action
        for one in statements(plan)
        for action in one["Action"]
        if action.partition(":")[0] not in OWN and not is_own(one)
    }
    reads = {a for a in foreign if READS.fullmatch(a.partition(":")[2])} | ALSO_READS

    assert foreign - reads == set()


@each_function
def test_what_is_kept_in_a_bucket_is_only_added_to(plan: FunctionPlan) -> None:
    done = {a for one in statements(plan) if is_own(one) for a in one["Action"]}
    writes = {a for a in done if a.startswith("s3:") and not READS.fullmatch(a.partition(":")[2])}

    assert writes <= {"s3:PutObject"}


@each_function
def test_no_policy_has_a_wildcard_in_an_action(plan: FunctionPlan) -> None:
    assert not any("*" in action for action in actions(plan))


@each_function
def test_only_reads_that_aws_confines_to_nothing_are_granted_on_everything(
    plan: FunctionPlan,
) -> None:
    everywhere = {a for one in statements(plan) if one["Resource"] == "*" for a in one["Action"]}

    assert everywhere.isdisjoint(CONFINED)
    kept = everywhere - looks_of(plan, CATALOGUE)
    assert {a.partition(":")[0] for a in kept}.isdisjoint(OWN)


@each_function
def test_nobody_may_change_or_remove_history(plan: FunctionPlan) -> None:
    granted = {a for place, acts in GRANTS[plan.name].items() for a in acts if "history" in place}

    assert granted <= {"dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query"}


def test_every_function_has_grants_and_every_grant_a_function() -> None:
    assert GRANTS.keys() == PLANS.keys()


@each_function
def test_a_policy_fits_into_a_role(plan: FunctionPlan) -> None:
    # IAM counts 10,240 characters without blanks; intrinsics only shrink when resolved.
    assert len(json.dumps(policy_for(plan, CATALOGUE), separators=(",", ":"))) < 10_240


def test_a_function_may_look_exactly_as_the_facets_declare() -> None:
    described = {a for _, facet in CATALOGUE.facets() for a in facet.permissions}
    listed = {a for kind in CATALOGUE.types for a in kind.list_permissions}

    assert looks_of(PLANS["evaluate"], CATALOGUE) == described
    assert looks_of(PLANS["sweep_work"], CATALOGUE) == described | listed
    assert {n for n, plan in PLANS.items() if looks_of(plan, CATALOGUE)} == {
        "evaluate",
        "sweep_work",
    }


def test_a_rule_that_is_gone_takes_its_permissions_along() -> None:
    before = actions(PLANS["evaluate"])
    after = actions(PLANS["evaluate"], without("s3-", "cloudtrail-"))

    assert "s3:GetBucketPolicy" in before
    assert "s3:GetBucketPolicy" not in after
    assert after < before


def test_the_slack_secret_is_read_where_it_is_and_by_slack_alone() -> None:
    conditional = [
        one["Fn::If"][:1] + one["Fn::If"][1]["Action"]
        for one in policy_for(PLANS["slack"], CATALOGUE)["Statement"]
        if "Fn::If" in one
    ]

    assert conditional == [
        [FROM_SECRETS_MANAGER, "secretsmanager:GetSecretValue"],
        [FROM_PARAMETER_STORE, "ssm:GetParameter"],
    ]
    readers = {n for n, plan in PLANS.items() if "secretsmanager:GetSecretValue" in actions(plan)}
    assert readers == {"slack"}
