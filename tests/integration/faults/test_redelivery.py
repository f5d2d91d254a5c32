"""What the queue does about failures: again, alone, not for ever; and back after it gave up."""

from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.functions._batch import NEEDED_MILLISECONDS
from chalicelib.model.notice import is_told
from tests.integration.faults.given import (
    BUCKET,
    PUBLIC_READ,
    crashing_on,
    history,
    kinds,
    ledger,
    make_buckets,
    make_group,
    open_bucket,
    ssh,
)
from tests.integration.faults.mapping import Context, Mapping
from tests.integration.pipeline.world import World
from vigil.local.faults import Effect, Fault
from vigil.package.plan import QUEUES

RECEIVES = QUEUES["changes"].max_receives


class Killed(BaseException):
    """Lambda's time is up: nothing catches it, nothing is acknowledged."""


def denied(world: World, service: str, operation: str) -> Fault:
    """Deny Vigil alone a call."""
    fault = Fault(
        effect=Effect.DENIED, service=service, operation=operation, access_key=world.auditor_key
    )
    return world.aws.faults.add(fault)


def test_a_poison_message_ends_in_the_dead_letter_queue_and_the_rest_is_processed_once(
    world: World, changes: Mapping
) -> None:
    make_buckets(world, "odd", "one", "two")
    opened = [open_bucket(world, name) for name in ("odd", "one", "two")]
    changes.send(*opened)

    with crashing_on(world, "odd"):
        batches = changes.give_up()

    assert batches >= RECEIVES
    assert changes.dead() == 1
    assert kinds(world, PUBLIC_READ) == ["opened"] * 2
    assert [ledger(world)[record["eventID"]] for record in opened] == [0, 1, 1]


def test_a_batch_that_lambda_cuts_off_comes_back_whole_and_is_processed_once(
    world: World, changes: Mapping
) -> None:
    names = ("one", "two", "three")
    make_buckets(world, *names)
    changes.send(*(open_bucket(world, name) for name in names))
    done: list[str] = []

    def until_the_third(record: dict[str, Any]) -> None:
        if len(done) == 2:
            raise Killed
        changes.handle(record)
        done.append(record["messageId"])

    with pytest.raises(Killed):
        changes.invoke(until_the_third)
    assert changes.waiting(changes.url) == 3
    changes.give_up()

    assert kinds(world, PUBLIC_READ) == ["opened"] * 3
    assert changes.dead() == 0


def test_messages_for_which_no_time_is_left_go_back_untouched(
    world: World, changes: Mapping
) -> None:
    make_buckets(world, "one", "two")
    changes.send(*(open_bucket(world, name) for name in ("one", "two")))
    left = iter([60_000, NEEDED_MILLISECONDS - 1])

    failed = changes.invoke(context=Context(lambda: next(left)))

    assert len(failed) == 1
    assert len(history(world, PUBLIC_READ)) == 1


def test_what_was_given_up_is_processed_once_when_it_is_moved_back(
    world: World, changes: Mapping
) -> None:
    make_buckets(world, "reports")
    record = open_bucket(world, "reports")
    changes.send(record)
    cause = denied(world, "dynamodb", "TransactWriteItems")
    changes.give_up()
    assert (changes.dead(), kinds(world, PUBLIC_READ)) == (1, [])

    world.aws.faults.remove(cause)
    changes.redrive()
    changes.give_up()

    assert changes.dead() == 0
    assert kinds(world, PUBLIC_READ) == ["opened"]
    assert ledger(world)[record["eventID"]] == 1
    assert world.finding(PUBLIC_READ, BUCKET, "reports").cause is not None


def test_moving_the_same_message_back_twice_doubles_nothing(world: World, changes: Mapping) -> None:
    make_buckets(world, "reports")
    record = open_bucket(world, "reports")
    changes.send(record)
    cause = denied(world, "dynamodb", "TransactWriteItems")
    changes.give_up()
    world.aws.faults.remove(cause)

    changes.redrive(keep=True)
    changes.redrive()
    changes.give_up()

    assert kinds(world, PUBLIC_READ) == ["opened"]
    assert ledger(world)[record["eventID"]] == 1


def test_a_message_that_is_moved_back_before_its_cause_is_gone_returns_to_the_dead_letters(
    world: World, changes: Mapping
) -> None:
    make_buckets(world, "reports")
    changes.send(open_bucket(world, "reports"))
    denied(world, "dynamodb", "TransactWriteItems")
    changes.give_up()

    changes.redrive()
    changes.give_up()

    assert changes.dead() == 1


def test_a_record_that_comes_back_late_orders_the_confirming_look_it_never_got(
    world: World, changes: Mapping
) -> None:
    make_buckets(world, "reports")
    record = open_bucket(world, "reports")
    record["eventTime"] = "2026-01-01T00:00:00Z"
    changes.send(record)
    cause = denied(world, "sqs", "SendMessageBatch")
    changes.give_up()
    assert (changes.dead(), kinds(world, PUBLIC_READ)) == (1, ["opened"])
    world.aws.faults.remove(cause)
    ordered = changes.delayed()

    changes.redrive()
    changes.invoke()

    assert changes.delayed() == ordered + 1
    assert kinds(world, PUBLIC_READ) == ["opened"]


def test_a_duplicate_that_is_not_late_orders_nothing(world: World, changes: Mapping) -> None:
    make_buckets(world, "reports")
    record = open_bucket(world, "reports")
    changes.send(record)
    changes.give_up()
    ordered = changes.delayed()
    assert ordered

    changes.send(record)
    changes.invoke()

    assert changes.delayed() == ordered


def first_sweep_with_a_dead_letter(world: World, sweeps: Mapping) -> None:
    """Let an account's first sweep end although one of its messages was given up."""
    pipeline.start_sweep(world.settings.account_id, "aws", world.ports)
    sweeps.give_up()
    assert sweeps.dead() == 1
    assert world.ports.sweeps.last(world.settings.account_id)


def test_a_listing_moved_back_after_its_sweep_is_told_by_itself(
    world: World, sweeps: Mapping
) -> None:
    group = make_group(world)
    world.take_records()
    world.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh()])
    world.take_records()
    cause = denied(world, "ec2", "DescribeSecurityGroups")
    first_sweep_with_a_dead_letter(world, sweeps)
    world.aws.faults.remove(cause)

    sweeps.redrive()
    sweeps.give_up()

    (opened,) = history(world, "ec2-sg-no-public-ssh")
    assert is_told(opened)
    assert sweeps.dead() == 0


def test_a_look_moved_back_after_its_sweep_is_told_by_itself(world: World, sweeps: Mapping) -> None:
    world.client("s3").create_bucket(Bucket="reports")
    world.take_records()
    with crashing_on(world, "reports"):
        first_sweep_with_a_dead_letter(world, sweeps)

    sweeps.redrive()
    sweeps.give_up()

    (opened,) = history(world, "s3-bucket-tls-required")
    assert is_told(opened)


def test_a_busy_table_brings_the_record_back_and_botocore_tries_first(
    world: World, changes: Mapping
) -> None:
    make_buckets(world, "reports")
    changes.send(open_bucket(world, "reports"))
    busy = world.aws.faults.add(
        Fault(
            effect=Effect.THROTTLED,
            service="dynamodb",
            operation="TransactWriteItems",
            access_key=world.auditor_key,
        )
    )

    failed = changes.invoke()
    asked = busy.hits
    world.aws.faults.remove(busy)
    changes.give_up()

    assert (len(failed), asked) == (1, 3)
    assert kinds(world, PUBLIC_READ) == ["opened"]
