"""What belongs to a window: half open, its start inside and its end outside."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.model import Exemption, ExemptionStatus

_NEVER_APPROVED = (ExemptionStatus.REQUESTED, ExemptionStatus.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a finding stands, from an instant (in milliseconds) until the next one."""

    since: int
    is_open: bool


def stood_within(standings: Iterable[Standing], start: int, end: int) -> bool:
    """Tell whether a finding was open at any moment of a window.

    Args:
        standings: What each of its entries left, in order.
        start: The window's start in milliseconds, inclusive.
        end: Its end, exclusive.
    """
    before: Standing | None = None
    for standing in standings:
        if before and before.is_open and before.since < end and _reaches(before, standing, start):
            return True
        before = standing
    return before is not None and before.is_open and before.since < end


def _reaches(before: Standing, after: Standing, start: int) -> bool:
    # What opened within the window counts even where it closed in the same instant.
    return after.since > start or before.since >= start


def was_in_force(exemption: Exemption, start: datetime, end: datetime) -> bool:
    """Tell whether an exemption was in force at any moment of a window."""
    if exemption.status in _NEVER_APPROVED or exemption.decided_at is None:
        return False
    over = min(exemption.expires_at, exemption.ended_at or exemption.expires_at)
    return exemption.decided_at < min(end, over) and over > start
