"""What is told together, how loud, and what is not told at all."""

from dataclasses import replace

import pytest

from chalicelib.model import Reason, Severity, TransitionKind
from chalicelib.model.notice import TOLD_KINDS, Level, is_posted
from chalicelib.notify.notices import UNREADABLE_RULE_ID, level_of, notices_from
from tests.unit.notify.told import DETECTION, FINDING, entry, transition


def test_findings_of_one_look_are_one_notice_with_the_worst_first() -> None:
    mild = replace(FINDING, rule_id="s3-bucket-tls-required", severity=Severity.MEDIUM)

    notices = notices_from([entry(transition(told=mild)), entry()])

    assert [e.transition.rule_id for e in notices[0].entries] == [
        "s3-bucket-no-public-read",
        "s3-bucket-tls-required",
    ]
    assert len(notices) == 1
    assert notices[0].level is Level.PAGE


def test_the_same_entries_make_the_same_notice_in_any_order() -> None:
    other = entry(transition(told=replace(FINDING, rule_id="z-rule")))

    assert notices_from([entry(), other]) == notices_from([other, entry()])


@pytest.mark.parametrize("reason", [Reason.FIRST_LOOK, Reason.RULE_CHANGE])
def test_what_a_first_look_finds_is_told_by_its_summary_only(reason: Reason) -> None:
    assert notices_from([entry(transition(reason=reason))]) == ()


def test_an_explained_detection_is_not_told() -> None:
    assert notices_from([entry(transition(TransitionKind.EXPLAINED))]) == ()


UNTOLD = sorted(set(TransitionKind) - TOLD_KINDS)


@pytest.mark.parametrize("kind", UNTOLD)
def test_what_is_history_only_is_not_told_beside_what_is(kind: TransitionKind) -> None:
    recorded = replace(transition(kind), finding=None, rule_id="")

    (notice,) = notices_from([entry(recorded), entry()])

    assert TransitionKind.RECORDED in UNTOLD
    assert notice.entries == (entry(),)


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        (Severity.CRITICAL, Level.PAGE),
        (Severity.HIGH, Level.PAGE),
        (Severity.MEDIUM, Level.TICKET),
        (Severity.LOW, Level.LOG),
        (Severity.INFORMATIONAL, Level.LOG),
    ],
)
def test_severity_says_how_loud(severity: Severity, level: Level) -> None:
    assert level_of(transition(told=replace(FINDING, severity=severity))) is level


def test_an_unreadable_resource_is_a_ticket_however_severe_the_hidden_rule() -> None:
    unreadable = replace(FINDING, rule_id=UNREADABLE_RULE_ID, severity=Severity.CRITICAL)

    assert level_of(transition(told=unreadable)) is Level.TICKET


@pytest.mark.parametrize("severity", Severity)
def test_only_what_was_seen_for_information_is_not_worth_a_message(severity: Severity) -> None:
    seen = transition(TransitionKind.DETECTED, told=replace(DETECTION, severity=severity))
    found = transition(told=replace(FINDING, severity=severity))

    assert is_posted(seen) is (severity is not Severity.INFORMATIONAL)
    assert is_posted(found)


def test_what_is_not_worth_a_message_is_published_all_the_same() -> None:
    mild = replace(DETECTION, severity=Severity.INFORMATIONAL)

    (notice,) = notices_from([entry(transition(TransitionKind.DETECTED, told=mild))])

    assert notice.severity is Severity.INFORMATIONAL
