"""Buckets whose findings open, change, get worse, resolve and open again, and what must be told.

Every finding's message names its episode and revision, so that what a channel shows can be compared
with what is.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

import msgspec

from chalicelib.findings.deliveries import Deliveries
from chalicelib.model import Finding, Severity, Status
from chalicelib.model import TransitionKind as Kind
from chalicelib.model.notice import Entry
from tests.integration.notify.account import record_of
from tests.integration.notify.hours import Day
from tests.integration.notify.weather import Weather
from tests.integration.notify.world import (
    CHANNEL,
    NO_TLS,
    PUBLIC_READ,
    World,
    finding,
    reopened,
    resolved,
    text,
    updated,
)
from vigil.local._slack_html import Shown

RULES = (PUBLIC_READ, NO_TLS)
_SHOWN = re.compile(r"(\S+) of (\S+), episode (\d+) revision (\d+)")
_REPEATED = "repeated: the first delivery may have arrived"


class Step(StrEnum):
    """What happens to a bucket; what makes no sense just then becomes what does."""

    TOGGLE = "toggle"
    CHANGE = "change"
    WORSEN = "worsen"
    TOGGLE_BOTH = "toggle both"


@dataclass
class Estate:
    """The buckets, and everything that ever happened to them."""

    day: Day
    weather: Weather
    now: dict[tuple[str, str], Finding] = field(default_factory=dict)
    last: dict[tuple[str, str, int], int] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    @property
    def world(self) -> World:
        """Where it is."""
        return self.day.world

    @property
    def is_bot(self) -> bool:
        """Whether it is told with a bot's token; else through a webhook."""
        return self.day.secrets.value.startswith("xoxb-")

    def step(self, bucket: str, step: Step) -> None:
        """Let something happen to a bucket, and the stream hear of it."""
        rules = RULES if step is Step.TOGGLE_BOTH else RULES[:1]
        moves = [self._move(bucket, rule, step) for rule in rules]
        notice = self.world.look(*moves)
        for _, moved in moves:
            self.now[bucket, moved.rule_id] = moved
            self.last[bucket, moved.rule_id, moved.episode] = moved.revision
        self.entries += notice.entries
        self.day.stream.put(record_of(entry) for entry in notice.entries)
        self.day.stream.read()

    def _move(self, bucket: str, rule: str, step: Step) -> tuple[Kind, Finding]:
        before = self.now.get((bucket, rule))
        kind, after = _moved(before, step) if before else (Kind.OPENED, finding(bucket, rule))
        message = f"{rule} of {bucket}, episode {after.episode} revision {after.revision}"
        return kind, replace(after, message=message)

    # What must hold when the day is over.

    def untold(self) -> list[str]:
        """Return what has no receipt on some channel, or one for a message that is not there."""
        return [
            f"{channel}: {entry.id}"
            for channel in ("sns", f"slack#{CHANNEL}")
            for entry in self.entries
            if not self._is_told(entry.id, channel)
        ]

    def _is_told(self, entry_id: str, channel: str) -> bool:
        message = self._receipt_of(entry_id, channel)
        if message.startswith("digest#"):
            return self._is_told(message, channel)
        there = {m.ts for m in self.weather.slack.messages} | {"superseded", "posted"}
        return message.startswith("sns-") if channel == "sns" else message in there

    def stale(self) -> list[str]:
        """Return what messages show that is not the newest revision of its episode."""
        return [
            f"{rule} of {bucket} #{episode}: {revision}"
            for message in self._shown()
            for rule, bucket, episode, revision in set(_SHOWN.findall(text(message)))
            if self.last[bucket, rule, int(episode)] != int(revision)
        ]

    def doubled(self) -> list[str]:
        """Return entries that stand in two messages of which none is marked."""
        told: dict[str, list[Shown]] = {}
        for message in self.weather.slack.messages:
            payload = message.payload.get("metadata", {}).get("event_payload", {})
            for one in str(payload.get("ids", "")).split():
                told.setdefault(one, []).append(message)
        return [one for one, where in told.items() if len(where) > 1]

    def doubled_episodes(self) -> list[str]:
        """Return episodes that have two messages."""
        shown = Counter(
            (rule, bucket, episode)
            for message in self._shown()
            for rule, bucket, episode in {m[:3] for m in _SHOWN.findall(text(message))}
        )
        return [str(one) for one, count in shown.items() if count > 1]

    def marked(self) -> int:
        """Return how many messages are marked as repeated."""
        return sum(_REPEATED in text(m) for m in self.weather.slack.messages)

    def acknowledged_twice(self) -> int:
        """Return how many more messages Slack acknowledged than deliveries have receipts.

        A way without ids in its messages: every look is one message, or lines of a digest.
        """
        posted = {
            (entry.pk, entry.transition.times.decided)
            for entry in self.entries
            if self._receipt_of(entry.id) == "posted"
        }
        digests = {r for e in self.entries if (r := self._receipt_of(e.id)).startswith("digest#")}
        return sum(post.answered for post in self.weather.posts) - len(posted) - len(digests)

    def _receipt_of(self, entry_id: str, channel: str = f"slack#{CHANNEL}") -> str:
        deliveries = Deliveries(self.world.client, self.world.database.table("work"), channel)
        item = deliveries.read(deliveries._delivery_key(entry_id))
        return str(item.get("receipt", {}).get("S", ""))

    def outdated(self) -> list[str]:
        """Return findings whose newest message, one that nobody can edit, shows an older state."""
        shown = {
            (bucket, rule): (int(episode), int(revision))
            for message in self._shown()
            for rule, bucket, episode, revision in _SHOWN.findall(text(message))
        }
        held = {
            (e.transition.subject.ref.id, e.transition.rule_id)
            for e in self.entries
            if self._receipt_of(e.id).startswith("digest#")
        }
        return [
            f"{rule} of {bucket}"
            for (bucket, rule), one in self.now.items()
            if (bucket, rule) not in held
            and shown.get((bucket, rule)) != (one.episode, one.revision)
        ]

    def mailed(self) -> tuple[Counter[str], Counter[str]]:
        """Return how often each entry was mailed, and how often without being marked."""
        told: Counter[str] = Counter()
        unmarked: Counter[str] = Counter()
        for mail in self.day.topic.mails:
            ids = [f"{entry['pk']}|{entry['sk']}" for entry in _entries_of(mail["default"])]
            told.update(ids)
            if not mail["email"].startswith("Repeated"):
                unmarked.update(ids)
        return told, unmarked

    def lateness(self) -> Iterator[timedelta]:
        """Yield how long each entry waited for its first mail."""
        decided = {entry.id: entry.transition.times.decided for entry in self.entries}
        for mail in self.day.topic.mails:
            for entry in _entries_of(mail["default"]):
                yield mail["at"] - decided[f"{entry['pk']}|{entry['sk']}"]

    def hasty(self) -> list[float]:
        """Return pauses between two messages that are shorter than Slack allows."""
        times = [post.at for post in self.weather.posts]
        gaps = [(b - a).total_seconds() for a, b in itertools.pairwise(times)]
        return [gap for gap in gaps if gap < 1]

    def _shown(self) -> Iterator[Shown]:
        """Yield the messages that are kept up to date: no replies, no digests."""
        return (m for m in self.world.messages if "in the last minute" not in text(m))


def _moved(before: Finding, step: Step) -> tuple[Kind, Finding]:
    if before.status is Status.RESOLVED:
        return Kind.REOPENED, reopened(before)
    if step is Step.CHANGE:
        return Kind.UPDATED, updated(before)
    if step is Step.WORSEN:
        return Kind.UPDATED, replace(updated(before), severity=Severity.CRITICAL)
    return Kind.RESOLVED, resolved(before)


def _entries_of(record: str) -> list[dict[str, str]]:
    notice = msgspec.json.decode(record)
    return list(notice.get("entries") or notice["keys"])
