"""How a day is lived: deployed handlers over simulated services, and what must hold after it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import telling
from chalicelib.settings import Settings
from tests.integration.notify.estate import Estate, Step
from tests.integration.notify.hours import Day, Queue, Secrets, Stream, Topic
from tests.integration.notify.weather import Spell, Weather
from tests.integration.notify.world import CHANNEL, NOW, TOKEN, World
from vigil.local._call import Answer
from vigil.local._principals import HOME_REGION

#: When what happens to which bucket.
Traffic = Mapping[timedelta, tuple[str, Step]]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
#: Slack takes what waited at its pace, however long the weather was bad.
AFTERWARDS = timedelta(hours=1)

_CACHES = (
    telling._announcing,
    telling._approved_until,
    telling._poster_until,
    telling._register,
    telling._slacking,
    telling._store,
)


def estate_in(world: World, patch: pytest.MonkeyPatch, *, webhook: bool = False) -> Estate:
    """Return an estate without buckets, watched by the deployed handlers."""
    weather = Weather(world.slack, world.clock)
    world.line.slack = weather  # type: ignore[assignment] # a page is any callable
    secret = f"{world.url}/slack/webhook/T0/B0/x" if webhook else TOKEN
    queue = Queue(world)
    day = Day(world, queue, Topic(world, queue), Stream(world), Secrets(secret))
    for name, value in _environment(world).items():
        patch.setenv(name, value)
    # The composition root's two doors to the world; all behind them is as deployed.
    patch.setattr(telling, "SystemClock", lambda: world.clock)
    patch.setattr(telling, "_clients", lambda _settings: day)
    for cached in _CACHES:
        cached.cache_clear()
    telling._move_cursor(Settings.from_env(), NOW)
    return Estate(day, weather)


def _environment(world: World) -> dict[str, str]:
    tables = {
        f"VIGIL_{role.upper()}_TABLE": world.database.table(role)
        for role in ("findings", "history", "ledger", "work")
    }
    return tables | {
        "VIGIL_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:vigil",
        "VIGIL_SLACK_QUEUE_URL": "slack",
        "VIGIL_SLACK_CHANNEL": CHANNEL,
        "VIGIL_SLACK_API_URL": f"{world.url}/slack/api/",
        "VIGIL_SLACK_SECRET": "secretsmanager:vigil/slack",
        "NO_PROXY": "127.0.0.1",
        "AWS_DEFAULT_REGION": HOME_REGION,
    }


def live(estate: Estate, traffic: Traffic, *, until: timedelta, every: timedelta = HOUR) -> None:
    """Let time pass.

    Args:
        estate: What it passes for.
        traffic: What happens meanwhile.
        until: When to stop, after the beginning.
        every: How often to announce again; each run reads hours, so most tests run few.
    """
    day = estate.day
    day.every(every, NOW + until, day.reannounce)
    for after, (bucket, step) in traffic.items():
        day.at(NOW + after, lambda b=bucket, s=step: estate.step(b, s))  # type: ignore[misc] # defaults bind
    day.run(NOW + until)


def spell(begins: timedelta, lasts: timedelta, answer: Answer | None, **how: Any) -> Spell:
    """Return weather that begins so long after the day does."""
    return Spell(begins=NOW + begins, ends=NOW + begins + lasts, answer=answer, **how)


def assert_all_is_told(estate: Estate) -> None:
    """Nothing is lost, doubled, hurried or out of date."""
    assert estate.untold() == []
    assert estate.weather.impatient == []
    assert estate.hasty() == []
    assert estate.day.queue.leftovers == []
    if estate.is_bot:
        assert estate.stale() == []
        assert estate.doubled() == []
        assert estate.doubled_episodes() == []
        assert estate.marked() == 0
    else:
        assert estate.outdated() == []
        assert estate.acknowledged_twice() == 0
        assert estate.marked() <= estate.weather.unsure


def assert_all_is_mailed(estate: Estate, *, marked_too: bool = False) -> None:
    """Every entry is mailed once, or again with a mark."""
    told, unmarked = estate.mailed()
    assert set(told) == {entry.id for entry in estate.entries}
    assert set(unmarked.values()) <= {1}
    assert marked_too or set(told.values()) == {1}
