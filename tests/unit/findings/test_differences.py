"""Before → after is small, exact and bounded."""

from typing import Any

import pytest

from chalicelib.findings.differences import (
    DIFFERENCES_LIMIT,
    VALUE_LIMIT_BYTES,
    differences_between,
)

RULES = "/properties/Rules"


def document(**properties: Any) -> dict[str, Any]:
    return {"properties": properties, "observed": {}}


BEFORE = document(Rules=["a", "b", "c"], Block={"A": True, "B": True}, Name="x")

CASES: dict[str, tuple[dict[str, Any], str, list[tuple[str, Any, Any]]]] = {
    "nothing": (BEFORE, "", []),
    "a flag": (
        BEFORE["properties"] | {"Block": {"A": False, "B": True}}, "/properties/Block",
        [("/properties/Block/A", True, False)]),
    "a flag, asked for by name": (
        BEFORE["properties"] | {"Block": {"A": False, "B": False}}, "/properties/Block/A",
        [("/properties/Block/A", True, False)]),
    "an added element": (
        BEFORE["properties"] | {"Rules": ["a", "b", "n", "c"]}, RULES, [(f"{RULES}/2", None, "n")]),
    "a removed first element": (
        BEFORE["properties"] | {"Rules": ["b", "c"]}, RULES, [(f"{RULES}/0", "a", None)]),
    "another order": (BEFORE["properties"] | {"Rules": ["c", "a", "b"]}, RULES, []),
    "one replaced element": (
        BEFORE["properties"] | {"Rules": ["a", "n", "c"]}, RULES, [(f"{RULES}/1", "b", "n")]),
    "a new attribute": (
        BEFORE["properties"] | {"Policy": {"S": 1}}, "/properties/Policy",
        [("/properties/Policy", None, {"S": 1})]),
    "what nobody asked about": (BEFORE["properties"] | {"Name": "y"}, RULES, []),
    "a derived fact": (BEFORE["properties"] | {"Name": "y"}, "/derived/X/0", []),
}  # fmt: skip


@pytest.mark.parametrize(("after", "pointer", "expected"), CASES.values(), ids=CASES)
def test_the_smallest_differing_part_is_shown(
    after: dict[str, Any], pointer: str, expected: list[tuple[str, Any, Any]]
) -> None:
    now = after if "properties" in after else document(**after)

    found = differences_between(BEFORE, now, [pointer])

    assert [(d.pointer, d.before, d.after) for d in found] == expected


def test_without_a_known_before_only_the_offending_value_is_shown() -> None:
    (difference,) = differences_between(None, BEFORE, ["/properties/Name", "/derived/X"])

    assert (difference.before, difference.after) == (None, "x")


def test_there_are_never_too_many() -> None:
    after = document(Rules=[f"n{i}" for i in range(100)])

    assert len(differences_between(BEFORE, after, [RULES])) == DIFFERENCES_LIMIT


def test_a_large_value_is_cut() -> None:
    (difference,) = differences_between(None, document(Rules="é" * 5000), [RULES])

    assert len(difference.after.encode()) <= VALUE_LIMIT_BYTES
    assert difference.after.endswith("…")


def test_values_without_depth_limit_are_shown_whole() -> None:
    deep: Any = 1
    for _ in range(100):
        deep = {"x": deep}

    assert differences_between(document(Rules=None), document(Rules=deep), [RULES])
