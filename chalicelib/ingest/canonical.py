"""Bytes ↔ plain JSON: decode what arrived, encode it in the one form that is hashed.

The hash is taken over the parsed record with sorted keys, so that the same record read from
EventBridge, an S3 log file or a replay has the same hash; whitespace and key order never count.
Odd numbers: integers keep every digit, ``1`` and ``1.0`` differ, ``-0.0`` stays, and what JSON
cannot carry (NaN, infinities, floats beyond double range) is refused when decoding.
"""

import hashlib
import json
import re
from typing import Any, TypeVar

import msgspec

from chalicelib.errors import InvalidRecordError

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder(order="sorted")
_DECODER = msgspec.json.Decoder()
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def decode(body: bytes) -> Any:
    """Parse JSON; lone surrogates become U+FFFD.

    Raises:
        InvalidRecordError: Not JSON, nested too deeply, or a number no double can hold.
    """
    try:
        return _decode_leniently(body)
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        raise InvalidRecordError(f"the body is not JSON: {type(error).__name__}") from error


def free_of_surrogates(value: T) -> T:
    """Return the very value, or a copy in which lone surrogates are U+FFFD.

    Databases and jsonschema-rs refuse lone surrogates; AWS passes on what a caller typed.
    """
    try:
        _ENCODER.encode(value)
    except UnicodeEncodeError:
        return _scrubbed(value)
    return value


def hashed(record: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the record without lone surrogates, and the SHA-256 of its canonical form.

    Raises:
        InvalidRecordError: Nested too deeply, or holding what JSON cannot carry.
    """
    try:
        record, canonical = _encode(record)
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidRecordError(f"the record is not JSON: {type(error).__name__}") from error
    return record, hashlib.sha256(canonical).hexdigest()


def _decode_leniently(body: bytes) -> Any:
    try:
        return _DECODER.decode(body)
    except (UnicodeDecodeError, msgspec.DecodeError):
        # msgspec is strict about surrogates, the standard library is not: one slow second try.
        return _scrubbed(json.loads(body))


def _encode(record: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    try:
        return record, _ENCODER.encode(record)
    except UnicodeEncodeError:
        record = _scrubbed(record)
        return record, _ENCODER.encode(record)


def _scrubbed(value: T) -> T:
    # Through text: keys are scrubbed too, and no recursion of ours can overflow.
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    scrubbed: T = _DECODER.decode(_LONE_SURROGATE.sub(_REPLACEMENT, text))
    return scrubbed
