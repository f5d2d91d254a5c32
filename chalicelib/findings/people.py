"""Who is one human: which identities belong to a person, and who may say so.

A person counts once another person has confirmed it, and only as it was confirmed: who could
confirm an enrolment of his own, or through a second identity, would be two persons.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.errors import InvalidRequestError, NotAllowedError
from chalicelib.findings.callers import PERSONAL_KINDS, checked_key
from chalicelib.findings.wording import checked_text
from chalicelib.model import (
    Act,
    Identity,
    Person,
    Reason,
    ResourceRef,
    Subject,
    Times,
    Transition,
    TransitionKind,
)

PERSON_TYPE = "Vigil::Person"
#: So many persons of a deployment need nobody who confirms them: there is nobody yet.
FIRST_PERSONS = 2
#: Below the persons: a chain of the first ones. No person's id may contain a blank.
FIRST_PERSONS_ID = "first persons"
IDENTITIES_LIMIT = 20
NAME_LIMIT_CHARS = 100
NOT_CONFIRMED_BY_ANYONE = "one of the first two persons of this deployment: confirmed by nobody"
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def person_of(identity: Identity, people: Iterable[Person]) -> Person | None:
    """Return whose identity it is; None unless that person is confirmed and not removed."""
    if identity.kind not in PERSONAL_KINDS:
        return None
    found = [p for p in people if _counts(p) and identity.key in p.identities]
    # What two persons claim is nobody's.
    return found[0] if len(found) == 1 else None


def named(identity: Identity, people: Iterable[Person]) -> Identity:
    """Return an identity with the person it belongs to, as far as it belongs to one."""
    person = person_of(identity, people)
    return replace(identity, person=person.id if person else None)


def acting(act: Act, people: Iterable[Person]) -> Act:
    """Return an act with the person behind it: whoever passes it on may not say who that is."""
    return replace(act, by=named(act.by, people))


def must_be_known(identity: Identity, people: Iterable[Person]) -> Person:
    """Return whose identity it is.

    Raises:
        NotAllowedError: Nobody's, as far as is known.
    """
    person = person_of(identity, people)
    if person is None:
        raise NotAllowedError(f"{identity.name} belongs to no confirmed person")
    return person


def enrolled(  # noqa: PLR0913 - what an enrolment consists of
    person_id: str,
    name: str,
    identities: Sequence[str],
    *,
    people: Sequence[Person],
    firsts: int,
    act: Act,
    account_id: str,
    now: datetime,
) -> Transition:
    """Return the entry that adds a person, or gives one other identities.

    Args:
        person_id: Lower-case; of a removed person it is never used again.
        name: For people to read.
        identities: `Identity.key` of each.
        people: Everybody on the list.
        firsts: How many persons of this deployment were ever confirmed by nobody.
        act: Who enrols.
        account_id: The deployment's account.
        now: The time.

    Raises:
        InvalidRequestError: Malformed, taken, or not in the present state.
        NotAllowedError: Nobody knows who enrols, and the first persons are there.
    """
    if not _ID.fullmatch(person_id):
        raise InvalidRequestError("a person's id is up to 64 of a–z, 0–9, dot, dash, underscore")
    keys, act = _checked_identities(identities), acting(act, people)
    before = next((p for p in people if p.id == person_id), None)
    _refuse_taken(keys, person_id, people)
    at_once = before is None and firsts < FIRST_PERSONS and _confirmed(people) < FIRST_PERSONS
    if not at_once:
        must_be_known(act.by, people)
    if before is not None:
        _refuse_change(before, people)
    person = Person(
        id=person_id,
        name=checked_text(name, "a name", 1, NAME_LIMIT_CHARS),
        identities=keys,
        confirmed=at_once,
        enrolled_by=act.by,
        revision=before.revision + 1 if before else 1,
    )
    if at_once:
        act = replace(act, note=_joined(NOT_CONFIRMED_BY_ANYONE, act.note))
    return _transition(person, before, act, account_id, now)


def confirmed(
    person: Person, *, people: Sequence[Person], act: Act, account_id: str, now: datetime
) -> Transition:
    """Return the entry by which another person says that these identities are that person's.

    Raises:
        InvalidRequestError: There is nothing to confirm.
        NotAllowedError: Whoever asks is not another person, or enrolled them.
    """
    if person.removed or person.confirmed:
        state = "removed" if person.removed else "confirmed already"
        raise InvalidRequestError(f"{person.id} is {state}")
    by = must_be_known(act.by, people)
    if by.id == person.id or act.by.key in person.identities:
        raise NotAllowedError("nobody confirms himself")
    if person.enrolled_by is None or person.enrolled_by.person is None:
        raise NotAllowedError(f"nobody knows who enrolled {person.id}")
    if person.enrolled_by.person == by.id or person.enrolled_by.key in by.identities:
        raise NotAllowedError("who enrolled a person cannot confirm it: somebody else has to")
    after = replace(person, confirmed=True, revision=person.revision + 1, head=None)
    return _transition(after, person, acting(act, people), account_id, now)


def removed(
    person: Person, *, people: Sequence[Person], act: Act, account_id: str, now: datetime
) -> Transition:
    """Return the entry that takes a person off the list; what it decided stands.

    Raises:
        InvalidRequestError: It is removed already, or too few would be left.
        NotAllowedError: Nobody knows who asks.
    """
    must_be_known(act.by, people)
    if person.removed:
        raise InvalidRequestError(f"{person.id} is removed already")
    if person.confirmed:
        _refuse_too_few(person, people)
    after = replace(person, removed=True, confirmed=False, revision=person.revision + 1, head=None)
    return _transition(after, person, acting(act, people), account_id, now)


def first_person(transition: Transition, before: int, prev: str | None) -> Transition:
    """Return the entry that counts a person whom nobody confirmed, beside that person's own.

    Whoever deletes persons from the list could else become one of the first two again.

    Args:
        transition: The person's own entry.
        before: How many there were.
        prev: Hash of the entry that counted the one before, or None.
    """
    subject = replace(transition.subject, ref=first_persons_ref(transition.account_id))
    return replace(
        transition, kind=TransitionKind.NOTED, subject=subject, seq=before + 1, prev=prev
    )


def is_first(transition: Transition) -> bool:
    """Tell whether an entry adds a person whom nobody has to confirm."""
    return transition.seq == 1 and transition.person is not None and transition.person.confirmed


def person_ref(person_id: str, account_id: str) -> ResourceRef:
    """Return what a person's history is kept under."""
    return ResourceRef(account_id=account_id, region="global", type=PERSON_TYPE, id=person_id)


def first_persons_ref(account_id: str) -> ResourceRef:
    """Return what the count of the first persons is kept under."""
    return person_ref(FIRST_PERSONS_ID, account_id)


def _counts(person: Person) -> bool:
    return person.confirmed and not person.removed


def _confirmed(people: Iterable[Person]) -> int:
    return sum(_counts(person) for person in people)


def _checked_identities(identities: Sequence[str]) -> tuple[str, ...]:
    if not 1 <= len(identities) <= IDENTITIES_LIMIT:
        raise InvalidRequestError(f"a person has 1 to {IDENTITIES_LIMIT} identities")
    return tuple(sorted({checked_key(key) for key in identities}))


def _refuse_taken(keys: Iterable[str], person_id: str, people: Iterable[Person]) -> None:
    for other in people:
        taken = set(keys).intersection(other.identities)
        if taken and other.id != person_id and not other.removed:
            raise InvalidRequestError(f"{min(taken)} belongs to {other.id}")


def _refuse_change(before: Person, people: Sequence[Person]) -> None:
    """Refuse to change what somebody may just be reading in order to confirm it."""
    if before.removed:
        raise InvalidRequestError(f"{before.id} was removed: enrol under another id")
    if not before.confirmed:
        raise InvalidRequestError(f"{before.id} waits for confirmation: confirm or remove it first")
    _refuse_too_few(before, people)


def _refuse_too_few(person: Person, people: Sequence[Person]) -> None:
    """Keep two who can confirm others, and each other's requests."""
    if _confirmed(p for p in people if p.id != person.id) < FIRST_PERSONS:
        raise InvalidRequestError("two confirmed persons must be left: enrol another one first")


def _transition(
    person: Person, before: Person | None, act: Act, account_id: str, now: datetime
) -> Transition:
    return Transition(
        kind=TransitionKind.PERSON_CHANGED,
        reason=Reason.PERSON,
        account_id=account_id,
        subject=Subject(ref=person_ref(person.id, account_id)),
        rule_id="",
        seq=person.revision,
        prev=before.head if before else None,
        times=Times(event=None, received=None, decided=now),
        person=person,
        act=act,
    )


def _joined(said: str, note: str | None) -> str:
    return f"{said}; {note}" if note else said
