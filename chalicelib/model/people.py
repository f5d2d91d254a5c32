"""Who acts on findings, and the risks they accept: identities, persons, exemptions.

An identity is what AWS or Slack proves about a caller; a person is who it belongs to. Only persons
approve, because one person may have many identities.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class IdentityKind(StrEnum):
    """Where an identity is proven."""

    IAM_USER = "iam-user"
    ROLE_SESSION = "role-session"
    IDENTITY_CENTER = "identity-center"
    SLACK = "slack"
    ROOT = "root"
    #: Vigil itself, where nobody asked: an exemption that ran out.
    VIGIL = "vigil"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom a request came from, as far as it is proven.

    Attributes:
        id: What is never given to anybody else: ``AIDA…`` of a user, ``AROA…:session`` of a role
            session, the user name in Identity Center, ``T…/U…`` in Slack.
        name: For people to read.
        person: Id of the person it belongs to, or None where no one is known.
    """

    kind: IdentityKind
    id: str
    name: str
    arn: str | None = None
    person: str | None = None

    @property
    def key(self) -> str:
        """What identifies it among all identities."""
        return f"{self.kind.value}:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody did to a finding, an exemption or the list of people."""

    by: Identity
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One human and the identities that are theirs.

    Attributes:
        identities: `Identity.key` of each.
        confirmed: False until another person has said that these identities are theirs; the first
            two of a deployment need nobody, which their history says.
        enrolled_by: Who named these identities last: whoever that is cannot confirm them.
        revision: Counts changes, from 1.
        head: Hash of the newest history entry about the person.
    """

    id: str
    name: str
    identities: tuple[str, ...]
    confirmed: bool
    removed: bool = False
    enrolled_by: Identity | None = None
    revision: int = 1
    head: str | None = None


class ExemptionStatus(StrEnum):
    """How far an accepted risk has come; whether it is in force is decided when read."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which findings an exemption is about; all of it must match.

    Attributes:
        rule_id: One rule, or ``*``.
        account: Account id, with ``*`` and ``?`` as wildcards; so are Region and resource.
        resource: The resource's id or ARN.
        resource_type: One type; None for any.
        tags: Tags the resource bore when it was asked for. Only findings that matched then are
            meant (`Exemption.pinned`): whoever may tag must not be able to exempt.
    """

    rule_id: str
    account: str = "*"
    region: str = "*"
    resource: str = "*"
    resource_type: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """An accepted risk.

    Attributes:
        matched: Open findings it matched when it was asked for.
        pinned: Ids of the findings it is confined to, or None where the scope alone decides.
        expires_at: From then on it is not in force, whatever its status says.
        decided_by: Who approved or refused it: another person than who asked.
        ended_by: Who revoked it; Vigil where it ran out.
        reminded_at: When its end was last announced beforehand.
        revision: Counts changes, from 1.
        head: Hash of the newest history entry about it.
    """

    id: str
    scope: Scope
    reason: str
    requested_by: Identity
    requested_at: datetime
    expires_at: datetime
    matched: int
    pinned: tuple[str, ...] | None = None
    status: ExemptionStatus = ExemptionStatus.REQUESTED
    decided_by: Identity | None = None
    decided_at: datetime | None = None
    ended_by: Identity | None = None
    ended_at: datetime | None = None
    reminded_at: datetime | None = None
    revision: int = 1
    head: str | None = None
