"""Announcing again: how far back a run looks, and what it remembers of what it did."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.errors import DeliveryError
from chalicelib.findings.deliveries import KEEP, Deliveries
from chalicelib.model import TransitionKind
from chalicelib.model.notice import Entry, Notice
from chalicelib.pipeline.announcing import (
    FIRST_REACH,
    LONGEST_REACH,
    SETTLED_AFTER,
    Announcing,
    Publisher,
    Reading,
    announce_missed,
)
from tests.integration.notify.world import NOW, Killed, World, finding

HOUR = timedelta(hours=1)
CLOSED = DeliveryError("the topic is closed")


class Memory:
    """The cursor, and the hours that were read."""

    def __init__(self, cursor: datetime | None) -> None:
        self.cursor = cursor
        self.read: list[datetime] = []

    def keep(self, hour: datetime) -> None:
        """Remember where to begin."""
        self.cursor = hour


def reading(
    memory: Memory, *entries: Entry, unreadable_at: datetime | None = None
) -> Callable[[datetime], Reading]:
    def entries_of(hour: datetime) -> Reading:
        memory.read.append(hour)
        found = (e for e in entries if hour <= e.transition.times.decided < hour + HOUR)
        failures = ("unreadable",) if hour == unreadable_at else ()
        return Reading(entries=tuple(found), failures=failures)

    return entries_of


def announcing(world: World, publish: Publisher) -> Announcing:
    deliveries = Deliveries(world.client, world.database.table("work"), "sns", timedelta(0))
    return Announcing(publish=publish, deliveries=deliveries, clock=world.clock)


def entries_each_hour(world: World, hours: int) -> list[Entry]:
    found: list[Entry] = []
    for number in range(hours):
        found += world.opened(finding(f"bucket-{number}")).entries
        world.clock.wait(HOUR)
    return found


def test_a_run_that_dies_leaves_the_hours_before_to_nobody(world: World) -> None:
    entries, memory = entries_each_hour(world, 4), Memory(NOW)
    published: list[Notice] = []

    def publish(notice: Notice) -> str:
        if len(published) == 2:
            raise Killed
        published.append(notice)
        return "message-id"

    with pytest.raises(Killed):
        announce_missed(
            reading(memory, *entries), memory.cursor, announcing(world, publish), memory.keep
        )

    assert memory.cursor == NOW + 2 * HOUR


def test_the_first_run_remembers_where_it_began_though_it_fails(world: World) -> None:
    (entry,), memory = entries_each_hour(world, 1), Memory(None)
    world.clock.wait(FIRST_REACH - HOUR + SETTLED_AFTER)

    def refuse(notice: Notice) -> str:
        del notice
        raise CLOSED

    done = announce_missed(
        reading(memory, entry), memory.cursor, announcing(world, refuse), memory.keep
    )

    assert done.failures == ("the topic is closed",)
    assert memory.cursor == NOW


def test_a_recorded_configuration_is_not_announced_later_either(world: World) -> None:
    (opened,), memory = entries_each_hour(world, 1), Memory(NOW)
    silent = replace(
        opened.transition, kind=TransitionKind.RECORDED, finding=None, rule_id="", cause=None
    )
    published: list[Notice] = []

    def publish(notice: Notice) -> str:
        published.append(notice)
        return "message-id"

    done = announce_missed(
        reading(memory, Entry(pk=opened.pk, sk="item", transition=silent), opened),
        memory.cursor,
        announcing(world, publish),
        memory.keep,
    )

    assert done.failures == ()
    assert [notice.entries for notice in published] == [(opened,)]


def test_an_entry_that_can_never_be_told_holds_up_later_ones_for_weeks_at_most(
    world: World,
) -> None:
    memory = Memory(NOW)
    world.clock.wait(LONGEST_REACH + 5 * HOUR)
    late = world.opened(finding("late")).entries[0]
    world.clock.wait(HOUR)
    published: list[Notice] = []

    def publish(notice: Notice) -> str:
        published.append(notice)
        return "message-id"

    def run() -> tuple[str, ...]:
        entries_of = reading(memory, late, unreadable_at=NOW)
        return announce_missed(
            entries_of, memory.cursor, announcing(world, publish), memory.keep
        ).failures

    (given_up,) = run()
    assert given_up.startswith("nothing decided before 2026-01-01 17:00")
    assert NOW not in memory.read
    assert [n.id for n in published] == [late.id]
    memory.read.clear()
    assert run() == ()
    assert len(memory.read) == 1


def test_no_run_looks_back_to_where_receipts_are_forgotten() -> None:
    assert KEEP - timedelta(days=7) > LONGEST_REACH
