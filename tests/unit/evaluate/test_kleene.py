"""Three-valued judging: proven means proven, whatever the hole hides."""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from chalicelib.evaluate._kleene import equal, judge, shadow_of

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["s", "t"]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.fixed_dictionaries({"x": inner}),
    max_leaves=4,
)
DOCUMENTS = st.fixed_dictionaries({"v": VALUES})
LEAVES = st.one_of(
    st.builds(lambda v: {"const": v}, SCALARS),
    st.builds(lambda v: {"enum": v}, st.lists(SCALARS, min_size=1, max_size=2)),
    st.builds(lambda k, v: {k: v}, st.sampled_from(["minimum", "maximum"]), st.integers(0, 3)),
    st.builds(lambda v: {"type": v}, st.sampled_from(["array", "integer", "null", "object"])),
    st.builds(lambda v: {"minItems": v}, st.integers(1, 2)),
    st.builds(lambda v: {"maxItems": v}, st.integers(0, 2)),
)


def _wrapped(inner: Any) -> Any:
    return st.one_of(
        st.builds(lambda s: {"not": s}, inner),
        st.builds(lambda s: {"items": s}, inner),
        st.builds(lambda s: {"contains": s}, inner),
        st.builds(lambda s: {"properties": {"x": s}}, inner),
        st.builds(lambda s: {"type": "object", "required": ["x"], "properties": {"x": s}}, inner),
    )


def _joined(inner: Any) -> Any:
    several = st.lists(inner, min_size=1, max_size=2)
    return st.one_of(
        _wrapped(inner),
        st.builds(lambda s: {"allOf": s}, several),
        st.builds(lambda s: {"anyOf": s}, several),
    )


SCHEMAS = st.recursive(LEAVES, _joined, max_leaves=5)
#: Conditions that look at one place only: for these, what is decided is also proven.
NARROW = st.recursive(LEAVES, lambda inner: st.builds(lambda s: {"not": s}, inner), max_leaves=2)

FILLS: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 2, 3, 4, "s", "t", "u"),
    *([], [0], [1, "s"], [0, 1, 2, 3], [None], [{"x": 1}], [[]]),
    *({"x": 0}, {"x": 3}, {"x": None}, {"x": []}, {"x": [1]}, {"x": {"x": 2}}),
)


def _places(value: Any, path: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    yield path
    steps = value.items() if isinstance(value, dict) else ()
    steps = enumerate(value) if isinstance(value, list) else steps
    for step, inner in steps:
        yield from _places(inner, (*path, str(step)))


def _filled(document: Any, path: Sequence[str], fill: Any) -> Any:
    copy = deepcopy(document)
    parent = copy
    for step in path[:-1]:
        parent = parent[int(step) if isinstance(parent, list) else step]
    parent[int(path[-1]) if isinstance(parent, list) else path[-1]] = fill
    return copy


def _possible(document: Any, path: Sequence[str]) -> list[Any]:
    """Return what the document may be; a list in a hole has at least its elements."""
    value = document
    for step in path:
        value = value[int(step) if isinstance(value, list) else step]
    if not isinstance(value, list):
        return [_filled(document, path, fill) for fill in FILLS]
    more = [[], *([fill] for fill in FILLS), *([fill, 3] for fill in FILLS), [0, 1, 2]]
    return [_filled(document, path, [*value, *extra]) for extra in more]


@given(schema=SCHEMAS, document=DOCUMENTS, data=st.data())
def test_a_verdict_in_spite_of_a_hole_holds_for_everything_the_hole_may_hide(
    schema: Any, document: Any, data: st.DataObject
) -> None:
    hole = data.draw(st.sampled_from(list(_places(document["v"], ("v",)))))
    whole = {"properties": {"v": schema}}

    verdict = judge(whole, document, shadow_of([hole]))

    seen = {jsonschema_rs.is_valid(whole, one) for one in _possible(document, hole)}
    assert verdict is None or seen == {verdict}


@given(schema=NARROW, value=VALUES)
def test_a_condition_on_one_place_is_undecided_only_where_the_hole_decides(
    schema: Any, value: Any
) -> None:
    document, whole = {"v": value}, {"properties": {"v": schema}}

    verdict = judge(whole, document, shadow_of([("v",)]))

    seen = {jsonschema_rs.is_valid(whole, one) for one in _possible(document, ("v",))}
    assert (verdict is None) == (len(seen) > 1)


@given(schema=SCHEMAS, document=DOCUMENTS)
def test_without_holes_three_engines_agree(schema: Any, document: Any) -> None:
    verdicts = {
        judge(schema, document),
        jsonschema_rs.is_valid(schema, document),
        Draft202012Validator(schema).is_valid(document),
    }

    assert len(verdicts) == 1


BAD = {"items": {"not": {"const": 9}}}
TABLE: dict[str, tuple[Any, Any, bool | None]] = {
    "items fails by a proven element": (BAD, [9], False),
    "items that pass so far are undecided": (BAD, [1], None),
    "contains holds by a proven element": ({"contains": {"const": 9}}, [9], True),
    "contains may still come true": ({"contains": {"const": 9}}, [1], None),
    "enough elements already": ({"minItems": 1}, [1], True),
    "too few elements so far": ({"minItems": 2}, [1], None),
    "too many elements already": ({"maxItems": 0}, [1], False),
    "few enough so far": ({"maxItems": 1}, [1], None),
    "a null in a hole says nothing": ({"maxItems": 0}, None, None),
    "a text in a hole says nothing": ({"const": "a"}, "a", None),
    "a partial list is a list": ({"type": "array", **BAD}, [9], False),
    "both fail: proven by one": ({"allOf": [{"minItems": 5}, BAD]}, [9], False),
    "one of two holds": ({"anyOf": [{"minItems": 5}, {"contains": {"const": 9}}]}, [9], True),
    "not of a proven failure": ({"not": {"maxItems": 0}}, [1], True),
}


@pytest.mark.parametrize(("schema", "value", "expected"), TABLE.values(), ids=TABLE)
def test_what_a_partial_list_proves(schema: Any, value: Any, *, expected: bool | None) -> None:
    assert judge({"properties": {"v": schema}}, {"v": value}, shadow_of([("v",)])) is expected


def test_a_list_of_the_wrong_shape_proves_nothing() -> None:
    shadow = shadow_of([("v",)], opaque=[("v",)])

    assert judge({"properties": {"v": {"maxItems": 0}}}, {"v": [1]}, shadow) is None


def test_a_name_that_was_not_read_is_unknown_and_not_absent() -> None:
    schema = {"required": ["v"], "properties": {"v": {"const": 1}}}

    assert judge(schema, {}, shadow_of([("v",)])) is None


def test_a_hole_elsewhere_leaves_the_verdict_alone() -> None:
    assert judge({"properties": {"v": {"const": 1}}}, {"v": 1}, shadow_of([("w",)])) is True


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [(1, 1.0, True), (True, 1, False), (False, 0, False), ("a", "a", True), (None, False, False)],
)
def test_values_compare_as_json(one: Any, other: Any, *, same: bool) -> None:
    assert equal(one, other) is same
