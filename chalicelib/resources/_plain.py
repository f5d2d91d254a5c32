"""AWS's answers as plain JSON: what rules, stores and hashes can all take.

boto3 gives datetimes, and strings that somebody else wrote: a lone surrogate in a tag crashes
one of the engines and is refused by one of the stores, so none gets past this module.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def plain(value: Any) -> Any:
    """Return `value` as dict, list, str, int, float, bool or None.

    A non-finite number becomes its name, which no schema accepts: malformed rather than absent.

    Raises:
        TypeError: A value of another kind: a resource type put it there.
    """
    if isinstance(value, str):
        return text(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Mapping):
        return {text(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return _scalar(value)


def text(value: str) -> str:
    """Return `value` with every lone surrogate replaced by a question mark."""
    if value.isascii():
        return value
    return value.encode("utf-8", "replace").decode("utf-8")


def rfc3339(value: datetime) -> str:
    """Return an instant as UTC text with milliseconds: ``2026-01-01T00:00:00.000Z``."""
    utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _scalar(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    message = f"a described value must be plain JSON or a datetime, not {type(value).__name__}"
    raise TypeError(message)
