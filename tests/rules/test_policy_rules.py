"""The rules about policies and keys as they ship: a parameter, and which calls they judge."""

from functools import cache
from typing import Any

import pytest

from chalicelib.evaluate.compiler import compile_rule
from chalicelib.evaluate.engine import judge_item
from chalicelib.model import Compliance, Rule
from vigil.examples import NOW, Bench, item_of
from vigil.rulefiles import RULES, RuleFile, load_rules, resource_types

POLICY_FOLDERS = ("ecr", "events", "glacier", "glue", "kms", "secretsmanager", "sns", "sqs")


@cache
def files() -> dict[str, RuleFile]:
    loaded = load_rules([RULES / folder for folder in POLICY_FOLDERS], resource_types())
    return {file.rule.id: file for file in loaded.files}


def strict_rotation(days: int) -> Bench:
    file = files()["kms-key-rotation-enabled"]
    rule = compile_rule(
        file.document,
        source=file.source,
        line_of=file.line_of,
        types=resource_types(),
        parameters={"max_period_days": days},
    )
    return Bench.of(rule, resource_types())


def verdict_of(bench: Bench, **example: Any) -> Compliance:
    item = item_of(bench, {"expect": "INSUFFICIENT_DATA", **example})
    (verdict,) = judge_item(item, bench.book, NOW)
    return verdict.compliance


@pytest.mark.parametrize(
    ("period", "verdict"),
    [
        pytest.param(90, Compliance.COMPLIANT, id="shortest"),
        pytest.param(365, Compliance.COMPLIANT, id="a year"),
        pytest.param(366, Compliance.NON_COMPLIANT, id="a day more"),
        pytest.param(2560, Compliance.NON_COMPLIANT, id="longest"),
    ],
)
def test_a_longer_period_fails_where_the_parameter_says_so(
    period: int, verdict: Compliance
) -> None:
    configuration = {"EnableKeyRotation": True, "RotationPeriodInDays": period}

    assert verdict_of(strict_rotation(365), configuration=configuration) is verdict


def test_a_denied_rotation_status_is_undecided_whatever_the_parameter() -> None:
    gaps = ["/properties/EnableKeyRotation", "/properties/RotationPeriodInDays"]

    assert verdict_of(strict_rotation(365), gaps=gaps) is Compliance.INSUFFICIENT_DATA


def opened_rules() -> list[Rule]:
    return [file.rule for rule_id, file in files().items() if rule_id.endswith("-opened-to-public")]


def test_every_type_with_a_policy_has_a_rule_for_its_state_and_one_for_the_call() -> None:
    states = {rule_id for rule_id in files() if rule_id.endswith("-not-public")}

    explained = {rule_id for rule in opened_rules() for rule_id in rule.explained_by}

    assert len(states) == len(POLICY_FOLDERS)
    assert explained == states


def test_every_call_that_a_rule_judges_is_one_whose_payload_is_read() -> None:
    reads = {
        (route.source, action)
        for each in resource_types()
        for route in each.routes
        if route.derive
        for action in route.actions
    }

    judged = {match for rule in opened_rules() for match in rule.matches}

    assert judged
    assert judged <= reads
