"""What is stored, as the API shows it: texts stand as they are, times as RFC 3339 with a Z."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.api import _answers as answers
from chalicelib.api import _answers_people as told
from chalicelib.export.record import cause_of, differences_of
from chalicelib.facts.instants import stamp
from chalicelib.findings.exemptions import is_in_force
from chalicelib.findings.filters import Listed
from chalicelib.findings.history import Entry, hash_of, transition_from
from chalicelib.model import (
    Cause,
    Exemption,
    Identity,
    ItemRef,
    LedgerRow,
    Person,
    Rule,
    Transition,
)
from chalicelib.model.export import ExportJob


def summary_of(listed: Listed) -> answers.FindingSummary:
    """Show a finding in a list."""
    finding, ref = listed.finding, listed.finding.subject.ref
    return answers.FindingSummary(
        finding_id=finding.id,
        rule_id=finding.rule_id,
        title=finding.title,
        severity=finding.severity.value,
        status=finding.status.value,
        account_id=ref.account_id,
        region=ref.region,
        resource_type=ref.type,
        resource_id=ref.id,
        resource_arn=finding.subject.arn,
        owner=finding.subject.owner,
        assignee=finding.assignee,
        acknowledged_at=maybe(finding.acknowledged_at),
        opened_at=stamp(finding.opened_at),
        changed_at=stamp(finding.changed_at),
        resolved_at=maybe(finding.resolved_at),
        due_at=maybe(finding.due_at),
        overdue=listed.overdue,
        exemption=_mark(listed.exemption),
        message=finding.message,
        episode=finding.episode,
        actor=finding.cause.actor.name if finding.cause else None,
    )


def step_of(entry: Entry) -> answers.HistoryEntry:
    """Show an entry of a history."""
    transition = transition_from(entry.body)
    act, about = transition.act, transition.finding or transition.detection
    return answers.HistoryEntry(
        at=stamp(transition.times.decided),
        kind=transition.kind.value,
        reason=transition.reason.value,
        seq=entry.seq,
        hash=hash_of(entry.body),
        prev=entry.prev,
        by=who(act.by if act else None),
        note=act.note if act else None,
        rule_id=transition.rule_id,
        severity=about.severity.value if about else None,
        message=about.message if about else None,
        differences=_differences(transition),
        cause=_cause(transition.cause),
        item=item_ref(transition.item),
    )


def resource_step_of(transition: Transition) -> answers.ResourceStep:
    """Show a configuration in a resource's timeline."""
    return answers.ResourceStep(
        at=stamp(transition.look_ended_at or transition.times.decided),
        item=item_ref(transition.item),
        differences=_differences(transition),
        event_id=transition.seen_by,
    )


def change_of(row: LedgerRow) -> answers.ChangeRow:
    """Show a row of the ledger."""
    return answers.ChangeRow(
        event_id=row.event_id,
        event_time=stamp(row.event_time),
        received_at=stamp(row.received_at),
        event_source=row.event_source,
        event_name=row.event_name,
        account_id=row.account_id,
        region=row.region,
        disposition=row.disposition,
        actor=row.actor,
        detail=row.detail,
    )


def rule_text_of(rule: Rule) -> answers.RuleText:
    """Show a rule."""
    return answers.RuleText(
        id=rule.id,
        kind=rule.kind.value,
        title=rule.title,
        severity=rule.severity.value,
        resource_type=rule.resource_type,
        risk=rule.risk,
        fix=answers.FixText(text=rule.fix.text, remediation=rule.fix.remediation),
        frameworks={name: list(controls) for name, controls in rule.frameworks.items()},
        hash=rule.hash,
    )


def exemption_text_of(exemption: Exemption, now: datetime) -> told.ExemptionText:
    """Show an exemption as it is now."""
    return told.ExemptionText(**_exemption(exemption, now))


def exemption_detail_of(
    exemption: Exemption, history: Iterable[Entry], now: datetime
) -> told.ExemptionDetail:
    """Show an exemption with its history."""
    steps = [step_of(entry) for entry in history]
    return told.ExemptionDetail(**_exemption(exemption, now), history=steps)


def person_text_of(person: Person) -> told.PersonText:
    """Show a person."""
    return told.PersonText(
        id=person.id,
        name=person.name,
        identities=list(person.identities),
        confirmed=person.confirmed,
        removed=person.removed,
        enrolled_by=who(person.enrolled_by),
    )


def export_text_of(job: ExportJob) -> told.ExportText:
    """Show an export."""
    return told.ExportText(
        id=job.id,
        status=job.status.value,
        format=job.query.format,
        start=stamp(job.query.start),
        to=stamp(job.query.end),
        requested_by=known(job.requested_by),
        requested_at=stamp(job.requested_at),
        done=job.done,
        total=job.total,
        size=job.size,
        sha256=job.sha256,
        url=job.url,
        key_fingerprint=job.key_fingerprint,
        error=job.error,
    )


def known(identity: Identity) -> answers.Who:
    """Show somebody."""
    return answers.Who(name=identity.name, person=identity.person)


def who(identity: Identity | None) -> answers.Who | None:
    """Show somebody, or that there is nobody."""
    return known(identity) if identity else None


def maybe(instant: datetime | None) -> str | None:
    """Write an instant, or that there is none."""
    return stamp(instant) if instant else None


def item_ref(item: ItemRef | None) -> answers.ItemRef | None:
    """Show where a configuration is kept."""
    return answers.ItemRef(hash=item.hash, size=item.size) if item else None


def _mark(exemption: Exemption | None) -> answers.ExemptionMark | None:
    if exemption is None:
        return None
    return answers.ExemptionMark(id=exemption.id, expires_at=stamp(exemption.expires_at))


def _differences(transition: Transition) -> list[answers.Difference]:
    return [answers.Difference(**one) for one in differences_of(transition)]


def _cause(cause: Cause | None) -> answers.Cause | None:
    shown = cause_of(cause)
    return answers.Cause(**shown) if shown else None


def _exemption(exemption: Exemption, now: datetime) -> dict[str, Any]:
    return {
        "id": exemption.id,
        "scope": msgspec.convert(exemption.scope, told.ScopeText, from_attributes=True),
        "reason": exemption.reason,
        "requested_by": known(exemption.requested_by),
        "requested_at": stamp(exemption.requested_at),
        "expires_at": stamp(exemption.expires_at),
        "matched": exemption.matched,
        "pinned": list(exemption.pinned) if exemption.pinned is not None else None,
        "status": exemption.status.value,
        "in_force": is_in_force(exemption, now),
        "decided_by": who(exemption.decided_by),
        "decided_at": maybe(exemption.decided_at),
        "ended_by": who(exemption.ended_by),
        "ended_at": maybe(exemption.ended_at),
    }
