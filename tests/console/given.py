"""What the pages show in tests: findings in the account of the local Vigil, and their histories."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.findings.history import body_of, hash_of
from chalicelib.model import (
    Actor,
    Cause,
    Difference,
    Evidence,
    Finding,
    Fix,
    Gap,
    GapReason,
    LedgerRow,
    OwnerFrom,
    Reason,
    ResourceRef,
    Severity,
    Status,
    Subject,
    Times,
    Transition,
    TransitionKind,
    Via,
)

ACCOUNT = "123456789012"
RULE_ID = "s3-bucket-no-public-read"
NOW = datetime.now(UTC).replace(microsecond=0)
OPENED = NOW - timedelta(days=3)
TITLE = "Buckets are not readable by everybody"
MESSAGE = "prod-backups can be read by everybody"


def ago(**past: float) -> datetime:
    return NOW - timedelta(**past)


def subject(name: str = "prod-backups", **changes: Any) -> Subject:
    ref = ResourceRef(account_id=ACCOUNT, region="eu-west-1", type="AWS::S3::Bucket", id=name)
    fields: dict[str, Any] = {
        "ref": ref,
        "arn": f"arn:aws:s3:::{name}",
        "owner": "payments",
        "owner_from": OwnerFrom.TAG,
        "tags": {"team": "payments"},
    }
    return Subject(**{**fields, **changes})


def actor(**changes: Any) -> Actor:
    fields: dict[str, Any] = {
        "type": "AssumedRole",
        "name": "release-42",
        "via": Via.IAC,
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/release-42",
        "issuer_arn": f"arn:aws:iam::{ACCOUNT}:role/deployer",
        "session_name": "release-42",
        "tool": "Terraform/1.11.4",
        "source_ip": "203.0.113.7",
        "user_agent": "APN/1.0 HashiCorp/1.0 Terraform/1.11.4",
        "mfa": False,
    }
    return Actor(**{**fields, **changes})


def cause(**changes: Any) -> Cause:
    fields: dict[str, Any] = {
        "event_id": "0d1f6f3c-5a0e-4a57-9a3a-3f1c2b7a9e10",
        "event_source": "s3.amazonaws.com",
        "event_name": "PutBucketPolicy",
        "event_time": OPENED,
        "actor": actor(),
    }
    return Cause(**{**fields, **changes})


def finding(number: int = 1, **changes: Any) -> Finding:
    """Build an open finding; its number is its id."""
    fields: dict[str, Any] = {
        "id": f"{number:032x}",
        "rule_id": RULE_ID,
        "rule_hash": "4f2d" * 16,
        "title": TITLE,
        "risk": "Anyone on the internet can read what is in it.",
        "fix": Fix(text="Block public access.", remediation=None),
        "subject": subject(f"bucket-{number}"),
        "status": Status.OPEN,
        "severity": Severity.CRITICAL,
        "severity_because": None,
        "message": MESSAGE,
        "evidence": (
            Evidence(
                path="/derived/PublicReads/0",
                actual={"Principal": "*"},
                expected="no public reader",
                because=("/properties/BucketPolicy/Statement/0",),
            ),
        ),
        "reason": Reason.CHANGE,
        "cause": cause(),
        "seen_by": cause().event_id,
        "seen_at": OPENED,
        "opened_at": OPENED,
        "changed_at": OPENED,
        "due_at": OPENED + timedelta(days=1),
    }
    return Finding(**{**fields, **changes})


def opened(about: Finding, **more: Any) -> Transition:
    """Return the entry that a finding begins with."""
    return _entry(TransitionKind.OPENED, about, None, more)


def history(about: Finding, **latest: Any) -> tuple[Transition, Transition]:
    """Return a finding's two entries: it opened with less, an update brought the rest."""
    first = opened(replace(about, message="prod-backups may be read by its own account"))
    changed = replace(about, revision=2, changed_at=ago(days=1))
    return first, _entry(TransitionKind.UPDATED, changed, hash_of(body_of(first)), latest)


def gap(**changes: Any) -> Gap:
    fields: dict[str, Any] = {
        "pointer": "/properties/BucketPolicy",
        "reason": GapReason.DENIED,
        "call": "s3:GetBucketPolicy",
        "error": "AccessDenied",
        "principal": f"arn:aws:sts::{ACCOUNT}:assumed-role/vigil/reader",
    }
    return Gap(**{**fields, **changes})


def row(number: int, **changes: Any) -> LedgerRow:
    fields: dict[str, Any] = {
        "account_id": ACCOUNT,
        "region": "us-east-1",
        "event_id": f"event-{number}",
        "record_hash": f"{number:064x}",
        "event_time": ago(minutes=number),
        "received_at": ago(minutes=number),
        "event_source": "s3.amazonaws.com",
        "event_name": "PutBucketPolicy",
        "disposition": "evaluated",
        "message_id": f"message-{number}",
        "actor": "release-42",
    }
    return LedgerRow(**{**fields, **changes})


DIFFERENCES = (Difference(pointer="/properties/BucketPolicy", before=None, after={"Allow": "*"}),)


def _entry(
    kind: TransitionKind, about: Finding, prev: str | None, more: dict[str, Any]
) -> Transition:
    fields: dict[str, Any] = {
        "kind": kind,
        "reason": about.reason,
        "account_id": about.subject.ref.account_id,
        "subject": about.subject,
        "rule_id": about.rule_id,
        "seq": about.revision,
        "prev": prev,
        "times": Times(event=OPENED, received=OPENED, decided=about.changed_at),
        "finding": replace(about, head=None),
        "cause": about.cause,
        "seen_by": about.seen_by,
    }
    return Transition(**{**fields, **more})
