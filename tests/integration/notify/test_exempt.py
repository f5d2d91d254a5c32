"""Accepted risks on the channel: no message, none that is out of date, and their end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib import telling
from chalicelib.findings import exemptions
from chalicelib.findings.deliveries import Deliveries
from chalicelib.model import Act, Scope, Times, Transition, TransitionKind
from chalicelib.model.notice import Level, Notice
from chalicelib.pipeline.announcing import Announcing, Reading, announce
from chalicelib.settings import Settings
from tests.integration.findings.accepting import Office
from tests.integration.notify.living import estate_in
from tests.integration.notify.world import PUBLIC_READ, World, finding, resolved, text, updated
from tests.unit.findings.exempting import ACCOUNT, ANA, BEN, MEG, REASON
from tests.unit.notify.told import transition

EXEMPTION = "ex-1"


def exempt(notice: Notice) -> Notice:
    """Return a notice as it is announced under an exemption."""
    return replace(
        notice, entries=tuple(replace(e, exemption_id=EXEMPTION) for e in notice.entries)
    )


def asked(world: World) -> Notice:
    now = world.clock.now()
    request = exemptions.requested(
        EXEMPTION,
        Scope(rule_id="s3-bucket-no-public-read"),
        REASON,
        now + timedelta(days=1),
        matched=[],
        longest=timedelta(days=90),
        act=Act(by=MEG),
        account_id=ACCOUNT,
        now=now,
    )
    (notice,) = world.commit(request)
    return notice


def test_what_opens_under_an_exemption_is_no_message(world: World) -> None:
    world.tell(exempt(world.opened(finding())))

    assert not world.slack.messages


def test_what_is_not_exempt_beside_it_is_told_alone(world: World) -> None:
    accepted, other = finding(), finding(rule_id="s3-bucket-tls-required")
    notice = world.opened(accepted, other)
    entries = [
        replace(e, exemption_id=EXEMPTION) if e.transition.rule_id == accepted.rule_id else e
        for e in notice.entries
    ]

    world.tell(replace(notice, entries=tuple(entries)))

    (message,) = world.messages
    assert other.message in text(message)
    assert accepted.message not in text(message)


def test_a_message_from_before_the_exemption_is_kept_up_to_date(world: World) -> None:
    one = finding()
    world.tell(world.opened(one))

    world.tell(exempt(world.moved(TransitionKind.RESOLVED, resolved(one))))

    (message,) = world.messages
    assert "RESOLVED" in text(message)


def test_what_was_never_told_is_resolved_without_a_word(world: World) -> None:
    one = finding()
    world.tell(exempt(world.opened(one)))

    world.tell(exempt(world.moved(TransitionKind.RESOLVED, resolved(one))))

    assert not world.slack.messages


def test_an_exemptions_end_is_told_as_a_new_message_where_there_was_none(world: World) -> None:
    one = finding()
    world.tell(exempt(world.opened(one)))

    world.tell(world.moved(TransitionKind.EXEMPTION_ENDED, updated(one)))

    (message,) = world.messages
    assert "now written by anyone" in text(message)


def test_an_exemptions_end_is_told_beside_the_message_that_stands(world: World) -> None:
    one = finding()
    world.tell(world.opened(one))

    world.tell(world.moved(TransitionKind.EXEMPTION_ENDED, updated(one)))

    (message,) = world.messages
    assert "No longer exempt" in world.replies(message)[0]


def test_a_request_is_told_once_so_that_the_second_person_knows(world: World) -> None:
    notice = asked(world)

    world.tell(notice)
    world.tell(notice)

    (message,) = world.messages
    assert "Exemption asked for" in text(message)
    assert REASON in text(message)


def test_a_request_in_a_burst_stands_in_its_digest(world: World) -> None:
    for number in range(5):
        world.tell(world.opened(finding(f"bucket-{number}")))

    world.tell(asked(world))
    (window, _), *_ = world.digests
    world.clock.wait(timedelta(minutes=1))
    world.tell_digest(window)

    assert "Exemption asked for" in text(world.messages[-1])


def announced(world: World, exemption_of: Callable[[Transition], str | None]) -> Notice:
    """Return what is published of a finding that opens."""
    published: list[Notice] = []

    def publish(notice: Notice) -> str:
        published.append(notice)
        return "1"

    announce(
        Reading(entries=world.opened(finding()).entries),
        Announcing(
            publish=publish,
            deliveries=Deliveries(world.client, world.database.table("work"), "sns", timedelta(0)),
            clock=world.clock,
            exemption_of=exemption_of,
        ),
    )
    (notice,) = published
    return notice


def test_what_is_announced_names_the_exemption(world: World) -> None:
    notice = announced(world, lambda _: EXEMPTION)

    assert notice.level is Level.LOG
    assert [entry.exemption_id for entry in notice.entries] == [EXEMPTION]


def test_what_no_exemption_covers_is_announced_as_ever(world: World) -> None:
    assert announced(world, lambda _: None).level is Level.PAGE


def test_who_announces_believes_the_register_and_never_what_is_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate_in(world, monkeypatch)
    office = Office(world.database, world.clock)
    world.clock.wait(timedelta(hours=2))
    office.staff()
    scope = Scope(rule_id=PUBLIC_READ)
    office.service().approve(exemption_id := office.ask(scope=scope), BEN)
    decided = Times(event=None, received=None, decided=world.clock.now())
    opened = transition(told=finding(), times=decided)

    def found() -> str | None:
        return telling._exemption_of(Settings.from_env(), opened)

    during = found()
    office.service().revoke(exemption_id, ANA)

    assert during == exemption_id
    assert found() is None
