"""A finding as one record: what the API answers and JSON Lines hold, what tables are cut from.

It says what held at one instant, never what holds now: whether a finding is overdue or exempt is
decided for that instant. Texts stand as they are stored; whoever shows them escapes them.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.facts.instants import stamp
from chalicelib.model import (
    Cause,
    Compliance,
    Exemption,
    Finding,
    Gap,
    Identity,
    Reason,
    Status,
    Subject,
    Transition,
    TransitionKind,
)
from chalicelib.model.export import ExportContext, ExportedFinding, SealedEntry

SCHEMA_VERSION = "1.0"
#: Its finding does not say that a resource fails, but that nobody can tell.
UNREADABLE_RULE_ID = "vigil-resource-unreadable"

#: Nothing looked at the resource when it was settled so: it is gone, or its rule is.
_NOT_JUDGED = (Reason.RESOURCE_DELETED, Reason.RULE_CHANGE)
_OPENING = (TransitionKind.OPENED, TransitionKind.REOPENED)


def record_of(
    exported: ExportedFinding, about: ExportContext | None, now: datetime
) -> dict[str, Any]:
    """Return the record of a finding: plain JSON values, every key always there.

    Args:
        exported: The finding as it was at `now`, with its history until then; without entries,
            what only they know is null or empty.
        about: Names the rules, for ``frameworks``; None leaves them empty.
        now: The instant for which ``overdue`` is decided.
    """
    finding = exported.finding
    episode = episode_of(exported)
    return {
        "schema_version": SCHEMA_VERSION,
        **_verdict(finding),
        **_resource(finding.subject),
        **_proof(finding, episode),
        "seen_by": finding.seen_by,
        "frameworks": _frameworks(finding.rule_id, about),
        "times": _times(finding, episode),
        "overdue": is_overdue(exported, now),
        "acknowledged_by": finding.acknowledged_by,
        "assignee": finding.assignee,
        "exemption": _exemption(exported.exemption),
        "integrity": _integrity(exported),
    }


def history_of(entries: Iterable[SealedEntry]) -> list[dict[str, Any]]:
    """Return what happened, an object an entry, in the order given."""
    return [_step(entry) for entry in entries]


def episode_of(exported: ExportedFinding) -> tuple[Transition, ...]:
    """Return the history of the current episode, oldest first."""
    number = exported.finding.episode
    entries = (entry.transition for entry in exported.entries)
    return tuple(t for t in entries if t.finding is not None and t.finding.episode == number)


def compliance_of(finding: Finding) -> Compliance | None:
    """Return what was last judged; None where no look judged the resource when it was settled."""
    if finding.status is Status.OPEN:
        unreadable = finding.rule_id == UNREADABLE_RULE_ID
        return Compliance.INSUFFICIENT_DATA if unreadable else Compliance.NON_COMPLIANT
    return None if finding.reason in _NOT_JUDGED else Compliance.COMPLIANT


def is_overdue(exported: ExportedFinding, now: datetime) -> bool:
    """Tell whether a finding should have been resolved by now; an accepted risk never is."""
    return exported.exemption is None and exported.finding.is_overdue(now)


def person_of(identity: Identity | None) -> dict[str, Any] | None:
    """Return who did something; None where nobody is named."""
    return {"name": identity.name, "person": identity.person} if identity else None


def _verdict(finding: Finding) -> dict[str, Any]:
    compliance = compliance_of(finding)
    return {
        "finding_id": finding.id,
        "rule_id": finding.rule_id,
        "rule_hash": finding.rule_hash,
        "title": finding.title,
        "severity": finding.severity.value,
        "severity_because": finding.severity_because,
        "status": finding.status.value,
        "compliance": compliance and compliance.value,
        "episode": finding.episode,
        "revision": finding.revision,
        "reason": finding.reason.value,
        "message": finding.message,
        "risk": finding.risk,
        "fix": {"text": finding.fix.text, "remediation": finding.fix.remediation},
    }


def _resource(subject: Subject) -> dict[str, Any]:
    ref = subject.ref
    return {
        "account_id": ref.account_id,
        "region": ref.region,
        "partition": ref.partition,
        "resource_type": ref.type,
        "resource_id": ref.id,
        "resource_arn": subject.arn,
        "resource_unique_id": ref.unique_id,
        "tags": dict(subject.tags),
        "owner": _owner(subject),
    }


def _owner(subject: Subject) -> dict[str, Any] | None:
    if subject.owner is None:
        return None
    return {"name": subject.owner, "from": subject.owner_from and subject.owner_from.value}


def _proof(finding: Finding, episode: tuple[Transition, ...]) -> dict[str, Any]:
    newest = tuple(reversed(episode))
    item = next((t.item for t in newest if t.item is not None), None)
    return {
        "evidence": [
            {
                "path": one.path,
                "actual": one.actual,
                "expected": one.expected,
                "because": list(one.because),
            }
            for one in finding.evidence
        ],
        "gaps": [_gap(gap) for gap in finding.gaps],
        "differences": differences_of(next((t for t in newest if t.differences), None)),
        "item": item and {"hash": item.hash, "size": item.size},
        "cause": cause_of(finding.cause),
    }


def differences_of(transition: Transition | None) -> list[dict[str, Any]]:
    """Return what an entry says has changed, before → after."""
    return [
        {"pointer": one.pointer, "before": one.before, "after": one.after}
        for one in (transition.differences if transition else ())
    ]


def cause_of(cause: Cause | None) -> dict[str, Any] | None:
    """Return the change that is proven to have led somewhere."""
    if cause is None:
        return None
    return {
        "event_id": cause.event_id,
        "event_source": cause.event_source,
        "event_name": cause.event_name,
        "event_time": stamp(cause.event_time),
        "actor": msgspec.to_builtins(cause.actor),
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "pointer": gap.pointer,
        "reason": gap.reason.value,
        "call": gap.call,
        "error": gap.error,
        "principal": gap.principal,
    }


def _frameworks(rule_id: str, about: ExportContext | None) -> Mapping[str, list[str]]:
    rule = about.rules.get(rule_id) if about else None
    return {name: list(controls) for name, controls in rule.frameworks.items()} if rule else {}


def _times(finding: Finding, episode: tuple[Transition, ...]) -> dict[str, str | None]:
    """Return when it happened: the first three are of the entry that opened this episode."""
    opening = next((t.times for t in episode if t.kind in _OPENING), None)
    return {
        "event_at": _stamp(opening.event if opening else None),
        "received_at": _stamp(opening.received if opening else None),
        "decided_at": _stamp(opening.decided if opening else None),
        "seen_at": _stamp(finding.seen_at),
        "opened_at": _stamp(finding.opened_at),
        "changed_at": _stamp(finding.changed_at),
        "acknowledged_at": _stamp(finding.acknowledged_at),
        "resolved_at": _stamp(finding.resolved_at),
        "due_at": _stamp(finding.due_at),
    }


def _stamp(instant: datetime | None) -> str | None:
    return stamp(instant) if instant else None


def _exemption(exemption: Exemption | None) -> dict[str, Any] | None:
    if exemption is None:
        return None
    return {
        "id": exemption.id,
        "reason": exemption.reason,
        "requested_by": person_of(exemption.requested_by),
        "approved_by": person_of(exemption.decided_by),
        "approved_at": _stamp(exemption.decided_at),
        "expires_at": stamp(exemption.expires_at),
    }


def _integrity(exported: ExportedFinding) -> dict[str, Any]:
    if not exported.entries:
        return {"seq": exported.finding.revision, "hash": exported.finding.head, "prev": None}
    newest = exported.entries[-1]
    return {"seq": newest.seq, "hash": newest.hash, "prev": newest.prev}


def _step(entry: SealedEntry) -> dict[str, Any]:
    transition = entry.transition
    act = transition.act
    return {
        "at": stamp(transition.times.decided),
        "kind": entry.kind,
        "reason": transition.reason.value,
        "seq": entry.seq,
        "hash": entry.hash,
        "prev": entry.prev,
        "by": person_of(act.by if act else None),
        "note": act.note if act else None,
    }
