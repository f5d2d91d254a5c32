"""Finds the places where a document breaks a condition: the deepest ones that are proven.

Positions of failing elements shift when lists change; what identifies evidence is the pair of
actual value and expectation. That is why ``Because`` and ``Despite`` (pointers) are no part of
``actual``.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeAlias

import msgspec

from chalicelib.evaluate import _wording
from chalicelib.evaluate._kleene import KEYWORDS, Schema, Shadow, beneath, is_object, judge
from chalicelib.evaluate._message import shortened
from chalicelib.model import Evidence, Switch
from chalicelib.model.pointer import EACH, pointer_of, resolve

Place: TypeAlias = tuple[str | int, ...]
Because: TypeAlias = Mapping[str, tuple[str, ...]]

MAX_EVIDENCE = 50
MAX_REASONS = 50
ACTUAL_LIMIT_BYTES = 2_048
REASON_KEY = "Because"
SWITCH_KEY = "Despite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One keyword that fails at one place."""

    place: Place
    keyword: str
    given: Any


def failures(
    schema: Schema, value: Any, shadow: Shadow | None, place: Place = ()
) -> Iterator[Failure]:
    """Yield the deepest proven failures of a compiled condition."""
    for keyword, given in schema.items():
        if shadow is None and keyword in _TRANSPARENT:
            yield from _DEEPER[keyword](given, value, shadow, place)
        elif KEYWORDS[keyword](given, value, shadow) is False:
            deeper = _DEEPER.get(keyword)
            found = deeper(given, value, shadow, place) if deeper else iter(())
            yield from _or_here(found, Failure(place=place, keyword=keyword, given=given))


def evidence_from(
    found: Iterator[Failure], document: Any, timed: _wording.Timed, inputs: Because
) -> tuple[Evidence, ...]:
    """Return one piece of evidence per failing place, at most `MAX_EVIDENCE`.

    Args:
        found: What fails.
        document: The item as described, without ages.
        timed: Paths judged as ages.
        inputs: Fact → pointers it is computed from, for facts without reasons of their own.
    """
    wanted: dict[Place, dict[str, None]] = {}
    for failure in found:
        if failure.place not in wanted and len(wanted) == MAX_EVIDENCE:
            break
        path = tuple(EACH if isinstance(step, int) else step for step in failure.place)
        text = _wording.expectation(failure.keyword, failure.given, path, timed)
        wanted.setdefault(failure.place, {})[text] = None
    return tuple(
        _evidence(place, "; ".join(texts), document, inputs) for place, texts in wanted.items()
    )


def row_at(document: Any, pointer_tokens: tuple[str, ...]) -> Any:
    """Return the object a failing value belongs to, or the value where none is around it."""
    value = resolve(document, pointer_tokens)
    for length in range(len(pointer_tokens), 2, -1):
        row = resolve(document, pointer_tokens[:length])
        if isinstance(row, Mapping):
            return row
    return value


def _evidence(place: Place, expected: str, document: Any, inputs: Because) -> Evidence:
    value = resolve(document, place)
    return Evidence(
        path=pointer_of(place),
        actual=_bounded(_without_reasons(value)),
        expected=shortened(expected, _wording.EXPECTED_LIMIT_CHARS),
        because=_reasons(place, value, document, inputs),
        despite=_switches(value),
    )


def _or_here(found: Iterator[Failure], here: Failure) -> Iterator[Failure]:
    first = next(found, None)
    if first is None:
        yield here
        return
    yield first
    yield from found


def _in_properties(
    given: Schema, value: Any, shadow: Shadow | None, place: Place
) -> Iterator[Failure]:
    if not is_object(value):
        return
    for name, schema in given.items():
        if name in value:
            yield from failures(schema, value[name], beneath(shadow, name), (*place, name))


def _in_items(given: Schema, value: Any, shadow: Shadow | None, place: Place) -> Iterator[Failure]:
    if not isinstance(value, list):
        return
    for index, one in enumerate(value):
        yield from failures(given, one, beneath(shadow, index), (*place, index))


def _in_all_of(
    given: list[Schema], value: Any, shadow: Shadow | None, place: Place
) -> Iterator[Failure]:
    for schema in given:
        yield from failures(schema, value, shadow, place)


def _in_not(given: Schema, value: Any, shadow: Shadow | None, place: Place) -> Iterator[Failure]:
    # "not contains": the elements that are there are what is wrong, not the list.
    if given.keys() == {"contains"} and isinstance(value, list):
        for index, one in enumerate(value):
            if judge(given["contains"], one, beneath(shadow, index)):
                yield Failure(place=(*place, index), keyword="not", given=given["contains"])


def _in_max_items(given: int, value: Any, _: Shadow | None, place: Place) -> Iterator[Failure]:
    # Where nothing is allowed, everything that is there is what is wrong.
    for index in range(len(value) if given == 0 else 0):
        yield Failure(place=(*place, index), keyword="maxItems", given=given)


def _in_required(given: list[str], value: Any, _: Shadow | None, place: Place) -> Iterator[Failure]:
    for name in given:
        if name not in value:
            yield Failure(place=(*place, name), keyword="required", given=[name])


_DEEPER: Mapping[str, Callable[[Any, Any, Shadow | None, Place], Iterator[Failure]]] = {
    "properties": _in_properties,
    "items": _in_items,
    "allOf": _in_all_of,
    "not": _in_not,
    "maxItems": _in_max_items,
    "required": _in_required,
}


# Where nothing is unknown, these fail if and only if something within them fails: asking them
# first would judge everything below once more at every step down.
_TRANSPARENT = frozenset({"properties", "items", "allOf"})


def _reasons(place: Place, value: Any, document: Any, inputs: Because) -> tuple[str, ...]:
    if place[:1] != ("derived",):
        return ()
    found = _own_reasons(place, value, document)
    return found or inputs.get(str(place[1]) if len(place) > 1 else "", ())


def _own_reasons(place: Place, value: Any, document: Any) -> tuple[str, ...]:
    rows = value if isinstance(value, list) else [value]
    if not any(_reasons_of(row) for row in rows):
        rows = [resolve(document, place[:length]) for length in range(len(place) - 1, 1, -1)]
        rows = [next((row for row in rows if _reasons_of(row)), None)]
    united = dict.fromkeys(pointer for row in rows for pointer in _reasons_of(row))
    return tuple(united)[:MAX_REASONS]


def _reasons_of(row: Any) -> list[str]:
    reasons = row.get(REASON_KEY) if is_object(row) else None
    return [r for r in reasons if isinstance(r, str)] if isinstance(reasons, list) else []


def _switches(value: Any) -> tuple[Switch, ...]:
    found = value.get(SWITCH_KEY) if is_object(value) else None
    return tuple(Switch(pointer=s["At"], closes=s["Closes"]) for s in found or ())


def _without_reasons(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: inner for k, inner in value.items() if k not in (REASON_KEY, SWITCH_KEY)}
    return [_without_reasons(one) for one in value] if isinstance(value, list) else value


def _bounded(value: Any) -> Any:
    encoded = msgspec.json.encode(value, order="sorted")
    if len(encoded) <= ACTUAL_LIMIT_BYTES:
        return value
    # The hash keeps two long values apart that begin alike.
    start = encoded[: ACTUAL_LIMIT_BYTES - 128].decode("utf-8", "ignore")
    return f"{start}… (sha256 {sha256(encoded).hexdigest()[:16]})"
