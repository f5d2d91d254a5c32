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
from chalicelib.model import Transition
from chalicelib.model.notice import Entry, Notice, is_told
from chalicelib.notify.notices import notices_from
from chalicelib.ports import Clock

HOUR = timedelta(hours=1)
#: Entries younger than this may still be on their way through the stream.
SETTLED_AFTER = timedelta(minutes=5)
#: How far back a run looks at most. Receipts are forgotten after 30 days: what is older would be
#: told again, and an entry that nobody can ever tell must not keep the runs from all later ones.
LONGEST_REACH = timedelta(days=21)
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
        exemption_of: Returns the id of the exemption under which a transition's finding stood when
            it was decided, or None.
    """

    publish: Publisher
    deliveries: Deliveries
    clock: Clock
    exemption_of: Callable[[Transition], str | None] = lambda _: None


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
    for notice in notices_from(_exempted(e, world) for e in read.entries if is_told(e.transition)):
        try:
            done += _publish(notice, world)
        except DeliveryError as error:
            done += Announced(failures=(str(error),))
    return done


def announce_missed(
    entries_of: Callable[[datetime], Reading],
    cursor: datetime | None,
    world: Announcing,
    keep: Callable[[datetime], None],
) -> Announced:
    """Announce entries without receipt, hour by hour.

    Args:
        entries_of: Returns the entries of the hour that begins then.
        cursor: What was kept last; None where nothing ever was.
        world: Topic and memory.
        keep: Remembers the hour to begin with next time, the first that is not complete. Called
            after each hour: one run may have no time for all of a long outage.
    """
    until = world.clock.now() - SETTLED_AFTER
    hour = wanted = _hour_of(cursor or until - FIRST_REACH)
    done, complete = Announced(), True
    if wanted < (reach := _hour_of(until - LONGEST_REACH)):
        hour = reach
        done = Announced(failures=(f"nothing decided before {reach} is announced any more",))
    keep(hour)
    while hour <= until:
        tried = announce(_missed(entries_of(hour), until, world), world)
        done, hour = done + tried, hour + HOUR
        complete = complete and not tried.failures
        if complete and hour <= until:
            keep(hour)
    return done


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


def _exempted(entry: Entry, world: Announcing) -> Entry:
    return replace(entry, exemption_id=world.exemption_of(entry.transition))


def _hour_of(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)
