"""Conditions in words: nothing of what a condition wants is left out."""

from collections.abc import Iterator
from typing import Any

import pytest

from vigil.reference.wording import condition, one_line
from vigil.rulefiles import RuleFile, built_in

WORDS = {
    "const": ({"Versioning": {"const": "Enabled"}}, "- `Versioning` is `Enabled`"),
    "empty text": ({"Name": {"not": {"const": ""}}}, '- `Name` is not `""`'),
    "number": ({"Count": {"const": 0}}, "- `Count` is `0`"),
    "truth": ({"Public": {"const": False}}, "- `Public` is `false`"),
    "bounds": ({"Port": {"minimum": 1, "maximum": 9}}, None),
    "empty": ({"Rules": {"maxItems": 0}}, "- `Rules` is empty"),
    "not empty": ({"Rules": {"minItems": 1}}, "- `Rules` is not empty"),
    "a few": ({"Rules": {"minItems": 3}}, "- `Rules` has at least `3` elements"),
    "null": ({"Key": {"type": ["string", "null"]}}, "- `Key` is a text or `null`"),
    "inside": (
        {"State": {"type": "object", "properties": {"Name": {"enum": ["on", "off"]}}}},
        "- `State.Name` is one of `on`, `off`",
    ),
    "elements": (
        {"Rows": {"items": {"properties": {"Access": {"not": {"const": "read"}}}}}},
        "- `Rows` in every element: `Access` is not `read`",
    ),
    "an element": (
        {"Rows": {"contains": {"const": "all"}}},
        "- `Rows` in at least one element: is `all`",
    ),
    "age": ({"At": {"maxAgeDays": {"parameter": "days"}}}, None),
    "time left": ({"At": {"minDaysLeft": 30}}, "- `At` is at least `30` days ahead"),
}
PARAMETERS = {"days": 90, "ports": [80, 443], "kinds": ["a", "b"]}


@pytest.mark.parametrize(
    ("names", "expected"),
    [case for case in WORDS.values() if case[1]],
    ids=[k for k in WORDS if WORDS[k][1]],
)
def test_a_condition_is_told_in_words(names: dict[str, Any], expected: str) -> None:
    assert list(condition({"properties": names}, {})) == [expected]


def test_what_holds_together_is_a_list() -> None:
    schema = {"Port": {"minimum": 1, "maximum": 9}}

    assert list(condition({"observed": schema}, {})) == [
        "- `observed.Port` all of:",
        "  - is at least `1`",
        "  - is at most `9`",
    ]


def test_only_types_go_without_saying() -> None:
    block = {"properties": {"Kind": {"type": "string", "const": "object"}}}

    assert one_line(block, {}) == "`Kind` (is a text and is `object`)"


def test_alternatives_are_told_as_such() -> None:
    never = {"not": {"properties": {"From": {"maximum": 22}, "To": {"minimum": 22}}}}
    schema = {"anyOf": [{"properties": {"Protocol": {"const": "udp"}}}, never]}

    assert list(condition({"derived": {"Ingress": {"items": schema}}}, {})) == [
        "- `derived.Ingress` in every element: any of:",
        "  - `Protocol` is `udp`",
        "  - never: all of:",
        "    - `From` is at most `22`",
        "    - `To` is at least `22`",
    ]


def test_parameters_are_named_with_their_defaults() -> None:
    block = {
        "properties": {
            "At": {"maxAgeDays": {"parameter": "days"}},
            "Kind": {"enum": {"parameter": "kinds"}},
        }
    }

    assert list(condition(block, PARAMETERS)) == [
        "- `At` is at most `days` (by default `90`) days ago",
        '- `Kind` is one of `kinds` (by default `["a","b"]`)',
    ]


@pytest.mark.parametrize(("how", "words"), [("all", "for each"), ("any", "for at least one")])
def test_what_is_repeated_is_told_once(how: str, words: str) -> None:
    block = {"properties": {"Port": {"each": "ports", how: {"const": {"parameter": "ports"}}}}}

    (line,) = condition(block, PARAMETERS)

    assert line == f"- `Port` {words} of `ports` (by default `[80,443]`): is it"


def test_alternatives_of_a_change_are_told() -> None:
    block = {
        "anyOf": [
            {"actor": {"via": {"const": "aws-service"}}, "outcome": {"const": "failed"}},
            {"action": {"const": "HeadBucket"}},
        ]
    }

    assert one_line(block, {}) == (
        "(`actor.via` is `aws-service` and `outcome` is `failed`) or `action` is `HeadBucket`"
    )
    assert next(iter(condition(block, {}))) == "- any of:"


def leaves(schema: Any) -> Iterator[str]:
    """Yield every name and value that a condition is about."""
    if isinstance(schema, dict):
        for keyword, given in schema.items():
            if keyword == "properties":
                yield from given
            if keyword in ("const", "parameter", "each") and not isinstance(given, dict):
                yield "null" if given is None else str(given)
            yield from leaves(given)
    elif isinstance(schema, list):
        for one in schema:
            yield from leaves(one)


@pytest.mark.parametrize("file", built_in().files, ids=lambda file: file.rule.id)
def test_no_name_and_no_value_of_a_rule_is_left_out(file: RuleFile) -> None:
    document = file.document
    wanted = document.get("compliant_when") or document.get("harmless_when") or {}
    blocks = [wanted, document.get("applies_when", {})]
    blocks += [clause["when"] for clause in document.get("severity_when", ())]

    for block in blocks:
        told = one_line(block, document.get("parameters", {})).lower()

        missing = [one for one in leaves(block) if one.lower() not in told]
        assert missing == []
