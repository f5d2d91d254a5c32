"""Compares, hour by hour, what the history holds with what was sealed. Nothing here reads.

Entries are compared one by one, not only counted: a stream that delivers twice seals twice, and a
forger who exchanges an entry changes no count. The youngest are left out: they may be on their way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from chalicelib.findings._items import stamp
from chalicelib.findings.integrity import Key

#: What is younger may not have reached the seal, or the index that is counted from.
GRACE = timedelta(minutes=10)
#: An hour that did not agree is counted again for so long; who repairs it later tells people.
AGAIN = timedelta(days=7)
HOUR = timedelta(hours=1)
_HOUR_FORMAT = "%Y-%m-%dT%H"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """An entry on one of the two sides."""

    hash: str
    decided: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HourCount:
    """One hour on both sides.

    Attributes:
        missing: Sealed, but not in the history any more.
        unsealed: In the history, but never sealed.
        different: On both sides with another content.
    """

    hour: str
    stored: int
    sealed: int
    missing: tuple[Key, ...] = ()
    unsealed: tuple[Key, ...] = ()
    different: tuple[Key, ...] = ()

    @property
    def agrees(self) -> bool:
        """True where both sides hold the same."""
        return not (self.missing or self.unsealed or self.different)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far counting has come.

    Attributes:
        hour: The first hour that is not counted for good.
        manifest: The last one that cannot hold anything of that hour.
        wrong: Hours that did not agree, each with such a manifest: counted again, for a while.
    """

    hour: str
    manifest: int
    wrong: Mapping[str, int] = field(default_factory=dict)


def compared(
    hour: str, stored: Mapping[Key, Entered], sealed: Mapping[Key, Entered], now: datetime
) -> HourCount:
    """Compare what both sides hold of an hour."""
    here, there = _settled(stored, now), _settled(sealed, now)
    return HourCount(
        hour=hour,
        stored=len(here),
        sealed=len(there),
        missing=_sorted([k for k in there if k not in stored]),
        unsealed=_sorted([k for k in here if k not in sealed]),
        different=_sorted([k for k, e in here.items() if k in sealed and sealed[k].hash != e.hash]),
    )


def hours_between(first: str, now: datetime, limit: int) -> list[str]:
    """Return the hours from one to the present one, at most so many."""
    start = start_of(first)
    hours: list[str] = []
    while start <= now and len(hours) < limit:
        hours.append(hour_of(start))
        start += HOUR
    return hours


def moved(
    before: Cursor,
    hours: Sequence[str],
    counts: Sequence[HourCount],
    begins: Mapping[str, int],
    now: datetime,
) -> Cursor:
    """Return the cursor after a count.

    Args:
        before: Where this count began.
        hours: New hours, in order; none where a clock went back.
        counts: What became of all hours that were counted, the earlier wrong ones too.
        begins: Hour → the last manifest that cannot hold anything of it.
        now: When they were counted.
    """
    left = [hour for hour in hours if start_of(hour) + HOUR + GRACE > now]
    following = before.hour
    if hours:
        following = left[0] if left else hour_of(start_of(hours[-1]) + HOUR)
    since = hour_of(now - AGAIN)
    wrong = {
        c.hour: begins[c.hour]
        for c in counts
        if not c.agrees and c.hour not in left and c.hour >= since
    }
    latest = max(begins.values(), default=before.manifest)
    return Cursor(hour=following, manifest=begins.get(following, latest), wrong=wrong)


def hour_of(instant: datetime) -> str:
    """Return the hour of an instant, ``2026-01-01T12``."""
    return stamp(instant)[: len("2026-01-01T12")]


def start_of(hour: str) -> datetime:
    """Return when an hour begins."""
    return datetime.strptime(hour, _HOUR_FORMAT).replace(tzinfo=UTC)


def _settled(entered: Mapping[Key, Entered], now: datetime) -> dict[Key, Entered]:
    return {at: one for at, one in entered.items() if one.decided <= now - GRACE}


def _sorted(keys: list[Key]) -> tuple[Key, ...]:
    return tuple(sorted(keys, key=lambda at: (at.pk, at.sk)))
