"""How things were at any moment, read from the history alone.

A finding's order is its entries' numbering, not their clocks: two functions decide by two clocks,
and a later entry may bear the earlier time. As of a moment is what had been decided by then.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

import msgspec

from chalicelib.findings.history import chained, hash_of, transition_from
from chalicelib.model import Finding, ItemRef, Times, Transition, TransitionKind


class Kept(Protocol):
    """A history entry as it is stored or sealed."""

    @property
    def body(self) -> bytes:
        """The bytes that are hashed."""


class Linked(Kept, Protocol):
    """A history entry with its place in its chain."""

    @property
    def seq(self) -> int:
        """Revision of what it is about."""

    @property
    def prev(self) -> str | None:
        """Hash of the entry before it; None for the first."""


_Entry = TypeVar("_Entry", bound=Linked)


def finding_as_of(
    entries: Iterable[Kept], at: datetime, finding_id: str | None = None
) -> Finding | None:
    """Return a finding as it stood at a moment; None where there was none yet.

    Args:
        entries: A finding's history, or with `finding_id` any history that holds it, in any order.
        at: The moment; what was decided in its very millisecond counts.
        finding_id: Which finding; None where the entries are of one only.

    Raises:
        ValueError: The entries are of several findings and it is not said which is meant.
    """
    latest = _latest_by(entries, at)
    if finding_id is None and len(latest) > 1:
        raise ValueError(f"entries of {len(latest)} findings")
    body = next(iter(latest.values()), None) if finding_id is None else latest.get(finding_id)
    return None if body is None else _finding_in(body)


def findings_as_of(entries: Iterable[Kept], at: datetime) -> tuple[Finding, ...]:
    """Return every finding as it stood at a moment, resolved ones too, by id.

    The entries may be of a resource, an account, or everything; at most one per finding is held.
    """
    latest = _latest_by(entries, at)
    return tuple(_finding_in(latest[finding_id]) for finding_id in sorted(latest))


def item_as_of(entries: Iterable[Kept], at: datetime) -> ItemRef | None:
    """Return a resource's configuration at a moment; None where it is not known, or there is none.

    `recording_as_of` tells these two apart.
    """
    recording = recording_as_of(entries, at)
    return recording.item if recording else None


def recording_as_of(entries: Iterable[Kept], at: datetime) -> Transition | None:
    """Return the entry that says how a resource was configured at a moment.

    One without an item says that the resource was gone; None that nothing was recorded by then.
    """
    return next(reversed(recordings(entries, at)), None)


def recordings(entries: Iterable[Kept], until: datetime | None = None) -> tuple[Transition, ...]:
    """Return what was recorded of one resource's configuration, oldest first.

    Args:
        entries: The resource's history, in any order.
        until: Leave out what was decided later.
    """
    bodies = {e.body for e in entries if _is_of(e, until, TransitionKind.RECORDED)}
    return tuple(sorted(map(transition_from, bodies), key=_order))


def chain(entries: Iterable[_Entry]) -> tuple[_Entry, ...]:
    """Return one finding's entries in the order in which each names the one before it."""
    return tuple(sorted(entries, key=lambda entry: entry.seq))


def first_break(entries: Iterable[_Entry]) -> _Entry | None:
    """Return the first entry of a chain that does not follow the one before it; None for none.

    Args:
        entries: One finding's entries in order, the first one included.
    """
    before = None
    for number, entry in enumerate(entries, start=1):
        if (entry.seq, entry.prev) != (number, before):
            return entry
        before = hash_of(entry.body)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outline:
    """The part of a transition that says whether the rest is wanted."""

    kind: TransitionKind
    seq: int
    times: Times
    finding: _Named | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Whole:
    finding: Finding


def _latest_by(entries: Iterable[Kept], at: datetime) -> dict[str, bytes]:
    """Return finding id → body of the last entry about it that was decided by then."""
    latest: dict[str, tuple[int, bytes]] = {}
    for entry in entries:
        outline = _outline_of(entry)
        if outline.finding is None or outline.times.decided > at:
            continue
        newest = latest.get(outline.finding.id)
        if newest is None or outline.seq > newest[0]:
            latest[outline.finding.id] = (outline.seq, entry.body)
    return {finding_id: body for finding_id, (_, body) in latest.items()}


def _finding_in(body: bytes) -> Finding:
    return chained(msgspec.json.decode(body, type=_Whole).finding, body)


def _is_of(entry: Kept, until: datetime | None, kind: TransitionKind) -> bool:
    outline = _outline_of(entry)
    return outline.kind is kind and (until is None or outline.times.decided <= until)


def _outline_of(entry: Kept) -> _Outline:
    return msgspec.json.decode(entry.body, type=_Outline)


def _order(recording: Transition) -> tuple[datetime, datetime]:
    # Accepted looks are in the order of their starts, whatever the clocks of those who decided.
    decided = recording.times.decided
    return recording.look_started_at or decided, decided
