"""One entry of the history: what happened, and what it was about as it was after that."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.model.finding import (
    Cause,
    Detection,
    Difference,
    Finding,
    Reason,
    Subject,
    Times,
)
from chalicelib.model.people import Act, Exemption, Person
from chalicelib.model.rule import Severity


class TransitionKind(StrEnum):
    """What a history entry says happened; the stream is filtered on it."""

    OPENED = "opened"
    REOPENED = "reopened"
    UPDATED = "updated"
    ATTRIBUTED = "attributed"
    RESOLVED = "resolved"
    DETECTED = "detected"
    EXPLAINED = "explained"
    SUMMARISED = "summarised"
    #: A resource's configuration as it was from then on; of no finding.
    RECORDED = "recorded"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    NOTED = "noted"
    EXEMPTED = "exempted"
    EXEMPTION_ENDED = "exemption-ended"
    EXEMPTION_REQUESTED = "exemption-requested"
    EXEMPTION_APPROVED = "exemption-approved"
    EXEMPTION_REFUSED = "exemption-refused"
    EXEMPTION_REVOKED = "exemption-revoked"
    EXEMPTION_EXPIRED = "exemption-expired"
    EXEMPTION_ENDING = "exemption-ending"
    PERSON_CHANGED = "person-changed"
    EXPORTED = "exported"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """How many resources one rule objects to, with a few of them by id."""

    rule_id: str
    title: str
    severity: Severity
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a first sweep, or one under new rules, found: told once instead of finding by finding.

    Attributes:
        bundle: Hash of the rule bundle it was judged with.
    """

    sweep_id: str
    bundle: str
    first: bool
    counts: tuple[RuleCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRef:
    """A configuration item in the evidence bucket, by its content.

    Attributes:
        hash: SHA-256 of the item document's canonical JSON, hexadecimal: its name in the bucket.
        size: Bytes of that JSON, before compression.
    """

    hash: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One entry of the history.

    At most one of `finding`, `detection`, `summary`, `exemption` and `person` is set; none of them
    where only a configuration was recorded or evidence exported.

    Attributes:
        finding: The finding as it is after the transition, without ``head``.
        seq: Revision of what it is about; 1 for detections, summaries and recorded items.
        prev: Hash of the finding's previous entry, or None for its first.
        look_started_at: Interval of the look that decided it.
        item: The configuration as it was seen, where it is kept.
        act: Who did it, where a person did.
        transient: A detection whose exposure was already over when it was looked at.
    """

    kind: TransitionKind
    reason: Reason
    account_id: str
    subject: Subject
    rule_id: str
    seq: int
    prev: str | None
    times: Times
    look_started_at: datetime | None = None
    look_ended_at: datetime | None = None
    finding: Finding | None = None
    detection: Detection | None = None
    summary: Summary | None = None
    exemption: Exemption | None = None
    person: Person | None = None
    differences: tuple[Difference, ...] = ()
    cause: Cause | None = None
    seen_by: str | None = None
    item: ItemRef | None = None
    act: Act | None = None
    transient: bool = False
