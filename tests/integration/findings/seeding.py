"""Findings and ledger rows put straight into tables, as a store would have left them."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.findings._items import item_of_entry, item_of_finding, item_of_row
from chalicelib.findings.identity import finding_id
from chalicelib.model import (
    Finding,
    Fix,
    LedgerRow,
    Reason,
    Severity,
    Status,
    Times,
    Transition,
    TransitionKind,
)
from tests.unit.findings.given import REF, RULE_ID, SUBJECT, at, evidence


def finding(name: str = "front", **overrides: Any) -> Finding:
    """Return an open finding on a resource of this name."""
    ref = overrides.pop("ref", replace(REF, id=name))
    rule_id = overrides.get("rule_id", RULE_ID)
    fields: dict[str, Any] = {
        "id": finding_id(ref, rule_id),
        "rule_id": rule_id,
        "rule_hash": "h1",
        "title": "Doors are closed",
        "risk": "Anyone walks in.",
        "fix": Fix(text="Close it."),
        "subject": replace(SUBJECT, ref=ref),
        "status": Status.OPEN,
        "severity": Severity.HIGH,
        "severity_because": None,
        "message": f"{name} is open",
        "evidence": (evidence(),),
        "reason": Reason.CHANGE,
        "seen_at": at(0),
        "opened_at": at(0),
        "changed_at": at(0),
    }
    return Finding(**fields | overrides)


def entry(
    after: Finding, kind: TransitionKind = TransitionKind.OPENED, when: datetime | None = None
) -> Transition:
    """Return the history entry after which a finding is as it is."""
    return Transition(
        kind=kind,
        reason=after.reason,
        account_id=after.subject.ref.account_id,
        subject=after.subject,
        rule_id=after.rule_id,
        seq=after.revision,
        prev=None,
        times=Times(event=None, received=None, decided=when or after.changed_at),
        finding=after,
    )


def put_findings(client: Any, findings_table: str, history_table: str, *found: Finding) -> None:
    """Store findings, each with the one entry that opened it."""
    for one in found:
        opened = entry(one)
        client.put_item(TableName=findings_table, Item=item_of_finding(opened, one))
        client.put_item(TableName=history_table, Item=item_of_entry(opened))


def put_entries(client: Any, history_table: str, *entries: Transition) -> None:
    """Store history entries."""
    for one in entries:
        client.put_item(TableName=history_table, Item=item_of_entry(one))


def put_rows(client: Any, ledger_table: str, *rows: LedgerRow) -> None:
    """Store ledger rows."""
    for row in rows:
        client.put_item(TableName=ledger_table, Item=item_of_row(row))
