"""A rate rule over refused calls, and such calls to count; overrides say what a test is about."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

from chalicelib.evaluate.engine import occurrences
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import Change, Occurrence, Outcome, ResourceRef, Subject
from tests.rulekit import ACCOUNT, NOW, book, change_document
from tests.unit.findings.given import change

ERRORS = ["AccessDenied*", "*UnauthorizedOperation", "Blocked"]
RATE = {"count": 3, "within_minutes": 5, "per": "actor"}


def document(**overrides: Any) -> dict[str, Any]:
    written = {
        "id": "calls-refused-burst",
        "change": [{"names": ["*"], "errors": ERRORS}],
        "harmless_when": None,
        "rate": RATE,
        "resource": None,
        "message": "{actor.name}: {rate.calls} in {rate.minutes}: {rate.actions} ({rate.errors})",
    }
    return change_document(**{**written, **overrides})


BOOK = book(document())


def refused(number: int = 0, *, after: timedelta = timedelta(), **overrides: Any) -> Change:
    """Return a refused call: another record for every number."""
    given = {
        "record_hash": sha256(str(number).encode()).hexdigest(),
        "event_time": NOW + after,
        "received_at": NOW + after,
        "outcome": Outcome.FAILED,
        "error_code": "AccessDenied",
        "account_id": ACCOUNT,
    }
    return change(**{**given, **overrides})


def named(ref: ResourceRef, _: Any) -> Subject:
    return Subject(ref=ref)


def counted(one: Change, rules: Rulebook = BOOK) -> Occurrence:
    (occurrence,) = occurrences(one, rules, named)
    return occurrence
