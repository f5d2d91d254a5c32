"""When to look again: AWS answers reads from replicas that may not know of the change yet.

A confirming look is ordered where this look may have been too early, never as a matter of course: a
change that the item already shows needs none.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib.findings._case import Case
from chalicelib.findings._matching import shows
from chalicelib.model import (
    Compliance,
    Detection,
    Evaluation,
    GapReason,
    Transition,
    TransitionKind,
    Verdict,
)

CONFIRMATIONS = 2
MOVES = frozenset(
    {
        TransitionKind.OPENED,
        TransitionKind.REOPENED,
        TransitionKind.UPDATED,
        TransitionKind.RESOLVED,
    }
)
#: What stands is looked at again daily: a role is used and a resource vanishes without an event
#: that reaches us, and a sweep lists only what still exists.
STANDING_RECHECK = timedelta(days=1)
#: An outage outlasts the confirming looks, and its end is no event.
OUTAGE_RECHECK = timedelta(hours=1)
PASSING = frozenset({GapReason.THROTTLED, GapReason.UNAVAILABLE})
#: One absent look without a delete event proves nothing, and no event may ever follow it.
ABSENCE_RECHECK = timedelta(minutes=15)


def wants_confirming(
    case: Case, transitions: tuple[Transition, ...], waiting: tuple[Detection, ...]
) -> bool:
    """Tell whether another look must confirm an accepted one."""
    if case.request.confirmation >= CONFIRMATIONS:
        return False
    if waiting or any(t.kind in MOVES for t in transitions):
        return True
    return _is_first_of_event(case) or _is_doubtful_absence(case) or _may_be_stale(case)


def due_at(
    case: Case, evaluations: tuple[Evaluation, ...], verdicts: Mapping[str, Verdict]
) -> datetime | None:
    """Return when time alone makes another look worthwhile, or None."""
    instants = [e.flips_at for e in evaluations if e.flips_at is not None]
    if any(_stands(verdict) for verdict in verdicts.values()):
        instants.append(case.sighting.ended_at + STANDING_RECHECK)
    if _was_refused_for_now(case) and _is_undecided(verdicts):
        instants.append(case.sighting.ended_at + OUTAGE_RECHECK)
    return min(instants, default=None)


def _was_refused_for_now(case: Case) -> bool:
    item = case.sighting.item
    return item is not None and any(gap.reason in PASSING for gap in item.gaps)


def _is_undecided(verdicts: Mapping[str, Verdict]) -> bool:
    return any(v.compliance is Compliance.INSUFFICIENT_DATA for v in verdicts.values())


def _stands(verdict: Verdict) -> bool:
    return verdict.compliance in (Compliance.NON_COMPLIANT, Compliance.INSUFFICIENT_DATA)


def _is_first_of_event(case: Case) -> bool:
    known_gone = case.known.look is not None and case.sighting.item is None
    first = case.base is None and case.request.confirmation == 0 and not known_gone
    return first and case.request.change is not None


def _is_doubtful_absence(case: Case) -> bool:
    """Tell whether the resource is missing although no event deleted it and none was known to."""
    touch, last = case.request.touch, case.known.look
    deleted = (touch is not None and touch.deletes) or (last is not None and last.gone)
    return case.sighting.item is None and not deleted


def _may_be_stale(case: Case) -> bool:
    """Tell whether the item lacks what the event behind the look wrote."""
    touch, item, base = case.request.touch, case.sighting.item, case.base
    if case.request.change is None or touch is None or item is None:
        return False
    if touch.deletes or not touch.writes:
        return touch.deletes
    shown = shows(touch, item)
    if shown is not None:
        return not shown
    return base is not None and base.fingerprint == case.sighting.fingerprint
