"""How an account stands: counted once, and no time that flatters."""

from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import pytest

from chalicelib.findings.posture import NAMED, WINDOW, posture_of
from chalicelib.findings.unreadable import UNREADABLE_RULE
from chalicelib.model import Finding, Reason, Severity
from tests.unit.findings.acting import settled, standing
from tests.unit.findings.given import at

NOW = at(40 * 86_400)
HOUR = timedelta(hours=1)


def never(_finding: Finding, _at: datetime) -> bool:
    return False


def owned(owner: str | None, **overrides: object) -> Finding:
    finding = standing()
    return replace(finding, subject=replace(finding.subject, owner=owner), **overrides)


def fixed(hours: float = 2, **overrides: object) -> Finding:
    """A finding that was fixed an hour ago, after so many hours."""
    opened_at = NOW - HOUR - hours * HOUR
    finding = settled(opened_at=opened_at, seen_at=opened_at, resolved_at=NOW - HOUR, cause=None)
    return replace(finding, reason=Reason.CHANGE, **overrides)


def test_every_open_finding_is_counted_by_severity_account_owner_and_rule() -> None:
    found = (
        owned("red", severity=Severity.CRITICAL),
        owned("red"),
        owned(None, rule_id="other", title="Other", severity=Severity.LOW),
    )

    posture = posture_of(found, (), NOW, never)

    assert posture.at == NOW
    assert posture.open == {
        Severity.INFORMATIONAL: 0,
        Severity.LOW: 1,
        Severity.MEDIUM: 0,
        Severity.HIGH: 1,
        Severity.CRITICAL: 1,
    }
    assert posture.by_account == {"111122223333": 3}
    assert posture.by_owner == {"red": 2, "": 1}
    assert [(r.rule_id, r.severity, r.count) for r in posture.by_rule] == [
        ("door-closed", Severity.CRITICAL, 2),
        ("other", Severity.LOW, 1),
    ]


def test_only_those_with_the_most_are_named() -> None:
    found = [owned(f"o{n:02}", rule_id=f"rule-{n:02}") for n in range(NAMED + 5)]

    posture = posture_of([*found, found[-1]], (), NOW, never)

    assert len(posture.by_owner) == len(posture.by_rule) == NAMED
    assert next(iter(posture.by_owner.items())) == ("o24", 2)
    assert posture.by_rule[0].rule_id == "rule-24"
    assert sum(posture.open.values()) == NAMED + 6


def test_what_is_exempt_stays_a_failure_that_nobody_is_late_with() -> None:
    late = standing(due_at=NOW - HOUR)
    accepted = replace(late, id="x" * 32)

    posture = posture_of((late, accepted), (), NOW, lambda f, at: (f.id, at) == ("x" * 32, NOW))

    assert (sum(posture.open.values()), posture.overdue, posture.exempt) == (2, 1, 1)


def test_what_cannot_be_read_is_counted_by_itself() -> None:
    posture = posture_of((standing(), standing(rule_id=UNREADABLE_RULE.id)), (), NOW, never)

    assert posture.unreadable == 1


def test_nothing_gives_no_times() -> None:
    posture = posture_of((), (), NOW, never)

    assert (posture.mttd_seconds, posture.mtta_seconds, posture.mttr_seconds) == (None, None, None)
    assert (posture.detected, posture.acknowledged, posture.fixed) == (0, 0, 0)


def test_repairing_takes_the_mean_from_opening_to_the_fix() -> None:
    posture = posture_of((), (fixed(2), fixed(4)), NOW, never)

    assert (posture.mttr_seconds, posture.fixed) == (3 * 3600, 2)


@pytest.mark.parametrize("reason", [Reason.CHANGE, Reason.TIME, Reason.COMPANION])
def test_whatever_repaired_it_is_a_fix(reason: Reason) -> None:
    assert posture_of((), (replace(fixed(), reason=reason),), NOW, never).fixed == 1


@pytest.mark.parametrize(
    "finding",
    [
        replace(fixed(), reason=Reason.RESOURCE_DELETED),
        replace(fixed(), reason=Reason.RULE_CHANGE),
        fixed(exemption_id="ex-1"),
        fixed(id="x" * 32),
        fixed(resolved_at=NOW - WINDOW - HOUR),
    ],
    ids=["deleted", "withdrawn", "was-exempt", "is-exempt", "long-ago"],
)
def test_what_was_not_repaired_makes_repairing_no_quicker(finding: Finding) -> None:
    def exempt(one: Finding, instant: datetime) -> bool:
        return (one.id, instant) == ("x" * 32, finding.resolved_at)

    posture = posture_of((), (finding, fixed(2)), NOW, exempt)

    assert (posture.mttr_seconds, posture.fixed) == (2 * 3600, 1)


def test_detecting_takes_the_time_from_the_proven_cause_until_it_was_seen() -> None:
    finding = standing(seen_at=NOW)
    assert finding.cause is not None
    proven = replace(finding, cause=replace(finding.cause, event_time=NOW - timedelta(seconds=3)))
    other = replace(finding, cause=replace(finding.cause, event_time=NOW - timedelta(seconds=1)))

    posture = posture_of((proven, standing(cause=None, seen_at=NOW)), (other,), NOW, never)

    assert (posture.mttd_seconds, posture.detected) == (2, 2)


def test_a_clock_that_is_behind_makes_no_negative_time() -> None:
    finding = standing(seen_at=NOW)
    assert finding.cause is not None
    early = replace(finding, cause=replace(finding.cause, event_time=NOW + HOUR))

    assert posture_of((early,), (), NOW, never).mttd_seconds == 0


def test_acknowledging_takes_the_time_from_opening_whether_it_is_open_still_or_not() -> None:
    def seen(finding: Finding, hours: float) -> Finding:
        opened_at = NOW - 10 * HOUR
        return replace(finding, opened_at=opened_at, acknowledged_at=opened_at + hours * HOUR)

    posture = posture_of((seen(standing(), 1),), (seen(settled(), 2),), NOW, never)

    assert (posture.mtta_seconds, posture.acknowledged) == (1.5 * 3600, 2)


def test_what_happened_long_ago_is_in_no_mean() -> None:
    old = NOW - WINDOW - HOUR
    finding = standing(seen_at=old, opened_at=old, acknowledged_at=old)

    posture = posture_of((finding,), (), NOW, never)

    assert (posture.detected, posture.acknowledged) == (0, 0)


def test_a_posture_survives_being_written() -> None:
    posture = posture_of((standing(),), (fixed(),), NOW, never)

    assert msgspec.json.decode(msgspec.json.encode(posture), type=type(posture)) == posture
