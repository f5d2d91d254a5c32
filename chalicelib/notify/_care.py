"""The sentences about who sees to a finding: its owner, when it is due, what people did to it.

An owner is a claim and says where it is from; nothing is escaped here, as in `words`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from chalicelib.model import Finding, OwnerFrom, Status, Subject, Transition, TransitionKind
from chalicelib.notify.words import clean

NOTE_LIMIT_CHARS = 1_000

_OWNER_FROM: Mapping[OwnerFrom, str] = {
    OwnerFrom.TAG: "by its tag",
    OwnerFrom.ACCOUNT: "of the account",
    OwnerFrom.DEFAULT: "by default",
}
_DONE: Mapping[TransitionKind, str] = {
    TransitionKind.ACKNOWLEDGED: "Acknowledged",
    TransitionKind.ASSIGNED: "Assigned",
    TransitionKind.NOTED: "Noted",
}


def owner(subject: Subject) -> str:
    """Name the owner and how it was found, or say that nobody is known."""
    if not subject.owner:
        return "unassigned"
    how = f" ({_OWNER_FROM[subject.owner_from]})" if subject.owner_from else ""
    return clean(subject.owner) + how


def care(finding: Finding, now: datetime) -> list[str]:
    """Say by when an open finding should be resolved and who sees to it: labelled lines."""
    if finding.status is not Status.OPEN:
        return []
    lines = []
    # Nobody is late with an accepted risk.
    if finding.due_at is not None and finding.exemption_id is None:
        due = _day_and_time(finding.due_at, since=finding.opened_at)
        lines.append(f"Overdue: was due {due}" if finding.is_overdue(now) else f"Due: {due}")
    seen_to = []
    if finding.acknowledged_by is not None:
        seen_to.append(f"acknowledged by {clean(finding.acknowledged_by)}")
    if finding.assignee is not None:
        seen_to.append(f"assigned to {clean(finding.assignee)}")
    return [*lines, f"Seen to: {', '.join(seen_to)}"] if seen_to else lines


def act_text(transition: Transition) -> str:
    """Say what somebody did to a finding: ``Assigned to bob by ann: “after lunch”``."""
    said, finding, act = _DONE[transition.kind], transition.finding, transition.act
    if transition.kind is TransitionKind.ASSIGNED and finding is not None:
        said += f" to {clean(finding.assignee or 'nobody')}"
    if act is None:
        return said
    note = f": “{clean(act.note, NOTE_LIMIT_CHARS)}”" if act.note else ""
    return f"{said} by {clean(act.by.name)}{note}"


def _day_and_time(when: datetime, *, since: datetime) -> str:
    utc = when.astimezone(UTC)
    year = f" {utc.year}" if utc.year != since.year else ""
    return f"{utc.day} {utc:%b}{year}, {utc:%H:%M} UTC"
