"""Why a finding moved, and what happens where nothing can be read."""

from dataclasses import replace

import pytest

from chalicelib.findings.unreadable import UNREADABLE_RULE
from chalicelib.model import (
    Compliance,
    GapReason,
    Known,
    Reason,
    Severity,
    Status,
)
from tests.unit.findings import given
from tests.unit.findings.deciding import after, decided, known_after, only
from tests.unit.findings.given import (
    RULE_ID,
    change,
    closed,
    denied,
    evaluation,
    evidence,
    item,
    opened,
    request,
    rule,
    sighting,
    touch,
)

C = Compliance
OPEN, RESOLVED = Status.OPEN, Status.RESOLVED
NEVER = Known()
NOT_OFFERED = given.gap(reason=GapReason.UNSUPPORTED, error="OptInRequired", principal=None)
REVOKING = request(
    change("e-rev", time=0), touch("/properties/Rules", proposed={"/properties/Rules": []})
)
DELETING = request(change("e-del", time=0), touch(deletes=True))


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


def without_service(start: float, *gaps: given.Gap) -> given.Sighting:
    """A look at a pair that a service hides which the Region does not have."""
    missing = gaps or (NOT_OFFERED,)
    undecided = evaluation(C.INSUFFICIENT_DATA, evidence=(), gaps=missing)
    return sighting(undecided, start=start, seen=item({"Open": None}, gaps=missing))


@pytest.mark.parametrize("error", ["OptInRequired", "RegionDisabledException", "InvalidAction"])
def test_what_a_region_has_never_offered_opens_nothing_however_often_it_is_asked(
    error: str,
) -> None:
    missing = replace(NOT_OFFERED, error=error)

    known = after(*(without_service(start, missing) for start in (0, 10, 20)))

    assert unreadable_in(known) is None
    assert known.look is not None
    verdict = known.look.verdicts[RULE_ID]
    assert (verdict.compliance, verdict.undecided_looks) == (C.INSUFFICIENT_DATA, 3)


def test_what_was_decided_before_its_region_went_away_opens_a_finding() -> None:
    assert unreadable_in(after(closed(0), without_service(10))) is not None


@pytest.mark.parametrize(
    "beside",
    [
        given.gap(),
        given.gap(error="OptInRequired"),
        given.gap(reason=GapReason.UNSUPPORTED, error="NoSuchBucket"),
    ],
    ids=["a denial", "a denial under another name", "a log bucket that is gone"],
)
def test_what_is_missing_beside_a_service_that_is_not_offered_opens_a_finding(
    beside: given.Gap,
) -> None:
    alone = after(without_service(0, beside), without_service(10, beside))
    both = after(without_service(0, NOT_OFFERED, beside), without_service(10, NOT_OFFERED, beside))

    assert unreadable_in(alone) is not None
    assert unreadable_in(both) is not None


def test_what_is_undecided_without_a_gap_opens_a_finding() -> None:
    undecided = evaluation(C.INSUFFICIENT_DATA, evidence=(), gaps=())

    known = after(*(sighting(undecided, start=start) for start in (0, 10)))

    assert unreadable_in(known) is not None


def test_a_finding_ends_when_a_denial_gives_way_to_a_service_that_is_not_offered() -> None:
    finding = unreadable_in(after(denied(0), denied(10), without_service(20)))

    assert finding is not None
    assert finding.status is RESOLVED


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
