"""The closed grammar: what is refused, where, and what compiled conditions require."""

from typing import Any

import pytest

from chalicelib.errors import RuleDocumentError
from tests.rulekit import change_document, document, rule


def conditions(facet: str, name: str, schema: Any) -> dict[str, Any]:
    return document(compliant_when={facet: {name: schema}})


REFUSED = {
    "unknown keyword": ("properties", "Size", {"maximun": 3}, "unknown keyword 'maximun'"),
    "oneOf": ("properties", "Size", {"oneOf": [{"const": 1}]}, "unknown keyword 'oneOf'"),
    "if": ("properties", "Size", {"if": {"const": 1}}, "unknown keyword 'if'"),
    "$ref": ("properties", "Size", {"$ref": "#"}, "unknown keyword '$ref'"),
    "pattern": ("properties", "Name", {"pattern": "a"}, "unknown keyword 'pattern'"),
    "format": ("properties", "Name", {"format": "date"}, "unknown keyword 'format'"),
    "multipleOf": ("properties", "Size", {"multipleOf": 2}, "unknown keyword 'multipleOf'"),
    "minContains": ("properties", "Tags", {"minContains": 2}, "unknown keyword 'minContains'"),
    "dependentRequired": ("properties", "Policy", {"dependentRequired": {}}, "unknown keyword"),
    "unevaluatedItems": ("properties", "Tags", {"unevaluatedItems": {}}, "unknown keyword"),
    "prefixItems": ("properties", "Tags", {"prefixItems": []}, "unknown keyword"),
    "required": ("properties", "Policy", {"required": ["A"]}, "unknown keyword 'required'"),
    "empty schema": ("properties", "Size", {}, "at least one keyword"),
    "true as schema": ("properties", "Size", True, "at least one keyword"),
    "false inside not": ("properties", "Size", {"not": False}, "at least one keyword"),
    "empty anyOf": ("properties", "Size", {"anyOf": []}, "expected a list of schemas"),
    "anyOf as object": ("properties", "Size", {"anyOf": {"a": {}}}, "expected a list of schemas"),
    "unknown name": ("properties", "Sise", {"const": 1}, "unknown name 'Sise' (declared: Created"),
    "unknown facet": ("derives", "Size", {"const": 1}, "unknown name 'derives'"),
    "unknown fact": ("derived", "Closings", {"maxItems": 0}, "(declared: IsBad, Openings)"),
    "unknown nested name": (
        "derived",
        "Openings",
        {"items": {"properties": {"Port": {"const": 1}}}},
        "unknown name 'Port'",
    ),
    "name of an undeclared object": (
        "properties",
        "Policy",
        {"properties": {"Statement": {"maxItems": 0}}},
        "unknown name 'Statement' (declared: none)",
    ),
    "items of a text": ("properties", "Name", {"items": {"const": "a"}}, "needs array"),
    "number of a text": ("properties", "Name", {"maximum": 3}, "needs number, but string"),
    "age of a number": ("properties", "Size", {"maxAgeDays": 3}, "needs string"),
    "two types at once": ("properties", "Size", {"items": {"const": 1}, "maximum": 1}, "different"),
    "impossible const": (
        "derived",
        "Openings",
        {"items": {"properties": {"Protocol": {"const": "TCP"}}}},
        "'TCP' can never occur here",
    ),
    "impossible enum": ("properties", "Public", {"enum": [True, "yes"]}, "'yes' can never occur"),
    "const list": ("properties", "Tags", {"const": []}, "expected a text, number"),
    "infinite maximum": ("properties", "Size", {"maximum": float("inf")}, "expected a number"),
    "boolean maximum": ("properties", "Size", {"maximum": True}, "expected a number"),
    "negative length": ("properties", "Tags", {"maxItems": -1}, "expected a whole number"),
    "unknown type": ("properties", "Size", {"type": "int"}, "expected one or more of array"),
    "age beside others": ("properties", "Created", {"maxAgeDays": 1, "const": "a"}, "stand alone"),
    "negative age": ("properties", "Created", {"maxAgeDays": -1}, "days from 0 to 36500"),
    "age elsewhere read as text": (
        "properties",
        "Created",
        {"anyOf": [{"maxAgeDays": 1}, {"const": "2026-01-01T00:00:00Z"}]},
        "judged as an age elsewhere",
    ),
    "contains over nested lists": (
        "derived",
        "Openings",
        {"contains": {"properties": {"Sources": {"contains": {"const": "a"}}}}},
        "refused keyword 'contains' inside contains; derive a fact",
    ),
    "contains with not": (
        "properties",
        "Tags",
        {"contains": {"not": {"const": "a"}}},
        "refused keyword 'not' inside contains",
    ),
    "contains with no property": ("derived", "Openings", {"contains": {"properties": {}}}, "pairs"),
    "too deep": (
        "properties",
        "Size",
        {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {
            "not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {
                "const": 1}}}}}}}}}}}}}}}}}}}}}}},
        "nested at most",
    ),
    "unknown parameter": ("properties", "Size", {"const": {"parameter": "x"}}, "parameter 'x'"),
}  # fmt: skip


@pytest.mark.parametrize(("facet", "name", "schema", "said"), REFUSED.values(), ids=REFUSED)
def test_what_the_grammar_does_not_know_is_refused(
    facet: str, name: str, schema: Any, said: str
) -> None:
    with pytest.raises(RuleDocumentError) as refusal:
        rule(conditions(facet, name, schema))

    assert said in str(refusal.value)
    assert str(refusal.value).startswith("t.yaml:1: compliant_when/")


def test_a_name_that_is_read_must_be_there_and_of_its_type() -> None:
    compiled = rule(conditions("properties", "Size", {"maximum": 3})).condition

    section = compiled["properties"]["properties"]
    assert section["required"] == ["Size"]
    assert section["properties"]["Size"] == {"type": "number", "maximum": 3}


def test_inside_not_nothing_is_required_so_that_a_missing_value_fails() -> None:
    condition = {"items": {"not": {"properties": {"FromPort": {"maximum": 22}}}}}

    compiled = rule(conditions("derived", "Openings", condition)).condition

    openings = compiled["properties"]["derived"]["properties"]["Openings"]
    assert openings["items"] == {"not": {"properties": {"FromPort": {"maximum": 22}}}}


def test_a_double_negation_requires_again() -> None:
    condition = {"not": {"not": {"maximum": 22}}}

    compiled = rule(conditions("properties", "Size", condition)).condition

    size = compiled["properties"]["properties"]["properties"]["Size"]
    assert size == {"not": {"not": {"type": "number", "maximum": 22}}}


def test_a_type_the_author_states_is_kept() -> None:
    condition = {"type": ["number", "null"], "maximum": 3}

    compiled = rule(conditions("properties", "Size", condition)).condition

    assert compiled["properties"]["properties"]["properties"]["Size"] == condition


def test_pointers_name_every_value_that_is_looked_at() -> None:
    openings = {"items": {"not": {"properties": {"FromPort": {"maximum": 22}}}}}
    written = document(
        compliant_when={"derived": {"Openings": openings}},
        applies_when={"properties": {"Name": {"const": "a"}}},
        severity_when=[
            {
                "when": {"observed": {"Attached": {"maximum": 0}}},
                "severity": "low",
                "because": "why",
            }
        ],
    )

    assert rule(written).pointers == (
        "/derived/Openings/*/FromPort",
        "/observed/Attached",
        "/properties/Name",
    )


def test_ages_become_numbers_of_seconds() -> None:
    compiled = rule(conditions("properties", "Keys", {"items": {"properties": {"Created": {
        "maxAgeDays": 90}}}}))  # fmt: skip

    (bound,) = compiled.time_bounds
    assert bound.path == ("properties", "Keys", "*", "Created")
    assert bound.limit_seconds == 90 * 86_400
    assert "maxAgeDays" not in str(compiled.condition)


def test_days_left_are_a_negative_age() -> None:
    (bound,) = rule(conditions("properties", "Created", {"minDaysLeft": 30})).time_bounds

    assert bound.limit_seconds == -30 * 86_400


def test_null_may_be_allowed_beside_an_age() -> None:
    condition = {"anyOf": [{"type": "null"}, {"maxAgeDays": 90}]}

    assert rule(conditions("properties", "Created", condition)).time_bounds


PARAMETERISED = document(
    compliant_when={"properties": {"Size": {"maximum": {"parameter": "limit"}}}},
    parameters={"limit": 3},
)


def test_parameters_are_put_in_when_compiling() -> None:
    default, strict = rule(PARAMETERISED), rule(PARAMETERISED, limit=1)

    def size(compiled: Any) -> Any:
        return compiled.condition["properties"]["properties"]["properties"]["Size"]["maximum"]

    assert (size(default), size(strict)) == (3, 1)
    assert default.hash != strict.hash


def test_a_parameter_of_the_wrong_type_is_refused_by_the_grammar() -> None:
    with pytest.raises(RuleDocumentError, match="expected a number"):
        rule(PARAMETERISED, limit="three")


def test_an_override_of_no_parameter_is_refused() -> None:
    with pytest.raises(RuleDocumentError, match="no parameter 'limits'"):
        rule(PARAMETERISED, limits=1)


def test_a_parameter_that_nothing_uses_is_refused() -> None:
    with pytest.raises(RuleDocumentError, match="no condition uses this parameter"):
        rule(document(parameters={"limit": 3}))


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("{id} {actual.Nope}", "unknown look-up {actual.Nope}"),
        ("{id} {actual.Because}", "unknown look-up {actual.Because}"),
        ("{id.__class__}", "unknown look-up {id.__class__}"),
        ("{0}", "a brace that belongs to no look-up"),
        ("{id!r} is", "a brace that belongs to no look-up"),
        ("{actor.name} did", "unknown look-up {actor.name}"),
    ],
)
def test_messages_look_up_only_what_there_is(message: str, said: str) -> None:
    openings = {"derived": {"Openings": {"maxItems": 0}}}

    with pytest.raises(RuleDocumentError) as refusal:
        rule(document(compliant_when=openings, message=message))

    assert said in str(refusal.value)


def test_an_unknown_resource_type_is_refused() -> None:
    with pytest.raises(RuleDocumentError, match="unknown resource type 'AWS::No::Such'"):
        rule(document(resource="AWS::No::Such"))


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"harmless_when": {"request": {"const": "a"}}}, "unknown name 'request'"),
        ({"harmless_when": {"kind": {"const": "api"}}}, "'api' can never occur here"),
        ({"harmless_when": {"derived": {"Raw": {"maxItems": 0}}}}, "unknown name 'Raw'"),
        ({"change": [{"names": ["A"]}]}, "expected source or sources"),
        ({"change": [{"names": ["*"]}]}, "expected source or sources"),
        ({"change": [{"source": "a.b", "names": ["*", "A"]}]}, '"*" alone'),
        (
            {"change": [{"kind": "api-call", "names": ["A"]}, {"source": "a.b", "names": ["A"]}]},
            "every entry must give the same kind",
        ),
    ],
)
def test_change_rules_name_only_normalised_fields(overrides: dict[str, Any], said: str) -> None:
    with pytest.raises(RuleDocumentError) as refusal:
        rule(change_document(**overrides))

    assert said in str(refusal.value)


def test_the_same_document_has_the_same_hash_and_another_one_another() -> None:
    assert rule(document()).hash == rule(document()).hash
    assert rule(document()).hash != rule(document(title="Things are secret")).hash
