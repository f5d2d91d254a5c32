"""What each verdict does to its finding: `TRANSITIONS` is the whole policy.

A pair that the table lacks moves nothing; above all, INSUFFICIENT_DATA closes no finding. What a
move writes into the finding is beside the table, one function per kind.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.findings._case import Case
from chalicelib.findings._evidence import bounded, key, marked, without
from chalicelib.findings.blame import Proof, Window, proof
from chalicelib.findings.differences import differences_between
from chalicelib.findings.identity import finding_id
from chalicelib.findings.reasons import reason_for
from chalicelib.findings.unreadable import UNREADABLE_RULE
from chalicelib.model import (
    Compliance,
    Evaluation,
    Evidence,
    Finding,
    Reason,
    Rule,
    Status,
    Transition,
    TransitionKind,
)

TRANSITIONS: Mapping[tuple[Status | None, Compliance], TransitionKind] = {
    (None, Compliance.NON_COMPLIANT): TransitionKind.OPENED,
    (Status.RESOLVED, Compliance.NON_COMPLIANT): TransitionKind.REOPENED,
    (Status.OPEN, Compliance.NON_COMPLIANT): TransitionKind.UPDATED,
    (Status.OPEN, Compliance.COMPLIANT): TransitionKind.RESOLVED,
    (Status.OPEN, Compliance.NOT_APPLICABLE): TransitionKind.RESOLVED,
}

#: Unreadable parts named per finding.
GAPS_LIMIT = 20


def moves(case: Case, evaluations: tuple[Evaluation, ...]) -> tuple[Transition, ...]:
    """Return the transitions of an accepted look at an existing resource."""
    standing = {f.rule_id: f for f in case.known.findings}
    moved = (_move(case, standing.get(e.rule_id), e) for e in evaluations)
    retired = (
        closing(case, finding, Reason.RULE_CHANGE)
        for finding in case.known.findings
        if finding.status is Status.OPEN and _retired(case, finding)
    )
    return (*(t for t in moved if t is not None), *retired)


def attributions(case: Case, evaluations: tuple[Evaluation, ...]) -> tuple[Transition, ...]:
    """Return what a look teaches that may not judge any more: who led to open findings."""
    standing = {f.rule_id: f for f in case.known.findings if f.status is Status.OPEN}
    found = (
        _attribute(case, standing[e.rule_id], e)
        for e in evaluations
        if e.rule_id in standing and e.compliance is Compliance.NON_COMPLIANT
    )
    return tuple(t for t in found if t is not None)


def closing(
    case: Case, finding: Finding, reason: Reason, differences: tuple[Any, ...] = ()
) -> Transition:
    """Return the transition that resolves an open finding."""
    closed = replace(
        finding,
        status=Status.RESOLVED,
        revision=finding.revision + 1,
        reason=reason,
        changed_at=case.now,
        resolved_at=case.now,
        head=None,
    )
    told = _transition(case, TransitionKind.RESOLVED, closed, prev=finding.head)
    return replace(told, differences=differences)


def _retired(case: Case, finding: Finding) -> bool:
    if finding.rule_id == UNREADABLE_RULE.id:
        return False
    rule = case.rules.get(finding.rule_id)
    return rule is None or rule.resource_type != case.ref.type


def _move(case: Case, finding: Finding | None, evaluation: Evaluation) -> Transition | None:
    kind = TRANSITIONS.get((finding.status if finding else None, evaluation.compliance))
    evaluation = replace(evaluation, evidence=bounded(evaluation.evidence))
    if kind in (TransitionKind.OPENED, TransitionKind.REOPENED):
        return _open(case, kind, finding, evaluation)
    if finding is None or kind is None:
        return None
    if kind is TransitionKind.UPDATED:
        return _update(case, finding, evaluation) or _attribute(case, finding, evaluation)
    reason = reason_for(case, evaluation, finding.evidence)
    return closing(case, finding, reason, _differences(case, finding.evidence))


def _open(
    case: Case, kind: TransitionKind, finding: Finding | None, evaluation: Evaluation
) -> Transition:
    window = _window(case)
    proven = proof(case, evaluation, evaluation.evidence, window)
    rule = _rule_of(case, evaluation)
    opened = Finding(
        id=finding_id(case.ref, rule.id),
        rule_id=rule.id,
        rule_hash=evaluation.rule_hash,
        title=rule.title,
        risk=rule.risk,
        fix=rule.fix,
        subject=case.sighting.subject,
        status=Status.OPEN,
        severity=evaluation.severity,
        severity_because=evaluation.severity_because,
        message=evaluation.message,
        evidence=marked(evaluation.evidence, proven.places if proven else ()),
        gaps=evaluation.gaps[:GAPS_LIMIT],
        episode=finding.episode + 1 if finding else 1,
        revision=finding.revision + 1 if finding else 1,
        reason=reason_for(case, evaluation, evaluation.evidence),
        cause=proven.cause if proven else None,
        seen_by=case.event_id,
        seen_from=window.unseen_since,
        seen_at=window.seen_at,
        opened_at=case.now,
        changed_at=case.now,
        due_at=case.due_at(evaluation.severity, case.now),
        recreated_at=_recreated_at(case, finding),
    )
    return _shown(case, kind, opened, finding, proven)


def _recreated_at(case: Case, before: Finding | None) -> datetime | None:
    if case.recreated_at is None and before and before.reason is Reason.RESOURCE_DELETED:
        # The process that buried the resource died before its tombstone was written.
        return case.now
    return case.recreated_at


def _update(case: Case, finding: Finding, evaluation: Evaluation) -> Transition | None:
    """Return the update, or None where nothing that matters is different."""
    fresh = without(evaluation.evidence, finding.evidence)
    if fresh:
        return _add(case, finding, evaluation, fresh)
    # Under a gap, evidence that is not there any more is only not seen.
    if evaluation.gaps or not _shrunk_or_regraded(finding, evaluation):
        return None
    return _shrink(case, finding, evaluation)


def _add(
    case: Case, finding: Finding, evaluation: Evaluation, fresh: tuple[Evidence, ...]
) -> Transition:
    window = _window(case)
    proven = proof(case, evaluation, fresh, window)
    updated = replace(
        _regraded(case, finding, evaluation),
        evidence=marked(evaluation.evidence, proven.places if proven else ()),
        reason=reason_for(case, evaluation, fresh),
        # Whoever opened it did not do what is new: without proof, nobody is shown beside that.
        cause=proven.cause if proven else None,
        seen_from=window.unseen_since,
        seen_at=window.seen_at,
    )
    return _shown(case, TransitionKind.UPDATED, updated, finding, proven)


def _shrink(case: Case, finding: Finding, evaluation: Evaluation) -> Transition:
    caused = tuple(e for e in finding.evidence if e.caused)
    left = marked(evaluation.evidence, caused)
    cause = finding.cause if any(e.caused for e in left) else None
    proven = None
    if cause is None:
        proven = proof(case, evaluation, evaluation.evidence, _window_of(finding))
        left = marked(evaluation.evidence, proven.places if proven else ())
    updated = replace(
        _regraded(case, finding, evaluation),
        evidence=left,
        reason=reason_for(case, evaluation, evaluation.evidence),
        cause=proven.cause if proven else cause,
    )
    return _shown(case, TransitionKind.UPDATED, updated, finding, proven)


def _regraded(case: Case, finding: Finding, evaluation: Evaluation) -> Finding:
    due_at = finding.due_at
    if finding.severity is not evaluation.severity:
        due_at = case.due_at(evaluation.severity, finding.opened_at)
    return replace(
        finding,
        rule_hash=evaluation.rule_hash,
        subject=case.sighting.subject,
        severity=evaluation.severity,
        severity_because=evaluation.severity_because,
        message=evaluation.message,
        gaps=evaluation.gaps[:GAPS_LIMIT],
        revision=finding.revision + 1,
        seen_by=case.event_id,
        changed_at=case.now,
        due_at=due_at,
        head=None,
    )


def _attribute(case: Case, finding: Finding, evaluation: Evaluation) -> Transition | None:
    """Return the transition that names a late event as the cause, where it is proven."""
    if finding.cause is not None:
        return None
    # The pointers of now, not the finding's own: its indices may have shifted.
    standing = without(evaluation.evidence, without(evaluation.evidence, finding.evidence))
    proven = proof(case, evaluation, standing, _window_of(finding))
    if proven is None:
        return None
    named = replace(
        finding,
        cause=proven.cause,
        evidence=marked(finding.evidence, proven.places),
        revision=finding.revision + 1,
        changed_at=case.now,
        head=None,
    )
    told = _transition(case, TransitionKind.ATTRIBUTED, named, prev=finding.head)
    return replace(told, cause=proven.cause)


def _window(case: Case) -> Window:
    before = case.base.item if case.base else None
    return Window(unseen_since=case.unseen_since, seen_at=case.sighting.ended_at, before=before)


def _window_of(finding: Finding) -> Window:
    return Window(unseen_since=finding.seen_from, seen_at=finding.seen_at)


def _shrunk_or_regraded(finding: Finding, evaluation: Evaluation) -> bool:
    before, after = {key(e) for e in finding.evidence}, {key(e) for e in evaluation.evidence}
    return before != after or finding.severity is not evaluation.severity


def _shown(
    case: Case,
    kind: TransitionKind,
    finding: Finding,
    before: Finding | None,
    proven: Proof | None,
) -> Transition:
    told = _transition(case, kind, finding, prev=before.head if before else None)
    cause = proven.cause if proven else None
    return replace(told, cause=cause, differences=_differences(case, finding.evidence))


def _transition(
    case: Case, kind: TransitionKind, finding: Finding, *, prev: str | None
) -> Transition:
    return Transition(
        kind=kind,
        reason=finding.reason,
        account_id=case.ref.account_id,
        subject=finding.subject,
        rule_id=finding.rule_id,
        seq=finding.revision,
        prev=prev,
        times=case.times,
        look_started_at=case.sighting.started_at,
        look_ended_at=case.sighting.ended_at,
        finding=finding,
        seen_by=case.event_id,
    )


def _differences(case: Case, evidence: tuple[Evidence, ...]) -> tuple[Any, ...]:
    item = case.sighting.item
    if item is None:
        return ()
    pointers = [p for e in evidence for p in (e.because or (e.path,))]
    before = case.base.item if case.base else None
    written = case.request.touch.writes if case.request.touch and before is not None else ()
    after = {"properties": item.properties, "observed": item.observed}
    return differences_between(before, after, (*pointers, *written))


def _rule_of(case: Case, evaluation: Evaluation) -> Rule:
    if evaluation.rule_id == UNREADABLE_RULE.id:
        return UNREADABLE_RULE
    return case.rules[evaluation.rule_id]
