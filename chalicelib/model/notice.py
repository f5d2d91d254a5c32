"""What is told: the transitions of one look at one resource, on their way to the channels."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.model.finding import Reason
from chalicelib.model.rule import Severity
from chalicelib.model.transition import Transition, TransitionKind


class Level(StrEnum):
    """How loudly to tell: wake somebody, make a ticket, write it down."""

    PAGE = "page"
    TICKET = "ticket"
    LOG = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A history entry: its key in the store, and what it says.

    Attributes:
        exemption_id: The exemption in force when it was decided, which covers its finding: nobody
            is waiting to be told.
    """

    pk: str
    sk: str
    transition: Transition
    exemption_id: str | None = None

    @property
    def id(self) -> str:
        """Identity of the entry on every channel."""
        return f"{self.pk}|{self.sk}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Entries told together: those of one resource from one look, or one summary.

    Attributes:
        id: Identity of the first entry; the same whenever the same entries are announced.
        repeated: True where an earlier announcement may have gone out already.
    """

    id: str
    level: Level
    severity: Severity
    entries: tuple[Entry, ...]
    repeated: bool = False


#: Kinds that somebody is told of; the others are history only.
TOLD_KINDS = frozenset(
    {
        TransitionKind.OPENED,
        TransitionKind.REOPENED,
        TransitionKind.UPDATED,
        TransitionKind.ATTRIBUTED,
        TransitionKind.RESOLVED,
        TransitionKind.DETECTED,
        TransitionKind.SUMMARISED,
        TransitionKind.ACKNOWLEDGED,
        TransitionKind.ASSIGNED,
        TransitionKind.NOTED,
        TransitionKind.EXEMPTION_ENDED,
        TransitionKind.EXEMPTION_REQUESTED,
        TransitionKind.EXEMPTION_APPROVED,
        TransitionKind.EXEMPTION_REFUSED,
        TransitionKind.EXEMPTION_REVOKED,
        TransitionKind.EXEMPTION_EXPIRED,
        TransitionKind.EXEMPTION_ENDING,
        TransitionKind.PERSON_CHANGED,
    }
)

#: What people do to a finding: told only beside the finding's own message, and never loudly.
ACT_KINDS = frozenset({TransitionKind.ACKNOWLEDGED, TransitionKind.ASSIGNED, TransitionKind.NOTED})

#: Reasons told only through the sweep's summary.
QUIET_REASONS = frozenset({Reason.FIRST_LOOK, Reason.RULE_CHANGE})


def short_id(entry_id: str) -> str:
    """Return what stands for an entry's id where room is short."""
    return hashlib.sha256(entry_id.encode()).hexdigest()[:32]


def is_told(transition: Transition) -> bool:
    """Tell whether a transition is announced by itself."""
    if transition.kind is TransitionKind.SUMMARISED:
        return True
    if transition.kind in ACT_KINDS and transition.finding is None:
        return False
    return transition.kind in TOLD_KINDS and transition.reason not in QUIET_REASONS


def is_posted(transition: Transition) -> bool:
    """Tell whether a transition is worth a message to people, not only to machines.

    What a rule of informational severity saw is kept and published for whoever counts changes: a
    message for every routine change would bury the others.
    """
    seen = transition.detection
    return seen is None or seen.severity is not Severity.INFORMATIONAL
