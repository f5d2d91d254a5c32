"""How an account stands: what is open, what is late, and how long things take.

Every time is a mean over stored times of the last `WINDOW`, with the number of findings that it is
a mean of: one of three findings says less than one of three hundred. Accepting a risk is no fix,
nor is deleting the resource or withdrawing the rule: none of these makes repairing look quick.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.findings.unreadable import UNREADABLE_RULE
from chalicelib.model import Finding, Reason, Severity

WINDOW = timedelta(days=30)
#: Rules, owners and accounts that are named.
NAMED = 20
#: Reasons for which a finding is resolved because somebody, or something, repaired it.
FIXES = frozenset({Reason.CHANGE, Reason.TIME, Reason.COMPANION})
#: Tells whether an exemption covered a finding at an instant.
Exempt = Callable[[Finding, datetime], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePosture:
    """A rule's open findings, with the worst of their severities."""

    rule_id: str
    title: str
    severity: Severity
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Posture:
    """How an account stood at an instant.

    Attributes:
        open: Every severity → open findings, those that are exempt among them.
        by_account: Account → open findings; as of owners, the `NAMED` with the most.
        by_owner: Owner → open findings; the empty name stands for nobody.
        by_rule: The rules with the worst and the most open findings.
        overdue: Open past their due date and not exempt.
        exempt: Open and exempt.
        unreadable: Resources that Vigil is not allowed to read.
        fixed: Findings resolved within `WINDOW` that count for `mttr_seconds`.
        mttd_seconds: Mean time from the causing event until it was seen, over findings whose cause
            is known; None where there is none, as in all means.
        mtta_seconds: Mean time from opening until somebody acknowledged it.
        mttr_seconds: Mean time from opening until it was repaired; without what was resolved while
            exempt, by deleting the resource or by withdrawing the rule.
    """

    at: datetime
    open: Mapping[Severity, int]
    by_account: Mapping[str, int] = field(default_factory=dict)
    by_owner: Mapping[str, int] = field(default_factory=dict)
    by_rule: tuple[RulePosture, ...] = ()
    overdue: int = 0
    exempt: int = 0
    unreadable: int = 0
    detected: int = 0
    acknowledged: int = 0
    fixed: int = 0
    mttd_seconds: float | None = None
    mtta_seconds: float | None = None
    mttr_seconds: float | None = None


def posture_of(
    opened: Iterable[Finding], resolved: Iterable[Finding], now: datetime, exempt: Exempt
) -> Posture:
    """Return how things stand; reads each finding once and keeps none.

    Args:
        opened: Every open finding.
        resolved: At least those resolved within `WINDOW`.
        now: The instant.
        exempt: Whether an exemption covered a finding at an instant.
    """
    standing, times = _Standing(now=now, exempt=exempt), _Times(now=now)
    for finding in opened:
        standing.add(finding)
        times.add(finding)
    for finding in resolved:
        times.add(finding)
        if _is_fixed(finding, now - WINDOW, exempt):
            times.add_fix(finding)
    return Posture(
        at=now,
        open={severity: standing.severities[severity] for severity in Severity},
        by_account=dict(_most(standing.accounts)),
        by_owner=dict(_most(standing.owners)),
        by_rule=standing.worst_rules(),
        overdue=standing.overdue,
        exempt=standing.exempted,
        unreadable=standing.unreadable,
        detected=times.detecting.count,
        acknowledged=times.acknowledging.count,
        fixed=times.fixing.count,
        mttd_seconds=times.detecting.seconds,
        mtta_seconds=times.acknowledging.seconds,
        mttr_seconds=times.fixing.seconds,
    )


def _is_fixed(finding: Finding, since: datetime, exempt: Exempt) -> bool:
    if finding.resolved_at is None or finding.resolved_at < since or finding.reason not in FIXES:
        return False
    return finding.exemption_id is None and not exempt(finding, finding.resolved_at)


@dataclass(slots=True)
class _Mean:
    total: timedelta = timedelta(0)
    count: int = 0

    def add(self, since: datetime, until: datetime) -> None:
        # CloudTrail's times are whole seconds of another clock: nothing takes less than no time.
        self.total += max(until - since, timedelta(0))
        self.count += 1

    @property
    def seconds(self) -> float | None:
        return round(self.total.total_seconds() / self.count, 3) if self.count else None


@dataclass(slots=True, kw_only=True)
class _Times:
    now: datetime
    detecting: _Mean = field(default_factory=_Mean)
    acknowledging: _Mean = field(default_factory=_Mean)
    fixing: _Mean = field(default_factory=_Mean)

    def add(self, finding: Finding) -> None:
        since = self.now - WINDOW
        if finding.cause is not None and finding.seen_at >= since:
            self.detecting.add(finding.cause.event_time, finding.seen_at)
        if finding.acknowledged_at is not None and finding.acknowledged_at >= since:
            self.acknowledging.add(finding.opened_at, finding.acknowledged_at)

    def add_fix(self, finding: Finding) -> None:
        self.fixing.add(finding.opened_at, finding.resolved_at or finding.changed_at)


@dataclass(slots=True, kw_only=True)
class _Standing:
    now: datetime
    exempt: Exempt
    severities: Counter[Severity] = field(default_factory=Counter)
    accounts: Counter[str] = field(default_factory=Counter)
    owners: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    worst: dict[str, Finding] = field(default_factory=dict)
    overdue: int = 0
    exempted: int = 0
    unreadable: int = 0

    def add(self, finding: Finding) -> None:
        is_exempt = self.exempt(finding, self.now)
        self.severities[finding.severity] += 1
        self.accounts[finding.subject.ref.account_id] += 1
        self.owners[finding.subject.owner or ""] += 1
        self.rules[finding.rule_id] += 1
        known = self.worst.setdefault(finding.rule_id, finding)
        if finding.severity.rank > known.severity.rank:
            self.worst[finding.rule_id] = finding
        self.exempted += is_exempt
        self.overdue += not is_exempt and finding.is_overdue(self.now)
        self.unreadable += finding.rule_id == UNREADABLE_RULE.id

    def worst_rules(self) -> tuple[RulePosture, ...]:
        rules = [
            RulePosture(
                rule_id=rule_id,
                title=finding.title,
                severity=finding.severity,
                count=self.rules[rule_id],
            )
            for rule_id, finding in self.worst.items()
        ]
        rules.sort(key=lambda one: (-one.severity.rank, -one.count, one.rule_id))
        return tuple(rules[:NAMED])


def _most(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:NAMED]
