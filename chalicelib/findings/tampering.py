"""The findings about the history itself: somebody changed it, or it does not hold what was sealed.

They are opened by what guards the history, never by a look: no rule of the library judges them, and
withdrawing rules does not resolve them. What was changed stays changed, so the first stands until
people accept it; the second resolves by itself when both counts agree again.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.findings._evidence import EVIDENCE_LIMIT, key, without
from chalicelib.findings._images import Alteration
from chalicelib.findings.identity import finding_id
from chalicelib.findings.integrity import Key, Mark
from chalicelib.findings.recounting import HourCount
from chalicelib.model import (
    Commit,
    Evidence,
    Finding,
    Fix,
    Known,
    Reason,
    ResourceRef,
    Rule,
    RuleKind,
    Severity,
    Status,
    Subject,
    Times,
    Transition,
    TransitionKind,
)
from chalicelib.model.pointer import pointer_of
from chalicelib.model.ruleset import DEFAULT_SLA

TABLE_TYPE = "AWS::DynamoDB::Table"
#: Keys named in a message, and per hour in the evidence.
KEYS_SHOWN = 5
KEY_LIMIT_CHARS = 300

ALTERED_RULE = Rule(
    id="vigil-history-altered",
    kind=RuleKind.CONFIGURATION,
    title="Nobody changes Vigil's history",
    severity=Severity.CRITICAL,
    resource_type=TABLE_TYPE,
    condition={},
    message="Entries of the history were changed, removed or forged.",
    risk="Somebody with write access to the history's table hides, or makes up, what happened.",
    fix=Fix(
        text="Find out from CloudTrail's data events who may write to the table and did. The seal"
        " holds the entries as they were; an export is made from the seal, not from the table."
    ),
    hash="builtin-1",
)
RECOUNT_RULE = Rule(
    id="vigil-history-recount",
    kind=RuleKind.CONFIGURATION,
    title="Vigil's history holds what was sealed, and the seal what is in the history",
    severity=Severity.CRITICAL,
    resource_type=TABLE_TYPE,
    condition={},
    message="The history and its seal do not agree.",
    risk="Entries are gone or were never sealed: the history proves less than it seems to.",
    fix=Fix(
        text="Look at the hours and keys named here. Entries that the table lacks stand in the"
        " seal; entries that the seal lacks came while it could not write."
    ),
    hash="builtin-1",
)
_WORDS = {
    Mark.ALTERED: "was changed",
    Mark.REMOVED: "was removed",
    Mark.UNFIT: "was put in by somebody else",
}


def subject_of(table: str, account_id: str, region: str, partition: str) -> Subject:
    """Return the history's table as the subject of findings."""
    ref = ResourceRef(
        account_id=account_id, region=region, type=TABLE_TYPE, id=table, partition=partition
    )
    arn = f"arn:{partition}:dynamodb:{region}:{account_id}:table/{table}"
    return Subject(ref=ref, arn=arn)


def altered(
    known: Known, subject: Subject, alterations: Sequence[Alteration], now: datetime
) -> Commit | None:
    """Return what tells of alterations; None where all of them were told before."""
    finding = _of(ALTERED_RULE, known)
    told = finding.evidence if finding and finding.status is Status.OPEN else ()
    fresh = without(tuple(map(_evidence_of_alteration, alterations)), told)
    if not fresh:
        return None
    evidence = (*told, *fresh)[-EVIDENCE_LIMIT:]
    message = _listed([f"{_named(a.key)} {_WORDS[a.mark]}" for a in alterations])
    return _told(ALTERED_RULE, finding, subject, evidence, message, now)


def recounted(
    known: Known, subject: Subject, counts: Sequence[HourCount], now: datetime
) -> Commit | None:
    """Return what tells how the counts of some hours compare; None where that is told already."""
    finding = _of(RECOUNT_RULE, known)
    told = finding.evidence if finding and finding.status is Status.OPEN else ()
    counted = {count.hour for count in counts}
    wrong = [count for count in counts if not count.agrees]
    # What was not counted this time is still as wrong as it was.
    kept = tuple(e for e in told if e.actual["Hour"] not in counted)
    evidence = (*kept, *map(_evidence_of_count, wrong))[-EVIDENCE_LIMIT:]
    if set(map(key, told)) == set(map(key, evidence)):
        return None
    if finding and not evidence:
        return _commit(_resolved(finding, now), finding)
    message = _listed([_compared(count) for count in wrong]) or RECOUNT_RULE.message
    return _told(RECOUNT_RULE, finding, subject, evidence, message, now)


def as_it_stands(
    rule: Rule,
    known: Known,
    subject: Subject,
    evidence: tuple[Evidence, ...],
    message: str,
    now: datetime,
) -> Commit | None:
    """Return what tells how something stands, without evidence that all is well; None if told."""
    finding = _of(rule, known)
    told = finding.evidence if finding and finding.status is Status.OPEN else ()
    if set(map(key, told)) == set(map(key, evidence)):
        return None
    if finding and not evidence:
        return _commit(_resolved(finding, now), finding)
    return _told(rule, finding, subject, evidence, message, now)


def _of(rule: Rule, known: Known) -> Finding | None:
    return next((f for f in known.findings if f.rule_id == rule.id), None)


def _told(
    rule: Rule,
    before: Finding | None,
    subject: Subject,
    evidence: tuple[Evidence, ...],
    message: str,
    now: datetime,
) -> Commit:
    if before and before.status is Status.OPEN:
        finding = replace(
            before,
            evidence=evidence,
            message=message,
            revision=before.revision + 1,
            changed_at=now,
            head=None,
        )
        kind = TransitionKind.UPDATED
    else:
        finding = _opened(rule, before, subject, evidence, message, now)
        kind = TransitionKind.REOPENED if before else TransitionKind.OPENED
    return _commit(_transition(kind, finding, before), before)


def _opened(
    rule: Rule,
    before: Finding | None,
    subject: Subject,
    evidence: tuple[Evidence, ...],
    message: str,
    now: datetime,
) -> Finding:
    return Finding(
        id=finding_id(subject.ref, rule.id),
        rule_id=rule.id,
        rule_hash=rule.hash,
        title=rule.title,
        risk=rule.risk,
        fix=rule.fix,
        subject=subject,
        status=Status.OPEN,
        severity=rule.severity,
        severity_because=None,
        message=message,
        evidence=evidence,
        episode=before.episode + 1 if before else 1,
        revision=before.revision + 1 if before else 1,
        reason=Reason.CHANGE,
        seen_at=now,
        opened_at=now,
        changed_at=now,
        due_at=now + timedelta(hours=DEFAULT_SLA[rule.severity]),
    )


def _resolved(finding: Finding, now: datetime) -> Transition:
    closed = replace(
        finding,
        status=Status.RESOLVED,
        reason=Reason.CHANGE,
        revision=finding.revision + 1,
        changed_at=now,
        resolved_at=now,
        head=None,
    )
    return _transition(TransitionKind.RESOLVED, closed, finding)


def _transition(kind: TransitionKind, finding: Finding, before: Finding | None) -> Transition:
    return Transition(
        kind=kind,
        reason=finding.reason,
        account_id=finding.subject.ref.account_id,
        subject=finding.subject,
        rule_id=finding.rule_id,
        seq=finding.revision,
        prev=before.head if before else None,
        times=Times(event=None, received=None, decided=finding.changed_at),
        finding=finding,
    )


def _commit(transition: Transition, before: Finding | None) -> Commit:
    return Commit(
        ref=transition.subject.ref,
        known=Known(findings=(before,) if before else ()),
        look=None,
        transitions=(transition,),
    )


def _evidence_of_alteration(alteration: Alteration) -> Evidence:
    at = alteration.key
    return Evidence(
        path=pointer_of((_named(at),)),
        actual={
            "Attributes": list(alteration.changed)[:KEYS_SHOWN],
            "Entry": _named(at),
            "Event": alteration.event,
            "NewHash": alteration.new,
            "OldHash": alteration.old,
            "What": alteration.why or _WORDS[alteration.mark],
        },
        expected="entries that stay as Vigil wrote them",
    )


def _evidence_of_count(count: HourCount) -> Evidence:
    return Evidence(
        path=pointer_of((count.hour,)),
        actual={
            "Hour": count.hour,
            "InHistory": count.stored,
            "Sealed": count.sealed,
            "Different": _shown(count.different),
            "OnlyInHistory": _shown(count.unsealed),
            "OnlyInSeal": _shown(count.missing),
        },
        expected="the same entries in the history and in the seal",
    )


def _compared(count: HourCount) -> str:
    numbers = f"{count.hour}: {count.stored} entries in the history, {count.sealed} in the seal"
    first = next(iter((*count.missing, *count.different, *count.unsealed)))
    return f"{numbers} (first {_named(first)})"


def _shown(keys: Sequence[Key]) -> list[str]:
    return [_named(one) for one in keys[:KEYS_SHOWN]]


def _named(at: Key) -> str:
    return f"{at.pk}|{at.sk}"[:KEY_LIMIT_CHARS]


def _listed(parts: Sequence[str]) -> str:
    more = f"; and {len(parts) - KEYS_SHOWN} more" if len(parts) > KEYS_SHOWN else ""
    return "; ".join(parts[:KEYS_SHOWN]) + more
