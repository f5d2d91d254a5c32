"""Slack says no, or nothing: the message comes back, and is posted once."""

from datetime import timedelta

import pytest

from chalicelib.errors import DeliveryError
from chalicelib.model import Severity, TransitionKind
from chalicelib.model.notice import Notice
from tests.integration.notify.world import (
    NO_TLS,
    PUBLIC_READ,
    TOKEN,
    World,
    finding,
    reopened,
    resolved,
    text,
    texts,
    updated,
)
from vigil.local._call import Answer

BROKEN = Answer(status=500, headers=(("Content-Type", "text/html"),), body=b"<html>oops</html>")
UNSURE = Answer(status=200, body=b'{"ok": false, "error": "fatal_error"}')
TOO_LATE = None
SOON = timedelta(seconds=31)


@pytest.mark.parametrize("webhook", [False, True], ids=["bot", "webhook"])
def test_too_many_requests_are_retried_after_what_slack_asked_for(
    world: World, webhook: bool
) -> None:
    world.webhook = webhook
    notice = world.opened(finding())
    world.slack.refuse_next(1, status=429, retry_after_seconds=7)

    with pytest.raises(DeliveryError) as refused:
        world.tell(notice)

    assert refused.value.retry_after_seconds == 7
    world.clock.wait(timedelta(seconds=7))
    world.tell(notice)
    (message,) = world.slack.messages
    assert "repeated" not in text(message)


@pytest.mark.parametrize("answer", [BROKEN, UNSURE, TOO_LATE], ids=["500", "fatal", "time-out"])
def test_an_answer_that_is_lost_makes_no_second_message(
    world: World, answer: Answer | None
) -> None:
    notice = world.opened(finding())
    world.line.answers = [answer]

    with pytest.raises(DeliveryError) as lost:
        world.tell(notice)

    assert lost.value.may_stand
    world.tell(notice)
    assert len(world.slack.messages) == 1
    world.tell(world.moved(TransitionKind.RESOLVED, resolved(finding())))
    assert text(world.messages[0]).startswith("✅ RESOLVED")


@pytest.mark.parametrize("answer", [BROKEN, TOO_LATE], ids=["500", "time-out"])
def test_a_reply_whose_answer_is_lost_is_not_repeated(world: World, answer: Answer | None) -> None:
    world.tell(world.opened(finding()))
    notice = world.moved(TransitionKind.UPDATED, updated(finding()))
    world.line.answers = [answer]
    with pytest.raises(DeliveryError):
        world.tell(notice)

    world.tell(notice)

    (message,) = world.messages
    assert len(world.replies(message)) == 1


@pytest.mark.parametrize("answer", [BROKEN, TOO_LATE], ids=["500", "time-out"])
def test_a_webhook_marks_what_may_have_arrived(world: World, answer: Answer | None) -> None:
    world.webhook = True
    notice = world.opened(finding())
    world.line.answers = [answer]
    with pytest.raises(DeliveryError):
        world.tell(notice)

    world.tell(notice)

    first, again = texts(world.slack.messages)
    assert "repeated" not in first
    assert "repeated" in again


def test_what_may_have_arrived_stays_so_through_later_refusals(world: World) -> None:
    world.webhook = True
    notice = world.opened(finding())
    world.line.answers = [BROKEN]
    with pytest.raises(DeliveryError):
        world.tell(notice)
    world.slack.refuse_next(1, status=429)
    with pytest.raises(DeliveryError):
        world.tell(notice)

    world.tell(notice)

    assert "repeated" in texts(world.slack.messages)[-1]


def refused(world: World, notice: Notice) -> None:
    """Let Slack take a notice and its answer be lost."""
    world.line.answers = [BROKEN]
    with pytest.raises(DeliveryError):
        world.tell(notice)


def test_a_message_that_nobody_knew_of_is_retired_when_a_newer_one_tells_more(
    world: World,
) -> None:
    opened = world.opened(finding())
    refused(world, opened)
    world.tell(world.moved(TransitionKind.UPDATED, updated(finding())))

    world.tell(opened)

    unknown, home = texts(world.messages)
    assert "told in another message" in unknown
    assert "CRITICAL" not in unknown
    assert "now written by anyone, too" in home


def test_a_message_that_nobody_knew_of_is_retired_when_an_older_one_is_found(
    world: World,
) -> None:
    opened = world.opened(finding())
    refused(world, opened)
    changed = world.moved(TransitionKind.UPDATED, updated(finding()))
    refused(world, changed)

    world.tell(opened)
    world.tell(changed)

    home, unknown = texts(world.messages)
    assert "now written by anyone, too" in home
    assert "told in another message" in unknown
    assert world.replies(world.messages[0]) == []


def test_what_has_its_only_message_in_a_retired_one_keeps_it(world: World) -> None:
    opened = world.opened(finding(severity=Severity.MEDIUM))
    refused(world, opened)
    both = world.look(
        (TransitionKind.OPENED, finding(rule_id=NO_TLS)),
        (TransitionKind.UPDATED, updated(finding(severity=Severity.MEDIUM))),
    )
    refused(world, both)

    world.tell(opened)
    world.deliver(both)

    first, second = texts(world.messages)
    assert PUBLIC_READ in first
    assert second.startswith(f"🟥 CRITICAL · {NO_TLS}")
    assert PUBLIC_READ not in second


def test_an_old_episode_without_a_message_is_not_told_after_a_new_one(world: World) -> None:
    world.opened(finding())
    closed = world.moved(TransitionKind.RESOLVED, resolved(finding()))
    world.tell(world.moved(TransitionKind.REOPENED, reopened(resolved(finding()))))

    assert world.tell(closed) == "superseded"
    assert len(world.slack.messages) == 1


def test_an_edit_that_slack_refuses_comes_before_the_reply(world: World) -> None:
    world.tell(world.opened(finding()))
    notice = world.moved(TransitionKind.UPDATED, updated(finding()))
    world.slack.refuse_next(1, status=500)
    with pytest.raises(DeliveryError):
        world.tell(notice)
    assert world.replies(world.messages[0]) == []

    world.tell(notice)

    assert len(world.replies(world.messages[0])) == 1


def test_a_revoked_token_is_refused_until_it_is_replaced(world: World) -> None:
    notice = world.opened(finding())
    world.slack.revoke(TOKEN)
    for _ in range(2):
        with pytest.raises(DeliveryError, match="token_revoked") as refused:
            world.tell(notice)
        assert refused.value.is_denied

    world.slack.revoke()
    world.tell(notice)

    assert len(world.slack.messages) == 1


def test_nobody_listening_is_no_message_that_may_stand(world: World) -> None:
    notice = world.opened(finding())
    listening, world.url = world.url, "http://127.0.0.1:9"
    with pytest.raises(DeliveryError) as refused:
        world.tell(notice)
    world.url = listening

    assert not refused.value.may_stand
    assert world.deliver(notice) == 1


def test_the_token_stands_in_no_error(world: World) -> None:
    world.slack.revoke(TOKEN)

    with pytest.raises(DeliveryError) as refused:
        world.tell(world.opened(finding()))

    assert TOKEN not in str(refused.value) + repr(refused.value) + repr(world.poster)


def test_the_channels_turn_is_waited_for(world: World) -> None:
    world.tell(world.opened(finding("one")))
    other = world.opened(finding("two"))
    world.clock.wait(timedelta(seconds=-2.9))

    with pytest.raises(DeliveryError, match="turn") as refused:
        world.tell(other)

    assert refused.value.retry_after_seconds == pytest.approx(0.9)
    world.tell(other)
    assert len(world.slack.messages) == 2
