"""When a finding is due, what an episode begins with, and what ends it besides a fix."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.findings import acts
from chalicelib.findings.lifecycle import Outcome
from chalicelib.model import Compliance, Finding, Known, LookRequest, Reason, Severity, Sighting
from chalicelib.model.ruleset import DEFAULT_SLA
from tests.unit.findings.acting import act
from tests.unit.findings.deciding import after, decided, kinds, known_after, only
from tests.unit.findings.given import (
    RULES,
    absent,
    at,
    closed,
    evaluation,
    evidence,
    item,
    opened,
    opening,
    request,
    rule,
    sighting,
    touch,
)

HOUR = timedelta(hours=1)


def graded(severity: Severity, start: float = 0) -> Sighting:
    return sighting(evaluation(severity=severity), start=start)


def finding_of(outcome: Outcome) -> Finding:
    finding = only(outcome).finding
    assert finding is not None
    return finding


def deletion() -> LookRequest:
    return request(wrote=touch(deletes=True))


def handled(known: Known) -> Known:
    """The same, acknowledged, assigned and exempt."""
    (finding,) = known.findings
    seen = replace(
        finding,
        revision=finding.revision + 3,
        acknowledged_at=at(5),
        acknowledged_by="ann",
        assignee="bob",
        exemption_id="ex-1",
    )
    return replace(known, findings=(seen,))


CARE = ("acknowledged_at", "acknowledged_by", "assignee", "exemption_id")


def care_of(finding: Finding) -> list[object]:
    return [getattr(finding, name) for name in CARE]


@pytest.mark.parametrize(
    ("severity", "hours"),
    [
        (Severity.CRITICAL, 24),
        (Severity.HIGH, 168),
        (Severity.MEDIUM, 720),
        (Severity.LOW, 2160),
        (Severity.INFORMATIONAL, None),
    ],
)
def test_by_default_the_worse_it_is_the_sooner_it_is_due(
    severity: Severity, hours: int | None
) -> None:
    finding = finding_of(decided(Known(), graded(severity)))

    assert finding.due_at == (None if hours is None else finding.opened_at + hours * HOUR)


def test_the_settings_say_how_soon() -> None:
    known = Known()

    finding = finding_of(decided(known, graded(Severity.LOW), sla={Severity.LOW: 3}))

    assert finding.due_at == finding.opened_at + 3 * HOUR


def test_a_finding_that_gets_worse_is_due_from_when_it_opened() -> None:
    known = known_after(decided(Known(), graded(Severity.LOW)))

    worse = finding_of(decided(known, graded(Severity.CRITICAL, start=1000)))

    assert worse.opened_at == known.findings[0].opened_at
    assert worse.due_at == worse.opened_at + 24 * HOUR


def test_new_settings_move_no_due_date_of_what_stands() -> None:
    known = known_after(decided(Known(), graded(Severity.HIGH)))
    more = sighting(
        evaluation(evidence=(evidence(), evidence("ajar", path="/properties/Gap"))), start=10
    )

    moved = finding_of(decided(known, more, sla={Severity.HIGH: 1}))

    assert moved.due_at == known.findings[0].due_at


def test_a_new_episode_is_due_anew_and_begins_unseen() -> None:
    known = handled(known_after(decided(Known(), opened(0))))
    known = known_after(decided(known, closed(10)))

    again = finding_of(decided(known, opened(5000)))

    assert (again.episode, again.recreated_at) == (2, None)
    assert care_of(again) == [None] * len(CARE)
    assert again.due_at == again.opened_at + DEFAULT_SLA[again.severity] * HOUR


def more_holes() -> Sighting:
    return sighting(
        evaluation(evidence=(evidence(), evidence("ajar", path="/properties/Gap"))), start=10
    )


def milder() -> Sighting:
    return graded(Severity.LOW, start=10)


@pytest.mark.parametrize("seen", [more_holes, milder], ids=["new-evidence", "regraded"])
def test_what_people_did_outlasts_what_looks_find(seen: Callable[[], Sighting]) -> None:
    known = handled(known_after(decided(Known(), opened(0))))

    moved = decided(known, seen())

    assert kinds(moved) == ["updated"]
    assert care_of(finding_of(moved)) == care_of(known.findings[0])


def test_a_look_that_finds_nothing_new_moves_nothing_that_people_did() -> None:
    known = handled(known_after(decided(Known(), opened(0))))

    again = decided(known, opened(10))

    assert kinds(again) == []
    assert known_after(again).findings == known.findings


def test_a_finding_stays_acknowledged_when_its_cause_is_found_late() -> None:
    known = handled(known_after(decided(Known(), opened(0), request())))

    named = decided(known, opened(0.2, end=0.9), opening())

    assert kinds(named) == ["attributed"]
    assert care_of(finding_of(named)) == care_of(known.findings[0])


def test_a_resource_made_again_is_another_one_whatever_was_accepted_before() -> None:
    known = after(opened(0), (absent(10), deletion()))
    (gone,) = known.findings

    again = decided(known, opened(1000))

    assert gone.reason is Reason.RESOURCE_DELETED
    assert finding_of(again).recreated_at == finding_of(again).opened_at


def test_a_remark_on_the_dead_hides_no_rebirth() -> None:
    known = after(opened(0), (absent(10), deletion()))
    noted = acts.noted(known.findings[0], act("it was mine"), at(20)).finding
    assert noted is not None

    again = decided(replace(known, findings=(noted,)), opened(1000))

    assert finding_of(again).recreated_at == finding_of(again).opened_at


@pytest.mark.parametrize(
    "story",
    [
        (opened(0), closed(10), (absent(20), deletion()), closed(1000)),
        ((absent(20), deletion()), closed(1000)),
        ((absent(20), deletion()), opened(1000), closed(1100)),
    ],
    ids=["fixed-before-it-was-deleted", "never-failed-before", "second-episode"],
)
def test_a_rebirth_is_remembered_by_what_fails_later(story: tuple[Sighting, ...]) -> None:
    known = after(*story)

    finding = finding_of(decided(known, opened(2000)))

    assert finding.recreated_at == at(1001.5)
    assert finding.opened_at == at(2001.5)


def test_a_burial_cut_in_two_hides_no_rebirth() -> None:
    known = after(opened(0), (absent(10), deletion()))
    assert known.look is not None
    cut = replace(known, look=replace(known.look, gone=False, fingerprint="f-open"))

    again = finding_of(decided(cut, opened(1000)))

    assert again.recreated_at == again.opened_at


def test_a_rule_that_is_withdrawn_resolves_its_finding() -> None:
    known = known_after(decided(Known(), opened(0)))
    others = {"door-locked": rule("door-locked")}

    resolved = decided(known, sighting(start=10), rules=others)

    assert kinds(resolved) == ["resolved"]
    assert only(resolved).reason is Reason.RULE_CHANGE


def test_a_finding_whose_rule_is_withdrawn_is_looked_at_again_within_a_day() -> None:
    known = known_after(decided(Known(), opened(0)))

    assert known.look is not None
    assert known.look.due_at is not None
    assert known.look.due_at - known.look.ended_at <= timedelta(days=1)


def test_a_resource_without_any_rule_left_keeps_no_open_finding() -> None:
    denied = sighting(evaluation(Compliance.INSUFFICIENT_DATA), start=10, seen=item())
    known = known_after(decided(known_after(decided(Known(), opened(0))), denied))
    assert {f.rule_id for f in known.findings} > set(RULES)

    resolved = decided(known, sighting(start=20), rules={})

    assert {t.rule_id for t in resolved.commit.transitions} == {  # type: ignore[union-attr] # accepted
        f.rule_id for f in known.findings
    }
    assert set(kinds(resolved)) == {"resolved"}


def test_an_open_finding_is_late_only_past_its_due_date() -> None:
    finding = finding_of(decided(Known(), opened(0)))
    assert finding.due_at is not None

    assert not finding.is_overdue(finding.due_at)
    assert finding.is_overdue(finding.due_at + timedelta(milliseconds=1))
    assert not replace(finding, due_at=None).is_overdue(at(1e9))
    resolved = finding_of(decided(known_after(decided(Known(), opened(0))), closed(1e8)))
    assert not resolved.is_overdue(at(1e9))
