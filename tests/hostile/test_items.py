"""No resource, whatever it is called and tagged with, ends a look or acts where it is told of."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model import (
    Compliance,
    ConfigurationItem,
    Gap,
    GapReason,
)
from chalicelib.model.pointer import is_below, tokens_of
from chalicelib.resources._plain import plain
from tests.hostile.corpus import nested
from tests.hostile.mutations import at, json_values, paths, replaced, text_paths, texts
from tests.hostile.reach import (
    ITEMS,
    LONG,
    QUICK,
    each_share,
    each_text,
    looked_at,
    named,
    share_of,
    tagged,
)
from tests.hostile.way import exposed_items

#: Deeper than any answer that AWS declares; jsonschema-rs gives up at 255.
DEPTH = 200


def with_value(item: ConfigurationItem, path: tuple[str | int, ...], new: Any) -> ConfigurationItem:
    """Return the item with one described value replaced."""
    raw = {"properties": item.properties, "observed": item.observed}
    return replace(item, **replaced(raw, path, new))


def _raw_paths(item: ConfigurationItem) -> list[tuple[str | int, ...]]:
    """Return the places of described values; below a gap the frame puts nothing but null."""
    raw = {"properties": item.properties, "observed": item.observed}
    unread = [tokens_of(gap.pointer) for gap in item.gaps]
    return [
        path
        for path in paths(raw)
        if len(path) > 1 and not any(is_below(tuple(map(str, path)), gap) for gap in unread)
    ]


def _raw_texts(item: ConfigurationItem) -> list[tuple[str | int, ...]]:
    raw = {"properties": item.properties, "observed": item.observed}
    return [path for path in text_paths(raw) if len(path) > 1]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.ref.type)
def test_every_type_is_told_of(item: ConfigurationItem) -> None:
    assert looked_at(item).notices


@each_share
@each_text
def test_a_resource_with_a_hostile_name_and_tags_does_no_harm(text: str, share: int) -> None:
    for item in share_of(ITEMS, text, share):
        done = looked_at(tagged(named(item, text), text))

        assert done.notices, item.ref.type


@each_share
@each_text
def test_a_resource_that_becomes_hostile_in_every_text_does_no_harm(text: str, share: int) -> None:
    for item in share_of(ITEMS, text, share):
        spoilt = item
        for path in _raw_texts(item):
            spoilt = with_value(spoilt, path, text)
        looked_at(item, spoilt, spoilt, item)


@each_share
@each_text
def test_an_answer_of_aws_that_quotes_hostile_text_does_no_harm(text: str, share: int) -> None:
    for item in share_of(ITEMS, text, share):
        gap = Gap(
            pointer="/" + "/".join(map(str, _raw_paths(item)[0])),
            reason=GapReason.DENIED,
            call="s3:GetBucketPolicy",
            error=plain(text),
            principal=plain(text),
        )
        looked_at(replace(item, gaps=(gap,)), replace(item, gaps=(gap,)))


@QUICK
@given(st.data())
def test_a_resource_with_any_value_anywhere_does_no_harm(data: st.DataObject) -> None:
    _spoil_an_item(data)


@pytest.mark.slow
@LONG
@given(st.data())
def test_any_resource_with_any_value_anywhere_does_no_harm(data: st.DataObject) -> None:
    _spoil_an_item(data)


def _spoil_an_item(data: st.DataObject) -> None:
    item = data.draw(st.sampled_from(exposed_items()))
    spoilt = item
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(_raw_paths(spoilt)))
        spoilt = with_value(spoilt, path, data.draw(texts | json_values))
    looked_at(item, spoilt)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.ref.type)
def test_a_value_of_any_depth_is_never_judged_compliant(item: ConfigurationItem) -> None:
    for path in [path for path in _raw_paths(item) if len(path) == 2]:
        raw = {"properties": item.properties, "observed": item.observed}
        if at(raw, path) == []:
            continue
        done = looked_at(with_value(item, path, nested(DEPTH)))

        (look,) = [known.look for known in done.store.known_by_key.values()]
        assert look is not None
        assert Compliance.INSUFFICIENT_DATA in {v.compliance for v in look.verdicts.values()} or (
            done.notices
        )
