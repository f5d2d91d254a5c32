"""What people do to a finding: see to it, hand it on, remark on it, accept it.

An act moves the finding to its next revision like a look does, and is refused by the store where
either came first. It says nothing about the resource: the finding's own reason, the one why it last
opened or was resolved, stays.
"""

from dataclasses import replace
from datetime import datetime

from chalicelib.errors import InvalidRequestError
from chalicelib.facts.legible import legible
from chalicelib.model import (
    Act,
    Commit,
    Finding,
    Known,
    Reason,
    Status,
    Times,
    Transition,
    TransitionKind,
)

NOTE_LIMIT_CHARS = 2_000
NAME_LIMIT_CHARS = 256


def acknowledged(finding: Finding, act: Act, now: datetime) -> Transition:
    """Return the entry that somebody sees to a finding.

    Raises:
        InvalidRequestError: It is resolved, or was acknowledged before; so for every act where it
            makes no sense, or says too much.
    """
    _require_open(finding)
    if finding.acknowledged_by is not None:
        raise InvalidRequestError(f"it was acknowledged by {finding.acknowledged_by} before")
    name = legible(act.by.name)[:NAME_LIMIT_CHARS]
    after = replace(finding, acknowledged_at=_later(finding, now), acknowledged_by=name)
    return _entry(TransitionKind.ACKNOWLEDGED, finding, after, act, now)


def assigned(finding: Finding, assignee: str | None, act: Act, now: datetime) -> Transition:
    """Return the entry that a finding is somebody's to see to; None: nobody's any more.

    Raises:
        InvalidRequestError: See `acknowledged`.
    """
    _require_open(finding)
    name = None if assignee is None else _name_from(assignee)
    if name == finding.assignee:
        raise InvalidRequestError(f"it is already assigned to {name or 'nobody'}")
    after = replace(finding, assignee=name)
    return _entry(TransitionKind.ASSIGNED, finding, after, act, now)


def noted(finding: Finding, act: Act, now: datetime) -> Transition:
    """Return the entry of a remark, which may also be about a finding that is resolved.

    Raises:
        InvalidRequestError: There is no remark, or it is too long.
    """
    if note_from(act.note) is None:
        raise InvalidRequestError("expected a note")
    return _entry(TransitionKind.NOTED, finding, finding, act, now)


def exempted(finding: Finding, exemption_id: str, act: Act, now: datetime) -> Transition:
    """Return the entry that an exemption covers a finding from now on.

    Raises:
        InvalidRequestError: See `acknowledged`.
    """
    _require_open(finding)
    if finding.exemption_id == exemption_id:
        raise InvalidRequestError(f"exemption {exemption_id} covers it already")
    after = replace(finding, exemption_id=exemption_id)
    return _entry(TransitionKind.EXEMPTED, finding, after, act, now)


def exemption_ended(finding: Finding, act: Act, now: datetime) -> Transition:
    """Return the entry that no exemption covers an open finding any more.

    Raises:
        InvalidRequestError: It is resolved, or none did.
    """
    _require_open(finding)
    if finding.exemption_id is None:
        raise InvalidRequestError("no exemption covers it")
    after = replace(finding, exemption_id=None)
    return _entry(TransitionKind.EXEMPTION_ENDED, finding, after, act, now)


def commit_of_act(transition: Transition) -> Commit:
    """Return the commit of an act on a finding: refused where the finding moved meanwhile."""
    return Commit(ref=transition.subject.ref, known=Known(), look=None, transitions=(transition,))


def note_from(written: str | None) -> str | None:
    """Return a note as it is kept, line by line legible; None where nothing is said.

    Raises:
        InvalidRequestError: It is too long.
    """
    if written is None or not written.strip():
        return None
    if len(written) > NOTE_LIMIT_CHARS:
        raise InvalidRequestError(f"a note has at most {NOTE_LIMIT_CHARS} characters")
    return "\n".join(legible(line) for line in written.strip().splitlines())


def _name_from(written: str) -> str:
    name = legible(written.strip())
    if not name or len(written) > NAME_LIMIT_CHARS:
        raise InvalidRequestError(f"an assignee's name has 1 to {NAME_LIMIT_CHARS} characters")
    return name


def _require_open(finding: Finding) -> None:
    if finding.status is not Status.OPEN:
        raise InvalidRequestError("the finding is resolved")


def _later(finding: Finding, now: datetime) -> datetime:
    """Return now, or the last change where another clock was ahead: entries are read by time."""
    return max(now, finding.changed_at)


def _entry(
    kind: TransitionKind, before: Finding, after: Finding, act: Act, now: datetime
) -> Transition:
    decided = _later(before, now)
    moved = replace(after, revision=before.revision + 1, changed_at=decided, head=None)
    return Transition(
        kind=kind,
        reason=Reason.PERSON,
        account_id=moved.subject.ref.account_id,
        subject=moved.subject,
        rule_id=moved.rule_id,
        seq=moved.revision,
        prev=before.head,
        times=Times(event=None, received=None, decided=decided),
        finding=moved,
        act=replace(act, note=note_from(act.note)),
    )
