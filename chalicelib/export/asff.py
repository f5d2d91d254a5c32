"""AWS Security Finding Format, a finding a line.

Lines and no ``{"Findings": […]}``: BatchImportFindings takes 100 at a time, and whoever calls it
cuts lines into batches more easily than documents. What is longer than Security Hub allows is cut,
because it refuses the finding otherwise; and its ``NonEmptyString`` must hold more than blanks.
"""

from collections.abc import Iterable, Mapping
from typing import IO, Any

import msgspec

from chalicelib.export._asff_types import ASFF_TYPES, OTHER
from chalicelib.export.record import compliance_of, record_of
from chalicelib.facts.instants import stamp
from chalicelib.facts.legible import legible
from chalicelib.model import Compliance, Finding, ResourceRef, Status, Subject
from chalicelib.model.export import ExportContext, ExportedFinding, Format, SealedEntry

SCHEMA_VERSION = "2018-10-08"
#: Longest texts and fullest lists, as the AwsSecurityFinding reference gives them.
TITLE_LIMIT, DESCRIPTION_LIMIT, ID_LIMIT, REMEDIATION_LIMIT = 256, 1024, 512, 512
FIELD_LIMIT, TAG_NAME_LIMIT, REQUIREMENTS_LIMIT = 1024, 128, 32
REGION_LIMIT, NOTE_LIMIT, TAG_LIMIT = 16, 512, 256

#: Where a partition keeps what is global.
_GLOBAL_REGIONS: Mapping[str, str] = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
_HOME = "us-east-1"
_PARTITIONS = ("aws", "aws-cn", "aws-us-gov", "aws-us-iso", "aws-us-iso-b")
_TYPES = ["Software and Configuration Checks/AWS Security Best Practices"]
_STATUSES: Mapping[Compliance | None, str] = {
    Compliance.COMPLIANT: "PASSED",
    Compliance.NON_COMPLIANT: "FAILED",
    Compliance.INSUFFICIENT_DATA: "WARNING",
    None: "NOT_AVAILABLE",
}
_BLANK = "-"


def write(
    records: Iterable[ExportedFinding | SealedEntry], about: ExportContext, file: IO[bytes]
) -> None:
    """Write a finding a line."""
    for exported in records:
        if isinstance(exported, ExportedFinding):
            finding = finding_of(exported, about)
            file.write(msgspec.json.encode(finding, order="sorted") + b"\n")


def finding_of(exported: ExportedFinding, about: ExportContext) -> dict[str, Any]:
    """Return a finding as BatchImportFindings takes it."""
    finding = exported.finding
    ref = finding.subject.ref
    seen = (e.transition.finding.seen_at for e in exported.entries if e.transition.finding)
    return {
        "SchemaVersion": SCHEMA_VERSION,
        "Id": _id(ref, finding.id),
        "ProductArn": _product_arn(ref),
        "ProductName": "Vigil",
        "CompanyName": "Vigil",
        "GeneratorId": text(finding.rule_id, ID_LIMIT),
        "AwsAccountId": text(ref.account_id, ID_LIMIT),
        "Region": _region(ref),
        "Types": _TYPES,
        "FirstObservedAt": stamp(next(seen, finding.seen_at)),
        "LastObservedAt": stamp(finding.seen_at),
        "CreatedAt": stamp(finding.opened_at),
        "UpdatedAt": stamp(finding.changed_at),
        "Severity": _severity(finding),
        "Title": text(finding.title, TITLE_LIMIT),
        "Description": text(f"{finding.message} {finding.risk}", DESCRIPTION_LIMIT),
        "Remediation": {"Recommendation": {"Text": text(finding.fix.text, REMEDIATION_LIMIT)}},
        "Resources": [_resource(finding.subject)],
        "Compliance": _compliance(finding, about),
        "Workflow": {"Status": _workflow(exported)},
        "RecordState": "ACTIVE" if finding.status is Status.OPEN else "ARCHIVED",
        "UserDefinedFields": _fields(exported, about),
        **_note(exported),
    }


def text(value: str, limit: int) -> str:
    """Return a text that Security Hub takes: in one line, no longer than allowed, never blank."""
    shown = legible(value).strip()
    return (shown if len(shown) <= limit else shown[: limit - 1] + "…") or _BLANK


def _id(ref: ResourceRef, finding_id: str) -> str:
    return text(f"{ref.region}/{ref.account_id}/vigil/{finding_id}", ID_LIMIT)


def _product_arn(ref: ResourceRef) -> str:
    """Return the ARN under which an account may import findings of its own making."""
    account, place = ref.account_id, _region(ref)
    return f"arn:{ref.partition}:securityhub:{place}:{account}:product/{account}/default"


def _region(ref: ResourceRef) -> str:
    if ref.region == "global":
        return _GLOBAL_REGIONS.get(ref.partition, _HOME)
    return text(ref.region, REGION_LIMIT)


def _severity(finding: Finding) -> dict[str, str]:
    return {"Label": finding.severity.value.upper(), "Original": finding.severity.value}


def _resource(subject: Subject) -> dict[str, Any]:
    ref = subject.ref
    resource: dict[str, Any] = {
        "Type": ASFF_TYPES.get(ref.type, OTHER),
        "Id": text(subject.arn or ref.id, ID_LIMIT),
        "Region": _region(ref),
    }
    if ref.partition in _PARTITIONS:
        resource["Partition"] = ref.partition
    if subject.tags:
        resource["Tags"] = {
            text(key, TAG_NAME_LIMIT): text(value, TAG_LIMIT)
            for key, value in sorted(subject.tags.items())
        }
    return resource


def _compliance(finding: Finding, about: ExportContext) -> dict[str, Any]:
    rule = about.rules.get(finding.rule_id)
    frameworks = rule.frameworks.items() if rule else ()
    related = sorted(
        text(f"{name}/{number}", ID_LIMIT) for name, all_ in frameworks for number in all_
    )
    compliance: dict[str, Any] = {"Status": _STATUSES[compliance_of(finding)]}
    if related:
        compliance["RelatedRequirements"] = related[:REQUIREMENTS_LIMIT]
    return compliance


def _workflow(exported: ExportedFinding) -> str:
    if exported.finding.status is Status.RESOLVED:
        return "RESOLVED"
    if exported.exemption is not None:
        return "SUPPRESSED"
    return "NOTIFIED" if exported.finding.acknowledged_at else "NEW"


def _note(exported: ExportedFinding) -> dict[str, Any]:
    """Return the accepted risk or the last word of a person; ASFF has room for one."""
    exemption = exported.exemption
    if exemption is not None:
        approver = exemption.decided_by or exemption.requested_by
        since = exemption.decided_at or exemption.requested_at
        said = f"Exempted until {stamp(exemption.expires_at)}: {exemption.reason}"
        return _noted(said, approver.name, stamp(since))
    for entry in reversed(exported.entries):
        act = entry.transition.act
        if act is not None and act.note is not None:
            return _noted(act.note, act.by.name, stamp(entry.transition.times.decided))
    return {}


def _noted(said: str, name: str, when: str) -> dict[str, Any]:
    return {
        "Note": {
            "Text": text(said, NOTE_LIMIT),
            "UpdatedBy": text(name, ID_LIMIT),
            "UpdatedAt": when,
        }
    }


def _fields(exported: ExportedFinding, about: ExportContext) -> dict[str, str]:
    """Return what the format has no place for; absent values are left out."""
    record = record_of(exported, about, about.query.end)
    cause = record["cause"] or {"actor": {}}
    owner = record["owner"] or {}
    fields = {
        "vigil/episode": str(record["episode"]),
        "vigil/revision": str(record["revision"]),
        "vigil/reason": record["reason"],
        "vigil/rule_hash": record["rule_hash"],
        "vigil/entry_hash": record["integrity"]["hash"],
        "vigil/owner": owner.get("name"),
        "vigil/owner_from": owner.get("from"),
        "vigil/assignee": record["assignee"],
        "vigil/due_at": record["times"]["due_at"],
        "vigil/overdue": "true" if record["overdue"] else "false",
        "vigil/exemption": exported.exemption and exported.exemption.id,
        "vigil/actor": cause["actor"].get("name"),
        "vigil/source_ip": cause["actor"].get("source_ip"),
        "vigil/event_name": cause.get("event_name"),
        "vigil/event_id": cause.get("event_id"),
        "vigil/evidence": " ".join(one["path"] for one in record["evidence"]),
    }
    return {name: text(value, FIELD_LIMIT) for name, value in fields.items() if value}


FORMAT = Format(
    name="asff",
    suffix=".asff.jsonl",
    media_type="application/jsonl",
    write=write,
)
