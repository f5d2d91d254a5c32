"""Rows of listing answers, each damaged in one place, beside rows that are as AWS gave them.

What a newcomer gets wrong: the damaged row is a copy under another name. The row it was copied
from stays, and is what a test looks for afterwards.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]

GONE = object()
_SHORTEST_NAME = 3
_TEXTS_INSTEAD = (7, "", "10.0.0.7/8", "{}", {"Statement": {"Effect": "Allow"}})
#: Type of a value → what is put in its place; a null and nothing at all come on top.
_INSTEAD: Mapping[type, tuple[Any, ...]] = {
    str: _TEXTS_INSTEAD,
    bool: ("odd",),
    int: ("odd",),
    list: ("odd", [None], [{}], {"Field": None}),
    dict: ("odd", [], {"Statement": {"Effect": "Allow"}}),
    datetime: (7, "yesterday", datetime(2026, 1, 1, 1, 1, 1, 123456, tzinfo=UTC)),
}


def spoilt_answers(answer: Mapping[str, Any], row_of: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (what was done, answer): one more row each, like that of a resource but damaged.

    Args:
        answer: What the listing call gave.
        row_of: Id of the resource; lists that do not name it are no population and stay.
    """
    names = _names_in(row_of)
    for where in _populations(answer, names, ()):
        row = next(row for row in _at(answer, where) if _tells_of(row, names))
        for done, damaged in _damaged(_renamed(row, names)):
            copy = deepcopy(dict(answer))
            _at(copy, where).insert(0, damaged)
            yield f"{'.'.join(map(str, where))}: {done}", copy


def _names_in(resource_id: str) -> tuple[str, ...]:
    parts = (part for part in re.split(r"[|/]", resource_id) if len(part) >= _SHORTEST_NAME)
    return tuple(dict.fromkeys((resource_id, *parts)))


def _populations(value: Any, names: tuple[str, ...], path: Path) -> Iterator[Path]:
    """Yield the outermost lists of which an element tells of the resource."""
    if isinstance(value, list):
        if any(_tells_of(row, names) for row in value):
            yield path
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _populations(inner, names, (*path, key))


def _tells_of(value: Any, names: tuple[str, ...]) -> bool:
    if isinstance(value, Mapping):
        return any(_tells_of(inner, names) for inner in value.values())
    if isinstance(value, list):
        return any(_tells_of(inner, names) for inner in value)
    return value in names


def _renamed(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {key: _renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, names) for inner in value]
    if isinstance(value, str):
        for name in names:
            if name in value:
                return value.replace(name, f"{name}0")
    return value


def _damaged(row: Any) -> Iterator[tuple[str, Any]]:
    yield from (("the row is odd", odd) for odd in (None, 7, "odd", [], {}))
    for path, value in _places(row, ()):
        for new in (GONE, None, *_INSTEAD.get(type(value), ())):
            yield f"{'/'.join(map(str, path))} = {new!r:.40}", _replaced(row, path, new)


def _places(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if path:
        yield path, value
    inner: Any = value.items() if isinstance(value, Mapping) else ()
    if isinstance(value, list):
        inner = list(enumerate(value))[:1]
    for key, one in inner:
        yield from _places(one, (*path, key))


def _replaced(row: Any, path: Path, new: Any) -> Any:
    copy = deepcopy(row)
    parent = _at(copy, path[:-1])
    if new is GONE:
        del parent[path[-1]]
    else:
        parent[path[-1]] = deepcopy(new)
    return copy


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value
