"""What an AWS error says about the thing we wanted to read: which kind of gap it leaves.

Only the error code and the HTTP status are trusted; messages are prose, read for one thing: who
was refused. An unknown code is never "denied": that word makes people look for a policy.
"""

import re
import socket
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    ParamValidationError,
)
from botocore.parsers import ResponseParserError

from chalicelib.model import Facet, Gap, GapReason
from chalicelib.model.resource import NOT_OFFERED

#: Everything a facet's calls may raise that is AWS's or the network's doing, or a value that
#: cannot be parsed (`ValueError`, which `facts.policy.PolicyError` and JSON errors are).
READ_ERRORS = (ClientError, BotoCoreError, ResponseParserError, ValueError)

_ERROR_LIMIT_CHARS = 128
_SERVER_ERROR = 500


class MalformedAnswerError(ValueError):
    """An answer lacks what AWS always sends."""


# First match wins; a code that equals an entry or begins with one that ends in "*".
_REASONS: tuple[tuple[GapReason, tuple[str, ...]], ...] = (
    (
        GapReason.DENIED,
        (
            "AccessDenied*",
            "UnauthorizedOperation",
            "Client.UnauthorizedOperation",
            "UnauthorizedAccess*",
            "Unauthorized*",
            "AuthorizationError*",
            "AuthFailure",
            "NotAuthorized*",
            "AllAccessDisabled",
            "ExpiredToken*",
            "InvalidClientTokenId",
            "InvalidAccessKeyId",
            "InvalidToken*",
            "UnrecognizedClientException",
            "SignatureDoesNotMatch",
            "InvalidSignature*",
            "KMS.AccessDenied*",
            "KMSAccessDenied*",
            "KmsAccessDenied*",
            "Forbidden*",
            "403",
        ),
    ),
    (
        GapReason.THROTTLED,
        (
            "Throttl*",
            "RequestThrottl*",
            "EC2ThrottledException",
            "RequestLimitExceeded",
            "Client.RequestLimitExceeded",
            "TooManyRequests*",
            "SlowDown",
            "BandwidthLimitExceeded",
            "ProvisionedThroughputExceeded*",
            "PriorRequestNotComplete",
            "429",
        ),
    ),
    (
        GapReason.UNSUPPORTED,
        (
            "NotImplemented*",
            "UnknownOperation*",
            "InvalidAction",
            "UnsupportedOperation*",
            "MethodNotAllowed",
            "OptInRequired",
            "RegionDisabled*",
            "SubscriptionRequired*",
            "PermanentRedirect",
            "IllegalLocationConstraintException",
            # A bare status as code: the body was no AWS error, so no AWS service answered.
            "301",
            "404",
            "405",
            "501",
        ),
    ),
    (
        GapReason.UNAVAILABLE,
        (
            "Internal*",
            "ServiceUnavailable*",
            "Unavailable*",
            # Also RequestTimeTooSkewed: clocks are put right again.
            "RequestTime*",
            "RequestExpired",
            "ServiceFailure",
        ),
    ),
)

_REFUSED = re.compile(r"\bUser: (\S{1,700}) is not authorized")


def member(answer: Mapping[str, Any], name: str) -> Any:
    """Return a member that AWS always sends, be it empty; a missing one never means "none".

    Raises:
        MalformedAnswerError: It is missing, or what should hold it holds nothing by name.
    """
    value = answer.get(name) if isinstance(answer, dict) else None
    if value is None:
        message = f"the answer has no {name}"
        raise MalformedAnswerError(message)
    return value


def text_member(answer: Mapping[str, Any], name: str) -> str:
    """Return a text that AWS always sends.

    Raises:
        MalformedAnswerError: It is missing, or no text.
    """
    value = member(answer, name)
    if not isinstance(value, str):
        message = f"{name} is no text"
        raise MalformedAnswerError(message)
    return value


def code_of(error: ClientError) -> str:
    """Return AWS's error code; empty where the answer carried none."""
    return str(error.response.get("Error", {}).get("Code", ""))


def reason_of(error: Exception) -> GapReason:
    """Classify what a read raised (one of `READ_ERRORS`)."""
    if isinstance(error, ClientError):
        return _reason_for(code_of(error), _status_of(error))
    if isinstance(error, ParamValidationError):
        return GapReason.UNSUPPORTED
    if isinstance(error, BotoCoreError):
        return GapReason.UNSUPPORTED if _has_no_host(error) else GapReason.UNAVAILABLE
    return GapReason.MALFORMED


def is_not_offered(error: Exception) -> bool:
    """Tell whether what a read raised says that the Region does not have the service at all."""
    return reason_of(error) is GapReason.UNSUPPORTED and name_of(error).startswith(NOT_OFFERED)


def _has_no_host(error: BotoCoreError) -> bool:
    """Tell whether the name servers know no such endpoint: so it is where a service is not.

    Servers that do not answer are another thing (``EAI_AGAIN``), and pass.
    """
    if not isinstance(error, EndpointConnectionError):
        return False
    cause: BaseException | None = error.kwargs.get("error")
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return cause.errno == socket.EAI_NONAME
        cause = cause.__cause__
    return False


def is_passing(error: Exception) -> bool:
    """Tell whether what a read raised (one of `READ_ERRORS`) may be gone at the next attempt."""
    return reason_of(error) in {GapReason.THROTTLED, GapReason.UNAVAILABLE}


def is_unanswered(error: Exception) -> bool:
    """Tell whether a service could not be reached or said nothing until botocore gave up."""
    return isinstance(error, HTTPClientError)


def gaps_from(error: Exception, facet: Facet) -> tuple[Gap, ...]:
    """Turn what a facet's calls raised into a gap at each pointer the facet fills."""
    reason, call, name = reason_of(error), _call_of(error, facet), name_of(error)
    principal = _principal_of(error)
    return tuple(
        Gap(pointer=pointer, reason=reason, call=call, error=name, principal=principal)
        for pointer in facet.pointers
    )


def name_of(error: Exception) -> str:
    """Return AWS's code where there is one, else the name of the exception; bounded."""
    code = code_of(error) if isinstance(error, ClientError) else ""
    return (code or type(error).__name__)[:_ERROR_LIMIT_CHARS]


def _reason_for(code: str, status: int) -> GapReason:
    for reason, patterns in _REASONS:
        if any(_matches(code, pattern) for pattern in patterns):
            return reason
    return GapReason.UNAVAILABLE if status >= _SERVER_ERROR else GapReason.UNSUPPORTED


def _matches(code: str, pattern: str) -> bool:
    return code.startswith(pattern[:-1]) if pattern.endswith("*") else code == pattern


def _status_of(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def _call_of(error: Exception, facet: Facet) -> str:
    operation = error.operation_name if isinstance(error, ClientError) else ""
    if operation == "AssumeRole":
        # Raised while the client for a member account was built, by no call of the facet.
        return "sts:AssumeRole"
    declared = (call for call in facet.calls if call.endswith(f":{operation}"))
    return next(declared, facet.calls[0])


def _principal_of(error: Exception) -> str | None:
    if not isinstance(error, ClientError):
        return None
    found = _REFUSED.search(str(error.response.get("Error", {}).get("Message", "")))
    return found[1] if found else None
