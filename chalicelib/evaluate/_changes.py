"""Judges a change by the change rules that look at it.

A payload that could not be read derives no fact; a rule that needs it stays silent, because the
described state decides. Only what is proven from the record itself is told.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from chalicelib.evaluate import _message
from chalicelib.evaluate._evidence import evidence_from, failures, row_at
from chalicelib.evaluate._kleene import Shadow, shadow_of
from chalicelib.evaluate._severity import severity_of
from chalicelib.evaluate.rulebook import ReadyRule, Rulebook
from chalicelib.model import (
    Cause,
    Change,
    ConfigurationItem,
    Detection,
    DetectionStatus,
    Evidence,
    ResourceRef,
    Subject,
)
from chalicelib.model.pointer import tokens_of

SubjectOf: TypeAlias = Callable[[ResourceRef, ConfigurationItem | None], Subject]

ACCOUNT_TYPE = "Observed::Account::Global"


def judge_change(
    change: Change, rulebook: Rulebook, subject_of: SubjectOf
) -> tuple[Detection, ...]:
    """Return what change rules see in a change: one detection per rule and subject.

    Rate rules see nothing in one change; `occurrences` are what they count.
    """
    rules = [ready for ready in rulebook.change_rules_for(change) if ready.rule.rate is None]
    document = change.document() if rules else {}
    return tuple(
        detection
        for ready in rules
        for detection in objections(ready, change, document, subject_of)
    )


def objections(
    ready: ReadyRule, change: Change, document: dict[str, Any], subject_of: SubjectOf
) -> Iterator[Detection]:
    """Yield what one rule sees in a change."""
    shadow = _shadow(ready, document)
    if ready.condition.holds(document, shadow) is not False:
        return
    found = failures(ready.condition.schema, document, shadow)
    evidence = evidence_from(found, document, ready.timed, {})
    touched = _touched(ready, change)
    for ref in touched or (account_ref(change),):
        subject = subject_of(ref, None)
        yield _detection(ready, change, subject, evidence, document, shadow, known=bool(touched))


def _shadow(ready: ReadyRule, document: dict[str, Any]) -> Shadow | None:
    derived = document["derived"]
    absent = [(f, name) for f, name in ready.names if f == "derived" and name not in derived]
    return shadow_of(absent) if absent else None


def _touched(ready: ReadyRule, change: Change) -> tuple[ResourceRef, ...]:
    wanted = ready.rule.resource_type
    return tuple(dict.fromkeys(touch.ref for touch in change.touches if touch.ref.type == wanted))


def account_ref(change: Change) -> ResourceRef:
    """Return the account a change was made in, as a resource."""
    return ResourceRef(
        partition=change.partition,
        account_id=change.account_id,
        region="global",
        type=ACCOUNT_TYPE,
        id=change.account_id,
    )


def _detection(  # noqa: PLR0913 - everything a detection says
    ready: ReadyRule,
    change: Change,
    subject: Subject,
    evidence: tuple[Evidence, ...],
    document: dict[str, Any],
    shadow: Shadow | None,
    *,
    known: bool,
) -> Detection:
    rule = ready.rule
    severity, _ = severity_of(ready, document, shadow)
    awaits = bool(rule.explained_by) and known
    return Detection(
        rule_id=rule.id,
        rule_hash=rule.hash,
        title=rule.title,
        risk=rule.risk,
        fix=rule.fix,
        severity=severity,
        subject=subject,
        message=_message_of(ready, change, subject, evidence, document),
        evidence=evidence,
        cause=Cause.of(change),
        status=DetectionStatus.PENDING if awaits else DetectionStatus.TOLD,
        explained_by=rule.explained_by,
        seen_at=change.received_at,
    )


def _message_of(
    ready: ReadyRule,
    change: Change,
    subject: Subject,
    evidence: tuple[Evidence, ...],
    document: dict[str, Any],
) -> str:
    values = values_of(ready, change, subject, evidence, document)
    return _message.render(ready.rule.message, values)


def values_of(
    ready: ReadyRule,
    change: Change,
    subject: Subject,
    evidence: tuple[Evidence, ...],
    document: dict[str, Any],
) -> dict[str, Any]:
    """Return what a change rule's message may look up."""
    return {
        "id": subject.ref.id,
        "account": change.account_id,
        "region": change.region,
        "arn": subject.arn or subject.ref.id,
        "actor.name": change.actor.name,
        "actor.arn": change.actor.arn or change.actor.name,
        "action": change.action,
        "source_ip": change.actor.source_ip,
        "actual": [row_at(document, tokens_of(one.path)) for one in evidence],
        "parameter": ready.rule.parameters,
    }
