"""Slack's weather: what it answers at which hour, or that its answer never comes.

It stands between the wire and the stand-in. A spell that loses answers lets Slack do all the same:
then the message is there and nobody was told so.
"""

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from typing import Any

from tests.integration.notify.world import Clock
from vigil.local._call import Answer, Call
from vigil.local.slack_page import SlackStandIn

#: How long a call takes, and how long the client waits for one that is never answered.
CALL = timedelta(milliseconds=200)
TIMEOUT = timedelta(seconds=10)
DAY = timedelta(days=1)
_POSTS = ("/chat.postMessage", "/webhook/")
_EDITS = ("/chat.update",)


class Loss(StrEnum):
    """What becomes of a call that is not answered as it should be."""

    REFUSED = "refused"
    DROPPED = "dropped"
    DONE_ANYWAY = "done anyway"


@dataclass(kw_only=True)
class Spell:
    """Weather from one instant to another.

    Attributes:
        answer: What is answered; None closes the connection without an answer.
        every: It meets every n-th call.
        retry_after: What a patient client waits for; no post may come earlier.
        rich_only: It meets only messages with blocks: plain text gets through.
    """

    begins: datetime
    ends: datetime
    answer: Answer | None
    loss: Loss = Loss.REFUSED
    every: int = 1
    retry_after: timedelta | None = None
    rich_only: bool = False
    calls: int = 0

    def meets(self, now: datetime, call: Call) -> bool:
        """Tell whether this call has bad luck."""
        if not self.begins <= now < self.ends or (self.rich_only and not _blocks_in(call)):
            return False
        self.calls += 1
        return self.calls % self.every == 0


@dataclass(kw_only=True)
class Post:
    """A message that Slack took."""

    at: datetime
    ts: str
    answered: bool


@dataclass
class Weather:
    """The stand-in as it is reached.

    Attributes:
        impatient: Posts that came before a Retry-After had passed.
        refused: How many writes were refused or never arrived.
        unsure: After how many writes nobody could tell whether Slack took them.
    """

    slack: SlackStandIn
    clock: Clock
    spells: list[Spell] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    impatient: list[datetime] = field(default_factory=list)
    refused: int = 0
    unsure: int = 0
    open_at: datetime | None = None

    def __call__(self, call: Call) -> Answer:
        """Answer a call, or not."""
        self.clock.wait(CALL)
        if not any(name in call.path for name in _POSTS + _EDITS):
            return self.slack(call)
        now = self.clock.now()
        is_post = any(name in call.path for name in _POSTS)
        if is_post and self.open_at and now < self.open_at:
            self.impatient.append(now)
        spell = next((s for s in self.spells if s.meets(now, call)), None)
        if spell is None:
            return self._done(call, answered=True)
        return self._spoiled(spell, call)

    def _spoiled(self, spell: Spell, call: Call) -> Answer:
        if spell.retry_after:
            self.open_at = self.clock.now() + spell.retry_after
        if spell.loss is Loss.DONE_ANYWAY:
            self._done(call, answered=False)
        else:
            self.refused += 1
        self.unsure += _leaves_open(spell.answer)
        if spell.answer is None:
            self.clock.wait(TIMEOUT if spell.loss is Loss.DONE_ANYWAY else timedelta(0))
            return _hung_up(call)
        return spell.answer

    def _done(self, call: Call, *, answered: bool) -> Answer:
        before = len(self.slack.messages)
        answer = self.slack(call)
        for message in self.slack.messages[before:]:
            self.posts.append(Post(at=self.clock.now(), ts=message.ts, answered=answered))
        return answer


def said(error: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Return a refusal of the Web API."""
    body = json.dumps({"ok": False, "error": error}).encode()
    kind = ("Content-Type", "application/json")
    return Answer(status=status, headers=(kind, *(headers or {}).items()), body=body)


def limited(value: str | None, *, now: datetime | None = None) -> Answer:
    """Return a 429 with this Retry-After, and a Date where one is given."""
    headers = {"Retry-After": value} if value is not None else {}
    dated = {"Date": format_datetime(now, usegmt=True)} if now else {}
    return said("ratelimited", status=429, headers={**headers, **dated})


def page(status: int) -> Answer:
    """Return the error page of something between us and Slack."""
    return Answer(status=status, headers=(("Content-Type", "text/html"),), body=b"<html>oops")


def _blocks_in(call: Call) -> Any:
    return json.loads(call.body).get("blocks")


def _leaves_open(answer: Answer | None) -> bool:
    unsaid = answer is None or answer.status >= 500 or answer.body.startswith(b"<")
    return unsaid or b"fatal_error" in (answer.body if answer else b"")


def _hung_up(call: Call) -> Answer:
    """Close the connection; whatever is answered then reaches nobody."""
    call.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return Answer(status=200)
