"""What people look at shows hostile texts and obeys none: the local page, and the terminal."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from chalicelib.notify import slack
from tests.hostile.corpus import TEXTS, nested
from tests.hostile.harmless import (
    assert_page_is_harmless,
    assert_terminal_is_harmless,
)
from tests.hostile.mutations import free_texts, json_values, spoilt, texts
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
from vigil.demo.screen import show
from vigil.local._slack_html import Shown, messages_page
from vigil.local.slack_page import SlackStandIn
from vigil.local.slack_text import text_of

MARKUP = {"type": "mrkdwn", "text": "*b* <https://a.example|a>"}
PLAIN = {"type": "plain_text", "text": "x"}
#: A message with everything that the page knows.
RICH_MESSAGE = {
    "text": "x",
    "blocks": [
        {"type": "header", "text": PLAIN},
        {"type": "section", "text": MARKUP, "fields": [PLAIN, MARKUP]},
        {"type": "section", "accessory": {"text": PLAIN, "url": "https://a.example"}},
        {"type": "context", "elements": [PLAIN, MARKUP]},
        {"type": "actions", "elements": [{"text": PLAIN, "url": "https://a.example"}]},
        {"type": "divider"},
    ],
    "attachments": [{"color": "#ff0000", "text": "x", "blocks": [{"type": "divider"}]}],
}


def page_of(payload: Any, channel: str = "C") -> str:
    """Return the page with one message and its reply."""
    first = Shown(ts="1.000001", channel=channel, payload=payload)
    reply = Shown(ts="1.000002", channel=channel, payload=payload, thread_ts="1.000001")
    text = messages_page([first, reply]).text
    text.encode()
    return text


def screen_of(payload: slack.Payload) -> str:
    """Return what a colour terminal is sent."""
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system="truecolor")
    show(Shown(ts="1.0", channel="C", payload=payload), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def message_with(text: str) -> slack.Payload:
    """Return a message that bears a text in each of its places, escaped by nobody."""
    told = {"type": "plain_text", "text": f"Who: {text}\n/x: {text} → {text}\n{text}"}
    advice = {"type": "mrkdwn", "text": f"*Why it matters* {text}"}
    return {
        "text": text,
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": text}},
            {"type": "section", "text": told},
            {"type": "section", "text": advice},
            {"type": "context", "elements": [{"type": "plain_text", "text": text}]},
        ],
    }


@each_share
@each_text
def test_the_page_shows_vigils_messages_without_a_link_or_a_foreign_element(
    text: str, share: int
) -> None:
    for item in share_of(ITEMS, text, share):
        for payload in looked_at(tagged(named(item, text), text)).posted():
            page = assert_page_is_harmless(page_of(payload))
            assert not any(tag in ("a", "code", "pre", "s") for tag, _ in page.elements)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_page_obeys_no_text_that_nobody_escaped(text: str) -> None:
    assert_page_is_harmless(page_of(message_with(text), channel=text))
    assert_page_is_harmless(page_of({"text": text}))
    assert_page_is_harmless(page_of({"blocks": [{"type": text}, {"type": "header", "text": text}]}))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_terminal_shows_what_it_is_told_and_obeys_nothing(text: str) -> None:
    assert_terminal_is_harmless(screen_of(message_with(text)))


def test_the_terminal_shows_markup_as_written() -> None:
    shown = screen_of(message_with(TEXTS["rich markup"]))

    assert "[red]x[/red]" in shown
    assert "[link=http://evil.example]y[/link]" in shown


@QUICK
@given(spoilt((RICH_MESSAGE,), texts | free_texts | json_values))
def test_the_page_shows_any_payload(payload: Any) -> None:
    assert_page_is_harmless(page_of(payload))


@pytest.mark.slow
@LONG
@given(spoilt((RICH_MESSAGE,), texts | free_texts | json_values))
def test_the_page_really_shows_any_payload(payload: Any) -> None:
    assert_page_is_harmless(page_of(payload))


@QUICK
@given(
    st.lists(texts | st.sampled_from(["<", ">", "|", "*", "_", "`", "```", "&", '"']), max_size=9)
)
def test_the_page_shows_any_run_of_markup(pieces: list[str]) -> None:
    text = "".join(pieces)

    assert_page_is_harmless(page_of({"text": text}))
    assert_terminal_is_harmless(screen_of(message_with(text)))


def test_attachments_within_attachments_do_not_end_the_page() -> None:
    payload: Any = {"text": "x"}
    for _ in range(900):
        payload = {"text": "x", "attachments": [payload]}

    assert_page_is_harmless(page_of(payload))


def test_a_payload_of_any_depth_does_not_end_the_page() -> None:
    assert_page_is_harmless(page_of({"blocks": [{"type": nested(900), "text": nested(900)}]}))


def test_the_stand_in_keeps_what_it_was_told_readable() -> None:
    assert SlackStandIn().messages == ()
    assert text_of(message_with("<b>")).count("<b>") == 7
