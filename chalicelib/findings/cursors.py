"""Where a list goes on: opaque to whoever holds it, and believed only as far as it is checked.

A cursor is signed by nothing. All it may name is a position within the very list that its holder
may read anyway; what does not fit that list is refused, and never reaches DynamoDB.
"""

import base64
import binascii
import hashlib
from typing import Any, TypeVar

import msgspec

from chalicelib.errors import InvalidRequestError

LIMIT_CHARS = 8_192
_DIGEST_BYTES = 6

Position = TypeVar("Position", bound=msgspec.Struct)


def cursor_of(position: msgspec.Struct, question: Any) -> str:
    """Write a position in the list that answers a question."""
    body = msgspec.json.encode((_digest_of(question), position))
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def position_in(cursor: str, kind: type[Position], question: Any) -> Position:
    """Read a position.

    Raises:
        InvalidRequestError: It is no cursor, or one of another list.
    """
    digest, position = _read(cursor, kind)
    if digest != _digest_of(question):
        raise InvalidRequestError("the cursor belongs to another list")
    return position


def _read(cursor: str, kind: type[Position]) -> tuple[str, Position]:
    try:
        body = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(body, type=tuple[str, kind])  # type: ignore[valid-type]
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise InvalidRequestError("this is no cursor of a list") from error


def _digest_of(question: Any) -> str:
    encoded = msgspec.json.encode(question, order="sorted")
    return hashlib.blake2b(encoded, digest_size=_DIGEST_BYTES).hexdigest()
