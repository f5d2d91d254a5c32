"""Items without holes are judged the short way; it says what the long way says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.evaluate._evidence import failures
from chalicelib.evaluate._kleene import Shadow
from chalicelib.evaluate.engine import _case, _evaluation, judge_item
from chalicelib.model import RuleKind
from vigil.examples import Bench, item_of, now_of
from vigil.rulefiles import RuleFile, built_in, resource_types

TYPES = resource_types()
FILES = [f for f in built_in().files if f.rule.kind is RuleKind.CONFIGURATION]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.rule.id)
def test_the_short_way_judges_every_example_as_the_long_way_does(file: RuleFile) -> None:
    bench = Bench.of(file.rule, TYPES)
    assert bench.resource_type is not None
    own = bench.book.by_type[bench.resource_type.type]
    for example in file.examples:
        item, now = item_of(bench, example), now_of(example)
        for instant in (now, now + timedelta(days=100), NOW):
            if item.gaps or not own.closed.validator.is_valid(item.document()):
                continue

            long = [
                _evaluation(_case(r, item.document(), ()), item, own, instant) for r in own.rules
            ]

            assert judge_item(item, bench.book, instant) == tuple(long)


LEAVES = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from("ab")
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=8,
)
SIMPLE: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    ({"const": 1}, {"type": "object"}, {"maxItems": 0}, {"required": ["a"]}, {"minimum": 0})
)
SCHEMAS = st.recursive(
    SIMPLE,
    lambda inner: (
        st.builds(lambda s: {"items": s}, inner)
        | st.builds(lambda s: {"not": s}, inner)
        | st.builds(lambda s: {"not": {"contains": s}}, inner)
        | st.builds(lambda s, t: {"allOf": [s, t]}, inner, inner)
        | st.builds(lambda s, t: {"anyOf": [s, t]}, inner, inner)
        | st.builds(lambda s, t: {"type": "object", "properties": {"a": s, "b": t}}, inner, inner)
    ),
    max_leaves=6,
)


@given(SCHEMAS, VALUES)
@settings(deadline=None)
def test_failures_are_the_same_with_and_without_the_thought_of_holes(
    schema: dict[str, Any], value: Any
) -> None:
    assert list(failures(schema, value, None)) == list(failures(schema, value, Shadow()))
