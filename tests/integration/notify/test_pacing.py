"""What Slack asks one message to wait for, all wait for."""

from datetime import timedelta

import pytest

from chalicelib.errors import DeliveryError
from chalicelib.model import TransitionKind
from chalicelib.pipeline.pacing import LONGEST_PAUSE
from tests.integration.notify.world import NO_TLS, World, finding, text, updated

MINUTE = timedelta(minutes=1)


def refused(world: World, seconds: int) -> None:
    """Let Slack ask for a pause."""
    notice = world.opened(finding("refused"))
    world.slack.refuse_next(1, status=429, retry_after_seconds=seconds)
    with pytest.raises(DeliveryError):
        world.tell(notice)


def test_another_message_waits_for_what_the_first_was_told_to(world: World) -> None:
    refused(world, 60)
    requests = world.slack.requests
    other = world.opened(finding("other"))

    with pytest.raises(DeliveryError) as waits:
        world.tell(other)

    assert 50 < (waits.value.retry_after_seconds or 0) < 60
    assert world.slack.requests == requests
    world.clock.wait(MINUTE)
    world.tell(other)
    assert len(world.slack.messages) == 1


def test_a_message_that_waits_takes_no_slot_of_a_burst(world: World) -> None:
    refused(world, 10)
    for number in range(6):
        with pytest.raises(DeliveryError):
            world.tell(world.opened(finding(f"bucket-{number}")))
        world.clock.wait(timedelta(seconds=-3))
    world.clock.wait(timedelta(seconds=11))

    world.tell(world.opened(finding("later")))

    assert "later" in text(world.messages[-1])


def test_a_digest_waits_too(world: World) -> None:
    refused(world, 60)

    with pytest.raises(DeliveryError):
        world.tell_digest("1767268800000")


def test_a_shorter_pause_ends_no_longer_one(world: World) -> None:
    deliveries, now = world.slacking().deliveries, world.clock.now()
    deliveries.pause(now + 5 * MINUTE)
    deliveries.pause(now + MINUTE)

    assert deliveries.pause_left(now) == 5 * MINUTE
    assert deliveries.wait_for_turn(now, MINUTE) == 5 * MINUTE
    assert deliveries.pause_left(now + 5 * MINUTE) is None


def test_nobody_is_silenced_for_longer_than_a_day_by_one_answer(world: World) -> None:
    refused(world, 10**15)

    assert world.slacking().deliveries.pause_left(world.clock.now()) == LONGEST_PAUSE


def test_a_refusal_without_a_wait_pauses_nobody(world: World) -> None:
    notice = world.opened(finding("refused"))
    world.slack.refuse_next(1, status=500)
    with pytest.raises(DeliveryError):
        world.tell(notice)

    world.tell(world.opened(finding("other")))

    assert len(world.slack.messages) == 1


def test_an_edit_that_is_asked_to_wait_pauses_the_channel_too(world: World) -> None:
    world.tell(world.opened(finding()))
    notice = world.moved(TransitionKind.UPDATED, updated(finding()))
    world.clock.wait(MINUTE)
    world.slack.refuse_next(1, status=429, retry_after_seconds=60)
    with pytest.raises(DeliveryError):
        world.tell(notice)

    with pytest.raises(DeliveryError, match="turn"):
        world.tell(world.opened(finding("other", NO_TLS)))
