"""Telling over real tables and a Slack on HTTP; time passes only when a test says so.

A process dies by `Killed`, which nothing catches: raised by a collaborator at a call that the test
names, before or after the call had its effect.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.errors import DeliveryError
from chalicelib.findings.deliveries import Deliveries
from chalicelib.findings.history import transition_from
from chalicelib.findings.store import DynamoStore
from chalicelib.model import (
    Commit,
    Detection,
    Finding,
    Known,
    Status,
    Times,
    Transition,
    TransitionKind,
)
from chalicelib.model.notice import Entry, Notice
from chalicelib.notify import slack
from chalicelib.notify._slack_clients import BotPoster, WebhookPoster
from chalicelib.notify.notices import notices_from
from chalicelib.pipeline.telling import Slacking, tell_digest, tell_slack
from tests.integration.conftest import Database
from tests.unit.notify.told import FINDING, transition
from vigil.local._call import Answer, Call
from vigil.local._slack_html import Shown
from vigil.local.slack_page import SlackStandIn
from vigil.local.slack_text import text_of

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
CHANNEL = "C0TEST"
TOKEN = "xoxb-a-token-nobody-may-see"
LEASE_IS_OVER = timedelta(seconds=91)
#: Time-outs are real; everything else passes on the test's clock.
TIMEOUT_SECONDS = 0.3
PUBLIC_READ, NO_TLS = "s3-bucket-no-public-read", "s3-bucket-tls-required"


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Clock:
    """A clock that stands still."""

    instant: datetime = NOW

    def now(self) -> datetime:
        """Return the instant."""
        return self.instant

    def wait(self, span: timedelta) -> None:
        """Let time pass."""
        self.instant += span


@dataclass
class Fuse:
    """Kills the process at its n-th call, or just after a post; by default never."""

    calls_left: int | None = None
    after_post: bool = False

    def burn(self) -> None:
        """Note a call, or end at it."""
        if self.calls_left is None:
            return
        if self.calls_left == 0:
            raise Killed
        self.calls_left -= 1


@dataclass
class FusedClient:
    """A DynamoDB client whose every call may be the last."""

    client: Any
    fuse: Fuse

    def __getattr__(self, name: str) -> Any:
        called = getattr(self.client, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self.fuse.burn()
            return called(*args, **kwargs)

        return call


@dataclass
class FusedPoster:
    """A way to Slack that may end before or after a message is posted."""

    poster: Any
    fuse: Fuse

    def post(self, payload: slack.Payload, **how: Any) -> str | None:
        """Post, unless the process ends before; it may end after."""
        self.fuse.burn()
        timestamp = self.poster.post(payload, **how)
        self.fuse.burn()
        if self.fuse.after_post:
            raise Killed
        return timestamp  # type: ignore[no-any-return] # the poster is any of two

    def update(self, timestamp: str, payload: slack.Payload) -> bool:
        """Edit, unless the process ends before."""
        self.fuse.burn()
        return bool(self.poster.update(timestamp, payload))

    def find(self, delivery_id: str, **where: Any) -> slack.Lookup:
        """Look, unless the process ends before."""
        self.fuse.burn()
        return self.poster.find(delivery_id, **where)  # type: ignore[no-any-return] # same


@dataclass
class Line:
    """The wire between Vigil and Slack: what is lost on it, Slack has done all the same.

    Attributes:
        answers: What to answer instead, next first; None answers too late.
    """

    slack: SlackStandIn
    answers: list[Answer | None] = field(default_factory=list)

    def __call__(self, call: Call) -> Answer:
        """Let Slack answer, and lose the answer where the test says so."""
        answer = self.slack(call)
        if not self.answers or not call.path.endswith(("chat.postMessage", "webhook")):
            return answer
        instead = self.answers.pop(0)
        if instead is not None:
            return instead
        threading.Event().wait(TIMEOUT_SECONDS * 2)
        return answer


@dataclass
class World:
    """A channel, its memory and the store behind it."""

    database: Database
    url: str
    slack: SlackStandIn
    line: Line
    clock: Clock
    store: DynamoStore
    client: Any
    digests: list[tuple[str, int]] = field(default_factory=list)
    webhook: bool = False

    @property
    def poster(self) -> Any:
        """Whichever way to Slack the test is about."""
        if self.webhook:
            return WebhookPoster(f"{self.url}/slack/webhook", timeout_seconds=TIMEOUT_SECONDS)
        return BotPoster(TOKEN, CHANNEL, f"{self.url}/slack/api/", timeout_seconds=TIMEOUT_SECONDS)

    def slacking(self, fuse: Fuse | None = None) -> Slacking:
        """Return a process that may end when the fuse does."""
        fuse = fuse or Fuse()
        client = FusedClient(self.client, fuse)
        return Slacking(
            store=self.store,
            deliveries=Deliveries(client, self.database.table("work"), f"slack#{CHANNEL}"),
            poster=lambda: FusedPoster(self.poster, fuse),
            digests=lambda window, delay: self.digests.append((window, delay)),
            clock=self.clock,
        )

    def tell(self, notice: Notice, fuse: Fuse | None = None) -> str:
        """Deliver a notice once, after a pause: nobody else wants the channel's turn."""
        self.clock.wait(timedelta(seconds=2))
        return tell_slack(notice, self.slacking(fuse))

    def deliver(self, notice: Notice) -> int:
        """Deliver as the queue does, until it is taken; return how often it came."""
        for attempt in range(1, 20):
            try:
                self.tell(notice)
            except DeliveryError as error:
                self.clock.wait(timedelta(seconds=error.retry_after_seconds or 30))
            else:
                return attempt
        raise AssertionError("never delivered")

    def tell_digest(self, window: str, fuse: Fuse | None = None) -> str:
        """Deliver a digest once."""
        self.clock.wait(timedelta(seconds=2))
        return tell_digest(window, self.slacking(fuse))

    def commit(self, *transitions: Transition) -> tuple[Notice, ...]:
        """Store what one look decided and return the notices of it: one, or none."""
        ref = transitions[0].subject.ref
        self.store.commit(Commit(ref=ref, known=Known(), look=None, transitions=transitions))
        decided = transitions[0].times.decided
        entries = [
            Entry(pk=stored.pk, sk=stored.sk, transition=transition_from(stored.body))
            for stored in self.store.history_of(ref)
        ]
        return notices_from(e for e in entries if e.transition.times.decided == decided)

    def opened(self, *findings: Finding) -> Notice:
        """Store new findings."""
        return self.moved(TransitionKind.OPENED, *findings)

    def moved(self, kind: TransitionKind, *findings: Finding, **changes: Any) -> Notice:
        """Store one kind of transition for each of a resource's findings."""
        return self.look(*((kind, one) for one in findings), **changes)

    def look(self, *moves: tuple[TransitionKind, Finding | Detection], **changes: Any) -> Notice:
        """Store all that one look decided."""
        self.clock.wait(timedelta(seconds=1))
        now = self.clock.now()
        times = Times(event=now, received=now, decided=now)
        (notice,) = self.commit(
            *(transition(kind, one, times=times, **changes) for kind, one in moves)
        )
        return notice

    @property
    def messages(self) -> list[Shown]:
        """What stands in the channel, without replies."""
        return [m for m in self.slack.messages if m.thread_ts is None]

    def replies(self, parent: Shown) -> list[str]:
        """Return the texts in a message's thread."""
        return [text(m) for m in self.slack.messages if m.thread_ts == parent.ts]


def text(message: Shown) -> str:
    """Return what a person reads."""
    return text_of(message.payload)


def texts(messages: Sequence[Shown]) -> list[str]:
    return [text(message) for message in messages]


def finding(bucket: str = "reports", rule_id: str = PUBLIC_READ, **changes: Any) -> Finding:
    """Build a finding about a bucket of that name."""
    ref = replace(FINDING.subject.ref, id=bucket)
    subject = replace(FINDING.subject, ref=ref)
    title = f"{rule_id} of {bucket}"
    made = replace(
        FINDING,
        id=f"{bucket}/{rule_id}",
        rule_id=rule_id,
        title=title,
        message=title,
        subject=subject,
    )
    return replace(made, **changes)


def updated(one: Finding) -> Finding:
    return replace(
        one, revision=one.revision + 1, message=f"{one.title}, now written by anyone, too"
    )


def resolved(one: Finding) -> Finding:
    closed = one.opened_at + timedelta(minutes=5)
    return replace(
        one,
        status=Status.RESOLVED,
        revision=one.revision + 1,
        resolved_at=closed,
        changed_at=closed,
    )


def reopened(one: Finding) -> Finding:
    again = one.opened_at + timedelta(hours=1)
    return replace(
        one,
        status=Status.OPEN,
        revision=one.revision + 1,
        episode=one.episode + 1,
        opened_at=again,
        changed_at=again,
        resolved_at=None,
    )
