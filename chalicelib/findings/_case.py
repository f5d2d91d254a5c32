"""The facts of one decision, gathered so that every question about them takes one argument.

`base` is not `known.look`: the tombstone of a deleted resource says nothing about the one that now
bears its name, except from when on it can exist (`unseen_since`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.model import (
    Cause,
    Known,
    Look,
    LookRequest,
    ResourceRef,
    Rule,
    Severity,
    Sighting,
    Times,
)
from chalicelib.model.ruleset import DEFAULT_SLA


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What was known, what was seen, why we looked, under which rules, and when.

    Attributes:
        sla: Severity → hours within which a finding should be resolved.
    """

    known: Known
    sighting: Sighting
    request: LookRequest
    rules: Mapping[str, Rule]
    now: datetime
    sla: Mapping[Severity, int] = field(default_factory=lambda: DEFAULT_SLA)

    @property
    def ref(self) -> ResourceRef:
        """The resource, with its unique id where the look learned one."""
        item = self.sighting.item
        return item.ref if item else self.sighting.subject.ref

    @property
    def base(self) -> Look | None:
        """The last look at this very resource, or None where there was none."""
        look = self.known.look
        return look if look and not look.gone else None

    @property
    def rev(self) -> int:
        """Revision that the look decided here will have."""
        return self.known.look.rev + 1 if self.known.look else 1

    @property
    def unseen_since(self) -> datetime | None:
        """Start of the last look, which saw nothing of what is new now; None without one."""
        return self.known.look.started_at if self.known.look else None

    @property
    def recreated_at(self) -> datetime | None:
        """When the resource was there again after having been gone; None where it never was."""
        look = self.known.look
        if look is None:
            return None
        return self.now if look.gone else look.recreated_at

    def due_at(self, severity: Severity, opened_at: datetime) -> datetime | None:
        """Return when a finding should be resolved by; None where nothing says so."""
        hours = self.sla.get(severity)
        return None if hours is None else opened_at + timedelta(hours=hours)

    @property
    def event_id(self) -> str | None:
        """Event that led to this look, or None."""
        return self.request.change.event_id if self.request.change else None

    @property
    def times(self) -> Times:
        """When it happened, reached us, and is decided."""
        change = self.request.change
        return Times(
            event=change.event_time if change else None,
            received=change.received_at if change else None,
            decided=self.now,
        )


def cause_from(case: Case) -> Cause | None:
    """Return the event behind the look as a cause; whether it *is* one is for `blame` to say."""
    change = case.request.change
    return Cause.of(change) if change else None
