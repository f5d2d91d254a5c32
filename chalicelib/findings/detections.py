"""What becomes of a detection: explained by a finding, told, or waiting for a look to settle it.

A change rule sees the payload, not the state. Where the state shows the same through a finding with
the same cause, telling both would be noise; where the state no longer shows it, only the detection
ever will.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.findings._case import Case
from chalicelib.findings.identity import detection_key
from chalicelib.model import (
    Cause,
    Compliance,
    Detection,
    DetectionStatus,
    Finding,
    Reason,
    Status,
    Times,
    Transition,
    TransitionKind,
    Verdict,
)

#: A look that starts this long after the event sees what the event did, if it still stands.
SETTLING = timedelta(seconds=30)
OVER = frozenset({Compliance.COMPLIANT, Compliance.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Detections after a look.

    Attributes:
        transitions: What the history says of those that are decided.
        waiting: Those that are not.
        arrived: Those of `waiting` that the store does not hold yet.
    """

    transitions: tuple[Transition, ...] = ()
    waiting: tuple[Detection, ...] = ()
    arrived: tuple[Detection, ...] = ()


def settle(
    case: Case,
    detections: Iterable[Detection],
    findings: Iterable[Finding],
    verdicts: Mapping[str, Verdict] | None,
) -> Settlement:
    """Decide every detection that is not decided yet.

    Args:
        case: The decision at hand.
        detections: New ones; those that are stored already count once.
        findings: The resource's findings after this look.
        verdicts: The verdicts after this look, empty for a resource that is gone; None where the
            look does not settle what stands.
    """
    causes = {
        (f.rule_id, f.cause.event_id, f.cause.event_time)
        for f in findings
        if f.status is Status.OPEN and f.cause
    }
    transitions, waiting = [], []
    for detection in _undecided(case, detections):
        if any((r, *_event(detection.cause)) in causes for r in detection.explained_by):
            transitions.append(_entry(case, detection, TransitionKind.EXPLAINED))
        elif detection.status is DetectionStatus.TOLD:
            transitions.append(_entry(case, detection, TransitionKind.DETECTED))
        elif verdicts is not None and _is_due(case, detection):
            told = _entry(case, detection, TransitionKind.DETECTED)
            transitions.append(replace(told, transient=_is_over(detection, verdicts)))
        else:
            waiting.append(detection)
    arrived = tuple(d for d in waiting if d not in case.known.detections)
    return Settlement(transitions=tuple(transitions), waiting=tuple(waiting), arrived=arrived)


def told_at_once(detection: Detection, *, received: datetime, now: datetime) -> Transition:
    """Return the entry of a detection whose resource is not looked at."""
    return Transition(
        kind=TransitionKind.DETECTED,
        reason=Reason.CHANGE,
        account_id=detection.subject.ref.account_id,
        subject=detection.subject,
        rule_id=detection.rule_id,
        seq=1,
        prev=None,
        times=Times(event=detection.cause.event_time, received=received, decided=now),
        detection=replace(detection, status=DetectionStatus.TOLD),
        cause=detection.cause,
        seen_by=detection.cause.event_id,
    )


def _undecided(case: Case, detections: Iterable[Detection]) -> list[Detection]:
    found = {detection_key(d): d for d in detections}
    stored = {detection_key(d): d for d in case.known.detections}
    settled = {key for key, d in stored.items() if d.status is not DetectionStatus.PENDING}
    return [d for key, d in {**found, **stored}.items() if key not in settled]


def _event(cause: Cause) -> tuple[str | None, datetime]:
    return cause.event_id, cause.event_time


def _is_due(case: Case, detection: Detection) -> bool:
    waited = case.sighting.started_at - detection.cause.event_time
    return case.request.confirmation >= 1 or waited >= SETTLING


def _is_over(detection: Detection, verdicts: Mapping[str, Verdict]) -> bool:
    """Tell whether the exposure is known to have ended; what cannot be read may still stand."""
    judged = [verdicts[r].compliance for r in detection.explained_by if r in verdicts]
    return all(compliance in OVER for compliance in judged)


def _entry(case: Case, detection: Detection, kind: TransitionKind) -> Transition:
    explained = kind is TransitionKind.EXPLAINED
    status = DetectionStatus.EXPLAINED if explained else DetectionStatus.TOLD
    told = told_at_once(detection, received=detection.seen_at, now=case.now)
    return replace(
        told,
        kind=kind,
        detection=replace(detection, status=status),
        look_started_at=case.sighting.started_at,
        look_ended_at=case.sighting.ended_at,
    )
