"""What goes wrong is told as a problem, and a defect tells strangers nothing."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.api._problems import DETAIL_LIMIT_CHARS, MEDIA_TYPE, Guard, problem
from chalicelib.errors import (
    ConflictError,
    DamagedEvidenceError,
    InvalidRequestError,
    NotAllowedError,
    NotFoundError,
    RetryableError,
)

SECRET = "xoxb-1234"


def told(error: Exception, refused: int = 422) -> tuple[int, dict[str, Any]]:
    with Guard("GET /x", refused) as guard:
        raise error
    assert guard.problem is not None
    assert guard.problem.headers["Content-Type"] == MEDIA_TYPE
    return guard.problem.status_code, json.loads(guard.problem.body)


def refused_by_aws(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": SECRET}}, "Query")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotAllowedError("no"), 403),
        (NotFoundError("no"), 404),
        (ConflictError("no"), 409),
        (InvalidRequestError("no"), 422),
        (RetryableError("no"), 503),
        (DamagedEvidenceError("no"), 500),
        (refused_by_aws("ThrottlingException"), 503),
        (refused_by_aws("AccessDeniedException"), 500),
        (EndpointConnectionError(endpoint_url="https://x"), 503),
        (KeyError("no"), 500),
        (RecursionError(), 500),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_every_error_has_a_status(error: Exception, status: int) -> None:
    found, document = told(error)

    assert found == document["status"] == status
    assert document.keys() >= {"type", "title", "detail"}


def test_a_service_refuses_with_the_status_of_its_route() -> None:
    assert told(InvalidRequestError("it is resolved"), 409)[0] == 409


def test_what_can_be_tried_again_says_when() -> None:
    assert problem(503, "busy").headers["Retry-After"]
    assert "Retry-After" not in problem(500, "broken").headers


@pytest.mark.parametrize(
    "error", [ValueError(SECRET), refused_by_aws("AccessDeniedException")], ids=["ours", "AWS's"]
)
def test_a_defect_is_told_and_logged_without_what_it_says(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    _, document = told(error)

    logged = capsys.readouterr().out
    assert SECRET not in json.dumps(document)
    assert SECRET not in logged


def test_a_detail_is_legible_and_bounded() -> None:
    document = json.loads(problem(404, "a\u202eb" + "x" * 5_000).body)

    assert "\u202e" not in document["detail"]
    assert len(document["detail"]) <= DETAIL_LIMIT_CHARS


def test_what_ends_the_process_is_no_problem() -> None:
    with pytest.raises(KeyboardInterrupt), Guard("GET /x", 422):
        raise KeyboardInterrupt
