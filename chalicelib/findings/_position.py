"""How a look stands to the last accepted one; `lifecycle` has one way to decide each position.

Newer means: started when the other had ended. Looks that overlap are in no order at all.
"""

from datetime import timedelta
from enum import Enum, auto

from chalicelib.findings._case import Case
from chalicelib.model import Look, Sighting

#: Reads may still show a deleted resource for this long.
TOMBSTONE_GUARD = timedelta(seconds=120)


class Position(Enum):
    """What a look is, seen from the last accepted one.

    PRESENT and ABSENT are newer looks; REPLACED is one at another resource under the same name;
    REAFFIRMS saw what is known already and STALE must not be believed.
    """

    PRESENT = auto()
    ABSENT = auto()
    REPLACED = auto()
    REAFFIRMS = auto()
    STALE = auto()


def position_of(case: Case) -> Position:
    """Tell how a look stands to the last accepted one."""
    last, seen = case.known.look, case.sighting
    if last is not None and seen.started_at < last.ended_at:
        return Position.REAFFIRMS if _teaches_nothing(last, seen) else Position.STALE
    if seen.item is None:
        return Position.ABSENT
    if last is None:
        return Position.PRESENT
    if last.gone:
        return Position.PRESENT if _reborn(case, last) else Position.STALE
    return Position.REPLACED if _is_other(case, last) else Position.PRESENT


def _teaches_nothing(last: Look, seen: Sighting) -> bool:
    # Two overlapping absences are one observation, not two: only a tombstone needs no second.
    return last.fingerprint == seen.fingerprint and (seen.item is not None or last.gone)


def _is_other(case: Case, last: Look) -> bool:
    """Tell whether AWS's never-reused id says that this is another resource."""
    ids = (last.unique_id, case.ref.unique_id)
    return None not in ids and ids[0] != ids[1]


def _reborn(case: Case, tombstone: Look) -> bool:
    """Tell whether a deleted resource's name is in use again, and not just still readable."""
    touch, change = case.request.touch, case.request.change
    created = touch is not None and change is not None and touch.creates
    if created and change is not None and change.event_time >= tombstone.started_at:
        return True
    aged = case.sighting.started_at - tombstone.ended_at >= TOMBSTONE_GUARD
    return aged or _is_other(case, tombstone)
