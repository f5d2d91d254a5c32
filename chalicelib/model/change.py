"""One CloudTrail record, normalised: who, what, when, from where, which resources."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from chalicelib.model.resource import ResourceRef


class Outcome(StrEnum):
    """Whether the call changed anything; any error code means it did not."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Via(StrEnum):
    """The kind of tool a call came from."""

    CONSOLE = "console"
    SDK = "cli-or-sdk"
    IAC = "iac"
    SERVICE = "aws-service"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who made a call, as far as the record proves it.

    Attributes:
        type: ``userIdentity.type`` as AWS spells it; ``Unknown`` where absent.
        name: The best name for a person to read: user, session or role, service.
        principal_id: AWS's unique id (``AIDA…``, ``AROA…``) without the session part.
        issuer_arn: The role or user behind a temporary session.
        session_name: Name the caller gave to the session; often a person's address.
        person: The human a federated or Identity Center session stands for.
        invoked_by: AWS service that called on somebody's behalf.
        tool: Tool and version read from the user agent, e.g. ``Terraform/1.11.4``.
        mfa: Whether multi-factor authentication was used; None where the record is silent.
    """

    type: str
    name: str
    via: Via
    arn: str | None = None
    account_id: str | None = None
    principal_id: str | None = None
    issuer_arn: str | None = None
    session_name: str | None = None
    person: str | None = None
    invoked_by: str | None = None
    tool: str | None = None
    source_ip: str | None = None
    user_agent: str | None = None
    mfa: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """A resource a change wrote to.

    Attributes:
        writes: JSON Pointers into the item that the call writes; blame needs one of them.
        proposed: Pointer → value the payload carries, normalised as in the item. Absent where
            the payload does not say what was written.
        observes: Pointer below ``/observed`` → value the record itself proves.
    """

    ref: ResourceRef
    writes: tuple[str, ...] = ()
    proposed: Mapping[str, Any] = field(default_factory=dict)
    observes: Mapping[str, Any] = field(default_factory=dict)
    creates: bool = False
    deletes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanionTouch:
    """A change to a resource on which verdicts about others depend.

    Attributes:
        ref: The companion that changed.
        dependent_type: Type whose items must be looked at again.
        account_wide: True where every resource of that type in the account depends on it;
            False where stored edges say which do.
        touch: What the dependents' items see of it: pointers are theirs.
    """

    ref: ResourceRef
    dependent_type: str
    account_wide: bool
    writes: tuple[str, ...] = ()
    proposed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One CloudTrail record.

    Attributes:
        event_id: CloudTrail's eventID, or None where missing or a placeholder.
        record_hash: SHA-256 of the canonical record, hexadecimal.
        event_name: As the record spells it; ``action`` is it without date and version suffix.
        kind: ``api-call``, ``sign-in`` or ``service-event``.
        derived: What the payload means (openings, …): the only part of it that rules see.
    """

    event_id: str | None
    record_hash: str
    event_time: datetime
    received_at: datetime
    partition: str
    account_id: str
    region: str
    event_source: str
    event_name: str
    action: str
    kind: str
    outcome: Outcome
    error_code: str | None
    read_only: bool
    actor: Actor
    derived: Mapping[str, Any] = field(default_factory=dict)
    touches: tuple[Touch, ...] = ()
    companions: tuple[CompanionTouch, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the normalised fields that change rules are judged against."""
        actor = self.actor
        return {
            "event_source": self.event_source,
            "action": self.action,
            "kind": self.kind,
            "outcome": self.outcome.value,
            "error_code": self.error_code,
            "read_only": self.read_only,
            "actor": {
                "type": actor.type,
                "account_id": actor.account_id,
                "via": actor.via.value,
                "invoked_by": actor.invoked_by,
                "mfa": actor.mfa,
            },
            "derived": self.derived,
        }
