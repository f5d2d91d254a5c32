"""Dotted paths into a CloudTrail record: ``requestParameters.resourcesSet.items[].resourceId``.

``[]`` flattens a list, and an object or value standing where a list is expected is its only
element, because AWS turns XML lists of one into objects. Keys are compared without case: the
same parameter is ``cidrIp`` in one event version and ``CidrIp`` in the next.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.ingest.text import is_hidden

#: UTF-8 bytes. DynamoDB's partition key ends at 2,048, and an id is only a part of it.
ID_LIMIT_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Step:
    """One key of a path; `each` is its ``[]``."""

    key: str
    folded: str
    each: bool


Path = tuple[Step, ...]


def compiled(path: str) -> Path:
    """Split a dotted path once, so that following it is only look-ups."""
    return tuple(_step(part) for part in path.split("."))


def member(value: Any, key: str, folded: str) -> Any:
    """Return the value under a key spelled in any case, or None; exact spelling wins."""
    if not isinstance(value, dict):
        return None
    found = value.get(key)
    if found is not None:
        return found
    return next((value[name] for name in value if name.lower() == folded), None)


def values_at(value: Any, path: Path) -> list[Any]:
    """Return what lies at the path; nothing for null and empty containers on the way."""
    for depth, step in enumerate(path, start=1):
        value = member(value, step.key, step.folded)
        if step.each or isinstance(value, list):
            rest = path[depth:]
            return [leaf for element in _elements(value, step) for leaf in values_at(element, rest)]
        if value is None:
            return []
    return [value]


def ids_at(record: Any, path: Path) -> tuple[str, ...]:
    """Return texts and integers at the path as ids, in order, each once; masked ones left out."""
    found = [_id_from(value) for value in values_at(record, path)]
    return tuple(dict.fromkeys(filter(None, found))) if found else ()


def _step(part: str) -> Step:
    key = part.removesuffix("[]")
    return Step(key=key, folded=key.lower(), each=part != key)


def _elements(value: Any, step: Step) -> list[Any]:
    if isinstance(value, list):
        # Event version 1.05 wraps single values of S3: "acl": [""].
        return value if step.each or len(value) == 1 else []
    return [value] if value else []


def _id_from(value: Any) -> str | None:
    if isinstance(value, Mapping):
        # EC2's newer dialect: {"tag": 1, "content": "fl-0123…"}.
        value = value.get("content")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or is_hidden(value):
        return None
    return value if len(value.encode()) <= ID_LIMIT_BYTES else None
