"""The lines of a scan: one per rule × resource, with names that others rely on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.evaluate._message import render
from chalicelib.model import (
    Compliance,
    Evaluation,
    Gap,
    GapReason,
    ResourceRef,
    ResourceType,
    Rule,
    Severity,
)

#: Pointer of a gap that hides a whole resource, or a whole population.
WHOLE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One place where a resource breaks a rule."""

    path: str
    actual: Any
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A verdict.

    Attributes:
        resource_id: The Region's name where a type's resources could not be listed there.
    """

    rule_id: str
    severity: Severity
    compliance: Compliance
    resource_type: str
    resource_id: str
    resource_arn: str | None
    account_id: str
    region: str
    message: str
    evidence: tuple[Shown, ...]
    gaps: tuple[Gap, ...]
    evaluated_at: str


def row_from(
    evaluation: Evaluation, ref: ResourceRef, resource_type: ResourceType, at: datetime
) -> Row:
    """Return the line of a verdict."""
    return Row(
        rule_id=evaluation.rule_id,
        severity=evaluation.severity,
        compliance=evaluation.compliance,
        resource_type=ref.type,
        resource_id=ref.id,
        resource_arn=resource_type.arn(ref) if resource_type.arn else None,
        account_id=ref.account_id,
        region=ref.region,
        message=evaluation.message,
        evidence=tuple(
            Shown(path=place.path, actual=place.actual, expected=place.expected)
            for place in evaluation.evidence
        ),
        gaps=evaluation.gaps,
        evaluated_at=_rfc3339(at),
    )


def undecided(
    rules: Iterable[Rule], ref: ResourceRef, resource_type: ResourceType, gap: Gap, at: datetime
) -> tuple[Row, ...]:
    """Return the lines of a resource, or of a population, that could not be looked at at all."""
    said = {"id": ref.id, "call": gap.call, "error": gap.error, "noun": resource_type.noun}
    whole = "{noun} {id} could not be judged: {call} answered {error}"
    none = "no {noun} of {id} could be judged: {call} answered {error}"
    template = none if ref.id in (ref.region, "") else whole
    return tuple(
        Row(
            rule_id=rule.id,
            severity=rule.severity,
            compliance=Compliance.INSUFFICIENT_DATA,
            resource_type=ref.type,
            resource_id=ref.id,
            resource_arn=None,
            account_id=ref.account_id,
            region=ref.region,
            message=render(template, said),
            evidence=(),
            gaps=(gap,),
            evaluated_at=_rfc3339(at),
        )
        for rule in rules
    )


def gap_of_defect(call: str, error: Exception) -> Gap:
    """Return the gap that an odd answer leaves where our own code stumbles over it."""
    return Gap(pointer=WHOLE, reason=GapReason.MALFORMED, call=call, error=type(error).__name__)


def order_of(row: Row) -> tuple[str, str]:
    """Return what rows of one listing are sorted by."""
    return row.resource_id, row.rule_id


def _rfc3339(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
