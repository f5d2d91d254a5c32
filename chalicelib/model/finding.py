"""What stands, how it came to be, and what was seen once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from chalicelib.model.change import Actor, Change
from chalicelib.model.resource import Gap, ResourceRef
from chalicelib.model.rule import Compliance, Evidence, Fix, Severity

#: AWS lets a resource bear this many tags.
TAGS_LIMIT = 50


class Status(StrEnum):
    """A finding stands or is settled."""

    OPEN = "OPEN"
    RESOLVED = "RESOLVED"


class Reason(StrEnum):
    """Why a transition happened."""

    CHANGE = "change"
    TIME = "time"
    FIRST_LOOK = "first-look"
    RULE_CHANGE = "rule-change"
    COMPANION = "companion"
    PERSON = "person"
    RESOURCE_DELETED = "resource_deleted"


class DetectionStatus(StrEnum):
    """What became of something a change rule saw."""

    PENDING = "pending"
    EXPLAINED = "explained"
    TOLD = "told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The last verdict of one rule on one resource.

    Attributes:
        undecided_looks: Consecutive looks that could not decide.
        decided: Whether any look ever decided this pair.
    """

    compliance: Compliance
    rule_hash: str
    undecided_looks: int = 0
    decided: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The last accepted look at a resource: the guard that keeps looks from interleaving.

    Attributes:
        rev: Counts accepted looks; every write is conditional on the one it read.
        fingerprint: Hash of the item without volatile parts; None while the resource is absent.
        absences: Consecutive looks that did not find the resource.
        gone: True once absence is certain: the tombstone.
        due_at: When to look again because of time alone.
        item: The described item's document (without ``derived``), for before → after; None
            where it was too large to keep.
        companions: Store keys of the resources this one depends on.
        recreated_at: When it was first seen to be there again after having been gone; None where
            it never was.
    """

    rev: int
    started_at: datetime
    ended_at: datetime
    fingerprint: str | None
    event_id: str | None = None
    unique_id: str | None = None
    absences: int = 0
    gone: bool = False
    due_at: datetime | None = None
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    item: Mapping[str, Any] | None = None
    companions: tuple[str, ...] = ()
    recorded: str | None = None
    recreated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The change that is proven to have led to a finding."""

    event_id: str | None
    event_source: str
    event_name: str
    event_time: datetime
    actor: Actor

    @classmethod
    def of(cls, change: Change) -> "Cause":
        """Return a change in the form in which findings name it; what proves it is elsewhere."""
        return cls(
            event_id=change.event_id,
            event_source=change.event_source,
            event_name=change.event_name,
            event_time=change.event_time,
            actor=change.actor,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Before → after of one attribute; None on a side means it was not there or not known."""

    pointer: str
    before: Any
    after: Any


class OwnerFrom(StrEnum):
    """What says who owns a resource."""

    TAG = "tag"
    ACCOUNT = "account"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The resource a finding is about, as people name it.

    Attributes:
        owner_from: How the owner was found; None without one.
        tags: As they were when it was looked at, at most `TAGS_LIMIT`: claims of whoever may tag.
    """

    ref: ResourceRef
    arn: str | None = None
    owner: str | None = None
    owner_from: OwnerFrom | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """When it happened, reached us, and was decided; UTC. None where there was no event."""

    event: datetime | None
    received: datetime | None
    decided: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule failing on a resource over time.

    Attributes:
        id: SHA-256 of store key and rule id, hexadecimal, first 32 digits: stable for ever.
        episode: Counts times it was open, from 1.
        revision: Counts transitions, from 1, without a hole.
        seen_by: Event that led to the look which found it; says nothing about who did it.
        cause: The change proven to have led here, or None: unknown.
        seen_from: Start of the last look before this episode that did not see it, or None;
            after an update that brought new evidence, of the last look that did not see that.
        seen_at: End of the look that opened this episode, or brought the new evidence.
        due_at: When it should be resolved by, as the settings were when it opened or was regraded.
        acknowledged_by: `Identity.name` of who said that it is seen to, in this episode.
        assignee: Who is to see to it; a name that people chose, proven by nothing.
        exemption_id: The exemption that was in force when its last entry was written. What is in
            force now is for the reader to decide.
        recreated_at: When its resource was seen to be there again, if it had been deleted before
            this episode: what was accepted before then was accepted of another resource.
        head: Hash of the newest history entry.
    """

    id: str
    rule_id: str
    rule_hash: str
    title: str
    risk: str
    fix: Fix
    subject: Subject
    status: Status
    severity: Severity
    severity_because: str | None
    message: str
    evidence: tuple[Evidence, ...]
    gaps: tuple[Gap, ...] = ()
    episode: int = 1
    revision: int = 1
    reason: Reason
    cause: Cause | None = None
    seen_by: str | None = None
    seen_from: datetime | None = None
    seen_at: datetime
    opened_at: datetime
    changed_at: datetime
    resolved_at: datetime | None = None
    due_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    assignee: str | None = None
    exemption_id: str | None = None
    recreated_at: datetime | None = None
    head: str | None = None

    def is_overdue(self, at: datetime) -> bool:
        """Tell whether it is open past its due date; that it is exempt is for others to know."""
        return self.status is Status.OPEN and self.due_at is not None and self.due_at < at


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Too many records of one actor.

    Attributes:
        actor: Digest of whom the rule counted.
        stretch: Start of the stretch of time in which a rule tells of an actor once.
        count: Records within the rule's time, when it was told.
    """

    actor: str
    stretch: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What a change rule saw, once per rule and record; of a burst, once per actor and stretch."""

    rule_id: str
    rule_hash: str
    title: str
    risk: str
    fix: Fix
    severity: Severity
    subject: Subject
    message: str
    evidence: tuple[Evidence, ...]
    cause: Cause
    status: DetectionStatus
    explained_by: tuple[str, ...] = ()
    seen_at: datetime
    burst: Burst | None = None
