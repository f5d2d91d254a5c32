"""Five messages a minute are told one by one; the rest is one digest at the minute's end."""

from datetime import timedelta

import pytest

from chalicelib.errors import DeliveryError
from chalicelib.findings.bursts import Bursts, Line
from chalicelib.model import Reason, ResourceRef, RuleCount, Severity, Subject, Summary
from chalicelib.model import TransitionKind as Kind
from chalicelib.model.notice import Notice
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
    updated,
)
from tests.unit.notify.told import FINDING, transition

WINDOW = timedelta(seconds=60)
EVERY_CALL = 40


def a_burst(world: World, size: int) -> None:
    """Deliver notices of different buckets within a minute, two seconds apart."""
    started = len(world.slack.messages)
    notices = [world.opened(finding(f"bucket-{started + n}")) for n in range(size)]
    for notice in notices:
        world.tell(notice)


def window_of(world: World) -> str:
    return world.digests[0][0]


def test_the_sixth_message_and_later_ones_are_held_for_one_digest(world: World) -> None:
    a_burst(world, 8)
    assert len(world.slack.messages) == 5
    world.clock.wait(WINDOW)

    outcomes = [world.tell_digest(window) for window, _ in world.digests]

    assert outcomes == ["digest", "delivered before", "delivered before"]
    *_, digest = texts(world.slack.messages)
    assert "3 more in the last minute" in digest
    assert [n for n in range(8) if f"bucket-{n} " in digest] == [5, 6, 7]
    assert len(world.slack.messages) == 6


def test_the_digest_comes_at_the_windows_end(world: World) -> None:
    a_burst(world, 7)

    # The window began with the first; the sixth came ten seconds later.
    assert [delay for _, delay in world.digests] == [50, 48]


def test_a_digest_of_nothing_is_not_posted(world: World) -> None:
    world.tell(world.opened(finding()))
    window = Bursts(world.slacking().deliveries).window(world.clock.now(), WINDOW)

    assert world.tell_digest(window) == "nothing held"
    assert len(world.slack.messages) == 1


def test_after_the_window_messages_are_told_one_by_one_again(world: World) -> None:
    a_burst(world, 6)
    world.clock.wait(WINDOW)

    world.tell(world.opened(finding("later")))

    assert "later" in texts(world.slack.messages)[-1]


def test_a_retry_takes_no_second_slot(world: World) -> None:
    world.slack.refuse_next(3, status=429)
    refused = world.opened(finding("bucket-refused"))
    for _ in range(3):
        with pytest.raises(DeliveryError):
            world.tell(refused)
    a_burst(world, 4)

    world.tell(refused)

    assert len(world.slack.messages) == 5
    assert world.digests == []


def test_the_worst_comes_first_in_a_digest(world: World) -> None:
    a_burst(world, 5)
    for number, severity in enumerate((Severity.LOW, Severity.CRITICAL, Severity.MEDIUM)):
        one = finding(f"held-{number}", severity=severity)
        world.tell(world.opened(one))
    world.clock.wait(WINDOW)

    world.tell_digest(window_of(world))

    digest = texts(world.slack.messages)[-1]
    assert digest.index("held-1") < digest.index("held-2") < digest.index("held-0")


def test_all_findings_of_a_held_notice_are_in_the_digest(world: World) -> None:
    a_burst(world, 5)
    world.tell(world.opened(finding("held"), finding("held", NO_TLS)))
    world.clock.wait(WINDOW)

    world.tell_digest(window_of(world))

    assert "2 more in the last minute" in texts(world.slack.messages)[-1]


def test_a_resolution_in_a_burst_is_still_shown_in_its_message(world: World) -> None:
    world.tell(world.opened(finding("mine")))
    world.clock.wait(WINDOW)
    a_burst(world, 5)

    world.tell(world.moved(Kind.RESOLVED, resolved(finding("mine"))))

    mine = world.messages[0]
    assert text(mine).startswith("✅ RESOLVED")
    assert world.replies(mine) == []
    assert len(world.digests) == 1


def test_what_was_held_is_not_told_again_by_a_lower_revision(world: World) -> None:
    world.tell(world.opened(finding("mine")))
    changed = world.moved(Kind.UPDATED, updated(finding("mine")))
    closed = world.moved(Kind.RESOLVED, resolved(updated(finding("mine"))))
    world.clock.wait(WINDOW)
    a_burst(world, 5)
    world.tell(closed)

    assert world.tell(changed) == "superseded"


def test_a_digest_is_posted_once_though_its_process_dies_after_posting(world: World) -> None:
    a_burst(world, 6)
    world.clock.wait(WINDOW)
    with pytest.raises(Killed):
        world.tell_digest(window_of(world), Fuse(after_post=True))
    world.clock.wait(LEASE_IS_OVER)

    world.tell_digest(window_of(world))

    assert len(world.slack.messages) == 6


def test_a_webhooks_digest_is_marked_when_it_may_have_arrived(world: World) -> None:
    world.webhook = True
    a_burst(world, 6)
    world.clock.wait(WINDOW)
    with pytest.raises(Killed):
        world.tell_digest(window_of(world), Fuse(after_post=True))
    world.clock.wait(LEASE_IS_OVER)

    world.tell_digest(window_of(world))

    assert ["repeated" in t for t in texts(world.slack.messages)[-2:]] == [False, True]


def test_a_refused_digest_comes_back(world: World) -> None:
    a_burst(world, 6)
    world.clock.wait(WINDOW)
    world.slack.refuse_next(1, status=429, retry_after_seconds=3)
    with pytest.raises(DeliveryError):
        world.tell_digest(window_of(world))
    world.clock.wait(timedelta(seconds=3))

    world.tell_digest(window_of(world))

    assert len(world.slack.messages) == 6


def test_a_death_at_any_call_of_holding_is_told_once(world: World) -> None:
    for call in range(EVERY_CALL):
        world.clock.wait(WINDOW)
        a_burst(world, 5)
        notice = world.opened(finding(f"held-{call}"))
        try:
            world.tell(notice, Fuse(call))
        except Killed:
            world.clock.wait(LEASE_IS_OVER)
            world.deliver(notice)
        else:
            break
    for window in dict.fromkeys(window for window, _ in world.digests):
        world.tell_digest(window)

    shown = "\n".join(texts(world.slack.messages))
    assert call > 4
    assert [shown.count(f"AWS::S3::Bucket held-{n} in") for n in range(call + 1)] == [1] * (
        call + 1
    )


def test_nothing_is_held_after_the_digest_was_made(world: World) -> None:
    a_burst(world, 6)
    bursts = Bursts(world.slacking().deliveries)
    world.clock.wait(WINDOW)
    world.tell_digest(window_of(world))
    late = Line(entry_id="late", text="late", rank=1)

    with pytest.raises(DeliveryError, match="digest"):
        bursts.hold(window_of(world), [late], world.clock.now())

    assert not world.slacking().deliveries.is_delivered("late")


def test_a_summary_is_told_even_in_a_burst(world: World) -> None:
    a_burst(world, 5)

    world.tell(a_summary(world))

    assert "First sweep of account 111122223333: 3 finding(s)" in texts(world.slack.messages)[-1]


@pytest.mark.parametrize("reason", [Reason.FIRST_LOOK, Reason.RULE_CHANGE])
def test_what_a_first_sweep_finds_is_told_by_its_summary_only(world: World, reason: Reason) -> None:
    told_alone = world.commit(transition(Kind.OPENED, finding(), reason=reason))

    world.tell(a_summary(world))

    assert told_alone == ()
    assert len(world.slack.messages) == 1


def a_summary(world: World) -> Notice:
    count = RuleCount(
        rule_id=NO_TLS, title="TLS", severity=Severity.HIGH, count=3, examples=("a", "b")
    )
    account = ResourceRef(
        account_id="111122223333", region="global", type="AWS::Account", id="111122223333"
    )
    one = transition(
        Kind.SUMMARISED,
        FINDING,
        reason=Reason.FIRST_LOOK,
        subject=Subject(ref=account),
        finding=None,
        cause=None,
        summary=Summary(sweep_id="s", bundle="b", first=True, counts=(count,)),
    )
    (notice,) = world.commit(one)
    return notice
