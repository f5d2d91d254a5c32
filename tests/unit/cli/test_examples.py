"""The examples runner: a rule that judges wrongly cannot pass it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import ResourceType, Rule
from tests.rulekit import NOW, THING, document, item, rule
from vigil._completion import completed, completed_record
from vigil._mutations import surviving_mutations
from vigil.examples import problems_of
from vigil.rulefiles import load_rule

PRIVATE = {"name": "private", "expect": "COMPLIANT"}
PUBLIC = {"name": "public", "expect": "NON_COMPLIANT", "configuration": {"Public": True}}
UNREAD = {"name": "unread", "expect": "INSUFFICIENT_DATA", "gaps": ["/properties/Public"]}
SIZED = {"properties": {"Size": {"maximum": 3}}}


def problems(
    folder: Path, *examples: Mapping[str, Any], of: ResourceType = THING, **overrides: Any
) -> str:
    written = {**document(**overrides), "examples": list(examples)}
    path = folder / "thing-not-public.yaml"
    path.write_text(yaml.safe_dump(written), encoding="utf-8")
    return "\n".join(map(str, problems_of(load_rule(path, [of]), [of])))


def test_a_rule_whose_examples_hold_has_no_problems(tmp_path: Path) -> None:
    assert problems(tmp_path, PRIVATE, PUBLIC, UNREAD) == ""


def test_an_example_that_fails_says_what_the_rule_saw(tmp_path: Path) -> None:
    said = problems(tmp_path, PRIVATE, {**PUBLIC, "expect": "COMPLIANT"}, UNREAD)

    assert "thing-not-public.yaml:" in said
    assert ": public: expected COMPLIANT, got NON_COMPLIANT (example is public)" in said
    assert '{"/properties/Public":true}' in said


WRONG = {
    "another place": (
        {**PUBLIC, "at": "/properties/Name"},
        "expected it to fail at /properties/Name, but it fails at /properties/Public",
    ),
    "another severity": ({**PUBLIC, "severity": "low"}, "expected severity low, got high"),
    "a misspelt name": ({**PUBLIC, "configuration": {"Pubic": True}}, "'Pubic' was unexpected"),
    "a wrong type": ({**PUBLIC, "configuration": {"Public": "yes"}}, 'properties/Public: "yes"'),
    "no instant": ({**PUBLIC, "now": "yesterday"}, "now: expected an RFC 3339 instant"),
}


@pytest.mark.parametrize(("example", "said"), WRONG.values(), ids=WRONG)
def test_an_example_is_held_to_all_it_says(
    example: dict[str, Any], said: str, tmp_path: Path
) -> None:
    assert said in problems(tmp_path, PRIVATE, example, UNREAD)


NULLABLE = {"type": ["string", "null"]}
X_KEY = {"properties": {"Keys": {"items": {"properties": {"Id": {"const": "x"}}}}}}
MISSING = {
    "COMPLIANT": ([PUBLIC, UNREAD], {}, "expected an example for COMPLIANT"),
    "NON_COMPLIANT": ([PRIVATE, UNREAD], {}, "expected an example for NON_COMPLIANT"),
    "INSUFFICIENT_DATA": ([PRIVATE, PUBLIC], {}, "expected an example for INSUFFICIENT_DATA"),
    "NOT_APPLICABLE": (
        [PRIVATE, PUBLIC, UNREAD],
        {"applies_when": {"properties": {"Name": {"const": "a"}}}},
        "expected an example for NOT_APPLICABLE",
    ),
    "a path": (
        [PRIVATE, PUBLIC, UNREAD],
        {"compliant_when": {"properties": {"Public": {"const": False}, **X_KEY["properties"]}}},
        "expected /properties/Keys/*/Id to occur in an example for COMPLIANT",
    ),
    "a path of a severity": (
        [PRIVATE, PUBLIC, UNREAD],
        {"severity_when": [{"when": X_KEY, "severity": "low", "because": "of it"}]},
        "expected /properties/Keys/*/Id to occur in an example for COMPLIANT or NON_COMPLIANT",
    ),
}


@pytest.mark.parametrize(("examples", "overrides", "said"), MISSING.values(), ids=MISSING)
def test_every_verdict_and_path_needs_an_example(
    examples: list[dict[str, Any]], overrides: dict[str, Any], said: str, tmp_path: Path
) -> None:
    assert said in problems(tmp_path, *examples, **overrides)


def test_what_an_example_leaves_out_in_lists_is_completed() -> None:
    element = {
        "type": "object",
        "required": ["Id", "Note", "Users", "Owner"],
        "properties": {
            "Id": {"type": "string"},
            "Note": {"type": ["string", "null"]},
            "Users": {"type": "array"},
            "Owner": {"type": "object", "required": ["Name"], "properties": {"Name": NULLABLE}},
        },
    }

    whole = completed([{"Id": "k"}], ({"type": "array", "items": element},))

    assert whole == [{"Id": "k", "Note": None, "Users": [], "Owner": {"Name": None}}]


def test_a_value_without_a_neutral_one_is_not_made_up() -> None:
    needed = {"type": "object", "required": ["Id"], "properties": {"Id": {"type": "string"}}}

    assert completed({}, (needed,)) == {}


def test_examples_have_a_fixed_now_of_their_own(tmp_path: Path) -> None:
    condition = {"properties": {"Created": {"maxAgeDays": 1}}}
    old = {"name": "old", "expect": "NON_COMPLIANT", "now": "2026-01-02T00:00:00Z"}
    unread = {"name": "unread", "expect": "INSUFFICIENT_DATA", "gaps": ["/properties/Created"]}

    said = problems(tmp_path, PRIVATE, old, unread, compliant_when=condition)

    assert said == ""


def test_damage_that_the_type_declares_is_no_damage(tmp_path: Path) -> None:
    condition = {"properties": {"Size": {"type": ["integer", "null"]}}}
    unread = {"name": "unread", "expect": "INSUFFICIENT_DATA", "gaps": ["/properties/Size"]}

    said = problems(tmp_path, PRIVATE, unread, compliant_when=condition)

    assert "still COMPLIANT" not in said


KEYS = {"properties": {"Keys": {"items": {"properties": {"Id": {"enum": ["k", "l"]}}}}}}


def lax_type() -> ResourceType:
    """Return the type with elements of Keys that nothing is required of."""
    section = THING.schema["properties"]["properties"]
    lax = {"type": "array", "items": {"properties": {"Id": {"type": "string"}}}}
    properties = {**section, "properties": {**section["properties"], "Keys": lax}}
    facets = {**THING.schema["properties"], "properties": properties}
    return replace(THING, schema={**THING.schema, "properties": facets})


def survivors(of: ResourceType, judge: Rule) -> list[str]:
    keyed = item(Keys=[{"Id": "k", "Created": "2026-01-01T00:00:00Z"}])
    return list(surviving_mutations(of, Rulebook.of([judge], [of]), keyed, NOW))


def test_damage_is_found_by_the_rule_where_the_type_is_lax() -> None:
    assert survivors(lax_type(), rule(document(compliant_when=KEYS))) == []


def test_damage_is_found_by_the_type_where_the_rule_is_lax() -> None:
    unguarded = replace(rule(document(compliant_when=KEYS)), condition=KEYS_UNGUARDED)

    assert survivors(THING, unguarded) == []


def test_damage_that_neither_finds_is_reported() -> None:
    unguarded = replace(rule(document(compliant_when=KEYS)), condition=KEYS_UNGUARDED)

    assert survivors(lax_type(), unguarded) == [
        "still COMPLIANT with /properties/Keys/*/Id deleted",
        "still COMPLIANT with /properties/Keys/*/Id in another case",
    ]


KEYS_UNGUARDED = {"properties": {"properties": KEYS}}


def test_a_record_is_completed_with_what_the_rule_looks_at() -> None:
    record = completed_record({"userIdentity": {"type": "Root"}}, [("iam.amazonaws.com", "*")])

    assert record["eventSource"] == "iam.amazonaws.com"
    assert record["userIdentity"]["arn"] == "arn:aws:iam::111122223333:root"
    assert "userName" not in record["userIdentity"]
