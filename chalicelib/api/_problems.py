"""Problems as RFC 9457 writes them: what went wrong as a document, never as a stack trace.

Only errors that Vigil raises on purpose are quoted. Whatever else is raised is a defect: the
caller learns that there is one, the log learns where.
"""

import traceback
from collections.abc import Mapping
from types import MappingProxyType, TracebackType
from typing import Self

import msgspec
from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError
from chalice.app import Response

from chalicelib.api._answers import Problem, Wrong
from chalicelib.errors import (
    ConflictError,
    InvalidRequestError,
    NotAllowedError,
    NotFoundError,
    RetryableError,
)
from chalicelib.facts.legible import legible

MEDIA_TYPE = "application/problem+json"
DETAIL_LIMIT_CHARS = 1_000
RETRY_SECONDS = 2
PLACES_LOGGED = 8

BAD_REQUEST = 400
FORBIDDEN = 403
NOT_FOUND = 404
METHOD_NOT_ALLOWED = 405
CONFLICT = 409
TOO_LARGE = 413
UNSUPPORTED = 415
UNPROCESSABLE = 422
DEFECT = 500
UNAVAILABLE = 503

#: Status → the end of the problem's type, and its title.
KINDS: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        BAD_REQUEST: ("bad-request", "The request cannot be read"),
        FORBIDDEN: ("not-allowed", "You may not do that"),
        NOT_FOUND: ("not-found", "There is no such thing"),
        METHOD_NOT_ALLOWED: ("method-not-allowed", "This cannot be done here"),
        CONFLICT: ("conflict", "It cannot be done as things stand"),
        TOO_LARGE: ("too-large", "The request is too large"),
        UNSUPPORTED: ("unsupported-media-type", "Only JSON is read"),
        UNPROCESSABLE: ("invalid", "The request makes no sense"),
        DEFECT: ("defect", "Vigil failed"),
        UNAVAILABLE: ("unavailable", "Try again in a moment"),
    }
)
#: In order: the first that fits decides.
_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (NotAllowedError, FORBIDDEN),
    (NotFoundError, NOT_FOUND),
    (ConflictError, CONFLICT),
    (RetryableError, UNAVAILABLE),
)
#: Codes with which AWS says: not now.
_LATER = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)

logger = Logger(service="vigil-api")


class WrongRequestError(InvalidRequestError):
    """A request that is wrong in itself.

    Attributes:
        status: 400, 413 or 422.
        errors: What is wrong where.
    """

    def __init__(self, message: str, status: int, errors: tuple[Wrong, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.errors = errors


def problem(status: int, detail: str, errors: tuple[Wrong, ...] = ()) -> Response:
    """Return a problem as the answer."""
    kind, title = KINDS.get(status, ("about", "The request was not done"))
    document = Problem(
        type=f"urn:vigil:problem:{kind}",
        title=title,
        status=status,
        detail=legible(detail[:DETAIL_LIMIT_CHARS]),
        errors=list(errors) if errors else msgspec.UNSET,
    )
    headers: dict[str, str | list[str]] = {"Content-Type": MEDIA_TYPE}
    if status == UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return Response(msgspec.json.encode(document).decode(), headers, status)


class Guard:
    """Turns whatever is raised in its block into a problem.

    Attributes:
        problem: Set once something was raised.
    """

    def __init__(self, route: str, refused: int) -> None:
        """Prepare it.

        Args:
            route: Named in the log.
            refused: Status of a request that its service refuses.
        """
        self.problem: Response | None = None
        self._route = route
        self._refused = refused

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Keep what an exception means; let through what ends the process."""
        if not isinstance(error, Exception):
            return False
        self.problem = self._expected(error) or self._defect(error, trace)
        return True

    def _expected(self, error: Exception) -> Response | None:
        if isinstance(error, WrongRequestError):
            return problem(error.status, str(error), error.errors)
        if isinstance(error, InvalidRequestError):
            return problem(self._refused, str(error))
        for kind, status in _STATUS:
            if isinstance(error, kind):
                return problem(status, str(error))
        if isinstance(error, BotoCoreError) or code_of(error) in _LATER:
            return problem(UNAVAILABLE, "what Vigil keeps cannot be read at the moment")
        return None

    def _defect(self, error: Exception, trace: TracebackType | None) -> Response:
        # Places in the code only: what an exception says may quote a stranger or a secret.
        frames = traceback.extract_tb(trace)[-PLACES_LOGGED:]
        places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        name = type(error).__name__
        details = {"route": self._route, "error": name, "code": code_of(error), "places": places}
        logger.error("request crashed", extra=details)
        return problem(DEFECT, "the request was not done; the log of the API says where it failed")


def code_of(error: Exception) -> str:
    """Return AWS's code of an error, empty for any other."""
    if not isinstance(error, ClientError):
        return ""
    return str(error.response.get("Error", {}).get("Code", ""))
