"""Errors as AWS writes them on the wire, one form per protocol.

The code for one and the same refusal differs by service: EC2 says UnauthorizedOperation where
S3 says AccessDenied, and a client that matches only one of them is wrong half of the time.
"""

import json
import uuid
from enum import StrEnum
from xml.sax.saxutils import escape

from vigil.local._call import Answer


class Refusal(StrEnum):
    """Why AWS does not do what it was asked."""

    DENIED = "denied"
    THROTTLED = "throttled"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"


#: protocol (or service, which wins) → refusal → (code, HTTP status)
_CODES: dict[str, dict[Refusal, tuple[str, int]]] = {
    "query": {
        Refusal.DENIED: ("AccessDenied", 403),
        Refusal.THROTTLED: ("Throttling", 400),
        Refusal.FAILED: ("InternalFailure", 500),
    },
    "ec2": {
        Refusal.DENIED: ("UnauthorizedOperation", 403),
        Refusal.THROTTLED: ("RequestLimitExceeded", 503),
        Refusal.FAILED: ("InternalError", 500),
    },
    "rest-xml": {
        Refusal.DENIED: ("AccessDenied", 403),
        Refusal.THROTTLED: ("SlowDown", 503),
        Refusal.FAILED: ("InternalError", 500),
    },
    "json": {
        Refusal.DENIED: ("AccessDeniedException", 400),
        Refusal.THROTTLED: ("ThrottlingException", 400),
        Refusal.FAILED: ("InternalFailure", 500),
    },
    "rest-json": {
        Refusal.DENIED: ("AccessDeniedException", 403),
        Refusal.THROTTLED: ("TooManyRequestsException", 429),
        Refusal.FAILED: ("ServiceException", 500),
    },
}
_UNSUPPORTED = ("NotImplemented", 501)


def refusal(protocol: str, kind: Refusal, message: str) -> Answer:
    """Write a refusal in a protocol's form; an unknown protocol gets the query form."""
    code, status = _CODES.get(protocol, _CODES["query"]).get(kind, _UNSUPPORTED)
    return error_answer(protocol, code, message, status)


def error_answer(protocol: str, code: str, message: str, status: int) -> Answer:
    """Write any error code in a protocol's form."""
    request_id = str(uuid.uuid4())
    if protocol in {"json", "rest-json"}:
        return _json_answer(code, message, status, request_id)
    body = _XML_FORMS.get(protocol, _XML_FORMS["query"]).format(
        code=escape(code), message=escape(message), request_id=request_id
    )
    headers = (("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id))
    return Answer(status=status, headers=headers, body=body.encode())


def _json_answer(code: str, message: str, status: int, request_id: str) -> Answer:
    headers = (
        ("Content-Type", "application/json"),
        ("x-amzn-ErrorType", code),
        ("x-amzn-RequestId", request_id),
    )
    body = json.dumps({"__type": code, "message": message}).encode()
    return Answer(status=status, headers=headers, body=body)


_XML_FORMS = {
    "query": (
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
        "<Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    ),
    "ec2": (
        "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        "<RequestID>{request_id}</RequestID></Response>"
    ),
    "rest-xml": (
        "<Error><Code>{code}</Code><Message>{message}</Message>"
        "<RequestId>{request_id}</RequestId></Error>"
    ),
}
