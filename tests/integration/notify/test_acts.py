"""What people do to a finding is said where the finding is told, and nowhere else."""

from dataclasses import replace

import pytest

from chalicelib.model import Act, Identity, IdentityKind, TransitionKind
from chalicelib.model.notice import ACT_KINDS
from tests.integration.notify.world import World, finding, text, updated

ANN = Identity(kind=IdentityKind.IAM_USER, id="AIDAANN", name="ann")
ACK = Act(by=ANN, note="on it")


def test_an_acknowledgement_is_shown_in_the_message_and_told_in_its_thread(world: World) -> None:
    world.tell(world.opened(finding()))
    seen = replace(finding(), revision=2, acknowledged_by="ann")

    world.tell(world.moved(TransitionKind.ACKNOWLEDGED, seen, act=ACK, cause=None))

    (message,) = world.messages
    assert message.edited
    assert "Seen to: acknowledged by ann" in text(message)
    (reply,) = world.replies(message)
    assert "Acknowledged by ann: “on it”" in reply


@pytest.mark.parametrize("kind", sorted(ACT_KINDS))
def test_an_act_on_what_stands_in_no_message_is_no_message(
    world: World, kind: TransitionKind
) -> None:
    world.opened(finding())

    outcome = world.tell(world.moved(kind, updated(finding()), act=ACK))

    assert outcome.startswith("superseded")
    assert list(world.slack.messages) == []


def test_an_opening_that_comes_late_shows_who_sees_to_it_already(world: World) -> None:
    opened = world.opened(finding())
    seen = replace(finding(), revision=2, acknowledged_by="ann")
    world.tell(world.moved(TransitionKind.ACKNOWLEDGED, seen, act=ACK))

    world.tell(opened)

    (message,) = world.messages
    assert "Seen to: acknowledged by ann" in text(message)


def test_a_webhook_which_has_no_threads_is_told_of_no_act(world: World) -> None:
    world.webhook = True
    world.tell(world.opened(finding()))

    world.tell(world.moved(TransitionKind.NOTED, updated(finding()), act=ACK))

    assert len(world.slack.messages) == 1
