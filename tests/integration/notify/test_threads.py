"""One message per resource and look; what happens later is told in its thread."""

from dataclasses import replace

import pytest

from chalicelib.model import Difference, Severity, TransitionKind
from tests.integration.notify.world import (
    CHANNEL,
    NO_TLS,
    PUBLIC_READ,
    World,
    finding,
    reopened,
    resolved,
    text,
    texts,
    updated,
)
from tests.unit.notify.told import DETECTION
from vigil.local._call import Answer, Call


def test_findings_of_one_resource_and_look_are_one_message(world: World) -> None:
    mild = finding(rule_id=NO_TLS, severity=Severity.MEDIUM)

    world.tell(world.opened(mild, finding()))

    (message,) = world.slack.messages
    assert text(message).startswith(f"🟥 CRITICAL · {PUBLIC_READ} of reports")
    assert f"🟨 MEDIUM · {NO_TLS} of reports" in text(message)


@pytest.mark.parametrize("kind", [TransitionKind.UPDATED, TransitionKind.ATTRIBUTED])
def test_a_change_is_told_in_the_thread_and_shown_in_the_message(
    world: World, kind: TransitionKind
) -> None:
    world.tell(world.opened(finding()))
    change = Difference(pointer="/observed/Acl", before="read", after="write")

    world.tell(world.moved(kind, updated(finding()), differences=(change,)))

    (message,) = world.messages
    assert message.edited
    assert "now written by anyone, too" in text(message)
    (reply,) = world.replies(message)
    assert "/observed/Acl: read → write" in reply


def test_a_resolution_is_told_in_the_same_thread_with_its_duration(world: World) -> None:
    world.tell(world.opened(finding()))

    world.tell(world.moved(TransitionKind.RESOLVED, resolved(finding())))

    (message,) = world.messages
    assert text(message).startswith("✅ RESOLVED")
    assert "Open for 5 min." in text(message)
    (reply,) = world.replies(message)
    assert "Resolved after 5 min" in reply


def test_the_same_notice_twice_is_told_once(world: World) -> None:
    notice = world.opened(finding())
    world.tell(notice)

    assert world.tell(notice) == "delivered before"
    assert len(world.slack.messages) == 1


def test_a_revision_below_the_one_told_is_skipped(world: World) -> None:
    opened = world.opened(finding())
    changed = world.moved(TransitionKind.UPDATED, updated(finding()))
    world.tell(changed)

    assert world.tell(opened) == "superseded"
    (message,) = world.slack.messages
    assert "now written by anyone, too" in text(message)


def test_a_webhook_skips_lower_revisions_too(world: World) -> None:
    world.webhook = True
    opened = world.opened(finding())
    world.tell(world.moved(TransitionKind.UPDATED, updated(finding())))

    assert world.tell(opened) == "superseded"


def test_a_message_shows_how_things_stand_now_not_how_they_were(world: World) -> None:
    opened = world.opened(finding())
    world.moved(TransitionKind.RESOLVED, resolved(finding()))

    world.tell(opened)

    assert text(world.messages[0]).startswith("✅ RESOLVED")


def test_a_new_episode_is_a_new_message(world: World) -> None:
    closed, again = resolved(finding()), reopened(resolved(finding()))
    for kind, one in (
        (TransitionKind.OPENED, finding()),
        (TransitionKind.RESOLVED, closed),
        (TransitionKind.REOPENED, again),
    ):
        world.tell(world.moved(kind, one))

    first, second = world.messages
    assert text(first).startswith("✅ RESOLVED")
    assert text(second).startswith("🟥 CRITICAL")


def test_a_message_about_two_findings_goes_on_listing_both(world: World) -> None:
    mild = finding(rule_id=NO_TLS, severity=Severity.MEDIUM)
    world.tell(world.opened(mild, finding()))

    world.tell(world.moved(TransitionKind.RESOLVED, resolved(finding())))

    (message,) = world.messages
    assert text(message).startswith(f"🟨 MEDIUM · {NO_TLS}")
    assert f"✅ RESOLVED · {PUBLIC_READ} of reports" in text(message)

    world.tell(world.moved(TransitionKind.RESOLVED, resolved(mild)))

    (message,) = world.messages
    assert text(message).startswith("✅ RESOLVED")
    assert f"✅ RESOLVED · {NO_TLS} of reports" in text(message)


def test_findings_told_in_two_messages_are_resolved_in_both_threads(world: World) -> None:
    other = finding(rule_id=NO_TLS, severity=Severity.MEDIUM)
    world.tell(world.opened(finding()))
    world.tell(world.opened(other))

    both = world.moved(TransitionKind.RESOLVED, resolved(finding()), resolved(other))
    world.deliver(both)

    for message, rule_id in zip(world.messages, (PUBLIC_READ, NO_TLS), strict=True):
        assert text(message).startswith(f"✅ RESOLVED · {rule_id}")
        (reply,) = world.replies(message)
        assert f"{rule_id} of reports" in reply


def test_a_finding_that_opens_while_another_moves_gets_its_own_message(world: World) -> None:
    world.tell(world.opened(finding()))

    world.deliver(
        world.look(
            (TransitionKind.UPDATED, updated(finding())),
            (TransitionKind.OPENED, finding(rule_id=NO_TLS)),
        )
    )

    first, second = world.messages
    assert len(world.replies(first)) == 1
    assert text(second).startswith(f"🟥 CRITICAL · {NO_TLS}")


def test_an_old_message_does_not_show_a_new_episode(world: World) -> None:
    other = finding(rule_id=NO_TLS, severity=Severity.MEDIUM)
    world.tell(world.opened(finding(), other))
    for kind, one in (
        (TransitionKind.RESOLVED, resolved(finding())),
        (TransitionKind.REOPENED, reopened(resolved(finding()))),
    ):
        world.tell(world.moved(kind, one))

    world.tell(world.moved(TransitionKind.UPDATED, updated(other)))

    old = text(world.messages[0])
    assert old.startswith(f"🟨 MEDIUM · {NO_TLS}")
    assert f"✅ {PUBLIC_READ} of reports: later told in a newer message" in old


def test_a_deleted_message_is_replaced_by_a_new_one(world: World) -> None:
    world.tell(world.opened(finding()))
    world.slack.delete(world.messages[0].ts)

    world.tell(world.moved(TransitionKind.UPDATED, updated(finding())))
    world.tell(world.moved(TransitionKind.RESOLVED, resolved(updated(finding()))))

    (message,) = world.messages
    assert text(message).startswith("✅ RESOLVED")
    assert len(world.replies(message)) == 1


def test_a_webhook_posts_plain_messages(world: World) -> None:
    world.webhook = True
    world.tell(world.opened(finding()))

    world.tell(world.moved(TransitionKind.RESOLVED, resolved(finding())))

    assert [t.split(" · ")[0] for t in texts(world.messages)] == ["🟥 CRITICAL", "✅ RESOLVED"]


def test_a_webhook_that_replaces_a_bot_tells_in_plain_messages(world: World) -> None:
    world.tell(world.opened(finding()))
    world.webhook = True

    world.tell(world.moved(TransitionKind.RESOLVED, resolved(finding())))

    assert [m.channel for m in world.messages] == [CHANNEL, "webhook"]


def test_only_a_settled_thread_is_forgotten_in_time(world: World) -> None:
    deliveries = world.slacking().deliveries
    thread = deliveries.key("thread", f"{finding().id}#1")

    world.tell(world.opened(finding()))
    assert "expires" not in deliveries.read(thread)

    world.tell(world.moved(TransitionKind.RESOLVED, resolved(finding())))
    assert "expires" in deliveries.read(thread)


def test_a_detection_stays_in_the_message_that_told_it(world: World) -> None:
    seen = replace(DETECTION, subject=finding().subject)
    world.tell(world.look((TransitionKind.OPENED, finding()), (TransitionKind.DETECTED, seen)))

    world.tell(world.moved(TransitionKind.RESOLVED, resolved(finding())))

    (message,) = world.messages
    assert text(message).startswith("🟧 HIGH · root called PutBucketPolicy")
    assert f"✅ RESOLVED · {PUBLIC_READ} of reports" in text(message)


def test_a_transient_exposure_is_told_as_one(world: World) -> None:
    seen = replace(DETECTION, subject=finding().subject)

    world.tell(world.look((TransitionKind.DETECTED, seen), transient=True))

    assert "Transient: it was undone before it was looked at." in text(world.messages[0])


def test_what_moves_while_a_message_is_edited_is_shown(world: World) -> None:
    world.tell(world.opened(finding()))
    notice = world.moved(TransitionKind.UPDATED, updated(finding()))
    slack, closing = world.line.slack, [resolved(updated(finding()))]

    def close_meanwhile(call: Call) -> Answer:
        if call.path.endswith("chat.update") and closing:
            world.moved(TransitionKind.RESOLVED, closing.pop())
        return slack(call)

    world.line.slack = close_meanwhile  # type: ignore[assignment] # a page is any callable
    world.tell(notice)

    assert text(world.messages[0]).startswith("✅ RESOLVED")
