"""Builders of everything a decision is made from: small, with overrides, all times constant."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.model import (
    Actor,
    Cause,
    Change,
    Compliance,
    ConfigurationItem,
    Detection,
    DetectionStatus,
    Evaluation,
    Evidence,
    Finding,
    Fix,
    Gap,
    GapReason,
    LedgerRow,
    LookRequest,
    Reason,
    ResourceRef,
    Rule,
    RuleKind,
    Severity,
    Sighting,
    Subject,
    Touch,
    Via,
)
from chalicelib.model import (
    Outcome as ChangeOutcome,
)

__all__ = ["Evaluation", "Finding", "LedgerRow", "LookRequest", "Sighting"]

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
KIND = "Test::Door"
RULE_ID = "door-closed"
REF = ResourceRef(account_id="111122223333", region="eu-west-1", type=KIND, id="front")
SUBJECT = Subject(ref=REF, arn="arn:aws:test:::front", owner="hall")
OPEN_POINTER = "/properties/Open"
OPEN = True


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def rule(rule_id: str = RULE_ID, **overrides: Any) -> Rule:
    fields: dict[str, Any] = {
        "id": rule_id,
        "kind": RuleKind.CONFIGURATION,
        "title": "Doors are closed",
        "severity": Severity.HIGH,
        "resource_type": KIND,
        "condition": {},
        "message": "open",
        "risk": "Anyone walks in.",
        "fix": Fix(text="Close it."),
        "hash": "h1",
    }
    return Rule(**fields | overrides)


RULES: Mapping[str, Rule] = {RULE_ID: rule()}


def item(
    properties: Mapping[str, Any] | None = None,
    *,
    start: float = 0,
    end: float | None = None,
    unique_id: str | None = None,
    **overrides: Any,
) -> ConfigurationItem:
    fields: dict[str, Any] = {
        "ref": replace(REF, unique_id=unique_id),
        "properties": properties if properties is not None else {"Open": True},
        "observed": {},
        "started_at": at(start),
        "ended_at": at(start + 1 if end is None else end),
    }
    return ConfigurationItem(**fields | overrides)


def evidence(actual: Any = OPEN, path: str = OPEN_POINTER, **overrides: Any) -> Evidence:
    fields: dict[str, Any] = {"path": path, "actual": actual, "expected": "false"}
    return Evidence(**fields | overrides)


def evaluation(compliance: Compliance = Compliance.NON_COMPLIANT, **overrides: Any) -> Evaluation:
    failing = compliance is Compliance.NON_COMPLIANT
    fields: dict[str, Any] = {
        "rule_id": RULE_ID,
        "rule_hash": "h1",
        "compliance": compliance,
        "severity": Severity.HIGH,
        "message": "front is open" if failing else "",
        "evidence": (evidence(),) if failing else (),
        "gaps": (gap(),) if compliance is Compliance.INSUFFICIENT_DATA else (),
    }
    return Evaluation(**fields | overrides)


def gap(pointer: str = OPEN_POINTER, **overrides: Any) -> Gap:
    fields: dict[str, Any] = {
        "pointer": pointer,
        "reason": GapReason.DENIED,
        "call": "test:GetDoor",
        "error": "AccessDenied",
        "principal": "arn:aws:iam::111122223333:role/vigil",
    }
    return Gap(**fields | overrides)


def sighting(
    *evaluations: Evaluation,
    start: float = 0,
    end: float | None = None,
    fingerprint: str = "f-open",
    seen: ConfigurationItem | None = None,
) -> Sighting:
    seen = seen or item(start=start, end=end)
    return Sighting(
        subject=SUBJECT,
        item=replace(seen, started_at=at(start), ended_at=at(start + 1 if end is None else end)),
        evaluations=evaluations,
        fingerprint=fingerprint,
        started_at=at(start),
        ended_at=at(start + 1 if end is None else end),
    )


def opened(start: float = 0, **overrides: Any) -> Sighting:
    return sighting(evaluation(), start=start, **overrides)


def closed(start: float = 0, **overrides: Any) -> Sighting:
    fields: dict[str, Any] = {"fingerprint": "f-closed", "seen": item({"Open": False})}
    return sighting(evaluation(Compliance.COMPLIANT), start=start, **fields | overrides)


def denied(start: float = 0, **overrides: Any) -> Sighting:
    fields: dict[str, Any] = {
        "fingerprint": "f-denied",
        "seen": item({"Open": None}, gaps=(gap(),)),
    }
    return sighting(evaluation(Compliance.INSUFFICIENT_DATA), start=start, **fields | overrides)


def absent(start: float = 0, end: float | None = None) -> Sighting:
    return Sighting(
        subject=SUBJECT,
        item=None,
        evaluations=(),
        fingerprint=None,
        started_at=at(start),
        ended_at=at(start + 1 if end is None else end),
    )


def actor(name: str = "mallory") -> Actor:
    return Actor(type="IAMUser", name=name, via=Via.SDK)


def change(
    event_id: str = "e-1", *, time: float = -2, by: str = "mallory", **overrides: Any
) -> Change:
    fields: dict[str, Any] = {
        "event_id": event_id,
        "record_hash": f"hash-of-{event_id}",
        "event_time": at(time).replace(microsecond=0),
        "received_at": at(time + 1),
        "partition": "aws",
        "account_id": REF.account_id,
        "region": REF.region,
        "event_source": "test.amazonaws.com",
        "event_name": "OpenDoor",
        "action": "OpenDoor",
        "kind": "api-call",
        "outcome": ChangeOutcome.SUCCEEDED,
        "error_code": None,
        "read_only": False,
        "actor": actor(by),
    }
    return Change(**fields | overrides)


def touch(*writes: str, **overrides: Any) -> Touch:
    return Touch(ref=REF, writes=writes, **overrides)


def request(
    cause: Change | None = None,
    wrote: Touch | None = None,
    *,
    reason: Reason = Reason.CHANGE,
    confirmation: int = 0,
) -> LookRequest:
    return LookRequest(ref=REF, reason=reason, change=cause, touch=wrote, confirmation=confirmation)


def opening(
    event_id: str = "e-1", *, time: float = -2, by: str = "mallory", **more: Any
) -> LookRequest:
    """The request of an event that opened the door."""
    wrote = touch(OPEN_POINTER, proposed={OPEN_POINTER: True})
    return request(change(event_id, time=time, by=by), wrote, **more)


def tagging(
    event_id: str = "e-tag", *, time: float = -1, by: str = "innocent", **more: Any
) -> LookRequest:
    """The request of an event that has nothing to do with the door being open."""
    return request(change(event_id, time=time, by=by), touch("/properties/Tags"), **more)


def detection(event_id: str = "e-1", *, time: float = -2, **overrides: Any) -> Detection:
    cause = Cause(
        event_id=event_id,
        event_source="test.amazonaws.com",
        event_name="OpenDoor",
        event_time=at(time),
        actor=actor(),
    )
    fields: dict[str, Any] = {
        "rule_id": "door-opened",
        "rule_hash": "d1",
        "title": "A door was opened",
        "risk": "Anyone walked in.",
        "fix": Fix(text="Close it."),
        "severity": Severity.HIGH,
        "subject": SUBJECT,
        "message": "mallory opened front",
        "evidence": (evidence(),),
        "cause": cause,
        "status": DetectionStatus.PENDING,
        "explained_by": (RULE_ID,),
        "seen_at": at(time + 1),
    }
    return Detection(**fields | overrides)


def ledger_row(event_id: str | None = "e-1", **overrides: Any) -> LedgerRow:
    fields: dict[str, Any] = {
        "account_id": REF.account_id,
        "region": REF.region,
        "event_id": event_id,
        "record_hash": f"hash-of-{event_id}",
        "event_time": at(-2),
        "received_at": at(-1),
        "event_source": "test.amazonaws.com",
        "event_name": "OpenDoor",
        "disposition": "evaluated",
        "message_id": "m-1",
    }
    return LedgerRow(**fields | overrides)
