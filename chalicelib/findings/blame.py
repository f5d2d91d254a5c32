"""Who led to a finding: only an event that provably wrote what the evidence rests on.

The event that made us look is not the cause: with two changes close together the second one's look
often finds the first one's hole. Without proof nobody is named.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.findings._case import Case, cause_from
from chalicelib.findings._matching import carries, find
from chalicelib.findings.unreadable import UNREADABLE_RULE
from chalicelib.model import Cause, ConfigurationItem, Evaluation, Evidence, Touch
from chalicelib.model.pointer import is_below, tokens_of

#: CloudTrail cuts event times to whole seconds.
EVENT_TIME_RESOLUTION = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When the offending value must have been written.

    Attributes:
        unseen_since: Start of the last look that did not see it; None where there was none.
        seen_at: End of the look that did.
        before: The item's document as that earlier look saw it; None where it is not known.
    """

    unseen_since: datetime | None
    seen_at: datetime
    before: Mapping[str, Any] | None = None

    def admits(self, event_time: datetime) -> bool:
        """Tell whether an event of that time (whole seconds) can lie inside."""
        if event_time > self.seen_at:
            return False
        since = self.unseen_since
        return since is None or event_time > since - EVENT_TIME_RESOLUTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The event behind a look as a cause, and the places it is proven to have led to."""

    cause: Cause
    places: tuple[Evidence, ...]


def proof(
    case: Case, evaluation: Evaluation, evidence: tuple[Evidence, ...], window: Window
) -> Proof | None:
    """Return the proof that the event behind the look led to some of this evidence, or None."""
    cause, touch, item = cause_from(case), case.request.touch, case.sighting.item
    if cause is None or touch is None or item is None:
        return None
    if evaluation.rule_id == UNREADABLE_RULE.id or not window.admits(cause.event_time):
        return None
    places = tuple(e for e in evidence if explains(touch, (e,), item, window.before))
    return Proof(cause=cause, places=places) if places else None


def explains(
    touch: Touch,
    evidence: tuple[Evidence, ...],
    item: ConfigurationItem,
    before: Mapping[str, Any] | None = None,
) -> bool:
    """Tell whether a call wrote a value that some of this evidence rests on.

    Args:
        touch: What the call wrote.
        evidence: Where the item breaks the rule.
        item: The item.
        before: The item's document before the call, where it is known: what was there already
            is nobody's doing now, and only a switch that was closed was opened.
    """
    pointers = {
        p
        for e in evidence
        for p in (*_places_new_since(e, item, before), *_switches_opened_since(e, before))
    }
    return any(
        _wrote(touch, written, tokens_of(p), item) for p in pointers for written in touch.writes
    )


def _places_new_since(
    evidence: Evidence, item: ConfigurationItem, before: Mapping[str, Any] | None
) -> list[str]:
    places = evidence.because or (evidence.path,)
    if before is None:
        return list(places)
    now = item.document()
    return [p for p in places if find(before, tokens_of(p)) != find(now, tokens_of(p))]


def _switches_opened_since(evidence: Evidence, before: Mapping[str, Any] | None) -> list[str]:
    if before is None:
        return []
    return [s.pointer for s in evidence.despite if find(before, tokens_of(s.pointer)) == s.closes]


def _wrote(touch: Touch, written: str, offending: tuple[str, ...], item: ConfigurationItem) -> bool:
    top = tokens_of(written)
    if not is_below(offending, top):
        return False
    if written not in touch.proposed:
        return True
    raw = find(item.document(), offending[: len(top)])
    return carries(touch.proposed[written], offending[len(top) :], raw)
