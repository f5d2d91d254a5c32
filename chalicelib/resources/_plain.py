"""AWS's answers as plain JSON: what rules, stores and hashes can all take.

boto3 gives datetimes, and strings that somebody else wrote: a lone surrogate in a tag crashes
one of the engines and is refused by one of the stores, so none gets past this module.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_LISTS = (list, tuple)
#: Far deeper than anything AWS describes; the engines follow a document for 200 levels.
DEPTH_LIMIT = 100


class TooDeepError(ValueError):
    """A value nests deeper than anything that reads it would follow."""


def plain(value: Any, depth: int = 0) -> Any:
    """Return `value` as dict, list, str, int, float, bool or None.

    A non-finite number becomes its name, which no schema accepts: malformed rather than absent.

    Args:
        value: What AWS answered.
        depth: How many containers are around it.

    Raises:
        TooDeepError: It nests more than `DEPTH_LIMIT` levels.
        TypeError: A value of another kind: a resource type put it there.
    """
    if type(value) is str:
        return value if value.isascii() else text(value)
    if value is None or isinstance(value, int):
        return value
    if depth >= DEPTH_LIMIT:
        message = f"nested more than {DEPTH_LIMIT} deep"
        raise TooDeepError(message)
    if isinstance(value, _LISTS):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, dict) or isinstance(value, Mapping):  # noqa: SIM101 - dict is quick
        return {_key(key): plain(item, depth + 1) for key, item in value.items()}
    return _scalar(value)


def are_plain(*values: Any) -> bool:
    """Tell whether all of these are ASCII texts."""
    try:
        return "".join(values).isascii()
    except TypeError:
        return False


def plain_tags(tags: Any) -> list[dict[str, str]] | None:
    """Return described tags that are nothing but ASCII keys and values; None where any is more."""
    try:
        pairs = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in tags]
        whole = "".join([text for pair in pairs for text in pair.values()])
    except (KeyError, TypeError):
        return None
    return pairs if whole.isascii() else None


def text(value: str) -> str:
    """Return `value` with every lone surrogate replaced by a question mark."""
    if value.isascii():
        return value
    return value.encode("utf-8", "replace").decode("utf-8")


def rfc3339(value: datetime) -> str:
    """Return an instant as UTC text with milliseconds: ``2026-01-01T00:00:00.000Z``."""
    utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _key(value: Any) -> str:
    return value if type(value) is str and value.isascii() else text(str(value))


def _scalar(value: Any) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    message = f"a described value must be plain JSON or a datetime, not {type(value).__name__}"
    raise TypeError(message)
