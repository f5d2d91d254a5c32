"""What an accepted look leaves behind: confirming looks, due times, detections, memory."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.findings.lifecycle import commit_of_detections
from chalicelib.model import (
    Compliance,
    DetectionStatus,
    Known,
    Reason,
    Status,
    TimeBound,
)
from tests.unit.findings import given
from tests.unit.findings.deciding import after, decided, kinds, known_after, only, transitions
from tests.unit.findings.given import (
    RULE_ID,
    absent,
    at,
    change,
    closed,
    denied,
    detection,
    evaluation,
    item,
    opened,
    opening,
    request,
    rule,
    sighting,
    tagging,
    touch,
)

C = Compliance
OPEN, RESOLVED = Status.OPEN, Status.RESOLVED
NEVER = Known()
REVOKING = request(
    change("e-rev", time=0), touch("/properties/Rules", proposed={"/properties/Rules": []})
)
DELETING = request(change("e-del", time=0), touch(deletes=True))


# Confirming and due


WANTS = {
    "a transition": (after(closed(0)), opened(10), request(reason=Reason.TIME), True),
    "nothing new in a sweep": (after(closed(0)), closed(10), request(reason=Reason.TIME), False),
    "a first look by an event": (NEVER, closed(0), tagging(), True),
    "a first look by a sweep": (NEVER, closed(0), request(reason=Reason.TIME), False),
    "an event that should have shown": (after(closed(0)), closed(10), tagging(), True),
    "an event that took something away": (
        after(opened(0)), opened(10, seen=item({"Open": True, "Rules": ["x"]})), REVOKING, True),
    "an event whose write is not shown": (after(opened(0)), closed(10), opening(), True),
    "an event whose write is shown": (after(opened(0)), opened(10), opening(), False),
    "a delete event for what is still there": (after(opened(0)), opened(10), DELETING, True),
    "absent without a delete event": (after(closed(0)), absent(10), tagging(), True),
    "absent in a sweep": (after(closed(0)), absent(10), request(reason=Reason.TIME), True),
    "the last confirming look": (
        after(closed(0)), opened(10), tagging(confirmation=2), False),
}  # fmt: skip


@pytest.mark.parametrize(("known", "seen", "asked", "wanted"), WANTS.values(), ids=WANTS)
def test_a_confirming_look_is_ordered_where_this_one_may_have_been_too_early(
    known: Known,
    seen: given.Sighting,
    asked: given.LookRequest,
    wanted: bool,
) -> None:
    assert decided(known, seen, asked).confirm is wanted


def test_the_next_look_is_due_when_the_first_verdict_flips() -> None:
    verdicts = [evaluation(C.COMPLIANT, flips_at=at(s)) for s in (500, 400)]

    look = known_after(decided(NEVER, sighting(*verdicts))).look

    assert look is not None
    assert look.due_at == at(400)


def test_an_open_finding_about_an_age_is_looked_at_daily() -> None:
    aged = {RULE_ID: rule(time_bounds=(TimeBound(path=("properties", "Age"), limit_seconds=1),))}

    look = known_after(decided(NEVER, opened(0), rules=aged)).look

    assert look is not None
    assert look.due_at == at(1) + timedelta(days=1)


# Detections


def test_a_detection_is_explained_by_the_finding_of_the_same_change() -> None:
    outcome = decided(NEVER, opened(0), opening(), detections=(detection(),))

    assert kinds(outcome) == ["opened", "explained"]
    assert known_after(outcome).detections[0].status is DetectionStatus.EXPLAINED


def test_a_detection_waits_where_the_state_does_not_show_it_yet() -> None:
    asked = request(change())
    outcome = decided(after(closed(-20)), closed(0), asked, detections=(detection(),))

    assert kinds(outcome) == []
    assert outcome.commit is not None
    assert outcome.commit.detections == (detection(),)
    assert outcome.confirm


def test_a_transient_exposure_is_told_by_the_confirming_look() -> None:
    first = decided(after(closed(-20)), closed(0), opening(), detections=(detection(),))

    moved = only(decided(known_after(first), closed(10), opening(confirmation=1)))

    assert (moved.kind.value, moved.transient) == ("detected", True)


def test_a_transient_exposure_is_told_at_once_where_the_event_came_late() -> None:
    outcome = decided(after(closed(-20)), closed(60), opening(), detections=(detection(),))

    assert kinds(outcome) == ["detected"]


def test_an_exposure_that_cannot_be_read_is_not_called_over() -> None:
    first = decided(after(closed(-20)), denied(0), opening(), detections=(detection(),))

    outcome = decided(known_after(first), denied(30), opening(confirmation=1))

    told = [t for t in transitions(outcome) if t.detection]
    assert [(t.kind.value, t.transient) for t in told] == [("detected", False)]


def test_a_detection_that_nothing_explains_is_told_at_once() -> None:
    told = detection(status=DetectionStatus.TOLD, explained_by=())

    assert kinds(decided(after(closed(-20)), closed(0), detections=(told,))) == ["detected"]


@pytest.mark.parametrize("status", [DetectionStatus.TOLD, DetectionStatus.EXPLAINED])
def test_a_detection_is_settled_once(status: DetectionStatus) -> None:
    known = replace(after(closed(-20)), detections=(detection(status=status),))

    outcome = decided(known, closed(60), opening(), detections=(detection(),))

    assert kinds(outcome) == []


def test_a_waiting_detection_is_told_when_the_resource_is_gone() -> None:
    first = decided(after(closed(-20)), closed(0), opening(), detections=(detection(),))

    moved = only(decided(known_after(first), absent(30), DELETING_LATER))

    assert (moved.kind.value, moved.transient) == ("detected", True)


DELETING_LATER = request(change("e-del", time=25), touch(deletes=True), confirmation=1)


def test_a_detection_about_what_is_not_looked_at_is_a_commit_of_its_own() -> None:
    commit = commit_of_detections(change(), (detection(),), now=at(0))

    assert (commit.look, commit.transitions[0].kind.value) == (None, "detected")
    assert commit.transitions[0].times.event == at(-2)


# What a look remembers


def test_an_item_that_is_too_large_is_not_kept() -> None:
    large = item({"Open": True, "Policy": "x" * 200 * 1024})

    look = known_after(decided(NEVER, opened(0, seen=large))).look

    assert look is not None
    assert look.item is None


def test_a_gap_does_not_lose_companions() -> None:
    known = after(closed(0, seen=item({"Open": False}, companions=("a", "b"))))

    seen = denied(10, seen=item({"Open": None}, gaps=(given.gap(),), companions=("c",)))
    look = known_after(decided(known, seen)).look

    assert look is not None
    assert set(look.companions) == {"a", "b", "c"}


def test_differences_show_before_and_after() -> None:
    known = after(closed(0))

    (difference,) = only(decided(known, opened(10), opening(time=5))).differences

    assert (difference.pointer, difference.before, difference.after) == (
        given.OPEN_POINTER, False, True)  # fmt: skip
