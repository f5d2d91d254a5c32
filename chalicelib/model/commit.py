"""What a look reads and writes: the known state, the sighting, and the commit between them."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.model.finding import Detection, Finding, Look, Subject
from chalicelib.model.resource import ConfigurationItem, ResourceRef
from chalicelib.model.rule import Evaluation
from chalicelib.model.transition import Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One received record and what became of it.

    Attributes:
        disposition: ``evaluated``, ``irrelevant`` (no rule or resource type names it),
            ``failed-call``, ``read-only``, ``refused`` (spoofed) or ``invalid``.
        message_id: SQS message that carried it; keeps rows without an event id apart.
        actor: `Actor.name` of who made the call, as the record says; None where there is none.
    """

    account_id: str
    region: str
    event_id: str | None
    record_hash: str
    event_time: datetime
    received_at: datetime
    event_source: str
    event_name: str
    disposition: str
    message_id: str
    detail: str | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that the store knows of one resource, read in one Query."""

    look: Look | None = None
    findings: tuple[Finding, ...] = ()
    detections: tuple[Detection, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What one look saw.

    Attributes:
        item: The described item, or None where AWS said the resource does not exist.
        fingerprint: Hash of the item without volatile parts; None without an item.
    """

    subject: Subject
    item: ConfigurationItem | None
    evaluations: tuple[Evaluation, ...]
    fingerprint: str | None
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Everything one accepted look writes, in one transaction.

    Attributes:
        known: What was read before: the guard of every conditional write.
        look: The look item to store; None for a commit that only logs detections of a change
            without a looked-at resource.
        transitions: History entries, each with the finding or detection after it.
        detections: Detections to store that make no history entry yet (pending).
        ledger: The row of the record behind it, when this commit is the record's only one.
    """

    ref: ResourceRef
    known: Known
    look: Look | None
    transitions: tuple[Transition, ...] = ()
    detections: tuple[Detection, ...] = ()
    ledger: LedgerRow | None = None
