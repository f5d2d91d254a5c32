"""Did the call change anything? Read from the record alone.

Any error code means it did not: a dry run, a throttled call, a wrong parameter. Nothing else in a
record proves success: ``responseElements`` is filled by failures and null after most changes.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.ingest.paths import member
from chalicelib.ingest.text import clean
from chalicelib.model import Outcome

SIGN_IN_SOURCE = "signin.amazonaws.com"
ERROR_CODE_LIMIT_CHARS = 256

_NAMED_BY_RESPONSE = "unsuccessful"
#: Batch responses are a few hundred items; more is somebody playing with us.
_WALK_LIMIT = 10_000


def outcome_of(record: Mapping[str, Any]) -> tuple[Outcome, str | None]:
    """Return the outcome and AWS's error code; a refused sign-in has none."""
    if code := record.get("errorCode"):
        return Outcome.FAILED, clean(str(code), ERROR_CODE_LIMIT_CHARS) or "unknown"
    if record.get("eventSource") == SIGN_IN_SOURCE and _sign_in_refused(record):
        return Outcome.FAILED, None
    return Outcome.SUCCEEDED, None


def unsuccessful_texts(record: Mapping[str, Any]) -> frozenset[str]:
    """Return every text that a batch call's answer lists as not done: among them, ids.

    A batch call without an error code can have failed for some of its resources.
    """
    response = record.get("responseElements")
    if not isinstance(response, Mapping):
        return frozenset()
    wrapped = [response, *(part for part in response.values() if isinstance(part, Mapping))]
    listed = [member(part, _NAMED_BY_RESPONSE, _NAMED_BY_RESPONSE) for part in wrapped]
    return frozenset(text for part in listed if part for text in _texts(part))


def _sign_in_refused(record: Mapping[str, Any]) -> bool:
    response = record.get("responseElements")
    answers = response.values() if isinstance(response, Mapping) else ()
    return "Failure" in [answer for answer in answers if isinstance(answer, str)] or bool(
        record.get("errorMessage")
    )


def _texts(value: Any) -> Iterator[str]:
    waiting, seen = [value], 0
    while waiting and (seen := seen + 1) < _WALK_LIMIT:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, Mapping):
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
