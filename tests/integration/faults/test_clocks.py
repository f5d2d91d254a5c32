"""Clocks that disagree: CloudTrail's with ours, and one worker's with another's."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.errors import ConflictError
from chalicelib.model.notice import Entry
from chalicelib.notify import sns
from chalicelib.notify.notices import notices_from
from tests.integration.faults.given import (
    BUCKET,
    PUBLIC_READ,
    history,
    kinds,
    make_buckets,
    open_bucket,
)
from tests.integration.pipeline.world import World


@dataclass(frozen=True)
class Shifted:
    """A worker's clock that goes wrong by a constant."""

    by: timedelta

    def now(self) -> datetime:
        """Return the wrong instant."""
        instant = datetime.now(UTC) + self.by
        return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def shifted(world: World, by: timedelta) -> World:
    """Return the world as a worker with a wrong clock sees it."""
    clock = Shifted(by)
    observer = replace(world.ports.observer, clock=clock)  # type: ignore[type-var] # a dataclass
    return replace(world, ports=replace(world.ports, clock=clock, observer=observer))


def stamped(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(
    "event_time",
    [
        pytest.param(timedelta(hours=1), id="an hour ahead"),
        pytest.param(timedelta(days=365), id="a year ahead"),
        pytest.param("1970-01-01T00:00:00Z", id="1970"),
        pytest.param("9999-12-31T23:59:59Z", id="9999"),
        pytest.param("0001-01-01T00:00:00Z", id="year one", marks=pytest.mark.slow),
    ],
)
def test_an_event_at_an_odd_time_is_judged_told_and_processed_once(
    world: World, event_time: timedelta | str
) -> None:
    make_buckets(world, "reports")
    record = open_bucket(world, "reports")
    if isinstance(event_time, timedelta):
        event_time = stamped(datetime.now(UTC) + event_time)
    record["eventTime"] = event_time

    world.deliver(record)
    again = world.deliver(record)

    (opened,) = history(world, PUBLIC_READ)
    entry = Entry(pk="p", sk="s", transition=opened)
    (notice,) = notices_from([entry])
    assert sns.payload(notice, "arn:aws:sns:eu-west-1:1:topic")
    assert again == "duplicate"


def test_a_worker_whose_clock_is_behind_the_last_look_moves_nothing_and_comes_back(
    world: World,
) -> None:
    make_buckets(world, "reports")
    late = shifted(world, -timedelta(minutes=5))
    record = open_bucket(world, "reports")

    with pytest.raises(ConflictError):
        late.deliver(record)
    assert kinds(world, PUBLIC_READ) == []

    world.deliver(record, redelivered=True)
    assert kinds(world, PUBLIC_READ) == ["opened"]


def test_a_worker_whose_clock_was_ahead_delays_others_and_misleads_none(world: World) -> None:
    make_buckets(world, "reports")
    early = shifted(world, timedelta(minutes=10))
    early.deliver(open_bucket(world, "reports"))
    world.client("s3").delete_bucket_policy(Bucket="reports")
    (closed,) = [r for r in world.take_records() if r["eventName"] == "DeleteBucketPolicy"]

    with pytest.raises(ConflictError):
        world.deliver(closed)
    assert PUBLIC_READ in world.open_findings(BUCKET, "reports")

    shifted(world, timedelta(minutes=11)).deliver(closed, redelivered=True)
    assert kinds(world, PUBLIC_READ) == ["opened", "resolved"]
