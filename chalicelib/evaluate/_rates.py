"""Counts, for rate rules: what is one occurrence, whose it is, and when there were too many.

Time is the event's own: records arrive late and in any order. The counting itself is somebody
else's; here is only what to count, and what the marks that were kept amount to.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

import msgspec

from chalicelib.evaluate import _message
from chalicelib.evaluate._changes import SubjectOf, objections, values_of
from chalicelib.evaluate.rulebook import ReadyRule, Rulebook
from chalicelib.model import Actor, Burst, Change, Detection, Occurrence, Rate

ACTOR_CHARS = 32
RECORD_CHARS = 24
#: Of an action or error code: marks are kept by the dozen in one small item.
NAME_LIMIT_CHARS = 64
_BEGINNING = datetime.min.replace(tzinfo=UTC)


class _Mark(NamedTuple):
    """One record of a burst, as it is kept: its order is that of time."""

    millis: int
    record: str
    action: str
    error: str


_MARKS = msgspec.json.Decoder(_Mark)


def occurrences(
    change: Change, rulebook: Rulebook, subject_of: SubjectOf
) -> tuple[Occurrence, ...]:
    """Return what rate rules count in a change: at most one occurrence per rule."""
    rated = [r for r in rulebook.change_rules_for(change) if r.rule.rate is not None]
    return tuple(one for ready in rated for one in _counted(ready, change, subject_of))


def burst_of(one: Occurrence, marks: Iterable[str]) -> Detection | None:
    """Return what to tell of an occurrence, or None where it makes no burst.

    Args:
        one: The occurrence.
        marks: All that is kept of its stretch, its own included.
    """
    kept = sorted({_MARKS.decode(mark) for mark in marks})
    seen = _burst_around(_MARKS.decode(one.mark), kept, one.rate)
    if not seen:
        return None
    told = {
        "rate.calls": len(seen),
        "rate.minutes": one.rate.minutes,
        "rate.actions": [mark.action for mark in seen],
        "rate.errors": [mark.error for mark in seen if mark.error],
    }
    return replace(
        one.detection,
        message=_message.render(one.template, {**one.values, **told}),
        burst=Burst(actor=one.actor, stretch=one.stretch, count=len(seen)),
    )


def _counted(ready: ReadyRule, change: Change, subject_of: SubjectOf) -> Iterator[Occurrence]:
    rule, document = ready.rule, change.document()
    if rule.rate is None:
        return
    for detection in objections(ready, change, document, subject_of):
        subject, evidence = detection.subject, detection.evidence
        yield Occurrence(
            detection=replace(detection, message=""),
            template=rule.message,
            values=values_of(ready, change, subject, evidence, document),
            rate=rule.rate,
            actor=_digest_of(change.actor),
            stretch=_stretch_of(change.event_time, rule.rate),
            mark=_mark_of(change),
        )


def _burst_around(own: _Mark, kept: list[_Mark], rate: Rate) -> list[_Mark]:
    """Return the longest run of marks around the own that lies within the rule's time."""
    reach = rate.minutes * 60_000
    runs = (
        [mark for mark in kept[start:] if mark.millis - first.millis <= reach]
        for start, first in enumerate(kept)
        if 0 <= own.millis - first.millis <= reach
    )
    longest = max(runs, key=len, default=[])
    return longest if len(longest) >= rate.count else []


def _digest_of(actor: Actor) -> str:
    """Name whom to count: a role whatever its sessions are called; where nobody, the address."""
    who = actor.principal_id or actor.arn or actor.source_ip or actor.name
    return sha256(who.encode()).hexdigest()[:ACTOR_CHARS]


def _stretch_of(event_time: datetime, rate: Rate) -> datetime:
    # Counted from the first instant there is: an event may claim to be older than anything.
    stretch = timedelta(seconds=rate.stretch_seconds)
    return _BEGINNING + (event_time - _BEGINNING) // stretch * stretch


def _mark_of(change: Change) -> str:
    mark = _Mark(
        (change.event_time - _BEGINNING) // timedelta(milliseconds=1),
        change.record_hash[:RECORD_CHARS],
        change.action[:NAME_LIMIT_CHARS],
        (change.error_code or "")[:NAME_LIMIT_CHARS],
    )
    return msgspec.json.encode(mark).decode()
