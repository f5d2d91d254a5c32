"""Tags in one form, whichever of AWS's three spellings a service chose.

A list of ``{"Key": …, "Value": …}`` sorted by key; the shape that owners are read from.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.resources._declared import closed
from chalicelib.resources._payload import field

#: JSON Schema of normalised tags.
TAGS_SHAPE: Mapping[str, Any] = {
    "type": "array",
    "items": closed({"Key": {"type": "string"}, "Value": {"type": "string"}}),
}


def tags_from(raw: Any) -> list[dict[str, str]]:
    """Normalise tags of an answer or a payload: a list of pairs in any case, or a mapping."""
    if isinstance(raw, Mapping):
        pairs = [(str(key), str(value or "")) for key, value in raw.items()]
    else:
        given = raw if isinstance(raw, list) else []
        pairs = [_pair(tag) for tag in given if isinstance(tag, Mapping)]
    return [{"Key": key, "Value": value} for key, value in sorted(pairs)]


def _pair(tag: Mapping[str, Any]) -> tuple[str, str]:
    """Read one pair; KMS and ECS say ``TagKey``."""
    key = field(tag, "Key") or field(tag, "TagKey") or ""
    value = field(tag, "Value") or field(tag, "TagValue") or ""
    return str(key), str(value)
