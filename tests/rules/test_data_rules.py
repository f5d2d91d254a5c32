"""Rules on databases and search, where a parameter says how strict to be."""

from functools import cache
from typing import Any

import pytest

from chalicelib.evaluate.compiler import compile_rule
from chalicelib.evaluate.engine import judge_item
from chalicelib.model import Compliance, Evaluation, Severity
from vigil.examples import NOW, Bench, item_of
from vigil.rulefiles import RULES, load_rules, resource_types

FOR_OWN_RANGES = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": ["*"]},
            "Action": ["es:ESHttp*"],
            "Resource": ["arn:aws:es:us-east-1:111122223333:domain/example/*"],
            "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}},
        }
    ],
}
IN_VPC = {"SubnetIds": ["subnet-0a1b"], "SecurityGroupIds": []}


@cache
def bench(*refused: str) -> Bench:
    path = RULES / "opensearch" / "opensearch-domain-in-vpc.yaml"
    (file,) = load_rules((path,), resource_types()).files
    rule = compile_rule(
        file.document,
        source=file.source,
        line_of=file.line_of,
        types=resource_types(),
        parameters={"refused": list(refused)} if refused else {},
    )
    return Bench.of(rule, resource_types())


def judged(at: Bench, **configuration: Any) -> Evaluation:
    item = item_of(at, {"expect": "INSUFFICIENT_DATA", "configuration": configuration})
    (verdict,) = judge_item(item, at.book, NOW)
    return verdict


STRICT = ("endpoint", "anyone", "any-aws-account")


@pytest.mark.parametrize(
    ("refused", "configuration", "expected"),
    [
        pytest.param(
            (), {"AccessPolicies": FOR_OWN_RANGES}, Compliance.COMPLIANT,
            id="own ranges will do",
        ),
        pytest.param(
            STRICT, {"AccessPolicies": FOR_OWN_RANGES}, Compliance.NON_COMPLIANT,
            id="own ranges, strictly",
        ),
        pytest.param(STRICT, {}, Compliance.NON_COMPLIANT, id="for nobody, strictly"),
        pytest.param(
            STRICT, {"VPCOptions": IN_VPC}, Compliance.COMPLIANT, id="in a VPC, strictly"
        ),
    ],
)  # fmt: skip
def test_a_closed_policy_stands_in_for_a_vpc_unless_the_parameter_says_otherwise(
    refused: tuple[str, ...], configuration: dict[str, Any], expected: Compliance
) -> None:
    assert judged(bench(*refused), **configuration).compliance is expected


def test_strictly_refused_a_closed_endpoint_is_a_milder_matter() -> None:
    verdict = judged(bench(*STRICT), AccessPolicies=FOR_OWN_RANGES)

    assert verdict.severity is Severity.MEDIUM
