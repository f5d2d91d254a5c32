"""From the history to the topic: every entry is announced, whatever became of the stream.

Publishing again after a crash between publish and receipt is marked as repeated; channels that
remember what they delivered deliver it once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.errors import DeliveryError
from chalicelib.findings.deliveries import Claim, Deliveries
from chalicelib.model.notice import Entry, Notice, is_told
from chalicelib.notify.notices import notices_from
from chalicelib.ports import Clock

HOUR = timedelta(hours=1)
#: Entries younger than this may still be on their way through the stream.
SETTLED_AFTER = timedelta(minutes=5)
#: How far back the first run looks.
FIRST_REACH = timedelta(days=2)


class Publisher(Protocol):
    """Where announcements go."""

    def __call__(self, notice: Notice) -> str:
        """Publish and return the message id.

        Raises:
            DeliveryError: The topic refused it for now.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcing:
    """What announcing needs: the topic and the memory of what was published.

    Attributes:
        deliveries: Claims without exclusion, that is with a lease of zero: a publisher that died
            must not hold up the next one.
    """

    publish: Publisher
    deliveries: Deliveries
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What became of a batch of entries.

    Attributes:
        notices: How many were published now.
        failures: Why others were not; empty where all is told.
    """

    notices: int = 0
    failures: tuple[str, ...] = ()

    def __add__(self, other: "Announced") -> "Announced":
        return Announced(
            notices=self.notices + other.notices, failures=self.failures + other.failures
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The entries that could be read; one that could not is a failure and stops no other."""

    entries: tuple[Entry, ...]
    failures: tuple[str, ...] = ()


def announce(read: Reading, world: Announcing) -> Announced:
    """Publish what is not yet published; one refused notice stops no other."""
    done = Announced(failures=read.failures)
    for notice in notices_from(read.entries):
        try:
            done += _publish(notice, world)
        except DeliveryError as error:
            done += Announced(failures=(str(error),))
    return done


def announce_missed(
    entries_of: Callable[[datetime], Reading], cursor: datetime | None, world: Announcing
) -> tuple[Announced, datetime]:
    """Announce entries without receipt, hour by hour.

    Returns:
        What was done, and the hour to begin with next time: the first that is not complete.
    """
    until = world.clock.now() - SETTLED_AFTER
    hour = start = _hour_of(cursor or until - FIRST_REACH)
    done = Announced()
    while hour <= until:
        done += announce(_missed(entries_of(hour), until, world), world)
        hour += HOUR
        if hour <= until and not done.failures:
            start = hour
    return done, start


def _missed(read: Reading, until: datetime, world: Announcing) -> Reading:
    entries = (
        entry
        for entry in read.entries
        if entry.transition.times.decided <= until
        and is_told(entry.transition)
        and not world.deliveries.is_delivered(entry.id)
    )
    return replace(read, entries=tuple(entries))


def _publish(notice: Notice, world: Announcing) -> Announced:
    now = world.clock.now()
    claims = {e.id: world.deliveries.claim(e.id, now) for e in notice.entries}
    open_entries = [e for e in notice.entries if claims[e.id] is not Claim.DONE]
    for rest in notices_from(open_entries):
        repeated = Claim.INTERRUPTED in claims.values()
        try:
            message_id = world.publish(replace(rest, repeated=repeated))
        except DeliveryError as error:
            for entry in rest.entries:
                may_stand = error.may_stand or claims[entry.id] is Claim.INTERRUPTED
                world.deliveries.release(entry.id, now, may_stand=may_stand)
            raise
        for entry in rest.entries:
            world.deliveries.receipt(entry.id, message_id, world.clock.now())
    return Announced(notices=1 if open_entries else 0)


def _hour_of(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)
