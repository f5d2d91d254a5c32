"""Which findings a list is about, and what only a reader can say of one: overdue, exempt.

Whether a finding is exempt or overdue is never stored: both change with the clock alone.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.model import Exemption, Finding, Severity, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFilter:
    """What a list shows; None and empty mean whatever.

    Attributes:
        text: Must occur in what the finding says or names, whatever its case.
    """

    status: Status = Status.OPEN
    severities: frozenset[Severity] = frozenset()
    account: str | None = None
    rule_id: str | None = None
    resource_type: str | None = None
    region: str | None = None
    owner: str | None = None
    assignee: str | None = None
    text: str | None = None
    exempt: bool | None = None
    overdue: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A finding as a list shows it.

    Attributes:
        exemption: The one in force now, or None.
    """

    finding: Finding
    exemption: Exemption | None
    overdue: bool


def is_overdue(finding: Finding, exemption: Exemption | None, now: datetime) -> bool:
    """Tell whether it should have been resolved by now: nobody is late with an accepted risk."""
    return finding.is_overdue(now) and exemption is None


def admits(wanted: FindingFilter, finding: Finding) -> bool:
    """Tell whether a list shows a finding, whatever its exemption."""
    ref = finding.subject.ref
    exact = (
        (wanted.account, ref.account_id),
        (wanted.rule_id, finding.rule_id),
        (wanted.resource_type, ref.type),
        (wanted.region, ref.region),
        (wanted.owner, finding.subject.owner),
        (wanted.assignee, finding.assignee),
    )
    return (
        finding.status is wanted.status
        and (not wanted.severities or finding.severity in wanted.severities)
        and all(one is None or one == other for one, other in exact)
        and (wanted.text is None or _says(finding, wanted.text))
    )


def shows(wanted: FindingFilter, listed: Listed) -> bool:
    """Tell whether a list shows a finding that it admits, its exemption considered."""
    exempt = listed.exemption is not None
    return wanted.exempt in (None, exempt) and wanted.overdue in (None, listed.overdue)


def _says(finding: Finding, text: str) -> bool:
    subject = finding.subject
    actor = finding.cause.actor.name if finding.cause else None
    said = (
        finding.id,
        finding.rule_id,
        finding.title,
        finding.message,
        subject.ref.id,
        subject.arn,
        subject.owner,
        finding.assignee,
        actor,
    )
    wanted = text.casefold()
    return any(one is not None and wanted in one.casefold() for one in said)
