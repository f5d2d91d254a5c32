"""Legible: in one line, nothing acts, letters of any script stay."""

import pytest

from chalicelib.facts.legible import MARKS_LIMIT, legible


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        pytest.param("alice", "alice", id="plain"),
        pytest.param("Ådne Łukasz 山 שלום", "Ådne Łukasz 山 שלום", id="letters of any script"),
        pytest.param("a\nb\tc\u2028d\u0085e", "a b c d e", id="line ends"),
        pytest.param("\u00a0x\u3000", " x ", id="blanks"),
        pytest.param("a\x1b[31mb\x9b0m", "a\ufffd[31mb\ufffd0m", id="terminal commands"),
        pytest.param("a\u202eb\u2066c\u061cd", "a\ufffdb\ufffdc\ufffdd", id="directions"),
        pytest.param("a\u200bb\u2060c\u00add", "a\ufffdb\ufffdc\ufffdd", id="nothing to see"),
        pytest.param("a\U000e0041b\uffffc\ud800", "a\ufffdb\ufffdc\ufffd", id="tags and halves"),
        pytest.param("e\u0301 \u05e9\u05b8\u05c1", "e\u0301 \u05e9\u05b8\u05c1", id="marks in use"),
        pytest.param("✏️ 1️⃣", "✏️ 1️⃣", id="signs in their emoji form"),
        pytest.param("", "", id="empty"),
    ],
)
def test_a_text_shows_itself_and_does_nothing(given: str, shown: str) -> None:
    assert legible(given) == shown


def test_a_flood_of_marks_stays_on_its_letter() -> None:
    shown = legible("Z" + "\u0301\u20dd" * 100 + "a\u0301")

    assert len(shown) == 1 + MARKS_LIMIT + 2
    assert shown.endswith("a\u0301")
