"""What an accepted look adds to the configuration timeline: an entry where something is not as was.

Whether a configuration is another one is for the fingerprint to say, which leaves out what changes
by itself. What an entry names is the very item that was judged, with those parts: a rule about time
may rest on them.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.findings._case import Case
from chalicelib.findings.differences import differences_between
from chalicelib.model import (
    Commit,
    ConfigurationItem,
    Difference,
    ItemRef,
    Look,
    LookRequest,
    Reason,
    Sighting,
    Transition,
    TransitionKind,
)

_EVERYWHERE = ("",)


def document_of(item: ConfigurationItem) -> dict[str, Any]:
    """Return what is kept of an item: what AWS said and what it did not, without conclusions."""
    return {"properties": item.properties, "observed": item.observed, "gaps": item.gaps}


def document_wanted(commit: Commit, sighting: Sighting) -> Mapping[str, Any] | None:
    """Return the document to keep before a look's commit is written; None for nothing."""
    look, item = commit.look, sighting.item
    # A tombstone is about another resource than the one that was seen under its name.
    if look is None or look.gone or item is None:
        return None
    moved = any(transition.finding for transition in commit.transitions)
    return document_of(item) if moved or _is_other(look, _base(commit)) else None


def recorded(
    commit: Commit, sighting: Sighting, request: LookRequest, kept: ItemRef | None, *, now: datetime
) -> Commit:
    """Return the commit with its place in the timeline.

    Args:
        commit: What the look decided.
        sighting: What it saw.
        request: Why it was taken.
        kept: Where `document_wanted` is kept; None where it wanted nothing.
        now: The time of the decision.
    """
    look = commit.look
    if look is None:
        return commit
    stood = _recorded_before(commit)
    stands = _recorded_after(look, kept, commit)
    transitions = tuple(replace(t, item=kept) if t.finding else t for t in commit.transitions)
    if stands != stood:
        case = Case(known=commit.known, sighting=sighting, request=request, rules={}, now=now)
        transitions = (*transitions, _entry(case, kept, gone=look.gone))
    return replace(commit, look=replace(look, recorded=stands), transitions=transitions)


def _base(commit: Commit) -> Look | None:
    last = commit.known.look
    return last if last and not last.gone else None


def _is_other(look: Look, base: Look | None) -> bool:
    return base is None or base.recorded is None or base.fingerprint != look.fingerprint


def _recorded_before(commit: Commit) -> str | None:
    base = _base(commit)
    return base.recorded if base else None


def _recorded_after(look: Look, kept: ItemRef | None, commit: Commit) -> str | None:
    if look.gone:
        return None
    if kept is not None and _is_other(look, _base(commit)):
        return kept.hash
    return _recorded_before(commit)


def _entry(case: Case, kept: ItemRef | None, *, gone: bool) -> Transition:
    return Transition(
        kind=TransitionKind.RECORDED,
        reason=Reason.RESOURCE_DELETED if gone else case.request.reason,
        account_id=case.ref.account_id,
        subject=case.sighting.subject,
        rule_id="",
        seq=1,
        prev=None,
        times=case.times,
        look_started_at=case.sighting.started_at,
        look_ended_at=case.sighting.ended_at,
        differences=() if gone else _differences(case),
        seen_by=case.event_id,
        item=kept,
    )


def _differences(case: Case) -> tuple[Difference, ...]:
    """Return what is different; nothing where it is not known how it was."""
    before, item = case.base.item if case.base else None, case.sighting.item
    if before is None or item is None:
        return ()
    after = {"properties": item.properties, "observed": item.observed}
    return differences_between(before, after, _EVERYWHERE)
