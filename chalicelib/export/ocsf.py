"""OCSF as JSON Lines: findings as Compliance Findings (2003), detections as class 2004.

An event tells of the state at the window's end, not of how it came there: the classes have no
place for a history. An exempted failure is still ``Fail``; only its status is *Suppressed*.
"""

from collections.abc import Iterable, Mapping
from typing import IO, Any

import msgspec

from chalicelib.export import _ocsf as parts
from chalicelib.export.record import compliance_of, record_of
from chalicelib.model import Compliance, Detection, Finding, Rule, Status, TransitionKind
from chalicelib.model.export import ExportContext, ExportedFinding, Format, SealedEntry

COMPLIANCE_FINDING, DETECTION_FINDING = 2003, 2004
CREATE, UPDATE, CLOSE = parts.ACTIVITIES
_OPENING = (TransitionKind.OPENED.value, TransitionKind.REOPENED.value)

_NEW: Mapping[str, Any] = {"status_id": 1, "status": "New"}
_IN_PROGRESS: Mapping[str, Any] = {"status_id": 2, "status": "In Progress"}
_SUPPRESSED: Mapping[str, Any] = {"status_id": 3, "status": "Suppressed"}
_RESOLVED: Mapping[str, Any] = {"status_id": 4, "status": "Resolved"}

_VERDICTS: Mapping[Compliance | None, Mapping[str, Any]] = {
    Compliance.COMPLIANT: {"status_id": 1, "status": "Pass"},
    Compliance.INSUFFICIENT_DATA: {"status_id": 2, "status": "Warning"},
    Compliance.NON_COMPLIANT: {"status_id": 3, "status": "Fail"},
    None: {"status_id": 0, "status": "Unknown"},
}
#: What the classes have no place for, as the canonical record names it.
_UNMAPPED = (
    "acknowledged_by",
    "differences",
    "episode",
    "exemption",
    "gaps",
    "integrity",
    "item",
    "overdue",
    "reason",
    "revision",
    "seen_by",
    "severity_because",
    "times",
)


def write(
    records: Iterable[ExportedFinding | SealedEntry], about: ExportContext, file: IO[bytes]
) -> None:
    """Write an event a line.

    Raises:
        InvalidRequestError: The query wants a version of OCSF that is not written here.
    """
    for record in records:
        event = event_of(record, about)
        if event is not None:
            file.write(msgspec.json.encode(event, order="sorted") + b"\n")


def event_of(record: ExportedFinding | SealedEntry, about: ExportContext) -> dict[str, Any] | None:
    """Return the event that tells of a finding or a detection; None for any other entry."""
    if isinstance(record, ExportedFinding):
        return _of_finding(record, about)
    detection = record.transition.detection
    return _of_detection(record, detection, about) if detection else None


def _of_finding(exported: ExportedFinding, about: ExportContext) -> dict[str, Any]:
    finding = exported.finding
    rule = about.rules.get(finding.rule_id)
    return parts.present(
        {
            **parts.classified(COMPLIANCE_FINDING, "Compliance Finding", _activity(exported)),
            **parts.severity_of(finding.severity),
            **_status(exported),
            "status_code": finding.reason.value,
            "message": finding.message,
            "time": parts.milliseconds(finding.changed_at),
            "start_time": parts.milliseconds(finding.opened_at),
            "end_time": parts.milliseconds(finding.resolved_at),
            "metadata": _metadata(exported, about),
            "cloud": parts.cloud_of(finding.subject),
            "finding_info": _finding_info(exported),
            "compliance": _compliance(finding, rule),
            "resources": [parts.resource_of(finding.subject)],
            "evidences": parts.evidences(finding.evidence, finding.cause),
            "remediation": {"desc": finding.fix.text},
            "assignee": finding.assignee and {"name": finding.assignee},
            "unmapped": _unmapped(exported, about),
            "attestation_list": _attestations(exported.entries[-1:], finding.id, about),
        }
    )


def _of_detection(entry: SealedEntry, detection: Detection, about: ExportContext) -> dict[str, Any]:
    subject, cause = detection.subject, detection.cause
    return parts.present(
        {
            **parts.classified(DETECTION_FINDING, "Detection Finding", CREATE),
            **parts.severity_of(detection.severity),
            **_NEW,
            "message": detection.message,
            "time": parts.milliseconds(detection.seen_at),
            "start_time": parts.milliseconds(cause.event_time),
            "count": detection.burst.count if detection.burst else None,
            "metadata": _detection_metadata(entry, detection, about),
            "cloud": parts.cloud_of(subject),
            "finding_info": _detection_info(entry, detection),
            "resources": [parts.resource_of(subject)],
            "evidences": parts.evidences(detection.evidence, cause),
            "remediation": {"desc": detection.fix.text},
            "unmapped": {
                "reason": entry.transition.reason,
                "transient": entry.transition.transient,
            },
            "attestation_list": _attestations((entry,), entry.hash, about),
        }
    )


def _activity(exported: ExportedFinding) -> int:
    if exported.finding.status is Status.RESOLVED:
        return CLOSE
    newest = exported.entries[-1].kind if exported.entries else None
    return CREATE if newest in _OPENING else UPDATE


def _status(exported: ExportedFinding) -> Mapping[str, Any]:
    finding = exported.finding
    if finding.status is Status.RESOLVED:
        return _RESOLVED
    if exported.exemption is not None:
        return {**_SUPPRESSED, "status_detail": f"exempted: {exported.exemption.reason}"}
    return _IN_PROGRESS if finding.acknowledged_at or finding.assignee else _NEW


def _metadata(exported: ExportedFinding, about: ExportContext) -> dict[str, Any]:
    finding = exported.finding
    uid = parts.event_uid(finding.id, finding.revision)
    version, account_id = about.query.ocsf_version, finding.subject.ref.account_id
    return {
        **parts.metadata(version, uid, account_id, finding.rule_id),
        "sequence": finding.revision,
        "correlation_uid": finding.id,
    }


def _detection_metadata(
    entry: SealedEntry, detection: Detection, about: ExportContext
) -> dict[str, Any]:
    version, account_id = about.query.ocsf_version, detection.subject.ref.account_id
    return parts.metadata(version, entry.hash, account_id, detection.rule_id)


def _finding_info(exported: ExportedFinding) -> dict[str, Any]:
    finding = exported.finding
    seen = (e.transition.finding.seen_at for e in exported.entries if e.transition.finding)
    return parts.present(
        {
            "uid": finding.id,
            "title": finding.title,
            "desc": finding.risk,
            "created_time": parts.milliseconds(finding.opened_at),
            "modified_time": parts.milliseconds(finding.changed_at),
            "first_seen_time": parts.milliseconds(next(seen, finding.seen_at)),
            "last_seen_time": parts.milliseconds(finding.seen_at),
            "analytic": parts.analytic(finding.rule_id, finding.title, finding.rule_hash),
        }
    )


def _detection_info(entry: SealedEntry, detection: Detection) -> dict[str, Any]:
    happened = parts.milliseconds(detection.cause.event_time)
    return parts.present(
        {
            "uid": entry.hash,
            "title": detection.title,
            "desc": detection.risk,
            "created_time": parts.milliseconds(detection.seen_at),
            "first_seen_time": happened,
            "last_seen_time": happened,
            "analytic": parts.analytic(detection.rule_id, detection.title, detection.rule_hash),
        }
    )


def _compliance(finding: Finding, rule: Rule | None) -> dict[str, Any]:
    verdict = _VERDICTS[compliance_of(finding)]
    frameworks = rule.frameworks if rule else {}
    requirements = [f"{name} {number}" for name, found in frameworks.items() for number in found]
    check = {
        "uid": finding.rule_id,
        "name": finding.title,
        "version": finding.rule_hash,
        "standards": sorted(frameworks),
        **parts.severity_of(finding.severity),
        **verdict,
    }
    return parts.present(
        {
            "control": finding.rule_id,
            "desc": finding.title,
            "standards": sorted(frameworks),
            "requirements": sorted(requirements),
            "control_parameters": parts.parameters_of(rule),
            "checks": [parts.present(check)],
            "status_details": [finding.message] if finding.message else [],
            **verdict,
        }
    )


def _unmapped(exported: ExportedFinding, about: ExportContext) -> dict[str, Any]:
    record = record_of(exported, about, about.query.end)
    owner = record["owner"] or {}
    kept = {name: record[name] for name in _UNMAPPED}
    return parts.present({**kept, "owner_from": owner.get("from")})


def _attestations(
    entries: Iterable[SealedEntry], chain: str, about: ExportContext
) -> list[dict[str, Any]]:
    if "record_integrity" not in parts.PROFILES[about.query.ocsf_version]:
        return []
    return [parts.attestation(entry, chain) for entry in entries]


FORMAT = Format(
    name="ocsf",
    suffix=".ocsf.jsonl",
    media_type="application/jsonl",
    write=write,
    detections=True,
)
