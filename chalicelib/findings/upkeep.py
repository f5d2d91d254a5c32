"""What time makes due of exemptions: ends, reminders, and what was cut off before it was complete.

A run may die anywhere and two may overlap: each step is decided by what is stored, written only if
that still holds, and done again by the next run until it shows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from chalicelib.errors import ConflictError, RetryableError
from chalicelib.findings import exemptions
from chalicelib.findings._exemption_states import RUNNING
from chalicelib.findings.marking import Marked, Marking, end_of
from chalicelib.findings.misfits import register_altered
from chalicelib.findings.register import DynamoRegister, Stored
from chalicelib.model import Exemption, Subject, Transition
from chalicelib.model.ruleset import ExemptionPolicy

#: Findings that one run writes for one exemption.
MARKED_PER_RUN = 2_000
#: The list of open findings lags behind by less than this: what it lacked is found by then.
SETTLED_AFTER = timedelta(minutes=1)

logger = Logger(service="vigil-exempting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """What one run did."""

    expired: int = 0
    reminded: int = 0
    marked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """Keeps exemptions, and the findings they are about, up to date.

    Attributes:
        policy: Returns how long before an end people are reminded, as it is set now.
        subject: What a finding about altered rows is about; None: there is none.
    """

    register: DynamoRegister
    marking: Marking
    policy: Callable[[], ExemptionPolicy]
    subject: Subject | None = None

    def tick(self, now: datetime) -> Ticked:
        """End what is over, announce what ends soon, complete what was cut off."""
        done = Ticked()
        for stored in self.register.stored():
            done = self._move(stored, now, done)
        approved = self.register.approved()
        for stored in self.register.stored():
            if not stored.settled:
                marked = self.mark(stored.exemption, approved, now, MARKED_PER_RUN)
                done = replace(done, marked=done.marked + marked.findings)
        if self.subject is not None:
            self._tell_altered(self.subject, now)
        return done

    def mark(
        self, exemption: Exemption, approved: Sequence[Exemption], now: datetime, most: int
    ) -> Marked:
        """Write onto findings what an exemption became; what fails is for the next run."""
        try:
            marked = self.marking.mark(exemption, approved, now, most)
        except RetryableError as error:
            details = {"exemption": exemption.id, "why": str(error)}
            logger.warning("findings not marked yet", extra=details)
            return Marked(findings=0, complete=False)
        if marked.complete and now >= _moved_at(exemption) + SETTLED_AFTER:
            self.register.settle(exemption)
        return marked

    def _move(self, stored: Stored, now: datetime, done: Ticked) -> Ticked:
        one, account_id = stored.exemption, self.marking.account_id
        if one.status not in RUNNING:
            return done
        if now >= one.expires_at:
            move = exemptions.expired(one, account_id=account_id, now=now)
            return replace(done, expired=done.expired + self._tried(move))
        # A new row would hide that the findings do not know of the last move.
        if not stored.settled or one.reminded_at is not None or not self._ends_soon(one, now):
            return done
        move = exemptions.reminded(one, account_id=account_id, now=now)
        return replace(done, reminded=done.reminded + self._tried(move))

    def _tell_altered(self, subject: Subject, now: datetime) -> None:
        store, problems = self.marking.store, self.register.tampered()
        commit = register_altered(store.known(subject.ref), subject, problems, now)
        if commit is not None:
            store.commit(commit)

    def _ends_soon(self, exemption: Exemption, now: datetime) -> bool:
        warning = timedelta(days=self.policy().remind_days)
        return exemptions.is_in_force(exemption, now) and now >= exemption.expires_at - warning

    def _tried(self, transition: Transition) -> int:
        """Write a move unless somebody else was quicker: the next run sees what became of it."""
        try:
            self.register.save(transition)
        except ConflictError:
            return 0
        return 1


def _moved_at(exemption: Exemption) -> datetime:
    if exemption.ended_at is not None:
        return max(exemption.ended_at, end_of(exemption))
    return exemption.decided_at or exemption.requested_at
