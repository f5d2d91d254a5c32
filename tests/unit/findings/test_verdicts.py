"""What each verdict does to what stands, and what it never does."""

from itertools import product

import pytest

from chalicelib.findings.moves import TRANSITIONS
from chalicelib.model import (
    Compliance,
    Known,
    Reason,
    Severity,
    Status,
)
from tests.unit.findings import given
from tests.unit.findings.deciding import after, decided, kinds, known_after, only, transitions
from tests.unit.findings.given import (
    RULE_ID,
    change,
    closed,
    denied,
    evaluation,
    evidence,
    opened,
    request,
    sighting,
    touch,
)

C = Compliance
OPEN, RESOLVED = Status.OPEN, Status.RESOLVED
NEVER = Known()
REVOKING = request(
    change("e-rev", time=0), touch("/properties/Rules", proposed={"/properties/Rules": []})
)
DELETING = request(change("e-del", time=0), touch(deletes=True))


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
        for kind, t in zip(kinds(outcome), transitions(outcome), strict=True)
        if t.rule_id == RULE_ID
    ]
    assert moved == EXPECTED.get((status, compliance), [])


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
