"""Answers that AWS gives on a bad day, injected at the HTTP boundary: denied, throttled, stale.

A rule can be scoped to one access key: then only Vigil's own reads are denied, while the person
who opens the bucket goes on working, which is the case that an auditor must not be silenced by.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from vigil.local._call import Answer, Call, Layer
from vigil.local._decoding import Operation, operation_of
from vigil.local._identity import identity_of
from vigil.local._refusals import Refusal, refusal

_ANSWERS_KEPT = 200
#: The IAM action is not always the operation's name.
_ACTIONS = {
    ("s3", "GetPublicAccessBlock"): "s3:GetBucketPublicAccessBlock",
    ("s3", "PutPublicAccessBlock"): "s3:PutBucketPublicAccessBlock",
    ("s3", "GetBucketEncryption"): "s3:GetEncryptionConfiguration",
    ("s3", "ListBuckets"): "s3:ListAllMyBuckets",
    ("s3", "HeadBucket"): "s3:ListBucket",
    ("s3control", "GetPublicAccessBlock"): "s3:GetAccountPublicAccessBlock",
    ("s3control", "PutPublicAccessBlock"): "s3:PutAccountPublicAccessBlock",
}
_SIGNING_NAMES = {"elbv2": "elasticloadbalancing", "elb": "elasticloadbalancing"}


class Effect(StrEnum):
    """What happens to a call that a fault meets."""

    DENIED = "denied"
    THROTTLED = "throttled"
    FAILED = "failed"
    SILENT = "silent"
    STALE = "stale"


_REFUSALS = {
    Effect.DENIED: Refusal.DENIED,
    Effect.THROTTLED: Refusal.THROTTLED,
    Effect.FAILED: Refusal.FAILED,
}


@dataclass(slots=True, kw_only=True)
class Fault:
    """One rule; None matches everything.

    Attributes:
        service: botocore's service name (``s3``, ``s3control``, ``ec2``).
        operation: botocore's operation name (``GetBucketAcl``).
        resource: Text that occurs in the path, query or body.
        access_key: Only calls signed with this key.
        seconds: How long a silent call hangs, or how old a stale answer is.
        times: How many more calls it meets; None for ever.
    """

    effect: Effect
    service: str | None = None
    operation: str | None = None
    resource: str | None = None
    access_key: str | None = None
    seconds: float = 0.0
    times: int | None = None
    hits: int = 0
    answers: dict[tuple[str, bytes], deque[tuple[float, Answer]]] = field(default_factory=dict)

    def meets(self, call: Call, operation: Operation) -> bool:
        """Whether this rule is about a call."""
        key = call.credential.access_key if call.credential else None
        return (
            self.times != 0
            and self.service in {None, operation.service}
            and self.operation in {None, operation.name}
            and self.access_key in {None, key}
            and (self.resource is None or _mentions(call, self.resource))
        )


class Faults:
    """A layer around another that answers in its place where a rule says so."""

    def __init__(
        self,
        inner: Layer,
        service_of: Callable[[Call], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._service_of = service_of
        self._clock = clock
        self._rules: tuple[Fault, ...] = ()
        self._lock = threading.Lock()
        self._released = threading.Event()

    def add(self, fault: Fault) -> Fault:
        """Add a rule; the first that meets a call wins."""
        with self._lock:
            self._rules += (fault,)
        return fault

    def deny(
        self, service: str, operation: str | None = None, *, access_key: str | None = None
    ) -> Fault:
        """Deny an operation, or a whole service, to one key or to everybody."""
        return self.add(
            Fault(effect=Effect.DENIED, service=service, operation=operation, access_key=access_key)
        )

    def remove(self, fault: Fault) -> None:
        """Take one rule away."""
        with self._lock:
            self._rules = tuple(rule for rule in self._rules if rule is not fault)

    def clear(self) -> None:
        """Take every rule away and let silent calls go."""
        with self._lock:
            self._rules = ()
        self._released.set()
        self._released = threading.Event()

    def __call__(self, call: Call) -> Answer:
        """Answer a call, rightly or as the rules say."""
        if not self._rules or call.credential is None:
            return self._inner(call)
        operation = operation_of(call, self._service_of(call))
        fault = self._taken(call, operation) if operation else None
        if fault is None or operation is None:
            return self._inner(call)
        return self._injected(fault, call, operation)

    def _taken(self, call: Call, operation: Operation) -> Fault | None:
        with self._lock:
            fault = next((rule for rule in self._rules if rule.meets(call, operation)), None)
            if fault is not None:
                fault.hits += 1
                fault.times = None if fault.times is None else fault.times - 1
        return fault

    def _injected(self, fault: Fault, call: Call, operation: Operation) -> Answer:
        if fault.effect is Effect.STALE:
            return self._stale(fault, call)
        if fault.effect is Effect.SILENT:
            self._released.wait(fault.seconds)
            return refusal(operation.protocol, Refusal.FAILED, "timed out")
        message = _message(fault.effect, call, operation)
        return refusal(operation.protocol, _REFUSALS[fault.effect], message)

    def _stale(self, fault: Fault, call: Call) -> Answer:
        """Answer as a replica would that is `seconds` behind."""
        now = self._clock()
        fresh = self._inner(call)
        key = (f"{call.method} {call.path}?{call.query}", call.body)
        with self._lock:
            past = fault.answers.setdefault(key, deque(maxlen=_ANSWERS_KEPT))
            past.append((now, fresh))
            old = [answer for when, answer in past if when <= now - fault.seconds]
            return old[-1] if old else past[0][1]


def _message(effect: Effect, call: Call, operation: Operation) -> str:
    if effect is not Effect.DENIED or call.credential is None:
        return "Rate exceeded" if effect is Effect.THROTTLED else "We encountered an internal error"
    arn = identity_of(call.credential.access_key, call.credential.region)["arn"]
    return f"User: {arn} is not authorized to perform: {_iam_action(operation)}"


def _iam_action(operation: Operation) -> str:
    prefix = _SIGNING_NAMES.get(operation.service, operation.service)
    known = _ACTIONS.get((operation.service, operation.name))
    return known or f"{prefix}:{operation.name}"


def _mentions(call: Call, text: str) -> bool:
    return text in call.path or text in call.query or text.encode() in call.body
