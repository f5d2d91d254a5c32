"""One row a finding, for table programs and for people who filter.

What does not fit a row is left to the other formats: a cell holds the current state alone, the
history is not in it. No cell becomes a formula, which changes some texts (see `_cells`).
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any

import msgspec

from chalicelib.export._cells import cell
from chalicelib.export.record import record_of
from chalicelib.model.export import ExportContext, ExportedFinding, Format, SealedEntry

#: Column → where its value is in the record, keys joined by dots.
COLUMNS: Mapping[str, str] = {
    "finding_id": "finding_id",
    "status": "status",
    "severity": "severity",
    "compliance": "compliance",
    "overdue": "overdue",
    "rule_id": "rule_id",
    "title": "title",
    "account_id": "account_id",
    "region": "region",
    "resource_type": "resource_type",
    "resource_id": "resource_id",
    "resource_arn": "resource_arn",
    "owner": "owner.name",
    "owner_from": "owner.from",
    "assignee": "assignee",
    "message": "message",
    "evidence": "evidence",
    "differences": "differences",
    "actor": "cause.actor.name",
    "actor_arn": "cause.actor.arn",
    "source_ip": "cause.actor.source_ip",
    "event_name": "cause.event_name",
    "event_id": "cause.event_id",
    "event_time": "cause.event_time",
    "opened_at": "times.opened_at",
    "due_at": "times.due_at",
    "acknowledged_at": "times.acknowledged_at",
    "acknowledged_by": "acknowledged_by",
    "resolved_at": "times.resolved_at",
    "changed_at": "times.changed_at",
    "reason": "reason",
    "episode": "episode",
    "revision": "revision",
    "exemption_id": "exemption.id",
    "exemption_reason": "exemption.reason",
    "exemption_requested_by": "exemption.requested_by.name",
    "exemption_approved_by": "exemption.approved_by.name",
    "exemption_approved_at": "exemption.approved_at",
    "exemption_expires_at": "exemption.expires_at",
    "risk": "risk",
    "fix": "fix.text",
    "frameworks": "frameworks",
    "tags": "tags",
    "rule_hash": "rule_hash",
    "entry_hash": "integrity.hash",
}


def write(
    records: Iterable[ExportedFinding | SealedEntry], about: ExportContext, file: IO[bytes]
) -> None:
    """Write RFC 4180 in UTF-8 with a heading."""
    _write_row(file, list(COLUMNS))
    for exported in records:
        if isinstance(exported, ExportedFinding):
            _write_row(file, row_of(record_of(exported, about, about.query.end)))


def row_of(record: Mapping[str, Any]) -> list[str]:
    """Return the cells of a record, in the order of `COLUMNS`."""
    return [cell(_said(name, _at(record, path))) for name, path in COLUMNS.items()]


def _write_row(file: IO[bytes], row: list[str]) -> None:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(row)
    file.write(line.getvalue().encode())


def _at(record: Mapping[str, Any], path: str) -> Any:
    value: Any = record
    for key in path.split("."):
        value = value[key] if value is not None else None
    return value


def _said(column: str, value: Any) -> Any:
    """Return a value as the column has it; only what is no scalar needs words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    words = _WORDS.get(column)
    return words(value) if words else value


def _evidence(evidence: Iterable[Mapping[str, Any]]) -> list[str]:
    return [f"{e['path']} is {_json(e['actual'])}, expected {e['expected']}" for e in evidence]


def _differences(differences: Iterable[Mapping[str, Any]]) -> list[str]:
    return [f"{d['pointer']}: {_json(d['before'])} → {_json(d['after'])}" for d in differences]


def _frameworks(frameworks: Mapping[str, list[str]]) -> list[str]:
    return [f"{name} {' '.join(controls)}" for name, controls in sorted(frameworks.items())]


def _tags(tags: Mapping[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in sorted(tags.items())]


def _json(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


_WORDS: Mapping[str, Callable[[Any], list[str]]] = {
    "evidence": _evidence,
    "differences": _differences,
    "frameworks": _frameworks,
    "tags": _tags,
}

FORMAT = Format(
    name="csv",
    suffix=".csv",
    media_type="text/csv; charset=utf-8",
    write=write,
)
