"""Judges with holes: a condition over a document of which parts could not be read.

Returns True where the condition holds whatever the holes hide, False where it fails whatever they
hide, None where they decide. A list at a hole is the *proven part* of the list (facts that cope
with gaps): what is in it is there, what is not may still be.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

_NUMBERS = (int, float)

#: True, False, or None: unknown.
Truth: TypeAlias = bool | None
Schema: TypeAlias = Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Shadow:
    """Where the holes are, seen from one value; filled by `shadow_of`, then only read.

    Attributes:
        hole: Everything at and below this value is unknown, but for the elements of a list.
        opaque: Not even a list found here proves anything: it has the wrong shape.
        below: Property name or list position → shadow.
    """

    hole: bool = False
    opaque: bool = False
    below: dict[str, "Shadow"] = field(default_factory=dict)


def shadow_of(
    holes: Iterable[Sequence[str | int]], opaque: Iterable[Sequence[str | int]] = ()
) -> Shadow:
    """Build the shadow of a document from the paths of its holes."""
    root = Shadow()
    for path in holes:
        _at(root, path).hole = True
    for path in opaque:
        _at(root, path).opaque = True
    return root


def judge(schema: Schema, value: Any, shadow: Shadow | None = None) -> Truth:
    """Judge a value by a compiled condition."""
    return _all(KEYWORDS[word](given, value, shadow) for word, given in schema.items())


def beneath(shadow: Shadow | None, step: str | int) -> Shadow | None:
    """Return the shadow of a property or element; None where all of it is known."""
    return None if shadow is None else shadow.below.get(str(step))


def is_hidden(value: Any, shadow: Shadow | None) -> bool:
    """Tell whether nothing is known of a value."""
    if shadow is None:
        return False
    return shadow.opaque or (shadow.hole and not isinstance(value, list))


def is_object(value: Any) -> bool:
    """Tell whether a value is what JSON calls an object."""
    # Nearly always a dict; asking an abstract class costs ten times as much.
    return type(value) is dict or isinstance(value, Mapping)


def equal(one: Any, other: Any) -> bool:
    """Compare as JSON does: true is not 1, but 1 is 1.0."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _at(shadow: Shadow, path: Sequence[str | int]) -> Shadow:
    for step in path:
        shadow = shadow.below.setdefault(str(step), Shadow())
    return shadow


def _all(truths: Iterable[Truth]) -> Truth:
    known = True
    for truth in truths:
        if truth is False:
            return False
        known = known and truth is not None
    return True if known else None


def _any(truths: Iterable[Truth]) -> Truth:
    known = True
    for truth in truths:
        if truth is True:
            return True
        known = known and truth is not None
    return False if known else None


def _is_partial(value: Any, shadow: Shadow | None) -> bool:
    return shadow is not None and shadow.hole and isinstance(value, list)


def _known(holds: Callable[[Any, Any], bool]) -> "Keyword":
    """Make a keyword that needs to know the whole value."""

    def keyword(given: Any, value: Any, shadow: Shadow | None) -> Truth:
        return None if is_hidden(value, shadow) else holds(given, value)

    return keyword


def _has_type(given: str | Sequence[str], value: Any) -> bool:
    named = (given,) if isinstance(given, str) else given
    return any(TYPES[name](value) for name in named)


def _is_number(value: Any) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def _required(given: Sequence[str], value: Any, shadow: Shadow | None) -> Truth:
    if is_hidden(value, shadow):
        return None
    if not is_object(value):
        return True
    return all(name in value or _is_hole(shadow, name) for name in given)


def _properties(given: Schema, value: Any, shadow: Shadow | None) -> Truth:
    if is_hidden(value, shadow):
        return None
    if not is_object(value):
        return True
    return _all(
        judge(schema, value.get(name), beneath(shadow, name))
        for name, schema in given.items()
        if name in value or _is_hole(shadow, name)
    )


def _is_hole(shadow: Shadow | None, name: str) -> bool:
    # A name that could not be read may be left out altogether; it is unknown, not absent.
    inner = beneath(shadow, name)
    return inner is not None and (inner.hole or inner.opaque)


def _items(given: Schema, value: Any, shadow: Shadow | None) -> Truth:
    if is_hidden(value, shadow):
        return None
    if not isinstance(value, list):
        return True
    held = _all(judge(given, one, beneath(shadow, i)) for i, one in enumerate(value))
    return None if held and _is_partial(value, shadow) else held


def _contains(given: Schema, value: Any, shadow: Shadow | None) -> Truth:
    if is_hidden(value, shadow):
        return None
    if not isinstance(value, list):
        return True
    found = _any(judge(given, one, beneath(shadow, i)) for i, one in enumerate(value))
    return None if found is False and _is_partial(value, shadow) else found


def _min_items(given: int, value: Any, shadow: Shadow | None) -> Truth:
    if is_hidden(value, shadow):
        return None
    enough = not isinstance(value, list) or len(value) >= given
    return None if not enough and _is_partial(value, shadow) else enough


def _max_items(given: int, value: Any, shadow: Shadow | None) -> Truth:
    if is_hidden(value, shadow):
        return None
    few = not isinstance(value, list) or len(value) <= given
    return None if few and _is_partial(value, shadow) else few


def _all_of(given: Sequence[Schema], value: Any, shadow: Shadow | None) -> Truth:
    return _all(judge(schema, value, shadow) for schema in given)


def _any_of(given: Sequence[Schema], value: Any, shadow: Shadow | None) -> Truth:
    return _any(judge(schema, value, shadow) for schema in given)


def _not(given: Schema, value: Any, shadow: Shadow | None) -> Truth:
    truth = judge(given, value, shadow)
    return None if truth is None else not truth


Keyword: TypeAlias = Callable[[Any, Any, Shadow | None], Truth]

TYPES: Mapping[str, Callable[[Any], bool]] = {
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: _is_number(value) and value == value // 1,
    "null": lambda value: value is None,
    "number": _is_number,
    "object": is_object,
    "string": lambda value: isinstance(value, str),
}

KEYWORDS: Mapping[str, Keyword] = {
    "type": _known(_has_type),
    "const": _known(equal),
    "enum": _known(lambda given, value: any(equal(one, value) for one in given)),
    "minimum": _known(lambda given, value: not _is_number(value) or value >= given),
    "maximum": _known(lambda given, value: not _is_number(value) or value <= given),
    "required": _required,
    "properties": _properties,
    "items": _items,
    "contains": _contains,
    "minItems": _min_items,
    "maxItems": _max_items,
    "allOf": _all_of,
    "anyOf": _any_of,
    "not": _not,
}
