"""Reads ``change:``, the part of a change rule that says which changes it looks at."""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.evaluate._grammar import RefusedError, Where
from chalicelib.model.rule import ANY


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


def _sources(entry: Mapping[str, Any]) -> tuple[str, ...]:
    one = entry.get("source")
    return (one,) if one else tuple(entry.get("sources", (ANY,)))


def _check_entry(entry: Mapping[str, Any], where: Where) -> None:
    anywhere = ANY in _sources(entry)
    if anywhere and not ("kind" in entry or "actor" in entry):
        raise RefusedError(where, "expected source or sources, or a kind or actor to narrow it")
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
