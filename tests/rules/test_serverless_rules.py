"""The Lambda rules as they ship: who switches one off makes the other count for both."""

from typing import Any

import pytest

from chalicelib.evaluate.compiler import compile_rule
from chalicelib.evaluate.engine import judge_item
from chalicelib.model import Compliance, Severity
from vigil.examples import NOW, Bench, item_of
from vigil.rulefiles import RULES, RuleFile, load_rules, resource_types

URL_STATEMENT = {
    "Qualifier": "$LATEST",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": ["*"]},
        "Action": ["lambda:InvokeFunctionUrl"],
        "Resource": ["*"],
        "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": ["NONE"]}},
    },
}


def file_of(rule_id: str) -> RuleFile:
    (file,) = load_rules((RULES / "lambda" / f"{rule_id}.yaml",), resource_types()).files
    return file


@pytest.mark.parametrize(
    ("count_url_statements", "expected"),
    [(False, Compliance.COMPLIANT), (True, Compliance.NON_COMPLIANT)],
)
def test_a_statement_for_urls_counts_where_the_rule_for_urls_is_off(
    count_url_statements: bool, expected: Compliance
) -> None:
    file = file_of("lambda-function-not-public")
    rule = compile_rule(
        file.document,
        source=file.source,
        line_of=file.line_of,
        types=resource_types(),
        parameters={"count_url_statements": count_url_statements},
    )
    bench = Bench.of(rule, resource_types())
    example: dict[str, Any] = {
        "expect": expected.value,
        "observed": {"Permissions": [URL_STATEMENT]},
    }

    (verdict,) = judge_item(item_of(bench, example), bench.book, NOW)

    assert verdict.compliance is expected
    assert expected is Compliance.COMPLIANT or verdict.severity is Severity.CRITICAL
