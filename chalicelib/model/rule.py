"""A rule, compiled; and what came of judging one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from chalicelib.model.resource import Gap

#: In what a change rule looks at: every source, or every action.
ANY = "*"


class Severity(StrEnum):
    """ASFF's five labels; `rank` orders them, 0 is the mildest."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Position from mildest (0) to worst (4)."""
        return list(Severity).index(self)


class Compliance(StrEnum):
    """AWS Config's four verdicts."""

    COMPLIANT = "COMPLIANT"
    NON_COMPLIANT = "NON_COMPLIANT"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class RuleKind(StrEnum):
    """What a rule judges: items or changes."""

    CONFIGURATION = "configuration"
    CHANGE = "change"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeBound:
    """A value at `path` that a rule reads as an age.

    Judged while ``now - value <= limit_seconds``; a negative limit means "at least that long
    before the instant" (``minDaysLeft``).

    Attributes:
        path: Reference tokens of the value; ``*`` stands for every element of a list.
    """

    path: tuple[str, ...]
    limit_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityClause:
    """Another severity where `when` holds."""

    when: Mapping[str, Any]
    severity: Severity
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """How a person repairs it, and the id of the remediation that could."""

    text: str
    remediation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How often is too often: `count` records of one actor within `minutes`."""

    count: int
    minutes: int

    #: Occurrences are kept together for this many times `minutes`. A burst across the border of two
    #: such stretches is counted in each of them alone.
    STRETCH: ClassVar[int] = 6

    @property
    def stretch_seconds(self) -> int:
        """Length of a stretch."""
        return self.minutes * 60 * self.STRETCH

    @property
    def kept(self) -> int:
        """So many occurrences in a stretch prove that somewhere in it there were too many."""
        return self.STRETCH * (self.count - 1) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule document after compilation: schemas are whole-document JSON Schema, time is numbers.

    Attributes:
        resource_type: Type judged; for change rules the type whose touched resource is the
            subject, or None where the account is.
        condition: Holds where compliant (``compliant_when``) or harmless (``harmless_when``).
        applies_when: Holds where the rule applies; None means always.
        pointers: Pointers into the item that any schema of this rule reads, ``*`` for elements.
        matches: Change rules: pairs (event source, action without date suffix); ``*`` for any.
        kinds: Change rules: kinds of change looked at; empty for all.
        actor_types: Change rules: ``userIdentity.type`` looked at; empty for all.
        errors: Change rules: error codes looked at, exact, ``Begin*`` or ``*End``; empty for none.
        explained_by: Change rules: configuration rules whose finding makes telling it needless.
        rate: Change rules: objects only to so many of them; None objects to each.
        hash: SHA-256 over the compiled rule without this field.
    """

    id: str
    kind: RuleKind
    title: str
    severity: Severity
    resource_type: str | None
    condition: Mapping[str, Any]
    message: str
    risk: str
    fix: Fix
    applies_when: Mapping[str, Any] | None = None
    severity_when: tuple[SeverityClause, ...] = ()
    frameworks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pointers: tuple[str, ...] = ()
    time_bounds: tuple[TimeBound, ...] = ()
    matches: tuple[tuple[str, str], ...] = ()
    kinds: tuple[str, ...] = ()
    actor_types: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    explained_by: tuple[str, ...] = ()
    rate: Rate | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A setting that would have prevented a failure, had it the value `closes`."""

    pointer: str
    closes: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One place where an item breaks a rule.

    Attributes:
        path: JSON Pointer of the failing value.
        actual: The value there, bounded in size.
        expected: What the rule wanted, for a person to read.
        because: Pointers of the raw values a derived fact rests on; empty for raw values.
        despite: Switches that could have prevented it and do not. Whoever finds one open did
            nothing; whoever opens it led to the failure as well.
        caused: In a finding: its cause is proven to have led to this very place.
    """

    path: str
    actual: Any
    expected: str
    because: tuple[str, ...] = ()
    despite: tuple[Switch, ...] = ()
    caused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Rule × item.

    Attributes:
        flips_at: First instant at which the verdict changes by time alone, or None.
    """

    rule_id: str
    rule_hash: str
    compliance: Compliance
    severity: Severity
    message: str = ""
    severity_because: str | None = None
    evidence: tuple[Evidence, ...] = ()
    gaps: tuple[Gap, ...] = ()
    flips_at: datetime | None = None
