"""Slack messages on a terminal: complete, aligned, and never obeyed."""

import io

import pytest
from rich.console import Console

from vigil.demo.screen import show
from vigil.local._slack_html import Shown

HASH = "18fc6f22967a48f8cc9529e1b204f50e"
EVENT = "b9928e54-889f-43b8-abd9-98174b0026db"


def screen_of(*blocks: dict[str, object], width: int = 80, thread: str | None = None) -> str:
    console = Console(file=io.StringIO(), width=width)
    payload = {"blocks": list(blocks)}
    show(Shown(ts="1.0", channel="C", payload=payload, thread_ts=thread), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def section(text: str, kind: str = "plain_text") -> dict[str, object]:
    return {"type": "section", "text": {"type": kind, "text": text}}


def context(text: str) -> dict[str, object]:
    return {"type": "context", "elements": [{"type": "plain_text", "text": text}]}


@pytest.mark.parametrize("width", [80, 100, 200])
def test_nothing_is_wider_than_the_terminal_or_a_page(width: int) -> None:
    shown = screen_of(section("word " * 100), section("Who: " + "x" * 150), width=width)

    assert max(map(len, shown.splitlines())) <= min(width, 100)
    assert shown.count("x") == 150


def test_facts_and_advice_stand_in_a_column_of_labels() -> None:
    shown = screen_of(
        section("Where: here\nWho: alice"),
        section(
            '*Why it matters* a &lt;b&gt; &amp; c\n*How to fix* allow "s3:*", not "*"', "mrkdwn"
        ),
    )

    lines = [line.strip("│ ").split("  ") for line in shown.splitlines()]
    assert ["Where", "here"] in [[part.strip() for part in line if part] for line in lines]
    assert "a <b> & c" in shown
    assert 'allow "s3:*", not "*"' in shown


def test_a_long_value_loses_its_middle() -> None:
    shown = screen_of(section(f"/x: {'a' * 300} → {'b' * 300}"))

    assert " … " in shown
    assert 80 < shown.count("a") < 100
    assert 80 < shown.count("b") < 100


@pytest.mark.parametrize(
    ("pointer", "shown"),
    [
        ("/observed/" + "p" * 60 + "/IsLogging", "…/IsLogging: true"),
        ("/" + "p" * 30 + "/" + "q" * 30 + "/r", "…/" + "q" * 30 + "/r: true"),
        ("/" + "p" * 57, "/" + "p" * 57 + ":"),
        ("/" + "p" * 80, "…" + "p" * 57 + ":"),
    ],
    ids=["its last segment", "what fits of its segments", "all of a short one", "one huge segment"],
)
def test_of_a_long_pointer_the_end_is_shown(pointer: str, shown: str) -> None:
    assert shown in screen_of(section(f"Changed: {pointer}: true → false"))


def test_a_short_difference_is_whole() -> None:
    assert "/a/b: true → false" in screen_of(section("Changed: /a/b: true → false"))


def test_what_a_first_look_found_is_seen_and_not_changed() -> None:
    shown = screen_of(section("Seen: /a/b: true"))

    assert "Seen" in shown
    assert "/a/b: true" in shown
    assert "Changed" not in shown
    assert "Seen:" not in shown


def test_the_footnote_drops_ids_and_keeps_the_rule() -> None:
    shown = screen_of(context(f"a-rule · finding {HASH} revision 1 · event {EVENT} · owner red"))

    assert "a-rule · owner red" in shown
    assert HASH not in shown
    assert EVENT not in shown


def test_a_name_that_looks_like_markup_is_shown_as_written() -> None:
    assert "[red]x[/red] [link=http://e]y" in screen_of(section("[red]x[/red] [link=http://e]y"))


def test_a_reply_says_that_it_stands_in_a_thread() -> None:
    assert "in the thread" in screen_of(section("✅ Resolved"), thread="0.5")
    assert "in the thread" not in screen_of(section("✅ Resolved"))
