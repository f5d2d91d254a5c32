"""Reads ``change:``, the part of a change rule that says which changes it looks at."""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.evaluate._grammar import RefusedError, Where
from chalicelib.model import Rate
from chalicelib.model.rule import ANY

NARROWING = frozenset({"actor", "errors", "kind"})
#: Bounds of a rate: what is kept for each actor must stay a small item.
COUNTS = range(2, 51)
MINUTES = range(1, 61)


def matches_of(entries: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Return the (source, action) pairs that entries name, sorted."""
    pairs = {
        (source, name): None
        for entry in entries
        for source in _sources(entry)
        for name in entry["names"]
    }
    for index, entry in enumerate(entries):
        _check_entry(entry, ("change", index))
    return tuple(sorted(pairs))


def rate_of(block: Mapping[str, Any] | None) -> Rate | None:
    """Return a rule's rate, parameters filled in."""
    if block is None:
        return None
    count = _within(block, "count", COUNTS)
    return Rate(count=count, minutes=_within(block, "within_minutes", MINUTES))


def _within(block: Mapping[str, Any], key: str, allowed: range) -> int:
    value = block[key]
    # True is a whole number to Python.
    if type(value) is not int or value not in allowed:
        expected = f"expected a whole number from {allowed[0]} to {allowed[-1]}"
        raise RefusedError(("rate", key), expected)
    return value


def _sources(entry: Mapping[str, Any]) -> tuple[str, ...]:
    one = entry.get("source")
    return (one,) if one else tuple(entry.get("sources", (ANY,)))


def _check_entry(entry: Mapping[str, Any], where: Where) -> None:
    anywhere = ANY in _sources(entry)
    if anywhere and not NARROWING & entry.keys():
        narrowed = "or a kind, actor or errors to narrow it"
        raise RefusedError(where, f"expected source or sources, {narrowed}")
    if ANY in entry["names"] and len(entry["names"]) > 1:
        raise RefusedError((*where, "names"), 'expected names, or "*" alone')


def narrowed_to(entries: Iterable[Mapping[str, Any]], key: str) -> tuple[str, ...]:
    """Return what every entry narrows itself to by `key`; empty for no narrowing."""
    wanted = {_as_tuple(entry.get(key, ())) for entry in entries}
    if len(wanted) > 1:
        raise RefusedError(("change",), f"every entry must give the same {key}; or write two rules")
    return wanted.pop()


def _as_tuple(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
