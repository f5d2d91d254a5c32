"""Strings from strangers become harmless."""

import pytest

from chalicelib.ingest.text import clean, is_hidden


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("alice", "alice", id="plain"),
        pytest.param("a\nb\tc", "a b c", id="newline and tab"),
        pytest.param("a\x1b[31mb", "a\ufffd[31mb", id="terminal escape"),
        pytest.param("alice\u202egnp", "alice\ufffdgnp", id="right-to-left override"),
        pytest.param("ali\u200bce", "ali\ufffdce", id="zero-width space"),
        pytest.param("PM\u202f", "PM ", id="narrow no-break space"),
        pytest.param("Ådne Łukasz 山", "Ådne Łukasz 山", id="letters of any script"),
        pytest.param("x" * 20, "x" * 9 + "…", id="too long"),
        pytest.param("", None, id="empty"),
        pytest.param("***", None, id="masked"),
        pytest.param("HIDDEN_DUE_TO_SECURITY_REASONS", None, id="hidden by AWS"),
        pytest.param(7, None, id="number"),
        pytest.param({"a": 1}, None, id="object"),
        pytest.param(None, None, id="null"),
    ],
)
def test_a_kept_text_is_bounded_and_printable(given: object, kept: str | None) -> None:
    assert clean(given, 10 if given == "x" * 20 else 40) == kept


@pytest.mark.parametrize("text", ["", "  ", "...", "***", "****", "<sensitiveDataRemoved>"])
def test_masks_are_no_values(text: str) -> None:
    assert is_hidden(text)


@pytest.mark.parametrize("text", ["a", "*.example.com", "0", "arn:aws:s3:::*"])
def test_names_that_contain_mask_characters_are_values(text: str) -> None:
    assert not is_hidden(text)
