"""Sentences are bounded, whatever a value is."""

from typing import Any

import pytest

from chalicelib.model import Difference
from chalicelib.notify.words import VALUE_LIMIT_CHARS, clean, difference_text, value_text


def nested(depth: int) -> Any:
    value: Any = "x"
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


@pytest.mark.parametrize("depth", [0, 50, 99, 100, 400, 900])
def test_a_value_of_any_depth_is_shown_bounded(depth: int) -> None:
    assert 0 < len(value_text(nested(depth))) <= VALUE_LIMIT_CHARS


def test_a_difference_of_huge_values_is_one_short_line() -> None:
    text = difference_text(Difference(pointer="/x" * 999, before="a\n" * 999, after=nested(400)))

    assert len(text) < 1_000
    assert text.isprintable()


@pytest.mark.parametrize("length", [199, 200, 201, 100_000])
def test_a_cleaned_text_is_never_longer_than_its_limit(length: int) -> None:
    assert len(clean("\u202e" * length, 200)) == min(length, 200)
