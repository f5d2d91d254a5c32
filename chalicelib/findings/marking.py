"""What an exemption's beginning and end write onto the findings it is about: bookkeeping.

Nothing is hidden or shown by these entries: whether a finding is exempt is decided when it is read.
They tell people of the end, and they may come late or be cut off: the next run completes them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from chalicelib.errors import ConflictError
from chalicelib.findings import acts
from chalicelib.findings._scopes import globbed
from chalicelib.findings.exemptions import VIGIL, covers, exemption_for, has_two_persons
from chalicelib.model import (
    Act,
    Commit,
    Exemption,
    Finding,
    Known,
    ResourceRef,
    Scope,
    Status,
    Transition,
)

#: Attempts at a finding that moves meanwhile.
ATTEMPTS = 3


class Findings(Protocol):
    """The part of the store that is written to."""

    def open_findings(self, account_id: str) -> Iterator[Finding]:
        """Yield an account's open findings."""

    def finding(self, ref: ResourceRef, rule_id: str) -> Finding | None:
        """Return a rule's finding on a resource."""

    def known(self, ref: ResourceRef) -> Known:
        """Return everything known of a resource."""

    def commit(self, commit: Commit) -> None:
        """Write a transition, or raise `ConflictError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What became of one run over the findings.

    Attributes:
        complete: False where some are left for the next run.
    """

    findings: int
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """Writes onto findings what exemptions become.

    Attributes:
        account_id: The account whose findings there are; a scope may name one more.
    """

    store: Findings
    account_id: str

    def open_findings(self, scope: Scope) -> Iterator[Finding]:
        """Yield the open findings of the accounts that a scope is about."""
        accounts = {self.account_id} if globbed(scope.account, self.account_id) else set()
        if scope.account.isdigit():
            accounts.add(scope.account)
        for account_id in sorted(accounts):
            yield from self.store.open_findings(account_id)

    def mark(
        self, exemption: Exemption, exemptions: Iterable[Exemption], now: datetime, most: int
    ) -> Marked:
        """Bring the findings of an exemption up to date with what it has become.

        Args:
            exemption: The one that moved.
            exemptions: All that can be in force; another one may take a finding over.
            now: The time.
            most: Findings to write at most.
        """
        others, written = tuple(exemptions), 0
        for finding in self.open_findings(exemption.scope):
            if mark_of(finding, exemption, others, now) is None:
                continue
            if written == most:
                return Marked(findings=written, complete=False)
            self._write(finding, exemption, others, now)
            written += 1
        return Marked(findings=written, complete=True)

    def _write(
        self, finding: Finding, exemption: Exemption, others: tuple[Exemption, ...], now: datetime
    ) -> None:
        found: Finding | None = finding
        for _ in range(ATTEMPTS):
            mark = mark_of(found, exemption, others, now) if found else None
            if mark is None:
                return
            try:
                self.store.commit(acts.commit_of_act(mark))
            except ConflictError:
                found = self.store.finding(finding.subject.ref, finding.rule_id)
            else:
                return
        raise ConflictError(f"finding {finding.id} kept moving")


def mark_of(
    finding: Finding, exemption: Exemption, exemptions: Iterable[Exemption], now: datetime
) -> Transition | None:
    """Return the entry that an open finding lacks since an exemption moved; None for none."""
    is_marked = finding.exemption_id == exemption.id
    if finding.status is not Status.OPEN or not (is_marked or covers(exemption, finding)):
        return None
    holding = exemption_for(finding, exemptions, now)
    if holding is not None:
        if holding.id == finding.exemption_id:
            return None
        return acts.exempted(finding, holding.id, Act(by=holding.decided_by or VIGIL), now)
    if is_marked or _was_kept_quiet(finding, exemption):
        act = Act(by=exemption.ended_by or VIGIL)
        return acts.exemption_ended(replace(finding, exemption_id=exemption.id), act, now)
    return None


def end_of(exemption: Exemption) -> datetime:
    """Return when an exemption was, or will be, over."""
    return min(exemption.ended_at or exemption.expires_at, exemption.expires_at)


def _was_kept_quiet(finding: Finding, exemption: Exemption) -> bool:
    """Tell whether a finding last moved while the exemption held: people were not told of it.

    What moved after the end was told by itself, and what this run wrote is among that.
    """
    since = exemption.decided_at
    if since is None or finding.exemption_id is not None or not has_two_persons(exemption):
        return False
    return since <= finding.changed_at < end_of(exemption)
