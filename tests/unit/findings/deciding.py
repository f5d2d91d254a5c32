"""Stories told to the lifecycle: decide looks one after the other, without a store."""

from datetime import timedelta
from typing import Any

from chalicelib.findings.history import body_of, chained
from chalicelib.findings.identity import detection_key
from chalicelib.findings.lifecycle import Outcome, reconcile
from chalicelib.model import Known, LookRequest, Sighting, Transition
from tests.unit.findings.given import RULES, change, request


def decided(
    known: Known, seen: Sighting, asked: LookRequest | None = None, **overrides: Any
) -> Outcome:
    """Reconcile with the usual rule, half a second after the look's end."""
    fields: dict[str, Any] = {"rules": RULES, "now": seen.ended_at + timedelta(seconds=0.5)}
    return reconcile(known, seen, asked or request(change()), **fields | overrides)


def known_after(outcome: Outcome) -> Known:
    """What a store would hold after the commit of an outcome."""
    commit = outcome.commit
    assert commit is not None
    findings = {f.rule_id: f for f in commit.known.findings}
    detections = {detection_key(d): d for d in commit.known.detections}
    for transition in commit.transitions:
        if transition.finding:
            body = body_of(transition)
            findings[transition.rule_id] = chained(transition.finding, body)
        if transition.detection:
            detections[detection_key(transition.detection)] = transition.detection
    detections |= {detection_key(d): d for d in commit.detections}
    return Known(
        look=commit.look or commit.known.look,
        findings=tuple(findings.values()),
        detections=tuple(detections.values()),
    )


def after(*steps: Sighting | tuple[Sighting, LookRequest]) -> Known:
    """What is known after a series of accepted looks."""
    known = Known()
    for step in steps:
        seen, asked = step if isinstance(step, tuple) else (step, None)
        known = known_after(decided(known, seen, asked))
    return known


def kinds(outcome: Outcome) -> list[str]:
    assert outcome.commit is not None
    return [t.kind.value for t in outcome.commit.transitions]


def transitions(outcome: Outcome) -> tuple[Transition, ...]:
    """The transitions of an accepted look."""
    assert outcome.commit is not None
    return outcome.commit.transitions


def only(outcome: Outcome) -> Transition:
    """The one transition of a look that made one."""
    (transition,) = transitions(outcome)
    return transition
