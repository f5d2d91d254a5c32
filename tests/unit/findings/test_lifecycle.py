"""What a look does to what stands: order of looks, verdicts, absence, identity, reasons."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from chalicelib.findings.lifecycle import Outcome, OutcomeKind, commit_of_detections
from chalicelib.findings.moves import TRANSITIONS
from chalicelib.findings.unreadable import UNREADABLE_RULE
from chalicelib.model import (
    Compliance,
    DetectionStatus,
    Known,
    Reason,
    Severity,
    Status,
    TimeBound,
    Transition,
)
from tests.unit.findings import given
from tests.unit.findings.given import (
    RULE_ID,
    absent,
    after,
    at,
    change,
    closed,
    decided,
    denied,
    detection,
    evaluation,
    evidence,
    item,
    kinds,
    known_after,
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


def only(outcome: Outcome) -> Transition:
    assert outcome.commit is not None
    (transition,) = outcome.commit.transitions
    return transition


# Verdicts


def standing(status: Status | None) -> Known:
    steps = {None: (closed(-20),), OPEN: (opened(-20),), RESOLVED: (opened(-30), closed(-20))}
    return after(*steps[status])


EXPECTED = {
    (None, C.NON_COMPLIANT): ["opened"],
    (RESOLVED, C.NON_COMPLIANT): ["reopened"],
    (OPEN, C.COMPLIANT): ["resolved"],
    (OPEN, C.NOT_APPLICABLE): ["resolved"],
}


@pytest.mark.parametrize(
    ("status", "compliance"),
    list(product((None, OPEN, RESOLVED), C)),
    ids=lambda v: getattr(v, "value", "NONE"),
)
def test_every_state_and_verdict_has_its_move_and_no_other(
    status: Status | None, compliance: Compliance
) -> None:
    known = standing(status)

    outcome = decided(known, sighting(evaluation(compliance), start=0))

    moved = [
        kind
        for kind, t in zip(kinds(outcome), _transitions(outcome), strict=True)
        if t.rule_id == RULE_ID
    ]
    assert moved == EXPECTED.get((status, compliance), [])


def _transitions(outcome: Outcome) -> tuple[Transition, ...]:
    assert outcome.commit is not None
    return outcome.commit.transitions


def test_ignorance_is_absent_from_the_table() -> None:
    assert not any(compliance is C.INSUFFICIENT_DATA for _, compliance in TRANSITIONS)


def test_a_denied_read_closes_nothing() -> None:
    known = after(opened(0))

    found = known_after(decided(known, denied(10)))

    assert {f.rule_id: f.status for f in found.findings}[RULE_ID] is OPEN


def test_a_reopened_finding_counts_the_episode_and_keeps_the_id() -> None:
    known = after(opened(0), closed(10))

    finding = only(decided(known, opened(20))).finding

    assert finding is not None
    assert (finding.episode, finding.revision, finding.status) == (2, 3, OPEN)
    assert finding.id == known.findings[0].id
    assert finding.resolved_at is None


def test_the_history_of_a_finding_is_one_chain() -> None:
    first = decided(NEVER, opened(0))
    second = decided(known_after(first), closed(10))
    third = decided(known_after(second), opened(20))

    heads = [known_after(o).findings[0].head for o in (first, second, third)]

    assert [only(o).prev for o in (first, second, third)] == [None, *heads[:2]]
    assert [only(o).seq for o in (first, second, third)] == [1, 2, 3]
    assert len(set(heads)) == 3
    assert all(only(o).finding.head is None for o in (first, second, third))  # type: ignore[union-attr] # set by opening


UPDATES = {
    "same evidence": (evaluation(), []),
    "evidence moved to another index": (
        evaluation(evidence=(evidence(path="/properties/Doors/7"),)), []),
    "another actual value": (evaluation(evidence=(evidence("ajar"),)), ["updated"]),
    "another expectation": (evaluation(evidence=(evidence(expected="locked"),)), ["updated"]),
    "a second place": (evaluation(evidence=(evidence(), evidence("ajar"))), ["updated"]),
    "another severity": (evaluation(severity=Severity.LOW), ["updated"]),
    "another message": (evaluation(message="hello"), []),
}  # fmt: skip


@pytest.mark.parametrize(("verdict", "expected"), UPDATES.values(), ids=UPDATES)
def test_an_update_needs_other_evidence_or_severity(
    verdict: given.Evaluation, expected: list[str]
) -> None:
    known = after(opened(0))

    assert kinds(decided(known, sighting(verdict, start=10))) == expected


def test_a_gap_takes_no_evidence_away() -> None:
    both = evaluation(evidence=(evidence(), evidence("ajar")))
    known = after(sighting(both, start=0))

    fewer = evaluation(gaps=(given.gap(),), severity=Severity.LOW)

    assert kinds(decided(known, sighting(fewer, start=10))) == []


def test_evidence_without_end_is_cut_to_the_same_places_in_every_order() -> None:
    many = tuple(evidence(f"door {n:03d}") for n in range(500))
    known = after(sighting(evaluation(evidence=many), start=0))

    outcome = decided(known, sighting(evaluation(evidence=many[::-1]), start=10))

    assert kinds(outcome) == []
    assert len(known.findings[0].evidence) == 40


def test_a_finding_of_a_rule_that_is_gone_is_resolved_as_rule_change() -> None:
    known = after(opened(0))

    moved = only(decided(known, sighting(start=10), rules={}))

    assert (moved.kind.value, moved.reason) == ("resolved", Reason.RULE_CHANGE)


def test_an_evaluation_of_an_unknown_rule_opens_nothing() -> None:
    assert kinds(decided(NEVER, opened(0), rules={})) == []


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


# Reasons


def looked(known: Known, seen: given.Sighting, reason: Reason, **more: object) -> Reason:
    return only(decided(known, seen, request(reason=reason), **more)).reason


NEW_HASH = {RULE_ID: rule(hash="h2")}
UNDER_NEW_RULE = evaluation(rule_hash="h2")


def test_what_changed_between_two_looks_is_a_change_also_for_a_sweep() -> None:
    assert looked(after(closed(0)), opened(10), Reason.TIME) is Reason.CHANGE


def test_another_verdict_on_the_same_state_by_the_same_rule_is_time() -> None:
    aged = sighting(evaluation(), start=10, fingerprint="f-closed")

    assert looked(after(closed(0)), aged, Reason.CHANGE) is Reason.TIME


def test_another_verdict_on_the_same_state_by_another_rule_is_a_rule_change() -> None:
    seen = sighting(UNDER_NEW_RULE, start=10, fingerprint="f-closed")

    assert looked(after(closed(0)), seen, Reason.TIME, rules=NEW_HASH) is Reason.RULE_CHANGE


def test_a_new_rule_that_reads_what_was_never_read_is_a_rule_change() -> None:
    before = after(closed(0, seen=item({"Open": False})))
    lock = evaluation(rule_hash="h2", evidence=(evidence(path="/properties/Lock"),))
    seen = sighting(lock, start=10, seen=item({"Open": False, "Lock": None}))

    assert looked(before, seen, Reason.TIME, rules=NEW_HASH) is Reason.RULE_CHANGE


def test_a_change_under_a_new_rule_is_still_a_change() -> None:
    seen = sighting(UNDER_NEW_RULE, start=10)

    assert looked(after(closed(0)), seen, Reason.TIME, rules=NEW_HASH) is Reason.CHANGE


@pytest.mark.parametrize("reason", [Reason.FIRST_LOOK, Reason.COMPANION])
def test_some_reasons_are_the_requests_own(reason: Reason) -> None:
    assert looked(after(closed(0)), opened(10), reason) is reason


# Unreadable


def unreadable_in(known: Known) -> given.Finding | None:
    return next((f for f in known.findings if f.rule_id == UNREADABLE_RULE.id), None)


def test_a_pair_that_was_decided_and_cannot_be_read_opens_a_finding_at_once() -> None:
    known = after(closed(0), denied(10))

    finding = unreadable_in(known)

    assert finding is not None
    assert (finding.status, finding.severity, finding.cause) == (OPEN, Severity.HIGH, None)
    assert "test:GetDoor answered AccessDenied to arn:aws:iam::111122223333:role/vigil" in (
        finding.message
    )


def test_a_pair_that_was_never_decided_gets_two_looks() -> None:
    assert unreadable_in(after(denied(0))) is None
    assert unreadable_in(after(denied(0), denied(10))) is not None


def test_undecided_looks_are_counted_in_a_row() -> None:
    looks = [after(denied(0), denied(10)), after(denied(0), denied(10), closed(20))]

    counts = [known.look.verdicts[RULE_ID].undecided_looks for known in looks]  # type: ignore[union-attr] # looked at

    assert counts == [2, 0]


def test_a_rule_that_only_just_came_undecided_does_not_resolve_it() -> None:
    known = after(closed(0), denied(10))
    fresh = evaluation(C.INSUFFICIENT_DATA, rule_id="fresh")
    rules = {RULE_ID: rule(), "fresh": rule("fresh")}

    seen = sighting(evaluation(C.COMPLIANT), fresh, start=20, seen=item(gaps=(given.gap(),)))
    finding = unreadable_in(known_after(decided(known, seen, rules=rules)))

    assert finding is not None
    assert finding.status is OPEN


def test_reading_again_resolves_it() -> None:
    finding = unreadable_in(after(closed(0), denied(10), closed(20)))

    assert finding is not None
    assert finding.status is RESOLVED


def test_nobody_is_blamed_for_what_cannot_be_read() -> None:
    silent = request(change(time=5), touch(given.OPEN_POINTER))
    known = after(closed(0), (denied(10), silent))

    finding = unreadable_in(known)

    assert finding is not None
    assert (finding.cause, finding.seen_by) == (None, "e-1")


def test_the_worst_hidden_rule_gives_the_severity() -> None:
    mild = evaluation(C.INSUFFICIENT_DATA, rule_id="mild", severity=Severity.LOW)
    bad = evaluation(C.INSUFFICIENT_DATA, rule_id="bad", severity=Severity.CRITICAL)
    rules = {"mild": rule("mild"), "bad": rule("bad")}
    known = NEVER
    for start in (0, 10):
        known = known_after(decided(known, denied_by(mild, bad, start=start), rules=rules))

    finding = unreadable_in(known)

    assert finding is not None
    assert finding.severity is Severity.CRITICAL


def denied_by(*verdicts: given.Evaluation, start: float) -> given.Sighting:
    return sighting(*verdicts, start=start, seen=item({"Open": None}, gaps=(given.gap(),)))


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

    told = [t for t in _transitions(outcome) if t.detection]
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
