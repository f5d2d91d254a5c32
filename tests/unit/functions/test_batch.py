"""Failed messages go back alone, and a defect leaves a trace of itself, never of the message."""

from typing import Any

import pytest

from chalicelib.errors import ConflictError
from chalicelib.functions._batch import each
from tests.builders import envelope, record, sqs_message

SECRET = "what-nobody-may-read"


class Context:
    """As much of Lambda's context as Powertools reads."""

    function_name = "evaluate"

    def get_remaining_time_in_millis(self) -> int:
        """Return a minute."""
        return 60_000


def batch_of(*ids: str) -> dict[str, Any]:
    body = envelope(record(userAgent=SECRET))
    return {"Records": [sqs_message(body, messageId=name) for name in ids]}


def raising(error: Exception) -> Any:
    def handle(message: dict[str, Any]) -> None:
        if message["messageId"] == "bad":
            raise error

    return handle


def test_a_failed_message_goes_back_alone() -> None:
    answer = each(batch_of("good", "bad"), Context(), raising(ConflictError("again")))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "bad"}]}


def test_a_defect_is_logged_with_its_place_and_without_the_message(
    caplog: pytest.LogCaptureFixture,
) -> None:
    each(batch_of("bad"), Context(), raising(KeyError(SECRET)))

    (line,) = caplog.records
    assert line.message == "message crashed"
    assert line.__dict__["error"] == "KeyError"
    assert "test_batch.py" in line.__dict__["places"][-1]
    assert SECRET not in str(line.__dict__)
