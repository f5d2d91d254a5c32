"""Reads that lag behind: the event is here, and AWS still describes what was before."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.model import LookRequest, message_from
from chalicelib.settings import DEFAULT_CONFIRM_SECONDS
from tests.integration.faults.given import (
    BUCKET,
    GROUP,
    PUBLIC_READ,
    PUBLIC_SSH,
    kinds,
    make_buckets,
    make_group,
    open_bucket,
    ssh,
)
from tests.integration.pipeline.world import World
from vigil.local.faults import Effect, Fault

AWS_LAG_SECONDS = 60
#: Longer than any test: the replica catches up when the test says so.
FOR_LONG = 3600.0


@contextmanager
def lagging(world: World, service: str) -> Iterator[None]:
    """Let Vigil alone read what was before from now on."""
    fault = Fault(
        effect=Effect.STALE, service=service, access_key=world.auditor_key, seconds=FOR_LONG
    )
    world.aws.faults.add(fault)
    try:
        yield
    finally:
        world.aws.faults.remove(fault)


def at_once(world: World) -> World:
    """Return the world with confirming looks that need not be waited for."""
    hasty = replace(world.ports, confirm_seconds=(0,) * len(DEFAULT_CONFIRM_SECONDS))
    return replace(world, ports=hasty)


def confirm(world: World) -> int:
    """Take the confirming looks that are ordered, once; return how many there were."""
    looks = world.queued(world.settings.changes_queue_url)
    for look in looks:
        assert isinstance(look, LookRequest)
        world.process(message_from(look))
    return len(looks)


def read_once(world: World, type_name: str, resource_id: str) -> None:
    """Let the lagging replica remember how things are now."""
    world.ports.observer.describe(world.ref(type_name, resource_id), {})


def test_confirming_looks_reach_past_the_lag_of_reads() -> None:
    assert sum(DEFAULT_CONFIRM_SECONDS) > AWS_LAG_SECONDS


@pytest.mark.parametrize("lagging_looks", [1, 2])
def test_an_opening_that_reads_do_not_show_yet_is_found_by_a_confirming_look(
    world: World, lagging_looks: int
) -> None:
    make_buckets(world, "reports")
    hasty = at_once(world)
    with lagging(world, "s3"):
        read_once(world, BUCKET, "reports")
        record = open_bucket(world, "reports")
        hasty.deliver(record)
        for _ in range(lagging_looks - 1):
            assert confirm(hasty) == 1
        assert kinds(world, PUBLIC_READ) == []

    assert confirm(hasty) == 1

    assert kinds(world, PUBLIC_READ) == ["opened"]
    finding = world.finding(PUBLIC_READ, BUCKET, "reports")
    assert finding.seen_by == record["eventID"]
    # A look after the event did not see it, so that it is no proven cause unless in one second.
    assert finding.cause is None or finding.cause.event_id == record["eventID"]


def test_a_closing_that_reads_do_not_show_yet_is_resolved_by_a_confirming_look(
    world: World,
) -> None:
    group = make_group(world)
    world.deliver_all()
    ec2 = world.client("ec2")
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh()])
    hasty = at_once(world)
    hasty.deliver_all()
    confirm(hasty)
    with lagging(world, "ec2"):
        read_once(world, GROUP, group)
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[ssh()])
        hasty.deliver_all()
        assert kinds(world, PUBLIC_SSH) == ["opened"]

    confirm(hasty)

    assert kinds(world, PUBLIC_SSH) == ["opened", "resolved"]


def test_a_new_resource_that_reads_do_not_know_yet_is_judged_by_a_confirming_look(
    world: World,
) -> None:
    hasty = at_once(world)
    with lagging(world, "s3"):
        read_once(world, BUCKET, "reports")
        world.client("s3").create_bucket(Bucket="reports")
        hasty.deliver_all()
        assert world.open_findings(BUCKET, "reports") == set()

    confirm(hasty)

    assert "s3-bucket-tls-required" in world.open_findings(BUCKET, "reports")


def test_a_deleted_resource_that_reads_still_show_is_settled_by_a_confirming_look(
    world: World,
) -> None:
    make_buckets(world, "reports")
    hasty = at_once(world)
    assert world.open_findings(BUCKET, "reports")
    with lagging(world, "s3"):
        read_once(world, BUCKET, "reports")
        world.client("s3").delete_bucket(Bucket="reports")
        hasty.deliver_all()
        assert world.open_findings(BUCKET, "reports")

    confirm(hasty)

    assert world.open_findings(BUCKET, "reports") == set()


def test_one_read_that_misses_a_living_resource_closes_nothing(world: World) -> None:
    make_buckets(world, "reports")
    before = world.open_findings(BUCKET, "reports")
    hasty = at_once(world)
    read: Any = world.ports.observer
    gone_once = iter([None])

    class Missing:
        def __getattr__(self, name: str) -> Any:
            return getattr(read, name)

        def describe(self, ref: Any, observes: Any) -> Any:
            return next(gone_once) if ref.id == "reports" else read.describe(ref, observes)

    record = open_bucket(world, "reports")
    replace(hasty, ports=replace(hasty.ports, observer=Missing())).deliver(record)
    assert world.open_findings(BUCKET, "reports") == before

    confirm(hasty)

    assert world.open_findings(BUCKET, "reports") == before | {PUBLIC_READ}
