"""Judges items and changes: (item or change, rulebook, now) → verdicts, and nothing else.

COMPLIANT is said only of what was read and has the declared shape. Everything doubtful goes
through the three-valued evaluator, which says so only where the doubt cannot matter.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from chalicelib.evaluate import _message
from chalicelib.evaluate._changes import judge_change
from chalicelib.evaluate._evidence import evidence_from, failures, row_at
from chalicelib.evaluate._holes import Hole, holes_of, shadow_from, touching, unreadable
from chalicelib.evaluate._kleene import Shadow, Truth
from chalicelib.evaluate._rates import burst_of, occurrences
from chalicelib.evaluate._severity import severity_of
from chalicelib.evaluate._time import NO_INSTANTS, Instants, aged, instants_of
from chalicelib.evaluate.rulebook import ReadyRule, Rulebook, TypeRules
from chalicelib.model import (
    Compliance,
    ConfigurationItem,
    Evaluation,
    Evidence,
    GapReason,
    Severity,
)
from chalicelib.model.pointer import tokens_of

__all__ = ["burst_of", "judge_change", "judge_item", "occurrences"]

#: Instants tried for the next flip; beyond them the verdict is simply due again.
MAX_FLIPS = 512

UNREAD = "{id} could not be judged: {call} answered {error}"
UNDECIDED: Mapping[GapReason, str] = {
    GapReason.MALFORMED: "{id} could not be judged: {pointer} has an unexpected shape ({error})",
}

VERDICTS: Mapping[Truth, Compliance] = {
    True: Compliance.COMPLIANT,
    False: Compliance.NON_COMPLIANT,
    None: Compliance.INSUFFICIENT_DATA,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One rule before one item: all that does not depend on the time."""

    ready: ReadyRule
    document: Mapping[str, Any]
    holes: tuple[Hole, ...]
    shadow: Shadow | None
    instants: Instants

    def at(self, now: datetime) -> Any:
        return aged(self.document, self.instants, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    compliance: Compliance
    severity: Severity
    because: str | None = None


def judge_item(
    item: ConfigurationItem, rulebook: Rulebook, now: datetime
) -> tuple[Evaluation, ...]:
    """Judge an item by every configuration rule of its type, in order of rule ids."""
    own = rulebook.by_type.get(item.ref.type)
    if own is None or not own.rules:
        return ()
    document = item.document()
    if not item.gaps and own.closed.validator.is_valid(document):
        return tuple([_known(ready, document, item, own, now) for ready in own.rules])
    holes = holes_of(document, item.gaps, own.closed.validator)
    return tuple(_evaluation(_case(ready, document, holes), item, own, now) for ready in own.rules)


def _known(
    ready: ReadyRule,
    document: Mapping[str, Any],
    item: ConfigurationItem,
    own: TypeRules,
    now: datetime,
) -> Evaluation:
    """Judge an item without holes: most rules hold, and then there is nothing else to say."""
    if not ready.rule.time_bounds:
        # A condition reads the names that its rule declares, whatever else the document has.
        if ready.applies and not ready.applies.validator.is_valid(document):
            return ready.not_applicable
        if ready.condition.validator.is_valid(document):
            return ready.compliant
    return _evaluation(_case(ready, document, ()), item, own, now)


def _case(ready: ReadyRule, document: Mapping[str, Any], holes: tuple[Hole, ...]) -> _Case:
    shown = _shown(document, ready.names)
    bounds = ready.rule.time_bounds
    instants = instants_of(shown, bounds) if bounds else NO_INSTANTS
    own = touching((*holes, *unreadable(instants.unreadable)), ready.pointers)
    shadow = shadow_from(own) if own else None
    return _Case(ready=ready, document=shown, holes=own, shadow=shadow, instants=instants)


def _shown(
    document: Mapping[str, Any], names: Iterable[tuple[str, str]]
) -> dict[str, dict[str, Any]]:
    shown: dict[str, dict[str, Any]] = {}
    for facet, name in names:
        values = shown.setdefault(facet, {})
        if name in document[facet]:
            values[name] = document[facet][name]
    return shown


def _evaluation(case: _Case, item: ConfigurationItem, own: TypeRules, now: datetime) -> Evaluation:
    rule = case.ready.rule
    verdict = _verdict(case, now)
    evidence = _evidence(case, own, now) if _fails(verdict) else ()
    return Evaluation(
        rule_id=rule.id,
        rule_hash=rule.hash,
        compliance=verdict.compliance,
        severity=verdict.severity,
        severity_because=verdict.because,
        message=_message_of(case, item, own, verdict, evidence),
        evidence=evidence,
        gaps=tuple(hole.gap for hole in case.holes),
        flips_at=_flips_at(case, verdict, now),
    )


def _verdict(case: _Case, now: datetime) -> _Verdict:
    document, ready = case.at(now), case.ready
    compliance = _doubted(_compliance(ready, document, case.shadow), case.holes)
    if compliance is not Compliance.NON_COMPLIANT:
        return _Verdict(compliance=compliance, severity=ready.rule.severity)
    severity, because = severity_of(ready, document, case.shadow)
    return _Verdict(compliance=compliance, severity=severity, because=because)


def _compliance(ready: ReadyRule, document: Any, shadow: Shadow | None) -> Compliance:
    applies = ready.applies.holds(document, shadow) if ready.applies else True
    if applies is False:
        return Compliance.NOT_APPLICABLE
    held = ready.condition.holds(document, shadow)
    return VERDICTS[held if applies else None]


def _doubted(compliance: Compliance, holes: tuple[Hole, ...]) -> Compliance:
    # What has an unexpected shape may not mean what we think, even where it seems not to matter.
    odd = any(hole.gap.reason is GapReason.MALFORMED for hole in holes)
    passes = compliance is Compliance.COMPLIANT
    return Compliance.INSUFFICIENT_DATA if odd and passes else compliance


def _fails(verdict: _Verdict) -> bool:
    return verdict.compliance is Compliance.NON_COMPLIANT


def _evidence(case: _Case, own: TypeRules, now: datetime) -> tuple[Evidence, ...]:
    found = failures(case.ready.condition.schema, case.at(now), case.shadow)
    return evidence_from(found, case.document, case.ready.timed, own.inputs)


def _flips_at(case: _Case, verdict: _Verdict, now: datetime) -> datetime | None:
    """Return the first instant at which time alone changes verdict or severity."""
    ahead = (instant for instant in case.instants.flips if instant > now)
    tried = tuple(islice(ahead, MAX_FLIPS))
    for instant in tried:
        if _verdict(case, instant) != verdict:
            return instant
    return tried[-1] if len(tried) == MAX_FLIPS else None


def _message_of(
    case: _Case,
    item: ConfigurationItem,
    own: TypeRules,
    verdict: _Verdict,
    evidence: tuple[Evidence, ...],
) -> str:
    if verdict.compliance is Compliance.INSUFFICIENT_DATA:
        return _undecided(item, case.holes)
    if not evidence:
        return ""
    rows = [row_at(case.document, tokens_of(one.path)) for one in evidence]
    arn: Callable[..., str | None] | None = own.resource_type.arn
    values = {
        "id": item.ref.id,
        "account": item.ref.account_id,
        "region": item.ref.region,
        "arn": (arn(item.ref) if arn else None) or item.ref.id,
        "actual": rows,
        "parameter": case.ready.rule.parameters,
    }
    return _message.render(case.ready.rule.message, values)


def _undecided(item: ConfigurationItem, holes: tuple[Hole, ...]) -> str:
    # There is a hole: without one, applies_when and the condition are decided.
    gap = holes[0].gap
    values = {"id": item.ref.id, "call": gap.call, "error": gap.error, "pointer": gap.pointer}
    return _message.render(UNDECIDED.get(gap.reason, UNREAD), values)
