"""What was seen for information only is published, and no message on the channel."""

from dataclasses import replace

from chalicelib.model import Severity, TransitionKind
from tests.integration.notify.world import World, finding, text
from tests.unit.notify.told import DETECTION

ROUTINE = replace(
    DETECTION,
    rule_id="s3-bucket-policies-changed",
    severity=Severity.INFORMATIONAL,
    message="alice called PutBucketPolicy",
)


def test_a_routine_change_is_no_message(world: World) -> None:
    notice = world.look((TransitionKind.DETECTED, ROUTINE))

    assert world.tell(notice) == "informational"
    assert not world.slack.messages


def test_a_routine_change_is_left_out_of_what_is_told_beside_it(world: World) -> None:
    low = replace(DETECTION, severity=Severity.LOW)
    moves = (TransitionKind.OPENED, finding()), (TransitionKind.DETECTED, low)

    world.tell(world.look(*moves, (TransitionKind.DETECTED, ROUTINE)))

    (message,) = world.slack.messages
    assert DETECTION.message in text(message)
    assert ROUTINE.message not in text(message)
