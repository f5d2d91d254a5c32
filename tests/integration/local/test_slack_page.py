"""The stand-in behaves like Slack to a client and shows a person what was posted, harmlessly."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from tests.integration.local.conftest import raw_request
from vigil.local._slack_html import mrkdwn
from vigil.local.moto_server import EmbeddedAws
from vigil.local.slack_page import SlackStandIn, index_page

HOSTILE = (
    "&lt;script&gt;alert(1)&lt;/script&gt;<script>alert(1)</script>"
    "<img src=x onerror=alert(1)>\"'&<javascript:alert(1)|x>"
)


@pytest.fixture
def slack(aws: EmbeddedAws) -> SlackStandIn:
    stand_in = SlackStandIn()
    aws.add_page("/slack", stand_in)
    return stand_in


@pytest.fixture
def bot(aws: EmbeddedAws, slack: SlackStandIn) -> WebClient:
    assert slack.messages == ()
    return WebClient("xoxb-local", base_url=f"{aws.url}/slack/api/", retry_handlers=[])


def section(text: str) -> list[dict[str, Any]]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]


def test_messages_and_threads_are_kept(bot: WebClient, slack: SlackStandIn) -> None:
    parent = bot.chat_postMessage(channel="C1", text="open", blocks=section("*open*"))
    bot.chat_postMessage(channel="C1", text="closed", thread_ts=parent["ts"])

    first, second = slack.messages
    assert first.payload["blocks"] == section("*open*")
    assert second.thread_ts == parent["ts"]
    assert second.ts > first.ts


def test_a_message_can_be_edited(bot: WebClient, slack: SlackStandIn) -> None:
    posted = bot.chat_postMessage(channel="C1", text="open")

    bot.chat_update(channel="C1", ts=posted["ts"], text="resolved")

    (message,) = slack.messages
    assert (message.payload["text"], message.edited) == ("resolved", True)


def test_replies_are_found_with_their_metadata(bot: WebClient) -> None:
    posted = bot.chat_postMessage(
        channel="C1", text="open", metadata={"event_type": "t", "event_payload": {"id": "1"}}
    )

    answer = bot.conversations_replies(channel="C1", ts=posted["ts"], include_all_metadata=True)

    assert answer["messages"][0]["metadata"]["event_payload"] == {"id": "1"}


def test_metadata_is_shown_only_to_those_who_ask_and_survives_an_edit(bot: WebClient) -> None:
    metadata = {"event_type": "t", "event_payload": {"id": "1"}}
    posted = bot.chat_postMessage(channel="C1", text="open", metadata=metadata)
    bot.chat_update(channel="C1", ts=posted["ts"], text="resolved")

    plain = bot.conversations_history(channel="C1")["messages"][0]
    asked = bot.conversations_history(channel="C1", include_all_metadata=True)["messages"][0]

    assert "metadata" not in plain
    assert (asked["text"], asked["metadata"]) == ("resolved", metadata)


def test_the_history_is_newest_first_in_pages_and_without_replies(bot: WebClient) -> None:
    posted = [bot.chat_postMessage(channel="C1", text=text)["ts"] for text in "abc"]
    bot.chat_postMessage(channel="C1", text="reply", thread_ts=posted[0])

    first = bot.conversations_history(channel="C1", limit=2)
    cursor = first["response_metadata"]["next_cursor"]
    second = bot.conversations_history(channel="C1", limit=2, cursor=cursor)
    recent = bot.conversations_history(channel="C1", oldest=posted[1])

    assert [m["text"] for m in first["messages"]] == ["c", "b"]
    assert [m["text"] for m in second["messages"]] == ["a"]
    assert [m["text"] for m in recent["messages"]] == ["c"]


def test_a_revoked_token_posts_nothing(bot: WebClient, slack: SlackStandIn) -> None:
    slack.revoke("xoxb-local")

    with pytest.raises(SlackApiError, match="token_revoked"):
        bot.chat_postMessage(channel="C1", text="open")

    assert slack.messages == ()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C1"}, "no_text"),
        ({"channel": "", "text": "x"}, "channel_not_found"),
        ({"channel": "C1", "text": "x", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"channel": "C1", "text": "x", "blocks": section("x" * 3001)}, "invalid_blocks"),
        ({"channel": "C1", "text": "x" * 40_001}, "msg_too_long"),
    ],
)
def test_it_refuses_what_slack_refuses(
    bot: WebClient, arguments: dict[str, Any], error: str
) -> None:
    with pytest.raises(SlackApiError) as refused:
        bot.api_call("chat.postMessage", json=arguments)

    assert refused.value.response["error"] == error


def test_without_a_token_nothing_is_posted(aws: EmbeddedAws, slack: SlackStandIn) -> None:
    body = json.dumps({"channel": "C1", "text": "x"}).encode()
    headers = {"Content-Type": "application/json"}

    _, _, text = raw_request(
        aws.url, "POST", "/slack/api/chat.postMessage", body=body, headers=headers
    )

    assert json.loads(text)["error"] == "not_authed"
    assert slack.messages == ()


def test_it_can_ask_for_patience(bot: WebClient, slack: SlackStandIn) -> None:
    slack.refuse_next(2, status=429, retry_after_seconds=7)

    for _ in range(2):
        with pytest.raises(SlackApiError) as refused:
            bot.chat_postMessage(channel="C1", text="x")
        assert refused.value.response.headers["Retry-After"] == "7"
    assert bot.chat_postMessage(channel="C1", text="x")["ok"]
    assert slack.requests == 3


def test_it_can_break(bot: WebClient, slack: SlackStandIn) -> None:
    slack.refuse_next(status=500)

    with pytest.raises(SlackApiError) as refused:
        bot.chat_postMessage(channel="C1", text="x")
    assert refused.value.response.status_code == 500


def test_a_webhook_posts(aws: EmbeddedAws, slack: SlackStandIn) -> None:
    answer = WebhookClient(f"{aws.url}/slack/webhook").send(text="hello")

    assert (answer.status_code, answer.body) == (200, "ok")
    assert slack.messages[0].payload["text"] == "hello"


class Elements(HTMLParser):
    """Collects the tags of a page, and every attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember one tag."""
        self.tags.add(tag)
        self.attributes |= set(attrs)


def test_hostile_text_stays_text(aws: EmbeddedAws, bot: WebClient) -> None:
    bot.chat_postMessage(
        channel=HOSTILE,
        text=HOSTILE,
        blocks=[
            {"type": "header", "text": {"type": "plain_text", "text": HOSTILE}},
            *section(HOSTILE),
            {"type": "section", "fields": [{"type": "mrkdwn", "text": HOSTILE}]},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": HOSTILE}]},
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "url": "javascript:alert(1)",
                        "text": {"type": "plain_text", "text": HOSTILE},
                    }
                ],
            },
            {"type": HOSTILE},
        ],
        attachments=[{"color": "red;}</style><script>", "text": HOSTILE}],
    )

    status, headers, text = raw_request(aws.url, "GET", "/slack")

    elements = Elements()
    elements.feed(text)
    assert status == 200
    assert not elements.tags & {"script", "img", "a", "iframe", "form"}
    assert not [name for name, _ in elements.attributes if name.startswith("on")]
    assert "javascript:" not in "".join(value or "" for _, value in elements.attributes)
    assert re.match(r"default-src 'none'; style-src 'nonce-", headers["content-security-policy"])
    assert "unsafe" not in headers["content-security-policy"]


def test_the_page_shows_threads_below_their_parent(aws: EmbeddedAws, bot: WebClient) -> None:
    first = bot.chat_postMessage(channel="C1", text="first")
    bot.chat_postMessage(channel="C1", text="second")
    bot.chat_postMessage(channel="C1", text="reply to first", thread_ts=first["ts"])

    _, _, text = raw_request(aws.url, "GET", "/slack")

    assert text.index(">first<") < text.index("reply to first") < text.index(">second<")


def test_colours_become_classes_because_inline_styles_are_forbidden(
    aws: EmbeddedAws, bot: WebClient
) -> None:
    bot.chat_postMessage(channel="C1", text="x", attachments=[{"color": "#D00000", "text": "y"}])

    _, _, text = raw_request(aws.url, "GET", "/slack")

    assert ".cd00000{border-color:#d00000}" in text
    assert 'class="attachment cd00000"' in text
    assert " style=" not in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* _it_ ~no~ `a*b*`", "<b>bold</b> <i>it</i> <s>no</s> <code>a*b*</code>"),
        ("a &lt;b&gt; &amp;amp; c", "a &lt;b&gt; &amp;amp; c"),
        (
            "<https://a.example/?x=1&amp;y=2|go>",
            '<a rel="noreferrer noopener" href="https://a.example/?x=1&amp;y=2">go</a>',
        ),
        ("<javascript:alert(1)|go>", "go"),
        ("<!here> <@U1>", "!here @U1"),
        ("one\ntwo", "one<br>two"),
        ("```*x*```", "<pre>*x*</pre>"),
    ],
)
def test_slacks_markup_is_rendered(text: str, shown: str) -> None:
    assert mrkdwn(text) == shown


def test_the_index_leads_to_the_page(aws: EmbeddedAws) -> None:
    aws.add_page("/", index_page({"/slack": "messages"}))

    assert '<a href="/slack">' in raw_request(aws.url, "GET", "/")[2]
