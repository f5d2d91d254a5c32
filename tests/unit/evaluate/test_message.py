"""Messages: look-ups only, and nothing in a value can act."""

from typing import Any

import pytest

from chalicelib.evaluate._message import MESSAGE_LIMIT_CHARS, render


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("{id} in {region}", {"id": "a", "region": "eu-west-1"}, "a in eu-west-1"),
        ("{actual.Port}", {"actual": {"Port": 22}}, "22"),
        ("{actual.Port}", {"actual": [{"Port": 22}, {"Port": 23}, {"Port": 22}]}, "22, 23"),
        ("{actual.Sources}", {"actual": {"Sources": []}}, "nothing"),
        ("{actual}", {"actual": True}, "true"),
        ("{actual}", {"actual": None}, "unknown"),
        ("{actual.Port}", {"actual": "text"}, "nothing"),
        ("{actor.name}", {"actor.name": "alice"}, "alice"),
        ("{parameter.days}", {"parameter": {"days": 90}}, "90"),
        ("{id}", {}, "unknown"),
    ],
)
def test_look_ups_are_filled(template: str, values: dict[str, Any], text: str) -> None:
    assert render(template, values) == text


def test_a_value_is_never_looked_up_again() -> None:
    assert render("{id}", {"id": "{account}", "account": "1"}) == "{account}"


def test_long_lists_are_counted() -> None:
    text = render("{actual.S}", {"actual": {"S": [str(n) for n in range(9)]}})

    assert text == "0, 1, 2, 3, 4 and 4 more"


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\u202e", "\u200b", "\ud800"])
def test_characters_that_would_break_or_reorder_a_line_are_replaced(character: str) -> None:
    assert render("{id}", {"id": f"a{character}b"}) == "a�b"


def test_a_message_is_one_line() -> None:
    assert render("{id}", {"id": "a\nb\u2028c"}) == "a b c"


def test_messages_are_bounded() -> None:
    values = {"actual": {"S": ["x" * 999] * 5 + ["y" * 999, "z" * 999]}}

    assert len(render("{actual.S} {actual.S} {actual.S} {actual.S}", values)) <= MESSAGE_LIMIT_CHARS
    assert len(render("{id}", {"id": "x" * 10_000})) == 200
