"""Evidence: where it points, how much of it is kept, and how it is worded."""

from typing import Any

import msgspec
import pytest

from chalicelib.evaluate._evidence import ACTUAL_LIMIT_BYTES, MAX_EVIDENCE
from chalicelib.evaluate.engine import judge_item
from chalicelib.model import Evidence
from tests.rulekit import NOW, book, document, item, opening


def evidence_of(facet: str, name: str, schema: Any, value: Any) -> tuple[Evidence, ...]:
    rules = book(document(compliant_when={facet: {name: schema}}))
    described = item(derived={name: value}) if facet == "derived" else item(**{name: value})
    return judge_item(described, rules, NOW)[0].evidence


def opened(schema: Any, *rows: Any) -> tuple[Evidence, ...]:
    return evidence_of("derived", "Openings", schema, list(rows))


PLACES: dict[str, tuple[Any, list[Any], list[str]]] = {
    "an element's property": (
        {"items": {"properties": {"FromPort": {"minimum": 1000}}}},
        [opening(2000, 2000), opening(22, 22)],
        ["/derived/Openings/1/FromPort"],
    ),
    "every row where none is allowed": (
        {"maxItems": 0},
        [opening(1, 1), opening(2, 2)],
        ["/derived/Openings/0", "/derived/Openings/1"],
    ),
    "the list where too many are": ({"maxItems": 1}, [opening(1, 1)] * 2, ["/derived/Openings"]),
    "the list where too few are": ({"minItems": 1}, [], ["/derived/Openings"]),
    "the list where nothing matches": (
        {"contains": {"properties": {"FromPort": {"const": 1}}}},
        [opening(2, 2)],
        ["/derived/Openings"],
    ),
    "the row that must not be there": (
        {"not": {"contains": {"properties": {"FromPort": {"const": 1}}}}},
        [opening(2, 2), opening(1, 1)],
        ["/derived/Openings/1"],
    ),
    "every failing branch of allOf": (
        {"allOf": [{"minItems": 3}, {"items": {"properties": {"ToPort": {"const": 1}}}}]},
        [opening(1, 1), opening(2, 2)],
        ["/derived/Openings", "/derived/Openings/1/ToPort"],
    ),
    "anyOf as a whole": (
        {"anyOf": [{"minItems": 3}, {"maxItems": 0}]},
        [opening(1, 1)],
        ["/derived/Openings"],
    ),
}


@pytest.mark.parametrize(("schema", "rows", "paths"), PLACES.values(), ids=PLACES)
def test_evidence_points_at_the_deepest_failing_place(
    schema: Any, rows: list[Any], paths: list[str]
) -> None:
    assert [evidence.path for evidence in opened(schema, *rows)] == paths


def test_an_empty_list_rests_on_what_the_fact_is_computed_from() -> None:
    (evidence,) = opened({"minItems": 1})

    assert evidence.because == ("/properties/Public",)


def test_a_whole_list_rests_on_the_reasons_of_all_its_rows() -> None:
    rows = [opening(1, 1, Because=["/a"]), opening(2, 2, Because=["/b", "/a"])]

    (evidence,) = opened({"maxItems": 1}, *rows)

    assert evidence.because == ("/a", "/b")


def test_a_value_inside_a_row_rests_on_the_rows_reasons() -> None:
    (evidence,) = opened({"items": {"properties": {"FromPort": {"const": 1}}}}, opening(2, 2))

    assert evidence.because == ("/properties/Public",)


def test_raw_values_need_no_reasons() -> None:
    (evidence,) = evidence_of("properties", "Public", {"const": False}, True)

    assert (evidence.path, evidence.because, evidence.actual) == ("/properties/Public", (), True)


def test_two_expectations_at_one_place_are_one_piece_of_evidence() -> None:
    schema = {"allOf": [{"minimum": 5}, {"enum": [7, 8]}]}

    (evidence,) = evidence_of("properties", "Size", schema, 1)

    assert evidence.expected == "at least 5; one of 7, 8"


def test_the_amount_of_evidence_is_bounded() -> None:
    assert len(opened({"maxItems": 0}, *[opening(n, n) for n in range(200)])) == MAX_EVIDENCE


def test_a_long_value_is_cut_and_kept_apart_by_its_hash() -> None:
    start = "x" * 5_000

    (one,) = evidence_of("properties", "Name", {"const": "a"}, start + "1")
    (other,) = evidence_of("properties", "Name", {"const": "a"}, start + "2")

    assert len(msgspec.json.encode(one.actual)) <= ACTUAL_LIMIT_BYTES
    assert one.actual != other.actual


def test_expectations_are_short() -> None:
    (evidence,) = evidence_of("properties", "Name", {"enum": ["y" * 150, "z" * 150]}, "a")

    assert len(evidence.expected) == 200


WORDS: dict[str, tuple[str, Any, Any, str]] = {
    "const": ("Size", {"const": 3}, 1, "3"),
    "enum": ("Size", {"enum": [3, 4]}, 1, "one of 3, 4"),
    "minimum": ("Size", {"minimum": 3}, 1, "at least 3"),
    "maximum": ("Size", {"maximum": 0}, 1, "at most 0"),
    "type": ("Size", {"type": ["null"]}, 1, "of type null"),
    "contains": ("Tags", {"contains": {"const": "a"}}, [], "an element (a)"),
    "minItems": ("Tags", {"minItems": 1}, [], "at least 1 element"),
    "no elements": ("Tags", {"maxItems": 0}, ["a"], "empty"),
    "not": ("Tags", {"not": {"minItems": 1}}, ["a"], "not (at least 1 element)"),
    "anyOf": ("Size", {"anyOf": [{"const": 3}, {"minimum": 9}]}, 1, "3 or at least 9"),
    "type and range": (
        "Size",
        {"anyOf": [{"type": "null"}, {"maximum": 0}]},
        1,
        "of type null or at most 0",
    ),
    "days left": ("Created", {"minDaysLeft": 7}, "2026-01-02T00:00:00Z", "at least 7 days ahead"),
}


@pytest.mark.parametrize(("name", "schema", "value", "expected"), WORDS.values(), ids=WORDS)
def test_expectations_read_as_words(name: str, schema: Any, value: Any, expected: str) -> None:
    assert evidence_of("properties", name, schema, value)[0].expected == expected
