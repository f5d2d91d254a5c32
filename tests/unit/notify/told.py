"""Findings, detections and history entries to tell of, with overrides."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.model import (
    Actor,
    Cause,
    Detection,
    DetectionStatus,
    Evidence,
    Finding,
    Fix,
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
from chalicelib.model.notice import Entry

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
BUCKET = ResourceRef(
    account_id="111122223333", region="eu-west-1", type="AWS::S3::Bucket", id="reports"
)
ACTOR = Actor(
    type="AssumedRole",
    name="release",
    via=Via.IAC,
    tool="Terraform/1.11.4",
    issuer_arn="arn:aws:iam::111122223333:role/deployer",
    source_ip="198.51.100.7",
)
CAUSE = Cause(
    event_id="6f1c2a34-0000-4000-8000-000000000001",
    event_source="s3.amazonaws.com",
    event_name="PutBucketPolicy",
    event_time=NOW,
    actor=ACTOR,
)
FINDING = Finding(
    id="f" * 32,
    rule_id="s3-bucket-no-public-read",
    rule_hash="h",
    title="Nobody outside can read the bucket",
    risk="Anyone can download what lies in it.",
    fix=Fix(text="Remove the statement."),
    subject=Subject(ref=BUCKET, arn="arn:aws:s3:::reports", owner="data"),
    status=Status.OPEN,
    severity=Severity.CRITICAL,
    severity_because=None,
    message="reports can be read by anyone",
    evidence=(Evidence(path="/derived/PublicAccess/0", actual={"a": 1}, expected="none"),),
    reason=Reason.CHANGE,
    cause=CAUSE,
    seen_at=NOW,
    opened_at=NOW,
    changed_at=NOW,
)
DETECTION = Detection(
    rule_id="iam-root-acted",
    rule_hash="h",
    title="The root user acted",
    risk="Root can do everything.",
    fix=Fix(text="Ask who it was."),
    severity=Severity.HIGH,
    subject=Subject(ref=BUCKET),
    message="root called PutBucketPolicy",
    evidence=(),
    cause=CAUSE,
    status=DetectionStatus.TOLD,
    seen_at=NOW,
)


def resolved(finding: Finding = FINDING, *, after: timedelta = timedelta(minutes=5)) -> Finding:
    return replace(
        finding,
        status=Status.RESOLVED,
        revision=finding.revision + 1,
        resolved_at=finding.opened_at + after,
        changed_at=finding.opened_at + after,
    )


def transition(
    kind: TransitionKind = TransitionKind.OPENED,
    told: Finding | Detection = FINDING,
    **changes: Any,
) -> Transition:
    is_finding = isinstance(told, Finding)
    base = Transition(
        kind=kind,
        reason=Reason.CHANGE,
        account_id=told.subject.ref.account_id,
        subject=told.subject,
        rule_id=told.rule_id,
        seq=told.revision if is_finding else 1,
        prev=None,
        times=Times(event=NOW, received=NOW, decided=NOW),
        finding=told if is_finding else None,
        detection=None if is_finding else told,
        cause=CAUSE,
    )
    return replace(base, **changes)


def entry(one: Transition | None = None) -> Entry:
    one = one or transition()
    sk = f"{one.times.decided.isoformat()}#{one.rule_id}#{one.seq:06d}#{one.kind}"
    return Entry(pk=one.subject.ref.key, sk=sk, transition=one)
