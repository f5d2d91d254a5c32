"""Turns instants into ages, so that rules about time are plain numbers to both engines.

An age is ``now - instant`` in seconds with milliseconds; it is negative for the future. The item
itself is never changed: only the containers on the way to an instant are copied.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from chalicelib.model import TimeBound
from chalicelib.model.pointer import EACH

#: Names and list positions on the way to one value.
Place: TypeAlias = tuple[str | int, ...]

MILLISECOND = timedelta(milliseconds=1)
LATEST = datetime.max.replace(tzinfo=UTC)
EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instants:
    """The instants of an item that a rule reads as ages.

    Attributes:
        tree: Step → subtree, down to the instants.
        unreadable: Places of texts that are no instants.
        flips: When an age crosses a bound, ascending: the first millisecond beyond it.
    """

    tree: "Tree"
    unreadable: tuple[Place, ...]
    flips: tuple[datetime, ...]


Tree: TypeAlias = Mapping[str | int, "Tree | datetime"]

NO_INSTANTS = Instants(tree={}, unreadable=(), flips=())


def instants_of(document: Any, bounds: Iterable[TimeBound]) -> Instants:
    """Find every instant that `bounds` speak of; null and absent values are none."""
    tree: dict[str | int, Any] = {}
    unreadable: dict[Place, None] = {}
    flips: set[datetime] = set()
    for bound in bounds:
        for place, text in _texts(document, bound.path, ()):
            instant = parse_instant(text)
            if instant is None:
                unreadable[place] = None
                continue
            _planted(tree, place[:-1])[place[-1]] = instant
            flips.update(_flip(instant, bound.limit_seconds))
    return Instants(tree=tree, unreadable=tuple(unreadable), flips=tuple(sorted(flips)))


def aged(document: Any, instants: Instants, now: datetime) -> Any:
    """Return the document with ages in seconds where it has instants."""
    return _aged(document, instants.tree, now) if instants.tree else document


def parse_instant(text: str) -> datetime | None:
    """Read an RFC 3339 instant, truncated to milliseconds; None where it is none."""
    try:
        instant = datetime.fromisoformat(text).astimezone(UTC) if _has_zone(text) else None
    except (ValueError, OverflowError):
        return None
    if instant is None:
        return None
    return instant.replace(microsecond=instant.microsecond // 1_000 * 1_000)


def _has_zone(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is not None


def _flip(instant: datetime, limit_seconds: int) -> Iterator[datetime]:
    limit = timedelta(seconds=limit_seconds) + MILLISECOND
    # Bounds that lie beyond the calendar are never crossed.
    if EARLIEST - instant <= limit <= LATEST - instant:
        yield instant + limit


def _texts(value: Any, path: tuple[str, ...], place: Place) -> Iterator[tuple[Place, str]]:
    if not path:
        if isinstance(value, str):
            yield place, value
        return
    for step, inner in _steps(value, path[0]):
        yield from _texts(inner, path[1:], (*place, step))


def _steps(value: Any, token: str) -> Iterator[tuple[str | int, Any]]:
    if token == EACH and isinstance(value, list):
        yield from enumerate(value)
    elif isinstance(value, Mapping) and token in value:
        yield token, value[token]


def _planted(tree: dict[str | int, Any], place: Place) -> dict[str | int, Any]:
    for step in place:
        tree = tree.setdefault(step, {})
    return tree


def _aged(value: Any, tree: "Tree | datetime", now: datetime) -> Any:
    if isinstance(tree, datetime):
        return (now - tree) // MILLISECOND / 1_000
    copy = value.copy()
    for step, inner in tree.items():
        copy[step] = _aged(value[step], inner, now)
    return copy
