"""A stand-in for Slack: its Web API and webhooks on the local server, and the page that shows them.

It refuses what Slack refuses most (no token, no text, too many blocks), so that a payload that
only works here is rare; it can be told to answer 429 or 500 a few times.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from vigil.local._call import Answer, Call
from vigil.local._slack_html import Html, Shown, messages_page, page

_API = "/slack/api/"
_WEBHOOK = "/slack/webhook"
_BLOCKS_LIMIT = 50
_SECTION_CHARS_LIMIT = 3000
_TEXT_CHARS_LIMIT = 40_000
_MESSAGES_KEPT = 1000
_PAGE_LIMIT = 100
_JSON_FIELDS = ("blocks", "attachments", "metadata")
_TOO_MANY = 429

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusals:
    status: int
    left: int
    retry_after_seconds: int


class SlackStandIn:
    """One workspace with whatever channels are posted to.

    Attributes:
        requests: How many posts, updates and webhooks arrived, refused ones included.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.requests = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._revoked: frozenset[str] = frozenset()
        self._messages: list[Shown] = []
        self._refusals = _Refusals(status=0, left=0, retry_after_seconds=0)

    @property
    def messages(self) -> tuple[Shown, ...]:
        """What was posted, oldest first, in its current revision."""
        with self._lock:
            return tuple(self._messages)

    def refuse_next(
        self, times: int = 1, *, status: int = _TOO_MANY, retry_after_seconds: int = 1
    ) -> None:
        """Answer the next requests with an error."""
        with self._lock:
            self._refusals = _Refusals(
                status=status, left=times, retry_after_seconds=retry_after_seconds
            )

    def revoke(self, *tokens: str) -> None:
        """Refuse exactly these bot tokens from now on."""
        self._revoked = frozenset(tokens)

    def delete(self, ts: str) -> None:
        """Delete a message, as a person can."""
        with self._lock:
            self._messages = [message for message in self._messages if message.ts != ts]

    def __call__(self, call: Call) -> Answer:
        """Answer a request below ``/slack``."""
        if call.path in {"/slack", "/slack/"}:
            return _html(messages_page(self.messages))
        if call.method != "POST" and not call.path.startswith(_API):
            return _plain(404, "not found")
        if refused := self._refused():
            return refused
        if call.path.startswith(_WEBHOOK):
            return self._webhook(call)
        if call.path.startswith(_API):
            return self._api(call)
        return _plain(404, "not found")

    def _refused(self) -> Answer | None:
        with self._lock:
            self.requests += 1
            refusals = self._refusals
            if refusals.left <= 0:
                return None
            self._refusals = replace(refusals, left=refusals.left - 1)
        if refusals.status != _TOO_MANY:
            return _plain(refusals.status, "error")
        after = (("Retry-After", str(refusals.retry_after_seconds)),)
        return _json({"ok": False, "error": "ratelimited"}, status=_TOO_MANY, headers=after)

    def _webhook(self, call: Call) -> Answer:
        payload = _payload_of(call)
        if error := _problem(payload):
            return _plain(400, error)
        self._post("webhook", payload)
        return _plain(200, "ok")

    def _api(self, call: Call) -> Answer:
        kind, _, token = call.header("authorization").partition(" ")
        if kind != "Bearer":
            return _json({"ok": False, "error": "not_authed"})
        if token in self._revoked:
            return _json({"ok": False, "error": "token_revoked"})
        method = {
            "auth.test": self._auth_test,
            "chat.postMessage": self._post_message,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
        }.get(call.path.removeprefix(_API))
        if method is None:
            return _json({"ok": False, "error": "unknown_method"})
        return _json(method(_payload_of(call)))

    def _auth_test(self, _: Payload) -> Payload:
        return {"ok": True, "team": "local", "team_id": "T0LOCAL", "user": "vigil", "bot_id": "B0"}

    def _post_message(self, payload: Payload) -> Payload:
        channel = str(payload.get("channel", ""))
        if not channel:
            return {"ok": False, "error": "channel_not_found"}
        if error := _problem(payload):
            return {"ok": False, "error": error}
        message = self._post(channel, payload)
        return {"ok": True, "channel": channel, "ts": message.ts, "message": _as_slack(message)}

    def _update(self, payload: Payload) -> Payload:
        if error := _problem(payload):
            return {"ok": False, "error": error}
        with self._lock:
            for index, message in enumerate(self._messages):
                if (message.ts, message.channel) == (payload.get("ts"), payload.get("channel")):
                    # Slack keeps the metadata that an edit does not mention.
                    kept = {k: v for k, v in message.payload.items() if k == "metadata"}
                    edited = replace(message, payload={**kept, **payload}, edited=True)
                    self._messages[index] = edited
                    return {"ok": True, "channel": message.channel, "ts": message.ts}
        return {"ok": False, "error": "message_not_found"}

    def _history(self, payload: Payload) -> Payload:
        """Return the channel without its replies, the newest first."""
        return _page([m for m in reversed(self.messages) if m.thread_ts in {None, m.ts}], payload)

    def _replies(self, payload: Payload) -> Payload:
        """Return a thread, its parent first."""
        thread = payload.get("ts")
        found = [m for m in self.messages if thread in {m.ts, m.thread_ts}]
        return _page(found, payload) if found else {"ok": False, "error": "thread_not_found"}

    def _post(self, channel: str, payload: Payload) -> Shown:
        thread = payload.get("thread_ts")
        with self._lock:
            message = Shown(
                ts=self._next_ts(),
                channel=channel,
                payload=payload,
                thread_ts=str(thread) if thread else None,
            )
            self._messages = [*self._messages[1 - _MESSAGES_KEPT :], message]
        return message

    def _next_ts(self) -> str:
        now = f"{self._clock():.6f}"
        last = self._messages[-1].ts if self._messages else "0"
        return now if float(now) > float(last) else f"{float(last) + 0.000001:.6f}"


def index_page(links: Mapping[str, str]) -> Callable[[Call], Answer]:
    """Return the page for ``/``: path → what is found there, in plain words."""

    def index(_: Call) -> Answer:
        body = "".join(f'<p><a href="{path}">{path}</a> {text}</p>' for path, text in links.items())
        return _html(page("Vigil on this machine", body))

    return index


def _problem(payload: Payload) -> str | None:
    blocks = payload.get("blocks") or []
    text = str(payload.get("text") or "")
    if not isinstance(blocks, list) or len(blocks) > _BLOCKS_LIMIT:
        return "invalid_blocks"
    if any(_is_too_long(block) for block in blocks):
        return "invalid_blocks"
    if len(text) > _TEXT_CHARS_LIMIT:
        return "msg_too_long"
    return None if text or blocks or payload.get("attachments") else "no_text"


def _is_too_long(block: Any) -> bool:
    text = block.get("text") if isinstance(block, Mapping) else None
    content = text.get("text", "") if isinstance(text, Mapping) else ""
    return len(str(content)) > _SECTION_CHARS_LIMIT


def _payload_of(call: Call) -> Payload:
    if "json" in str(call.environ.get("CONTENT_TYPE", "")):
        parsed = _parsed(call.body.decode(errors="replace"))
        return parsed if isinstance(parsed, dict) else {}
    text = call.body.decode(errors="replace") or call.query
    fields: Payload = dict(parse_qsl(text))
    for name in _JSON_FIELDS:
        if name in fields:
            fields[name] = _parsed(fields[name])
    return fields


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _page(messages: list[Shown], payload: Payload) -> Payload:
    """Return a page of messages; a cursor is the number of messages before it."""
    oldest = float(payload.get("oldest") or 0)
    wanted = [
        message
        for message in messages
        if message.channel == payload.get("channel") and float(message.ts) > oldest
    ]
    start, limit = int(payload.get("cursor") or 0), int(payload.get("limit") or _PAGE_LIMIT)
    shown = [_as_slack(message) for message in wanted[start : start + limit]]
    if str(payload.get("include_all_metadata")).lower() not in {"1", "true"}:
        shown = [{k: v for k, v in message.items() if k != "metadata"} for message in shown]
    more = start + limit < len(wanted)
    cursor = str(start + limit) if more else ""
    return {
        "ok": True,
        "messages": shown,
        "has_more": more,
        "response_metadata": {"next_cursor": cursor},
    }


def _as_slack(message: Shown) -> Payload:
    thread = {"thread_ts": message.thread_ts} if message.thread_ts else {}
    return {**message.payload, **thread, "type": "message", "ts": message.ts, "bot_id": "B0"}


def _html(page_: Html) -> Answer:
    return Answer(status=200, headers=page_.headers, body=page_.text.encode())


def _json(
    payload: Payload, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> Answer:
    kind = ("Content-Type", "application/json; charset=utf-8")
    return Answer(status=status, headers=(kind, *headers), body=json.dumps(payload).encode())


def _plain(status: int, text: str) -> Answer:
    return Answer(status=status, headers=(("Content-Type", "text/plain"),), body=text.encode())
