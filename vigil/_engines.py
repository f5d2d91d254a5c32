"""Compares three judges over a rule's conditions: they must agree on every document."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from jsonschema import Draft202012Validator as Reference
from jsonschema_rs import Draft202012Validator as Fast

from chalicelib.evaluate._kleene import judge
from chalicelib.evaluate._time import aged, instants_of
from chalicelib.model import Rule


def disagreements(rule: Rule, document: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """Yield what the judges do not agree on."""
    judged = aged(document, instants_of(document, rule.time_bounds), now)
    for name, schema in _conditions(rule):
        verdicts = {
            "jsonschema-rs": Fast(dict(schema)).is_valid(judged),
            "jsonschema": Reference(dict(schema)).is_valid(judged),
            "three-valued": judge(schema, judged),
        }
        if len(set(verdicts.values())) > 1:
            yield f"the engines disagree about {name}: {verdicts}"


def _conditions(rule: Rule) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "the condition", rule.condition
    if rule.applies_when is not None:
        yield "applies_when", rule.applies_when
    for index, clause in enumerate(rule.severity_when):
        yield f"severity_when/{index}", clause.when
