"""A duplicate is the same id and the same content; nothing else is swallowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.replay.seen import Novelty, Seen, Sighting

NEW, DUPLICATE, REUSED = Novelty.NEW, Novelty.DUPLICATE, Novelty.REUSED


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ("aa", [NEW, DUPLICATE]),
        ("ab", [NEW, REUSED]),
        ("abab", [NEW, REUSED, DUPLICATE, DUPLICATE]),
        ("abca", [NEW, REUSED, REUSED, DUPLICATE]),
    ],
)
def test_contents_under_one_id(contents: str, expected: list[Novelty]) -> None:
    with Seen() as seen:
        found = [seen.observe("id", Sighting(ord(c), at))[0] for at, c in enumerate(contents)]

    assert found == expected


def test_a_duplicate_names_the_first_with_its_content() -> None:
    with Seen() as seen:
        for at, content in enumerate((1, 2)):
            seen.observe("id", Sighting(content, at))

        assert seen.observe("id", Sighting(2, 7))[1].place == 1


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 2)), max_size=60))
def test_what_went_to_disk_is_still_known(records: list[tuple[str, int]]) -> None:
    with Seen() as roomy, Seen(recent_limit=3) as cramped:
        for place, (key, content) in enumerate(records):
            mine = Sighting(content, place)

            assert cramped.observe(key, mine) == roomy.observe(key, mine)
