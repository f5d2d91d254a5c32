"""A process may die at any call; whoever delivers next loses nothing and says nothing twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.errors import DeliveryError
from chalicelib.findings.deliveries import Deliveries
from chalicelib.model import Severity, TransitionKind
from chalicelib.model.notice import Notice
from chalicelib.pipeline.announcing import Announcing, Publisher, Reading, announce
from tests.integration.notify.world import (
    LEASE_IS_OVER,
    NO_TLS,
    Fuse,
    Killed,
    World,
    finding,
    resolved,
    text,
    texts,
)
from vigil.local._call import Answer, Call

#: More calls than any delivery makes.
EVERY_CALL = 40
REPEATED = "repeated"


def killed_at_each_call(world: World, notice_of: str) -> list[int]:
    """Kill one delivery of a fresh notice at each of its calls; return how many there were."""
    survived = []
    for call in range(EVERY_CALL):
        notice = notice_at(world, notice_of, f"bucket-{call}")
        try:
            world.tell(notice, Fuse(call))
        except Killed:
            world.clock.wait(LEASE_IS_OVER)
            world.deliver(notice)
        else:
            survived.append(call)
            break
    return survived


def notice_at(world: World, kind: str, bucket: str) -> Notice:
    mild = finding(bucket, NO_TLS, severity=Severity.MEDIUM)
    opened = world.opened(finding(bucket), mild)
    if kind == "opened":
        return opened
    world.clock.wait(LEASE_IS_OVER)
    world.deliver(opened)
    return world.moved(TransitionKind.RESOLVED, resolved(finding(bucket)), resolved(mild))


def test_a_death_at_any_call_of_a_first_delivery_is_told_once(world: World) -> None:
    (calls,) = killed_at_each_call(world, "opened")

    assert calls > 8
    assert len(world.slack.messages) == calls + 1
    assert not any(REPEATED in shown for shown in texts(world.messages))
    for bucket in range(calls + 1):
        mild = finding(f"bucket-{bucket}", NO_TLS, severity=Severity.MEDIUM)
        world.clock.wait(LEASE_IS_OVER)
        world.deliver(world.moved(TransitionKind.RESOLVED, resolved(mild)))
    for message in world.messages:
        assert "CRITICAL · s3-bucket-no-public-read of" in text(message)
        assert "✅ RESOLVED · s3-bucket-tls-required of" in text(message)


def test_a_death_at_any_call_of_a_reply_is_told_once(world: World) -> None:
    (calls,) = killed_at_each_call(world, "resolved")

    assert calls > 8
    assert len(world.messages) == calls + 1
    for message in world.messages:
        assert text(message).startswith("✅ RESOLVED")
        assert len(world.replies(message)) == 1


def test_through_a_webhook_only_a_marked_message_is_told_twice(world: World) -> None:
    world.webhook = True

    (calls,) = killed_at_each_call(world, "opened")

    told: dict[str, list[str]] = {}
    for shown in texts(world.messages):
        told.setdefault(shown.splitlines()[0], []).append(shown)
    assert len(told) == calls + 1
    doubled = [shown for shown in told.values() if len(shown) > 1]
    # Killed after Slack's answer, and before it was remembered for the first finding.
    assert len(doubled) == 2
    assert all(REPEATED not in first and REPEATED in again for first, again in doubled)


@pytest.mark.parametrize("method", ["conversations.history", "conversations.replies"])
def test_a_token_that_may_not_read_marks_instead_of_finding(world: World, method: str) -> None:
    kind = "opened" if method == "conversations.history" else "resolved"
    notice = notice_at(world, kind, "reports")
    with pytest.raises(Killed):
        world.tell(notice, Fuse(after_post=True))
    unreadable(world)
    world.clock.wait(LEASE_IS_OVER)

    world.deliver(notice)

    first, again = [m for m in world.slack.messages if (m.thread_ts is None) == (kind == "opened")]
    assert REPEATED not in text(first)
    assert REPEATED in text(again)


def unreadable(world: World) -> None:
    slack = world.line.slack

    def refuse_reading(call: Call) -> Answer:
        if "/conversations." in call.path:
            return Answer(status=200, body=b'{"ok": false, "error": "missing_scope"}')
        return slack(call)

    world.line.slack = refuse_reading  # type: ignore[assignment] # a page is any callable


def test_a_delivery_under_way_keeps_others_away(world: World) -> None:
    notice = world.opened(finding())
    with pytest.raises(Killed):
        world.tell(notice, Fuse(5))

    with pytest.raises(DeliveryError, match="under way"):
        world.tell(notice)

    world.clock.wait(LEASE_IS_OVER)
    assert world.deliver(notice) == 1


def test_what_was_not_in_the_found_message_is_told_in_another(world: World) -> None:
    mild = finding(rule_id=NO_TLS, severity=Severity.MEDIUM)
    whole = world.opened(finding(), mild)
    with pytest.raises(Killed):
        world.tell(replace(whole, entries=whole.entries[:1]), Fuse(after_post=True))
    world.clock.wait(LEASE_IS_OVER)

    world.deliver(whole)

    assert [shown.splitlines()[0] for shown in texts(world.messages)] == [
        "🟥 CRITICAL · s3-bucket-no-public-read of reports",
        "🟨 MEDIUM · s3-bucket-tls-required of reports",
    ]


@pytest.mark.parametrize("died", ["before", "after"])
def test_a_death_while_publishing_is_made_good_by_the_next_run(world: World, died: str) -> None:
    notice = world.opened(finding())
    published: list[Notice] = []

    def dying(announced: Notice) -> str:
        if died == "after":
            published.append(announced)
        raise Killed

    with pytest.raises(Killed):
        announce(Reading(entries=notice.entries), announcing(world, dying))
    announce(Reading(entries=notice.entries), announcing(world, noting_in(published)))
    announce(Reading(entries=notice.entries), announcing(world, noting_in(published)))

    assert [n.repeated for n in published] == ([True] if died == "before" else [False, True])
    for one in published:
        world.tell(one)
    assert len(world.slack.messages) == 1


def noting_in(published: list[Notice]) -> Publisher:
    def publish(notice: Notice) -> str:
        published.append(notice)
        return "message-id"

    return publish


def announcing(world: World, publish: Publisher) -> Announcing:
    deliveries = Deliveries(world.client, world.database.table("work"), "sns", timedelta(0))
    return Announcing(publish=publish, deliveries=deliveries, clock=world.clock)
