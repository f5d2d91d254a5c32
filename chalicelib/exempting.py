"""The composition root of exempting: people, and the risks that two of them accept.

Every move is decided by what the register says just before it, and written only if that still
holds. Callers pass the identity that is proven of whoever asks, never a name that a request bears.
"""

import functools
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from chalicelib.aws import Clients, SystemClock
from chalicelib.errors import InvalidRequestError, NotFoundError
from chalicelib.findings import exemptions, people
from chalicelib.findings._exemption_states import exemption_ref, is_effective
from chalicelib.findings._scopes import checked_scope
from chalicelib.findings.chains import Record
from chalicelib.findings.history import Entry, body_of, hash_of
from chalicelib.findings.marking import Findings, Marking
from chalicelib.findings.register import DynamoRegister, Roster
from chalicelib.findings.store import DynamoStore
from chalicelib.findings.tampering import subject_of
from chalicelib.findings.upkeep import Ticked, Upkeep
from chalicelib.findings.wording import checked_note
from chalicelib.model import (
    Act,
    Exemption,
    ExemptionStatus,
    Finding,
    Identity,
    Person,
    Scope,
    Subject,
    Transition,
)
from chalicelib.model.ruleset import ExemptionPolicy
from chalicelib.ports import Clock
from chalicelib.settings import Settings

SHOWN_LIMIT = 20
#: Requests that wait at once: nobody reads more, and each is listed at every reading.
WAITING_LIMIT = 200
#: Findings written while somebody waits for the answer; the schedule writes the rest.
MARKED_AT_ONCE = 100

_R = TypeVar("_R", Exemption, Person)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an exemption would be about: how many open findings, and the first of them."""

    matched: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exempting:
    """People and exemptions of one deployment.

    Attributes:
        policy: Returns how long a risk may be accepted, as it is set now.
        new_id: Returns the id of a new exemption.
        subject: What a finding about altered rows is about; None: there is none.
    """

    register: DynamoRegister
    store: Findings
    clock: Clock
    account_id: str
    policy: Callable[[], ExemptionPolicy] = ExemptionPolicy
    new_id: Callable[[], str] = field(default=lambda: f"ex-{secrets.token_hex(8)}")
    subject: Subject | None = None

    def known(self, identity: Identity) -> Identity:
        """Return an identity with the person it belongs to, as far as it belongs to one."""
        return people.named(identity, self.register.people())

    def exemptions(self) -> tuple[Exemption, ...]:
        """Return every exemption, the newest request first."""
        found = self.register.exemptions()
        return tuple(sorted(found, key=lambda e: (e.requested_at, e.id), reverse=True))

    def exemption(self, exemption_id: str) -> Exemption:
        """Return an exemption.

        Raises:
            NotFoundError: There is none, or it cannot be believed.
        """
        return _found(self.register.exemption(exemption_id), "exemption")

    def history(self, record: Record) -> tuple[Entry, ...]:
        """Return everything that happened to an exemption or a person, oldest first."""
        is_exemption = isinstance(record, Exemption)
        ref_of = exemption_ref if is_exemption else people.person_ref
        return self.register.history(ref_of(record.id, self.account_id).key)

    def tampered(self) -> tuple[str, ...]:
        """Name everything in the register that is not what its history says."""
        return self.register.tampered()

    def preview(self, scope: Scope) -> Preview:
        """Count the open findings that a scope matches.

        Raises:
            InvalidRequestError: The scope is malformed or too wide.
        """
        matched, first = 0, list[Finding]()
        for matched, finding in enumerate(self._matching(checked_scope(scope)), start=1):
            if matched <= SHOWN_LIMIT:
                first.append(finding)
        return Preview(matched=matched, findings=tuple(first))

    def request(self, scope: Scope, reason: str, expires_at: datetime, by: Identity) -> Exemption:
        """Ask for an exemption; it holds once another person has approved it.

        Raises:
            InvalidRequestError: Something of it is malformed, too wide or too long.
        """
        waiting = (e for e in self.register.exemptions() if e.status is ExemptionStatus.REQUESTED)
        if sum(1 for _ in waiting) >= WAITING_LIMIT:
            raise InvalidRequestError(f"{WAITING_LIMIT} requests wait already: decide some first")
        transition = exemptions.requested(
            self.new_id(),
            scope,
            reason,
            expires_at,
            matched=[finding.id for finding in self._matching(checked_scope(scope))],
            longest=timedelta(days=self.policy().max_days),
            act=Act(by=self.known(by)),
            account_id=self.account_id,
            now=self.clock.now(),
        )
        return self._saved(transition)

    def approve(self, exemption_id: str, by: Identity, note: str | None = None) -> Exemption:
        """Accept a risk that another person asked to accept.

        Raises:
            NotFoundError: There is no such exemption.
            NotAllowedError: Whoever approves is no person, or may be the one who asked.
            InvalidRequestError: It is decided or over.
            ConflictError: Somebody else decided at this moment.
        """
        return self._decide(exemptions.approved, exemption_id, by, note)

    def refuse(self, exemption_id: str, by: Identity, note: str | None = None) -> Exemption:
        """Decline a request. Raises as `approve`."""
        return self._decide(exemptions.refused, exemption_id, by, note)

    def revoke(self, exemption_id: str, by: Identity, note: str | None = None) -> Exemption:
        """End an exemption before its time. Raises as `approve`."""
        return self._decide(exemptions.revoked, exemption_id, by, note)

    def people(self) -> tuple[Person, ...]:
        """Return everybody, the removed ones too."""
        return tuple(sorted(self.register.people(), key=lambda person: person.id))

    def enrol(self, person_id: str, name: str, identities: Sequence[str], by: Identity) -> Person:
        """Add a person, or give one other identities; another person has to confirm it.

        Raises:
            NotAllowedError: Nobody knows who enrols.
            InvalidRequestError: Malformed, taken, or not in the present state.
            ConflictError: Somebody else moved the list at this moment.
        """
        roster = self.register.roster(self.account_id)
        transition = people.enrolled(
            person_id,
            name,
            identities,
            people=roster.people,
            firsts=roster.first_persons,
            act=Act(by=by),
            account_id=self.account_id,
            now=self.clock.now(),
        )
        return self._saved_person(transition, roster)

    def confirm(self, person_id: str, by: Identity, note: str | None = None) -> Person:
        """Say that the identities of another person are that person's. Raises as `enrol`."""
        return self._change(people.confirmed, person_id, by, note)

    def remove(self, person_id: str, by: Identity, note: str | None = None) -> Person:
        """Take a person off the list. Raises as `enrol`."""
        return self._change(people.removed, person_id, by, note)

    def tick(self, now: datetime | None = None) -> Ticked:
        """End what is over, announce what ends soon, complete what was cut off; idempotent."""
        return self._upkeep.tick(now or self.clock.now())

    @property
    def _marking(self) -> Marking:
        return Marking(store=self.store, account_id=self.account_id)

    @property
    def _upkeep(self) -> Upkeep:
        return Upkeep(
            register=self.register,
            marking=self._marking,
            policy=self.policy,
            subject=self.subject,
        )

    def _decide(
        self,
        decide: Callable[..., Transition],
        exemption_id: str,
        by: Identity,
        note: str | None,
    ) -> Exemption:
        everybody, now = self.register.people(), self.clock.now()
        act = Act(by=by, note=checked_note(note))
        before = self.exemption(exemption_id)
        transition = decide(before, people=everybody, act=act, account_id=self.account_id, now=now)
        after = self._saved(transition)
        if is_effective(transition):
            self._upkeep.mark(after, self.register.approved(), now, MARKED_AT_ONCE)
        return after

    def _change(
        self, change: Callable[..., Transition], person_id: str, by: Identity, note: str | None
    ) -> Person:
        roster = self.register.roster(self.account_id)
        person = _found(next((p for p in roster.people if p.id == person_id), None), "person")
        act = Act(by=by, note=checked_note(note))
        transition = change(
            person,
            people=roster.people,
            act=act,
            account_id=self.account_id,
            now=self.clock.now(),
        )
        return self._saved_person(transition, roster)

    def _matching(self, scope: Scope) -> Iterator[Finding]:
        found = self._marking.open_findings(scope)
        return (finding for finding in found if exemptions.matches(scope, finding))

    def _saved(self, transition: Transition) -> Exemption:
        self.register.save(transition)
        after = _found(transition.exemption, "exemption")
        return replace(after, head=hash_of(body_of(transition)))

    def _saved_person(self, transition: Transition, roster: Roster) -> Person:
        self.register.save(transition, roster)
        person = _found(transition.person, "person")
        return replace(person, head=hash_of(body_of(transition)))


def service() -> Exempting:
    """Return people and exemptions of the deployment that the environment describes."""
    return _service_for(Settings.from_env())


def tick() -> Ticked:
    """Do what time has made due."""
    return service().tick()


@functools.cache
def _service_for(settings: Settings) -> Exempting:
    client = Clients(endpoint_url=settings.endpoint_url).client("dynamodb")
    findings, history = settings.findings_table, settings.history_table
    return Exempting(
        register=DynamoRegister(client, settings.work_table, history),
        store=DynamoStore(client, findings, history, settings.ledger_table),
        clock=SystemClock(),
        account_id=settings.account_id,
        policy=_policy,
        subject=subject_of(
            settings.work_table,
            settings.account_id,
            str(client.meta.region_name),
            settings.partition,
        ),
    )


def _policy() -> ExemptionPolicy:
    # Whoever only reads what is exempt loads no rules.
    from chalicelib import wiring  # noqa: PLC0415 - see above

    return wiring.ports().exemptions


def _found(record: _R | None, what: str) -> _R:
    if record is None:
        raise NotFoundError(f"there is no such {what}")
    return record
