"""Known state × one look → what to write: the decision at the heart of Vigil.

A look is an interval, and only a later one may overrule an earlier one; two that overlap are in no
order, so one of them is taken again. Nothing here writes: the commit may still lose against another
look, and is then decided afresh.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

from chalicelib.findings import unreadable
from chalicelib.findings._case import Case
from chalicelib.findings._looks import (
    look_at_missing,
    look_at_present,
    tombstone,
    tombstone_of_replaced,
    verdicts_after,
)
from chalicelib.findings._position import Position, position_of
from chalicelib.findings.confirming import wants_confirming
from chalicelib.findings.detections import Settlement, settle, told_at_once
from chalicelib.findings.moves import attributions, closing, moves
from chalicelib.model import (
    Change,
    Commit,
    Detection,
    Finding,
    Known,
    LedgerRow,
    Look,
    LookRequest,
    Reason,
    ResourceRef,
    Rule,
    Severity,
    Sighting,
    Status,
    Subject,
    Summary,
    Sweep,
    Times,
    Transition,
    TransitionKind,
)
from chalicelib.model.ruleset import DEFAULT_SLA

#: A second look in a row that does not find a resource is believed.
ABSENCES_BELIEVED = 2
ACCOUNT_TYPE = "Observed::Account::Global"


class OutcomeKind(Enum):
    """What becomes of a look."""

    ACCEPTED = auto()
    RETAKE = auto()
    NEW_IDENTITY = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What to do after a look.

    Attributes:
        commit: What to write; None where the look is thrown away.
        confirm: Order a confirming look once the commit went through.
    """

    kind: OutcomeKind
    commit: Commit | None = None
    confirm: bool = False

    @property
    def settled(self) -> bool:
        """False where the resource must be looked at again at once, even after the commit."""
        return self.kind is OutcomeKind.ACCEPTED


def reconcile(  # noqa: PLR0913 - the whole decision in one call: these are its facts
    known: Known,
    sighting: Sighting,
    request: LookRequest,
    rules: Mapping[str, Rule],
    *,
    now: datetime,
    detections: tuple[Detection, ...] = (),
    ledger: LedgerRow | None = None,
    sla: Mapping[Severity, int] = DEFAULT_SLA,
) -> Outcome:
    """Decide what a look changes.

    Args:
        known: What the store held just before the look.
        sighting: What the look saw.
        request: Why it was taken.
        rules: The enabled rules by id; open findings of others are resolved.
        now: The time of the decision, not before the look's end.
        detections: What change rules saw in the event behind the request.
        ledger: Row of the record behind it, written with an accepted look only.
        sla: Severity → hours within which a finding should be resolved.
    """
    case = Case(known=known, sighting=sighting, request=request, rules=rules, now=now, sla=sla)
    outcome = _DECIDE[position_of(case)](case, detections)
    if outcome.commit is None or not outcome.settled:
        return outcome
    return replace(outcome, commit=replace(outcome.commit, ledger=ledger))


def commit_of_detections(
    change: Change, detections: tuple[Detection, ...], *, now: datetime
) -> Commit:
    """Return the commit that tells detections about one resource which is not looked at."""
    return Commit(
        ref=detections[0].subject.ref,
        known=Known(),
        look=None,
        transitions=tuple(
            told_at_once(d, received=change.received_at, now=now) for d in detections
        ),
    )


def transition_of_summary(summary: Summary, sweep: Sweep, *, now: datetime) -> Transition:
    """Return the entry that tells a whole sweep's findings at once."""
    ref = ResourceRef(
        account_id=sweep.account_id, region="global", type=ACCOUNT_TYPE, id=sweep.account_id
    )
    return Transition(
        kind=TransitionKind.SUMMARISED,
        reason=Reason.FIRST_LOOK if sweep.first else Reason.RULE_CHANGE,
        account_id=sweep.account_id,
        subject=Subject(ref=ref),
        rule_id="",
        seq=1,
        prev=None,
        times=Times(event=None, received=None, decided=now),
        look_started_at=sweep.started_at,
        summary=summary,
    )


def _retake(_case: Case, _detections: tuple[Detection, ...]) -> Outcome:
    return Outcome(kind=OutcomeKind.RETAKE)


def _accept_present(case: Case, detections: tuple[Detection, ...]) -> Outcome:
    evaluations = tuple(e for e in case.sighting.evaluations if e.rule_id in case.rules)
    verdicts = verdicts_after(case, evaluations)
    moved = moves(case, (*evaluations, unreadable.judge(evaluations, verdicts)))
    look = look_at_present(case, evaluations, verdicts)
    return _accepted(case, look, moved, settle(case, detections, _after(case, moved), verdicts))


def _accept_absent(case: Case, detections: tuple[Detection, ...]) -> Outcome:
    last, touch = case.known.look, case.request.touch
    absences = (last.absences if last else 0) + 1
    certain = (last is not None and last.gone) or (touch is not None and touch.deletes)
    if certain or absences >= ABSENCES_BELIEVED:
        moved = _burial(case)
        settlement = settle(case, detections, _after(case, moved), {})
        return _accepted(case, tombstone(case, absences), moved, settlement)
    settlement = settle(case, detections, case.known.findings, None)
    return _accepted(case, look_at_missing(case, absences), (), settlement)


def _accept_replaced(case: Case, _detections: tuple[Detection, ...]) -> Outcome:
    """Bury the old bearer of the name; the look that follows describes the new one."""
    commit = Commit(
        ref=case.ref,
        known=case.known,
        look=tombstone_of_replaced(case),
        transitions=_burial(case),
    )
    return Outcome(kind=OutcomeKind.NEW_IDENTITY, commit=commit)


def _accept_reaffirming(case: Case, detections: tuple[Detection, ...]) -> Outcome:
    """Learn nothing about the state, but still who led to it and what change rules saw."""
    last = case.known.look
    named = attributions(case, case.sighting.evaluations)
    settlement = settle(case, detections, _after(case, named), last.verdicts if last else {})
    taught = named or settlement.transitions or settlement.arrived
    look = replace(last, rev=case.rev) if last and taught else None
    return _accepted(case, look, named, settlement)


def _accepted(
    case: Case, look: Look | None, moved: tuple[Transition, ...], settlement: Settlement
) -> Outcome:
    transitions = (*moved, *settlement.transitions)
    commit = Commit(
        ref=case.ref,
        known=case.known,
        look=look,
        transitions=transitions,
        detections=settlement.arrived,
    )
    return Outcome(
        kind=OutcomeKind.ACCEPTED,
        commit=commit,
        confirm=wants_confirming(case, transitions, settlement.waiting),
    )


def _burial(case: Case) -> tuple[Transition, ...]:
    standing = (f for f in case.known.findings if f.status is Status.OPEN)
    return tuple(closing(case, finding, Reason.RESOURCE_DELETED) for finding in standing)


def _after(case: Case, moved: tuple[Transition, ...]) -> tuple[Finding, ...]:
    """Return the resource's findings as they are after the transitions."""
    findings = {f.rule_id: f for f in case.known.findings}
    findings |= {t.finding.rule_id: t.finding for t in moved if t.finding}
    return tuple(findings.values())


_DECIDE: Mapping[Position, Callable[[Case, tuple[Detection, ...]], Outcome]] = {
    Position.PRESENT: _accept_present,
    Position.ABSENT: _accept_absent,
    Position.REPLACED: _accept_replaced,
    Position.REAFFIRMS: _accept_reaffirming,
    Position.STALE: _retake,
}
