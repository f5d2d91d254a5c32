"""Answers that are none: what botocore would read as "there is nothing" fails here instead.

botocore takes a proxy's page, or a body that was cut off, for an answer without any member, and
passes a JSON value of the wrong kind on. Judged as they are, both would say things of a resource
that AWS never said.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from botocore.parsers import ResponseParserError

#: Calls that say what there is.
_READS = ("Describe", "Get", "List")
#: DynamoDB says "no such item" with an empty object, and guards its answers with a checksum.
_SELF_GUARDED = frozenset({"DynamoDB"})
_JSON = frozenset({"json", "rest-json"})
_PAGES = (b"<html", b"<!doctype html")
#: Calls to which AWS may answer with nothing at all, and what even that answer holds. A bucket
#: that never had versions or access logs has an empty element; no queues, no member.
_MAY_SAY_NOTHING: Mapping[str, tuple[bytes, ...]] = {
    "GetBucketLogging": (b"<BucketLoggingStatus",),
    # The second is moto's name of the element.
    "GetBucketVersioning": (b"<VersioningConfiguration", b"<GetBucketVersioningResponse"),
    "ListQueues": (b"{",),
}
_OK_BELOW = 300
_NUMBER = (int, float)
#: Kind of a shape → what JSON may hold in its place.
_KINDS: Mapping[str, Any] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "character": str,
    "blob": str,
    "boolean": bool,
    "integer": _NUMBER,
    "long": _NUMBER,
    "float": _NUMBER,
    "double": _NUMBER,
    "timestamp": (str, *_NUMBER),
}


def refuse_unusable(client: Any) -> None:
    """Let a client's calls raise `ResponseParserError` for answers that are none."""
    if str(client.meta.service_model.service_id) not in _SELF_GUARDED:
        client.meta.events.register("before-parse", _refuse_unreadable)
        client.meta.events.register("after-call", _refuse_empty)


def _refuse_unreadable(operation_model: Any, response_dict: Any, **_: Any) -> None:
    body = response_dict["body"]
    if response_dict["status_code"] >= _OK_BELOW or not isinstance(body, bytes) or not body:
        return
    speaks_json = operation_model.service_model.resolved_protocol in _JSON
    is_none = _is_misshapen(operation_model.output_shape, body) if speaks_json else _is_page(body)
    if is_none:
        message = f"the answer to {operation_model.name} is not one of AWS"
        raise ResponseParserError(message)


def _refuse_empty(http_response: Any, parsed: Any, model: Any, **_: Any) -> None:
    if http_response.status_code >= _OK_BELOW or not model.name.startswith(_READS):
        return
    members = (value for name, value in parsed.items() if name != "ResponseMetadata")
    if all(value in (None, "", {}) for value in members) and not _says_nothing(
        model.name, http_response.content
    ):
        message = f"the answer to {model.name} is empty"
        raise ResponseParserError(message)


def _says_nothing(operation: str, body: bytes) -> bool:
    """Tell whether an empty answer is AWS's own way to say that there is nothing."""
    return any(mark in body for mark in _MAY_SAY_NOTHING.get(operation, ()))


def _is_page(body: bytes) -> bool:
    return body.lstrip()[:15].lower().startswith(_PAGES)


def _is_misshapen(shape: Any, body: bytes) -> bool:
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return True
    return not isinstance(answer, dict) if shape is None else not _fits(shape, answer)


def _fits(shape: Any, value: Any) -> bool:
    """Tell whether a JSON value is of its shape's kind, all the way down."""
    kind = shape.type_name
    # To Python a truth value is a number.
    if not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return False
    if kind == "structure":
        said = (
            (member, value.get(member.serialization.get("name", name)))
            for name, member in shape.members.items()
        )
        return all(part is None or _fits(member, part) for member, part in said)
    if kind == "list":
        return all(_fits(shape.member, part) for part in value)
    return kind != "map" or all(_fits(shape.value, part) for part in value.values())
