"""What an auditor reads first: the control matrix, a sample, and what was not fixed in time.

All of it is gathered while the findings go by; nothing here grows with their number.
"""

import hashlib
import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.export._plain import canonical
from chalicelib.model import Finding, Rule, Status, TransitionKind
from chalicelib.model.export import ExportedFinding, ExportQuery

SAMPLE_SIZE = 25
DAY_SECONDS = 86_400
#: How the sample is drawn, for whoever wants to draw it again.
SAMPLING = (
    "seed = SHA-256 of the last sealed manifest's hash, a line feed and the query as it stands in "
    "manifest.json; a finding's key = SHA-256 of seed, a line feed and finding_id (hexadecimal "
    f"texts throughout); the {SAMPLE_SIZE} lowest keys are the sample"
)
#: Framework of rules whose text is not known.
UNKNOWN = "unknown"

_SUBJECT = ("finding_id", "rule_id", "severity", "account_id", "region", "resource_type")
AUDITOR_COLUMNS = (
    "view",
    *_SUBJECT,
    "resource_id",
    "owner",
    "opened_at",
    "due_at",
    "resolved_at",
    "days_late",
    "exemption_id",
    "exemption_reason",
    "exemption_requested_by",
    "exemption_approved_by",
    "exemption_expires_at",
)
SAMPLE_COLUMNS = (
    "key",
    *_SUBJECT,
    "resource_id",
    "status",
    "opened_at",
    "resolved_at",
    "entries",
)
CONTROL_COLUMNS = (
    "framework",
    "control",
    "rule_id",
    "title",
    "severity",
    "open",
    "overdue",
    "exempt",
    "resolved",
)


@dataclass(slots=True)
class Counts:
    """Findings of one rule, or of all, as they stood at the window's end.

    Attributes:
        open: Also those that are exempt: an accepted risk is a failure.
        overdue: Open past their due date, and not exempt.
        exempt: Open, and an accepted risk.
    """

    open: int = 0
    overdue: int = 0
    exempt: int = 0
    resolved: int = 0

    def add(self, exported: ExportedFinding, query: ExportQuery) -> None:
        """Count one more."""
        finding = exported.finding
        if finding.status is Status.RESOLVED:
            self.resolved += 1
            return
        self.open += 1
        if exported.exemption is not None:
            self.exempt += 1
        else:
            self.overdue += finding.is_overdue(query.end)


@dataclass(slots=True, kw_only=True)
class Views:
    """Gathers what the findings of a pack come to."""

    query: ExportQuery
    seed: str
    all: Counts = field(default_factory=Counts)
    by_rule: dict[str, Counts] = field(default_factory=dict)
    _heap: list[tuple[int, str, tuple[Any, ...]]] = field(default_factory=list)

    def add(self, exported: ExportedFinding) -> None:
        """Take one more finding."""
        self.all.add(exported, self.query)
        self.by_rule.setdefault(exported.finding.rule_id, Counts()).add(exported, self.query)
        key = sampling_key(self.seed, exported.finding.id)
        # The heap gives its smallest: keys are negated, so that the highest of them goes.
        place = -int(key, 16)
        if len(self._heap) < SAMPLE_SIZE or place > self._heap[0][0]:
            row = (place, exported.finding.id, (key, *_sampled(exported)))
            push = heapq.heappush if len(self._heap) < SAMPLE_SIZE else heapq.heapreplace
            push(self._heap, row)

    def sample(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of the sample, lowest key first."""
        for _, _, row in sorted(self._heap, key=lambda one: -one[0]):
            yield row

    def controls(self, rules: Mapping[str, Rule]) -> Iterator[tuple[Any, ...]]:
        """Yield the control matrix: every rule under every control that it serves.

        Args:
            rules: Rule id → its text, of those in force and of those that findings name.
        """
        places = [
            (framework, control, rule)
            for rule in rules.values()
            for framework, controls in rule.frameworks.items()
            for control in controls
        ]
        for framework, control, rule in sorted(places, key=lambda p: (p[0], p[1], p[2].id)):
            yield self._control(framework, control, rule.id, rule)
        for rule_id in sorted(self.by_rule.keys() - rules.keys()):
            yield self._control(UNKNOWN, "", rule_id, None)

    def _control(
        self, framework: str, control: str, rule_id: str, rule: Rule | None
    ) -> tuple[Any, ...]:
        counts = self.by_rule.get(rule_id, Counts())
        said = (rule.title, rule.severity.value) if rule else ("", "")
        counted = (counts.open, counts.overdue, counts.exempt, counts.resolved)
        return (framework, control, rule_id, *said, *counted)


def seed_of(manifest_hash: str, query: ExportQuery) -> str:
    """Return the seed of a pack's sample."""
    asked = canonical(query)
    return hashlib.sha256(manifest_hash.encode() + b"\n" + asked).hexdigest()


def sampling_key(seed: str, finding_id: str) -> str:
    """Return what a finding is drawn by."""
    return hashlib.sha256(f"{seed}\n{finding_id}".encode()).hexdigest()


def auditor_rows(exported: ExportedFinding, query: ExportQuery) -> Iterator[tuple[Any, ...]]:
    """Yield what an auditor has to see of a finding; of one fixed in time, nothing."""
    for entry in exported.entries:
        fixed = entry.transition.finding
        if (
            entry.transition.kind is TransitionKind.RESOLVED
            and fixed is not None
            and query.start <= entry.transition.times.decided < query.end
            and _days_late(fixed, query) > 0
        ):
            yield _auditor_row("fixed-late", fixed, query)
    if exported.finding.status is Status.OPEN and (view := _view_of(exported, query)):
        yield _auditor_row(view, exported.finding, query, exported)


def _view_of(exported: ExportedFinding, query: ExportQuery) -> str | None:
    if exported.exemption is not None:
        return "excluded"
    if exported.finding.due_at is None:
        return "open-without-due-date"
    return "open-past-due" if exported.finding.is_overdue(query.end) else None


def _auditor_row(
    view: str, finding: Finding, query: ExportQuery, exported: ExportedFinding | None = None
) -> tuple[Any, ...]:
    late = _days_late(finding, query)
    days = f"{late:.2f}" if late > 0 else ""
    exemption = exported.exemption if exported else None
    excluded = (
        (
            exemption.id,
            exemption.reason,
            exemption.requested_by.name,
            exemption.decided_by.name if exemption.decided_by else "",
            exemption.expires_at,
        )
        if exemption
        else ("",) * 5
    )
    times = (finding.opened_at, finding.due_at, finding.resolved_at)
    return (view, *_subject(finding), finding.subject.owner, *times, days, *excluded)


def _days_late(finding: Finding, query: ExportQuery) -> float:
    """Return how long past its due date it was, when it was resolved or the window ended."""
    if finding.due_at is None:
        return 0.0
    return ((finding.resolved_at or query.end) - finding.due_at).total_seconds() / DAY_SECONDS


def _sampled(exported: ExportedFinding) -> tuple[Any, ...]:
    finding = exported.finding
    times = (finding.opened_at, finding.resolved_at)
    return (*_subject(finding), finding.status.value, *times, len(exported.entries))


def _subject(finding: Finding) -> tuple[str, ...]:
    ref = finding.subject.ref
    return (
        *(finding.id, finding.rule_id, finding.severity.value),
        *(ref.account_id, ref.region, ref.type, ref.id),
    )
