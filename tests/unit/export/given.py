"""Findings to export, with the history that made them: every state a finding can be in, once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.findings.history import body_of, hash_of
from chalicelib.model import (
    Act,
    Actor,
    Burst,
    Cause,
    Detection,
    DetectionStatus,
    Difference,
    Evidence,
    Exemption,
    ExemptionStatus,
    Finding,
    Fix,
    Gap,
    GapReason,
    Identity,
    IdentityKind,
    ItemRef,
    OwnerFrom,
    Reason,
    ResourceRef,
    Rule,
    RuleKind,
    Scope,
    Severity,
    Status,
    Subject,
    Times,
    Transition,
    TransitionKind,
    Via,
)
from chalicelib.model.export import ExportContext, ExportedFinding, ExportQuery, SealedEntry

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
START, END = T0 - timedelta(days=1), T0 + timedelta(days=30)
ACCOUNT = "111122223333"


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


BUCKET = Subject(
    ref=ResourceRef(
        account_id=ACCOUNT,
        region="eu-west-1",
        type="AWS::S3::Bucket",
        id="payroll-2026",
        unique_id="2025-06-01T00:00:00Z",
    ),
    arn="arn:aws:s3:::payroll-2026",
    owner="payments",
    owner_from=OwnerFrom.TAG,
    tags={"team": "payments", "env": "production"},
)
ROLE = Subject(
    ref=ResourceRef(account_id=ACCOUNT, region="global", type="AWS::IAM::Role", id="Deployer"),
    arn=f"arn:aws:iam::{ACCOUNT}:role/Deployer",
)
GROUP = Subject(
    ref=ResourceRef(
        account_id="444455556666",
        region="us-gov-west-1",
        type="AWS::EC2::SecurityGroup",
        id="sg-0a1b2c3d",
        partition="aws-us-gov",
    ),
)

ALICE = Actor(
    type="AssumedRole",
    name="alice@example.com",
    via=Via.CONSOLE,
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice@example.com",
    account_id=ACCOUNT,
    principal_id="AROAEXAMPLEADMIN",
    issuer_arn=f"arn:aws:iam::{ACCOUNT}:role/Admin",
    session_name="alice@example.com",
    person="alice@example.com",
    source_ip="203.0.113.7",
    user_agent="Mozilla/5.0",
    mfa=True,
)
STACK = Actor(
    type="AWSService",
    name="cloudformation.amazonaws.com",
    via=Via.SERVICE,
    invoked_by="cloudformation.amazonaws.com",
    source_ip="cloudformation.amazonaws.com",
)
BY_ALICE = Cause(
    event_id="0d1f6f3c-5a0e-4a57-9a3a-3f1c2b7a9e10",
    event_source="s3.amazonaws.com",
    event_name="PutBucketPolicy",
    event_time=at(0),
    actor=ALICE,
)
BOB = Identity(
    kind=IdentityKind.IDENTITY_CENTER, id="bob@example.com", name="bob@example.com", person="bob"
)
CAROL = Identity(kind=IdentityKind.SLACK, id="T1/U2", name="Carol", person="carol")

EXEMPTION = Exemption(
    id="ex-7f3a",
    scope=Scope(rule_id="s3-bucket-no-public-read", resource="payroll-*"),
    reason="The bucket serves a public web site.",
    requested_by=BOB,
    requested_at=at(60),
    expires_at=END + timedelta(days=30),
    matched=1,
    status=ExemptionStatus.APPROVED,
    decided_by=CAROL,
    decided_at=at(90),
)


def rule(rule_id: str, **overrides: Any) -> Rule:
    fields: dict[str, Any] = {
        "id": rule_id,
        "kind": RuleKind.CONFIGURATION,
        "title": f"What {rule_id} wants",
        "severity": Severity.HIGH,
        "resource_type": "AWS::S3::Bucket",
        "condition": {},
        "message": "",
        "risk": "",
        "fix": Fix(text="Repair it."),
        "hash": f"hash-of-{rule_id}",
    }
    return Rule(**{**fields, **overrides})


RULES = {
    one.id: one
    for one in (
        rule(
            "s3-bucket-no-public-read",
            title="Buckets are not readable by everybody",
            frameworks={"cis-aws-7.0": ("2.1.4",), "fsbp": ("S3.2", "S3.8")},
            parameters={"days": 90, "ports": [22, 3389]},
        ),
        rule("iam-role-no-admin", frameworks={"cis-aws-7.0": ("1.16",), "soc2": ("CC6.3",)}),
        rule("ec2-sg-no-public-ssh", frameworks={"cis-aws-7.0": ("6.3", "6.10")}),
        rule("s3-bucket-logging", frameworks={"fsbp": ("S3.9",)}),
        rule("iam-user-created", kind=RuleKind.CHANGE, frameworks={"soc2": ("CC6.2",)}),
    )
}


def finding(**overrides: Any) -> Finding:
    fields: dict[str, Any] = {
        "id": "a" * 32,
        "rule_id": "s3-bucket-no-public-read",
        "rule_hash": "4f2d" * 16,
        "title": "Buckets are not readable by everybody",
        "risk": "Anyone on the internet can read what is in the bucket.",
        "fix": Fix(text="Block public access.", remediation="s3-block-public-access"),
        "subject": BUCKET,
        "status": Status.OPEN,
        "severity": Severity.HIGH,
        "severity_because": "the bucket holds data",
        "message": "payroll-2026 can be read by everybody",
        "evidence": (
            Evidence(
                path="/derived/PublicReads/0",
                actual={"Principal": "*", "Statement": "AllowAll"},
                expected="no public reader",
                because=("/properties/BucketPolicy/Statement/0",),
            ),
        ),
        "reason": Reason.CHANGE,
        "cause": BY_ALICE,
        "seen_by": BY_ALICE.event_id,
        "seen_at": at(0.2),
        "opened_at": at(0.3),
        "changed_at": at(0.3),
        "due_at": at(7 * 1440),
    }
    return Finding(**{**fields, **overrides})


def transition(kind: TransitionKind, about: Finding, prev: str | None, **more: Any) -> Transition:
    fields: dict[str, Any] = {
        "kind": kind,
        "reason": about.reason,
        "account_id": about.subject.ref.account_id,
        "subject": about.subject,
        "rule_id": about.rule_id,
        "seq": about.revision,
        "prev": prev,
        "times": Times(event=at(0), received=at(0.1), decided=about.changed_at),
        "finding": replace(about, head=None),
    }
    return Transition(**{**fields, **more})


def sealed(written: Transition) -> SealedEntry:
    body = body_of(written)
    return SealedEntry(
        pk=written.subject.ref.key,
        sk=f"{written.times.decided.isoformat()}#{written.rule_id}#{written.seq:08d}",
        kind=written.kind.value,
        seq=written.seq,
        hash=hash_of(body),
        prev=written.prev,
        body=body,
        transition=written,
    )


class History:
    """A finding's history, written entry by entry."""

    def __init__(self, first: Finding, **more: Any) -> None:
        self.finding = first
        self.entries: list[SealedEntry] = []
        self._append(TransitionKind.OPENED, first, more)

    def then(
        self, kind: TransitionKind, minutes: float, changes: dict[str, Any], **more: Any
    ) -> "History":
        """Add an entry and what it changes."""
        revised = replace(
            self.finding,
            revision=self.finding.revision + 1,
            changed_at=at(minutes),
            **changes,
        )
        self._append(kind, revised, more)
        return self

    def exported(self, exemption: Exemption | None = None) -> ExportedFinding:
        """Return the finding as the newest entry left it."""
        return ExportedFinding(
            finding=self.finding, entries=tuple(self.entries), exemption=exemption
        )

    def _append(self, kind: TransitionKind, about: Finding, more: dict[str, Any]) -> None:
        prev = self.entries[-1].hash if self.entries else None
        entry = sealed(transition(kind, about, prev, **more))
        self.entries.append(entry)
        self.finding = replace(about, head=entry.hash)


BEFORE_AFTER = (
    Difference(pointer="/properties/BucketPolicy", before=None, after={"Statement": ["AllowAll"]}),
)


def acknowledged() -> ExportedFinding:
    """An open finding that somebody sees to."""
    history = History(
        finding(), differences=BEFORE_AFTER, item=ItemRef(hash="c0ffee" * 10 + "beef", size=4711)
    )
    return history.then(
        TransitionKind.ACKNOWLEDGED,
        30,
        {"acknowledged_at": at(30), "acknowledged_by": BOB.name, "assignee": "carol"},
        act=Act(by=BOB, note="I am on it."),
        reason=Reason.PERSON,
    ).exported()


def exempted() -> ExportedFinding:
    """A failure that is accepted until the exemption ends."""
    history = History(finding(id="b" * 32, cause=None, due_at=at(1440)), differences=BEFORE_AFTER)
    return history.then(
        TransitionKind.EXEMPTED, 90, {"exemption_id": EXEMPTION.id}, act=Act(by=CAROL)
    ).exported(EXEMPTION)


def reopened_and_fixed() -> ExportedFinding:
    """Fixed twice, the second time too late."""
    role = finding(
        id="c" * 32,
        rule_id="iam-role-no-admin",
        title="Roles are no administrators",
        subject=ROLE,
        severity=Severity.CRITICAL,
        severity_because=None,
        message="Deployer may do everything",
        due_at=at(1440),
        cause=replace(BY_ALICE, actor=STACK, event_id=None, event_name="AttachRolePolicy"),
    )
    closed = {"status": Status.RESOLVED, "reason": Reason.CHANGE}
    history = History(role).then(TransitionKind.RESOLVED, 60, {**closed, "resolved_at": at(60)})
    opened = {"status": Status.OPEN, "episode": 2, "opened_at": at(100), "resolved_at": None}
    history.then(TransitionKind.REOPENED, 100, {**opened, "due_at": at(1540)})
    fixed = (Difference(pointer="/properties/ManagedPolicyArns/0", before="Admin", after=None),)
    return history.then(
        TransitionKind.RESOLVED, 3000, {**closed, "resolved_at": at(3000)}, differences=fixed
    ).exported()


def deleted() -> ExportedFinding:
    """Settled because the resource is gone."""
    group = finding(
        id="d" * 32,
        rule_id="ec2-sg-no-public-ssh",
        title="Security groups do not accept SSH from the internet",
        subject=GROUP,
        severity=Severity.LOW,
        message="sg-0a1b2c3d accepts SSH from 0.0.0.0/0",
        cause=None,
        due_at=None,
    )
    gone = {"status": Status.RESOLVED, "reason": Reason.RESOURCE_DELETED, "resolved_at": at(10)}
    return History(group).then(TransitionKind.RESOLVED, 10, gone).exported()


def unreadable() -> ExportedFinding:
    """Nobody can tell: a read was denied."""
    gap = Gap(
        pointer="/properties/BucketPolicy",
        reason=GapReason.DENIED,
        call="s3:GetBucketPolicy",
        error="AccessDenied",
        principal=f"arn:aws:sts::{ACCOUNT}:assumed-role/vigil/reader",
    )
    hidden = finding(
        id="e" * 32,
        rule_id="vigil-resource-unreadable",
        title="Vigil can read what its rules need",
        message="1 rule cannot be judged: s3:GetBucketPolicy answered AccessDenied",
        severity=Severity.INFORMATIONAL,
        evidence=(Evidence(path=gap.pointer, actual=None, expected="an answer from AWS"),),
        gaps=(gap,),
        cause=None,
        due_at=at(5),
        reason=Reason.FIRST_LOOK,
    )
    return History(hidden).exported()


def detected(**overrides: Any) -> SealedEntry:
    """What a change rule saw once."""
    fields: dict[str, Any] = {
        "rule_id": "iam-user-created",
        "rule_hash": "77" * 32,
        "title": "Users are not created by hand",
        "risk": "Keys of users never expire.",
        "fix": Fix(text="Use roles."),
        "severity": Severity.MEDIUM,
        "subject": ROLE,
        "message": "alice@example.com created users",
        "evidence": (Evidence(path="/actor/via", actual="console", expected="iac"),),
        "cause": replace(BY_ALICE, event_name="CreateUser", event_source="iam.amazonaws.com"),
        "status": DetectionStatus.TOLD,
        "seen_at": at(5),
        "burst": Burst(actor="0f" * 16, stretch=at(0), count=12),
    }
    detection = Detection(**{**fields, **overrides})
    written = Transition(
        kind=TransitionKind.DETECTED,
        reason=Reason.CHANGE,
        account_id=ACCOUNT,
        subject=detection.subject,
        rule_id=detection.rule_id,
        seq=1,
        prev=None,
        times=Times(event=at(0), received=at(0.1), decided=at(5)),
        detection=detection,
        transient=True,
    )
    return sealed(written)


def population() -> tuple[ExportedFinding, ...]:
    """One finding of every state, oldest id first."""
    return (acknowledged(), exempted(), reopened_and_fixed(), deleted(), unreadable())


def many(count: int, padding: int = 0) -> Iterator[ExportedFinding]:
    """So many findings, each with a history, made as they are asked for.

    Args:
        count: Of findings.
        padding: Characters that each message is long at least.
    """
    template = acknowledged()
    for number in range(count):
        message = f"{number:032x} " * (padding // 33) or template.finding.message
        about = replace(template.finding, id=f"{number:032x}", message=message)
        yield replace(template, finding=about)


def about(**overrides: Any) -> ExportContext:
    query = {"start": START, "end": END, "format": "any", **overrides.pop("query", {})}
    fields: dict[str, Any] = {
        "manifest": 17,
        "manifest_hash": "ab" * 32,
        "sealed_until": END + timedelta(minutes=1),
        "rules": RULES,
    }
    return ExportContext(query=ExportQuery(**query), **{**fields, **overrides})


#: Columns whose values nobody outside chooses.
OWN_VALUES = frozenset({"evidence", "frameworks", "differences", "tags"})


def hostile(text: str) -> ExportedFinding:
    """A finding in which every text that somebody may choose is this one."""
    ref = replace(BUCKET.ref, id=text, account_id=text, region=text, type=text, unique_id=text)
    actor = replace(
        ALICE,
        name=text,
        arn=text,
        person=text,
        source_ip=text,
        user_agent=text,
        session_name=text,
        issuer_arn=text,
        principal_id=text,
        account_id=text,
        type=text,
        tool=text,
    )
    about = finding(
        id=text,
        rule_id=text,
        rule_hash=text,
        title=text,
        risk=text,
        message=text,
        severity_because=text,
        fix=Fix(text=text, remediation=text),
        subject=replace(BUCKET, ref=ref, arn=text, owner=text, tags={text: text}),
        evidence=(Evidence(path=text, actual={text: [text]}, expected=text, because=(text,)),),
        gaps=(Gap(pointer=text, reason=GapReason.DENIED, call=text, error=text, principal=text),),
        cause=replace(BY_ALICE, event_id=text, event_source=text, event_name=text, actor=actor),
        seen_by=text,
        acknowledged_at=at(1),
        acknowledged_by=text,
        assignee=text,
        exemption_id=text,
    )
    who = replace(BOB, id=text, name=text, arn=text, person=text)
    history = History(about, differences=(Difference(pointer=text, before=text, after=[text]),))
    history.then(TransitionKind.NOTED, 1, {}, act=Act(by=who, note=text))
    accepted = replace(EXEMPTION, id=text, reason=text, requested_by=who, decided_by=who)
    return history.exported(accepted)


def hostile_rules(text: str) -> dict[str, Rule]:
    """The rule of a hostile finding, from somebody's own rule file."""
    named = {text: (text,), "fsbp": (text,)}
    return {text: rule(text, title=text, frameworks=named, parameters={text: text})}
