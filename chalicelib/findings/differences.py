"""Before → after: the smallest parts of an item that differ and matter to a transition.

List elements have no names, only places: elements are compared as a set, so that removing the first
of ten rules shows one removed rule and not ten changed ones.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from chalicelib.findings._matching import DEPTH_LIMIT, MISSING, find
from chalicelib.model import Difference
from chalicelib.model.pointer import pointer_of, tokens_of, touches

DIFFERENCES_LIMIT = 10
VALUE_LIMIT_BYTES = 2048

Path = tuple[str, ...]


def differences_between(
    before: Mapping[str, Any] | None, after: Mapping[str, Any], pointers: Iterable[str]
) -> tuple[Difference, ...]:
    """Return what differs at, above or below the pointers.

    Args:
        before: The item's document at the last look; None where it is not known, which makes
            every `before` None.
        after: The item's document now.
        pointers: Where to look; pointers to derived facts differ nowhere.
    """
    wanted = [tokens_of(p) for p in dict.fromkeys(pointers)]
    if before is None:
        found: Iterator[tuple[Path, Any, Any]] = _only_after(after, wanted)
    else:
        found = (
            change
            for change in _walk((), before, after)
            if any(touches(change[0], path) for path in wanted)
        )
    return tuple(
        Difference(pointer=pointer_of(path), before=_bounded(old), after=_bounded(new))
        for path, old, new in islice(found, DIFFERENCES_LIMIT)
    )


def _only_after(after: Mapping[str, Any], wanted: list[Path]) -> Iterator[tuple[Path, Any, Any]]:
    for path in wanted:
        value = find(after, path)
        if value is not MISSING:
            yield path, None, value


def _walk(path: Path, before: Any, after: Any) -> Iterator[tuple[Path, Any, Any]]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping) and len(path) < DEPTH_LIMIT:
        for key in sorted({*before, *after}):
            yield from _walk((*path, key), before.get(key), after.get(key))
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple):
        yield from _walk_list(path, before, after)
    else:
        yield path, before, after


def _walk_list(
    path: Path, before: Sequence[Any], after: Sequence[Any]
) -> Iterator[tuple[Path, Any, Any]]:
    old, new = [_key(v) for v in before], [_key(v) for v in after]
    removed, added = _unmatched(old, new), _unmatched(new, old)
    if len(removed) == len(added) == 1:
        # One element changed: show what changed inside it.
        yield from _walk((*path, str(added[0])), before[removed[0]], after[added[0]])
        return
    yield from (((*path, str(i)), None, after[i]) for i in added)
    yield from (((*path, str(i)), before[i], None) for i in removed)


def _unmatched(keys: list[bytes], others: list[bytes]) -> list[int]:
    there = set(others)
    return [i for i, key in enumerate(keys) if key not in there]


def _key(value: Any) -> bytes:
    return msgspec.json.encode(value, order="sorted")


def _bounded(value: Any) -> Any:
    written = _key(value)
    if len(written) <= VALUE_LIMIT_BYTES:
        return value
    return written[: VALUE_LIMIT_BYTES - 4].decode("utf-8", "ignore") + "…"
