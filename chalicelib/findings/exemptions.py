"""Accepted risks: which findings one covers, when it holds, and who may move it.

Whether one is in force is decided whenever it is read: by its status, its two persons and its end,
never by what was written about a finding.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.errors import InvalidRequestError, NotAllowedError
from chalicelib.findings._exemption_states import FOLLOWS, STATUS_AFTER, exemption_ref
from chalicelib.findings._scopes import checked_scope, covers_place, tags_match
from chalicelib.findings.callers import PERSONAL_KINDS
from chalicelib.findings.people import acting, must_be_known, named
from chalicelib.findings.wording import checked_note, checked_text
from chalicelib.model import (
    Act,
    Exemption,
    ExemptionStatus,
    Finding,
    Identity,
    IdentityKind,
    Person,
    Reason,
    Scope,
    Subject,
    Times,
    Transition,
    TransitionKind,
)

REASON_LEAST_CHARS, REASON_LIMIT_CHARS = 10, 2_000
#: A scope with tags is confined to the findings that it matched; more would be no exception.
PINNED_LIMIT = 1_000
#: Vigil itself, where nobody acted.
VIGIL = Identity(kind=IdentityKind.VIGIL, id="vigil", name="Vigil")


def matches(scope: Scope, finding: Finding) -> bool:
    """Tell whether a finding is what a scope is about, by how things are now.

    With tags this is the question when somebody asks; later `covers` is.
    """
    return covers_place(scope, finding) and tags_match(scope, finding)


def covers(exemption: Exemption, finding: Finding) -> bool:
    """Tell whether an exemption is about a finding, whenever it holds."""
    if exemption.pinned is None:
        # Who may tag must not be able to exempt: without pins, tags cover nothing.
        inside = not exemption.scope.tags
    else:
        inside = finding.id in exemption.pinned
    return inside and covers_place(exemption.scope, finding) and not _is_newer(finding, exemption)


def is_in_force(exemption: Exemption, now: datetime) -> bool:
    """Tell whether an exemption holds."""
    return (
        exemption.status is ExemptionStatus.APPROVED
        and exemption.ended_at is None
        and exemption.decided_at is not None
        and exemption.decided_at <= now < exemption.expires_at
        and has_two_persons(exemption)
    )


def has_two_persons(exemption: Exemption) -> bool:
    """Tell whether one person asked and another one decided."""
    asked, decided = exemption.requested_by, exemption.decided_by
    if decided is None or decided.kind not in PERSONAL_KINDS or asked.kind not in PERSONAL_KINDS:
        return False
    known = asked.person is not None and decided.person is not None
    return known and asked.person != decided.person and asked.key != decided.key


def exemption_for(
    finding: Finding, exemptions: Iterable[Exemption], now: datetime
) -> Exemption | None:
    """Return the exemption under which a finding stands; of several the one that ends last."""
    holding = (e for e in exemptions if is_in_force(e, now) and covers(e, finding))
    return max(holding, key=lambda e: (e.expires_at, e.id), default=None)


def requested(  # noqa: PLR0913 - what a request consists of
    exemption_id: str,
    scope: Scope,
    reason: str,
    expires_at: datetime,
    *,
    matched: Sequence[str],
    longest: timedelta,
    act: Act,
    account_id: str,
    now: datetime,
) -> Transition:
    """Return the entry by which somebody asks for an exemption.

    Args:
        exemption_id: A new one.
        scope: What it is to be about.
        reason: Why.
        expires_at: When it ends.
        matched: Ids of the open findings that `scope` matches now.
        longest: How far ahead the end may lie.
        act: Who asks.
        account_id: The deployment's account.
        now: The time.

    Raises:
        InvalidRequestError: Something of it is malformed or out of bounds.
    """
    checked = checked_scope(scope)
    if expires_at.tzinfo is None or not now < expires_at <= now + longest:
        raise InvalidRequestError(f"expected an end within {longest.days} days from now")
    if checked.tags and not 1 <= len(matched) <= PINNED_LIMIT:
        found = f"1 to {PINNED_LIMIT} open findings, not {len(matched)}"
        raise InvalidRequestError(f"a scope with tags must match {found}")
    exemption = Exemption(
        id=exemption_id,
        scope=checked,
        reason=checked_text(reason, "a reason", REASON_LEAST_CHARS, REASON_LIMIT_CHARS),
        requested_by=act.by,
        requested_at=now,
        expires_at=expires_at.replace(microsecond=expires_at.microsecond // 1000 * 1000),
        matched=len(matched),
        pinned=tuple(sorted(matched)) if checked.tags else None,
    )
    kind = TransitionKind.EXEMPTION_REQUESTED
    return _transition(kind, exemption, None, act, account_id, now)


def approved(
    exemption: Exemption, *, people: Sequence[Person], act: Act, account_id: str, now: datetime
) -> Transition:
    """Return the entry by which another person accepts the risk.

    Raises:
        InvalidRequestError: It is decided or over.
        NotAllowedError: Whoever approves is no person, or may be the one who asked.
    """
    kind, act = TransitionKind.EXEMPTION_APPROVED, acting(act, people)
    _refuse_state(exemption, kind)
    if now >= exemption.expires_at:
        raise InvalidRequestError("its end has passed: ask for a new one")
    approver = must_be_known(act.by, people)
    asked = exemption.requested_by
    if approver.id == asked.person or asked.key in approver.identities:
        raise NotAllowedError("who asked cannot approve: another person has to")
    asker = named(asked, people)
    if asker.person is None:
        # It could be the approver's own session, or a user that he made for it.
        raise NotAllowedError(
            f"nobody knows who asked: {asked.name} belongs to no confirmed person; "
            "one that is enrolled has to ask"
        )
    after = _decided(replace(exemption, requested_by=asker), kind, act, now)
    return _transition(kind, after, exemption, act, account_id, now)


def refused(
    exemption: Exemption, *, people: Sequence[Person], act: Act, account_id: str, now: datetime
) -> Transition:
    """Return the entry by which a person declines a request; whoever asked may take it back.

    Raises:
        InvalidRequestError: It is decided or over.
        NotAllowedError: Nobody knows who refuses.
    """
    kind, act = TransitionKind.EXEMPTION_REFUSED, acting(act, people)
    _refuse_state(exemption, kind)
    must_be_known(act.by, people)
    after = _decided(exemption, kind, act, now)
    return _transition(kind, after, exemption, act, account_id, now)


def revoked(
    exemption: Exemption, *, people: Sequence[Person], act: Act, account_id: str, now: datetime
) -> Transition:
    """Return the entry by which a person ends an exemption before its time.

    Raises:
        InvalidRequestError: It was never approved, or is over.
        NotAllowedError: Nobody knows who revokes.
    """
    kind, act = TransitionKind.EXEMPTION_REVOKED, acting(act, people)
    _refuse_state(exemption, kind)
    must_be_known(act.by, people)
    after = _ended(exemption, kind, act.by, now)
    return _transition(kind, after, exemption, act, account_id, now)


def expired(exemption: Exemption, *, account_id: str, now: datetime) -> Transition:
    """Return the entry that says that an exemption, or the time to approve it, is over.

    Raises:
        InvalidRequestError: It is not over yet, or was ended before.
    """
    kind = TransitionKind.EXEMPTION_EXPIRED
    _refuse_state(exemption, kind)
    if now < exemption.expires_at:
        raise InvalidRequestError("its end has not come")
    after = _ended(exemption, kind, VIGIL, now)
    return _transition(kind, after, exemption, Act(by=VIGIL), account_id, now)


def reminded(exemption: Exemption, *, account_id: str, now: datetime) -> Transition:
    """Return the entry that announces an end beforehand, once.

    Raises:
        InvalidRequestError: It was announced, or nothing is in force.
    """
    kind = TransitionKind.EXEMPTION_ENDING
    _refuse_state(exemption, kind)
    if exemption.reminded_at is not None:
        raise InvalidRequestError("its end was announced")
    after = _moved(replace(exemption, reminded_at=now), kind)
    return _transition(kind, after, exemption, Act(by=VIGIL), account_id, now)


def _is_newer(finding: Finding, exemption: Exemption) -> bool:
    """Tell whether the resource was made again since: that one nobody has accepted."""
    made, decided = finding.recreated_at, exemption.decided_at
    return made is not None and (decided is None or made > decided)


def _refuse_state(exemption: Exemption, kind: TransitionKind) -> None:
    if exemption.status not in FOLLOWS[kind]:
        raise InvalidRequestError(f"the exemption is {exemption.status.value}")


def _decided(exemption: Exemption, kind: TransitionKind, act: Act, now: datetime) -> Exemption:
    return _moved(replace(exemption, decided_by=act.by, decided_at=now), kind)


def _ended(exemption: Exemption, kind: TransitionKind, by: Identity, now: datetime) -> Exemption:
    return _moved(replace(exemption, ended_by=by, ended_at=now), kind)


def _moved(exemption: Exemption, kind: TransitionKind) -> Exemption:
    revision = exemption.revision + 1
    return replace(exemption, status=STATUS_AFTER[kind], revision=revision, head=None)


def _transition(
    kind: TransitionKind,
    after: Exemption,
    before: Exemption | None,
    act: Act,
    account_id: str,
    now: datetime,
) -> Transition:
    return Transition(
        kind=kind,
        reason=Reason.TIME if act.by.kind is IdentityKind.VIGIL else Reason.PERSON,
        account_id=account_id,
        subject=Subject(ref=exemption_ref(after.id, account_id)),
        rule_id=after.scope.rule_id,
        seq=after.revision,
        prev=before.head if before else None,
        times=Times(event=None, received=None, decided=now),
        exemption=after,
        act=replace(act, note=checked_note(act.note)),
    )
