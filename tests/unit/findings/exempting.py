"""A finding, three humans with their identities, and an exemption that two of them agreed on."""

from datetime import timedelta
from typing import Any

from chalicelib.findings.callers import identity_from, slack_identity
from chalicelib.model import (
    Exemption,
    ExemptionStatus,
    Finding,
    Identity,
    Person,
    Reason,
    Scope,
    Severity,
    Status,
    Subject,
)
from tests.unit.findings.given import REF, RULE_ID, T0, evidence, rule

ACCOUNT = REF.account_id
ARN = f"arn:aws:iam::{ACCOUNT}"
STS = f"arn:aws:sts::{ACCOUNT}:assumed-role"
ANA = identity_from(f"{ARN}:user/ana", "AIDAANAANAANAANAANA1")
BEN = identity_from(f"{ARN}:user/ben", "AIDABENBENBENBENBEN1")
MEG = identity_from(f"{ARN}:user/meg", "AIDAMEGMEGMEGMEGMEG1")
MEG_IN_SLACK = slack_identity("T0TEAM", "U0MEG", "meg")
MEG_AS_ADMIN = identity_from(f"{STS}/Admin/meg", "AROAADMINADMINADMIN1:meg")
MEG_AS_CI = identity_from(f"{STS}/Deployer/build-17", "AROADEPLOYDEPLOYDE1:build-17")
#: A user that Meg made for herself, and told nobody of.
MEGS_PUPPET = identity_from(f"{ARN}:user/puppet", "AIDAPUPPETPUPPETPUP1")
ROOT = identity_from(f"{ARN}:root", ACCOUNT)

ASKED = T0
DECIDED = T0 + timedelta(hours=1)
END = T0 + timedelta(days=30)
REASON = "The door is open on purpose."
FINDING = Finding(
    id="f" * 32,
    rule_id=RULE_ID,
    rule_hash="h1",
    title=rule().title,
    risk=rule().risk,
    fix=rule().fix,
    subject=Subject(ref=REF, arn="arn:aws:test:::front", tags={"stage": "dev"}),
    status=Status.OPEN,
    severity=Severity.HIGH,
    severity_because=None,
    message="front is open",
    evidence=(evidence(),),
    reason=Reason.CHANGE,
    seen_at=T0,
    opened_at=T0,
    changed_at=T0,
)


def person(person_id: str, *identities: Identity, **changes: Any) -> Person:
    fields: dict[str, Any] = {
        "id": person_id,
        "name": person_id.title(),
        "identities": tuple(identity.key for identity in identities),
        "confirmed": True,
        "head": f"head of {person_id}",
    }
    return Person(**fields | changes)


PEOPLE = (person("ana", ANA), person("ben", BEN), person("meg", MEG, MEG_IN_SLACK))


def of(person_id: str, identity: Identity) -> Identity:
    """Return an identity that is known to be somebody's."""
    return Identity(
        kind=identity.kind, id=identity.id, name=identity.name, arn=identity.arn, person=person_id
    )


def exemption(**changes: Any) -> Exemption:
    fields: dict[str, Any] = {
        "id": "ex-1",
        "scope": Scope(rule_id=RULE_ID),
        "reason": REASON,
        "requested_by": of("meg", MEG),
        "requested_at": ASKED,
        "expires_at": END,
        "matched": 1,
        "status": ExemptionStatus.APPROVED,
        "decided_by": of("ben", BEN),
        "decided_at": DECIDED,
        "revision": 2,
        "head": "h" * 64,
    }
    return Exemption(**fields | changes)


def asked(**changes: Any) -> Exemption:
    fields: dict[str, Any] = {
        "status": ExemptionStatus.REQUESTED,
        "decided_by": None,
        "decided_at": None,
        "revision": 1,
    }
    return exemption(**fields | changes)
