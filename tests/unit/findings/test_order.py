"""Which look is believed: order, absence, identity."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.findings.lifecycle import OutcomeKind
from chalicelib.model import (
    Compliance,
    Known,
    Reason,
    Status,
)
from tests.unit.findings import given
from tests.unit.findings.deciding import after, decided, kinds, known_after, only
from tests.unit.findings.given import (
    absent,
    at,
    change,
    closed,
    evaluation,
    item,
    opened,
    opening,
    request,
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


# Order of looks


ORDERS = {
    "after": (opened(10), OutcomeKind.ACCEPTED, ["resolved"]),
    "at the very end": (opened(1), OutcomeKind.ACCEPTED, ["resolved"]),
    "before": (opened(-10), OutcomeKind.RETAKE, None),
    "overlapping from before": (opened(-0.5), OutcomeKind.RETAKE, None),
    "overlapping to after": (opened(0.5), OutcomeKind.RETAKE, None),
    "inside": (opened(0.2, end=0.4), OutcomeKind.RETAKE, None),
    "around": (opened(-1, end=3), OutcomeKind.RETAKE, None),
}


@pytest.mark.parametrize(("other", "kind", "moves"), ORDERS.values(), ids=ORDERS)
def test_only_a_newer_look_overrules(
    other: given.Sighting, kind: OutcomeKind, moves: list[str] | None
) -> None:
    known = after(opened(0))
    verdicts = (evaluation(C.COMPLIANT),)
    seen = replace(other, evaluations=verdicts, fingerprint="f-closed")

    outcome = decided(known, seen)

    assert outcome.kind is kind
    assert (kinds(outcome) if outcome.commit else None) == moves


def test_an_overlapping_look_at_the_same_state_is_done_and_writes_no_look() -> None:
    known = after(opened(0))

    outcome = decided(known, opened(0.5), tagging())

    assert outcome.kind is OutcomeKind.ACCEPTED
    assert outcome.commit is not None
    assert (outcome.commit.look, outcome.commit.transitions) == (None, ())


def test_an_overlapping_look_at_the_same_state_still_names_the_cause() -> None:
    known = after((opened(0), tagging()))

    outcome = decided(known, opened(0.5), opening(time=-5))

    assert kinds(outcome) == ["attributed"]
    assert outcome.commit is not None
    assert outcome.commit.look is not None
    assert (outcome.commit.look.rev, outcome.commit.look.ended_at) == (2, at(1))


def test_every_newer_look_is_written_also_without_news() -> None:
    known = after(closed(0))

    outcome = decided(known, closed(10), request(reason=Reason.TIME))

    assert outcome.commit is not None
    assert outcome.commit.look is not None
    assert (outcome.commit.look.rev, outcome.commit.look.started_at) == (2, at(10))


def test_a_thrown_away_look_takes_no_ledger_row_with_it() -> None:
    assert decided(after(opened(0)), closed(0.5)).commit is None


# Absence and identity


def test_one_absent_look_moves_nothing_and_is_confirmed() -> None:
    known = after(opened(0))

    outcome = decided(known, absent(10), tagging())

    assert kinds(outcome) == []
    assert outcome.confirm
    assert outcome.commit is not None
    assert outcome.commit.look is not None
    assert (outcome.commit.look.absences, outcome.commit.look.gone) == (1, False)
    assert outcome.commit.look.due_at == at(11) + timedelta(minutes=15)


def test_the_second_absent_look_resolves_and_leaves_a_tombstone() -> None:
    known = after(opened(0), absent(10))

    outcome = decided(known, absent(20), tagging())

    assert only(outcome).reason is Reason.RESOURCE_DELETED
    assert known_after(outcome).look.gone  # type: ignore[union-attr] # accepted


def test_two_overlapping_absent_looks_are_one_observation() -> None:
    known = after(opened(0), absent(10))

    assert decided(known, absent(10.5), tagging()).kind is OutcomeKind.RETAKE


def test_an_absent_look_after_a_delete_event_is_certain() -> None:
    known = after(opened(0))

    outcome = decided(known, absent(10), DELETING)

    assert only(outcome).reason is Reason.RESOURCE_DELETED


def test_a_resource_that_is_found_again_forgets_its_absence() -> None:
    known = after(opened(0), absent(10), opened(20))

    assert known.look.absences == 0  # type: ignore[union-attr] # looked at
    assert kinds(decided(known, absent(30), tagging())) == []


def tombstone(unique_id: str | None = None) -> Known:
    return after(opened(0, seen=item(unique_id=unique_id)), (absent(10), DELETING))


LATE = {
    "a stale read soon after": (opened(20), request(change()), OutcomeKind.RETAKE),
    "a stale read just inside the guard": (
        opened(11 + 119.9), request(change()), OutcomeKind.RETAKE),
    "a read after the guard": (opened(11 + 120), request(change()), OutcomeKind.ACCEPTED),
    "a create event from before": (
        opened(20), request(change(time=5), touch(creates=True)), OutcomeKind.RETAKE),
    "a create event from after": (
        opened(20), request(change(time=12), touch(creates=True)), OutcomeKind.ACCEPTED),
    "another unique id": (
        opened(20, seen=item(unique_id="B")), request(change()), OutcomeKind.ACCEPTED),
    "the same unique id": (
        opened(20, seen=item(unique_id="A")), request(change()), OutcomeKind.RETAKE),
}  # fmt: skip


@pytest.mark.parametrize(("seen", "asked", "kind"), LATE.values(), ids=LATE)
def test_a_tombstone_is_reopened_only_by_a_new_resource(
    seen: given.Sighting, asked: given.LookRequest, kind: OutcomeKind
) -> None:
    assert decided(tombstone("A"), seen, asked).kind is kind


def test_a_tombstone_stays_one_however_often_nothing_is_found() -> None:
    known = known_after(decided(tombstone(), absent(20), tagging()))

    assert known.look.gone  # type: ignore[union-attr] # looked at
    assert not decided(known, absent(30), tagging()).confirm


def test_the_tombstone_of_a_replaced_resource_stays_one_too() -> None:
    known = after(opened(0, seen=item(unique_id="A")))
    known = known_after(decided(known, opened(10, seen=item(unique_id="B"))))

    again = known_after(decided(known, absent(20), tagging()))

    assert again.look.gone  # type: ignore[union-attr] # looked at


def test_another_identity_under_the_same_name_buries_the_old_one_first() -> None:
    known = after(opened(0, seen=item(unique_id="A")))

    outcome = decided(known, opened(10, seen=item(unique_id="B")), opening(time=5))
    again = decided(known_after(outcome), opened(12, seen=item(unique_id="B")), opening(time=5))

    assert (outcome.kind, outcome.settled) == (OutcomeKind.NEW_IDENTITY, False)
    assert only(outcome).reason is Reason.RESOURCE_DELETED
    assert kinds(again) == ["reopened"]
    assert only(again).cause is not None


def test_the_ledger_row_waits_for_the_look_at_the_new_identity() -> None:
    known = after(opened(0, seen=item(unique_id="A")))
    row = given.ledger_row()

    burying = decided(known, opened(10, seen=item(unique_id="B")), ledger=row)
    looking = decided(known_after(burying), opened(12, seen=item(unique_id="B")), ledger=row)

    assert (burying.commit.ledger, looking.commit.ledger) == (None, row)  # type: ignore[union-attr] # both commit
