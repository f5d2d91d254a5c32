"""The closed grammar of conditions: a table of keywords, each refusing what it does not understand.

Conditions are plain JSON Schema, with one difference that keeps damage from passing as compliance:
where a name is read *outside* of ``not`` the compiled schema also requires it, and requires the
type that the keyword is about. Inside ``not`` nothing is added, since there a missing value must
make the inner schema hold.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, NoReturn, TypeAlias

import jsonschema_rs

from chalicelib.evaluate import _declared
from chalicelib.evaluate._declared import Schemas
from chalicelib.model import TimeBound
from chalicelib.model.pointer import EACH

#: Path inside the rule document, for the line of a refusal.
Where: TypeAlias = tuple[str | int, ...]
Path: TypeAlias = tuple[str, ...]
Compiled: TypeAlias = dict[str, Any]

JSON_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
SECONDS_PER_DAY = 86_400
MAX_DAYS = 36_500
MAX_DEPTH = 24


class RefusedError(ValueError):
    """A condition breaks the grammar at `where`."""

    def __init__(self, where: Where, message: str) -> None:
        super().__init__(message)
        self.where = where


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What compiled conditions read; grows while they are compiled.

    Attributes:
        pointers: Paths of the values that keywords look at.
        bounds: Ages among them.
        plain: Path → where a keyword looks at it as it stands, not as an age.
    """

    pointers: dict[Path, None] = field(default_factory=dict)
    bounds: dict[TimeBound, Where] = field(default_factory=dict)
    plain: dict[Path, Where] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place in a condition.

    Attributes:
        declared: What the type declares for the value here.
        path: Where the value lies in the judged document.
        positive: Outside of ``not``, or inside an even number of them.
        flat: Inside ``contains``, where only keywords of scalars are allowed.
    """

    declared: Schemas
    path: Path
    where: Where
    reads: Reads
    positive: bool = True
    flat: bool = False

    def refuse(self, message: str) -> NoReturn:
        """Raise `RefusedError` for this place."""
        raise RefusedError(self.where, message)

    def inside(self, *steps: str | int) -> "Site":
        """Return the same value's site deeper in the rule document."""
        return replace(self, where=(*self.where, *steps))

    def property(self, name: str) -> "Site":
        """Return the site of a property's value; refuses a name that nobody declares."""
        declared = _declared.child(self.declared, name)
        if not declared:
            known = ", ".join(_declared.names(self.declared)) or "none"
            self.inside(name).refuse(f"unknown name {name!r} (declared: {known})")
        return replace(self, declared=declared, path=(*self.path, name), where=(*self.where, name))

    def element(self) -> "Site":
        """Return the site of a list's elements."""
        declared = _declared.elements(self.declared)
        if not declared:
            self.refuse("no elements are declared here")
        return replace(self, declared=declared, path=(*self.path, EACH))


def compile_schema(schema: Any, site: Site) -> Compiled:
    """Return the JSON Schema for a condition on one value, guarded against damaged values.

    Raises:
        RefusedError: The condition is not in the grammar or reads what is not declared.
    """
    _check_shape(schema, site)
    compiled: Compiled = {}
    for keyword, value in schema.items():
        compiled.update(KEYWORDS[keyword](value, site.inside(keyword)))
    return _guarded(compiled, schema) if site.positive else compiled


def compile_properties(block: Mapping[str, Compiled], *, positive: bool = True) -> Compiled:
    """Return the schema of an object whose properties are compiled already."""
    compiled: Compiled = {"properties": dict(block)}
    guards = {"type": "object", "required": sorted(block)} if positive else {}
    return {**guards, **compiled}


def _check_shape(schema: Any, site: Site) -> None:
    if not isinstance(schema, Mapping) or not schema:
        site.refuse("expected a JSON Schema object with at least one keyword")
    if len(site.where) > MAX_DEPTH:
        site.refuse(f"conditions may be nested at most {MAX_DEPTH} deep")
    allowed = FLAT_KEYWORDS if site.flat else KEYWORDS
    for keyword in schema:
        if keyword not in allowed:
            site.inside(keyword).refuse(_unknown(keyword, site, allowed))
    if len(schema) > 1 and (timed := TIME_FAMILY & schema.keys()):
        site.refuse(f"{min(timed)} must stand alone; combine conditions with allOf or anyOf")
    _check_types(schema, site)


def _unknown(keyword: Any, site: Site, allowed: Iterable[str]) -> str:
    hint = " inside contains; derive a fact instead" if keyword in KEYWORDS and site.flat else ""
    kind = "refused" if hint else "unknown"
    return f"{kind} keyword {keyword!r}{hint} (allowed: {', '.join(sorted(allowed))})"


def _check_types(schema: Mapping[str, Any], site: Site) -> None:
    declared = _declared.types(site.declared)
    wanted = {IMPLIED[keyword] for keyword in schema if keyword in IMPLIED}
    if len(wanted) > 1:
        site.refuse(f"keywords of different types: {', '.join(sorted(wanted))}")
    for name in wanted:
        if declared and not declared & ({name, "integer"} if name == "number" else {name}):
            site.refuse(f"needs {name}, but {', '.join(sorted(declared))} is declared here")


def _guarded(compiled: Compiled, schema: Mapping[str, Any]) -> Compiled:
    implied = next((IMPLIED[keyword] for keyword in schema if keyword in IMPLIED), None)
    guards: Compiled = {}
    if implied and "type" not in schema:
        guards["type"] = implied
    if "properties" in compiled:
        guards["required"] = sorted(compiled["properties"])
    if TIME_FAMILY & schema.keys():
        guards["type"] = "number"
    return {**guards, **compiled}


def _type(value: Any, site: Site) -> Compiled:
    named = [value] if isinstance(value, str) else value
    if not isinstance(named, Sequence) or not named or any(n not in JSON_TYPES for n in named):
        site.refuse(f"expected one or more of {', '.join(JSON_TYPES)}")
    # "null or not" goes together with an age: null stays null while dates become ages.
    return _leaf({"type": value}, site, plain=set(named) != {"null"})


def _const(value: Any, site: Site) -> Compiled:
    _check_scalar(value, site)
    return _leaf({"const": value}, site)


def _enum(value: Any, site: Site) -> Compiled:
    if not isinstance(value, list) or not value:
        site.refuse("expected a list of values")
    for index, one in enumerate(value):
        _check_scalar(one, site.inside(index))
    return _leaf({"enum": value}, site)


def _check_scalar(value: Any, site: Site) -> None:
    if isinstance(value, Mapping | list) or (isinstance(value, float) and not isfinite(value)):
        site.refuse("expected a text, number, boolean or null")
    if not jsonschema_rs.is_valid({"anyOf": list(site.declared)}, value):
        site.refuse(f"{value!r} can never occur here")


def _bound(keyword: str) -> "Handler":
    def compiled(value: Any, site: Site) -> Compiled:
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            site.refuse("expected a number")
        return _leaf({keyword: value}, site)

    return compiled


def _length(keyword: str) -> "Handler":
    def compiled(value: Any, site: Site) -> Compiled:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            site.refuse("expected a whole number of elements")
        return _leaf({keyword: value}, site)

    return compiled


def _age(sign: int) -> "Handler":
    def compiled(value: Any, site: Site) -> Compiled:
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        if not numeric or not 0 <= value <= MAX_DAYS:
            site.refuse(f"expected a number of days from 0 to {MAX_DAYS}")
        bound = TimeBound(path=site.path, limit_seconds=sign * round(value * SECONDS_PER_DAY))
        site.reads.bounds[bound] = site.where
        return _leaf({"maximum": bound.limit_seconds}, site, plain=False)

    return compiled


def _properties(value: Any, site: Site) -> Compiled:
    if not isinstance(value, Mapping) or not value:
        site.refuse("expected name: schema pairs")
    inner = {name: compile_schema(schema, site.property(name)) for name, schema in value.items()}
    return {"properties": inner}


def _items(value: Any, site: Site) -> Compiled:
    return {"items": compile_schema(value, site.element())}


def _contains(value: Any, site: Site) -> Compiled:
    _check_flat(value, site)
    return {"contains": compile_schema(value, site.element())}


def _check_flat(value: Any, site: Site) -> None:
    inner = value.get("properties") if isinstance(value, Mapping) else None
    schemas = [value] if inner is None else list(inner.values()) if inner else []
    if inner is not None and len(value) > 1:
        site.refuse("contains takes either properties or keywords of a scalar")
    for schema in schemas:
        _check_shape(schema, replace(site, declared=(), flat=True))


def _branches(keyword: str) -> "Handler":
    def compiled(value: Any, site: Site) -> Compiled:
        if not isinstance(value, list) or not value:
            site.refuse("expected a list of schemas")
        return {keyword: [compile_schema(one, site.inside(i)) for i, one in enumerate(value)]}

    return compiled


def _not(value: Any, site: Site) -> Compiled:
    return {"not": compile_schema(value, replace(site, positive=not site.positive))}


def _leaf(compiled: Compiled, site: Site, *, plain: bool = True) -> Compiled:
    site.reads.pointers[site.path] = None
    if plain:
        site.reads.plain.setdefault(site.path, site.where)
    return compiled


Handler: TypeAlias = Callable[[Any, Site], Compiled]

KEYWORDS: Mapping[str, Handler] = {
    "type": _type,
    "properties": _properties,
    "items": _items,
    "contains": _contains,
    "enum": _enum,
    "const": _const,
    "minimum": _bound("minimum"),
    "maximum": _bound("maximum"),
    "minItems": _length("minItems"),
    "maxItems": _length("maxItems"),
    "anyOf": _branches("anyOf"),
    "allOf": _branches("allOf"),
    "not": _not,
    "maxAgeDays": _age(1),
    "minDaysLeft": _age(-1),
}
TIME_FAMILY = frozenset({"maxAgeDays", "minDaysLeft"})
FLAT_KEYWORDS = frozenset({"type", "enum", "const", "minimum", "maximum"})
#: Keyword → the type it is about; JSON Schema lets every other type pass it unseen.
IMPLIED: Mapping[str, str] = {
    "properties": "object",
    "items": "array",
    "contains": "array",
    "minItems": "array",
    "maxItems": "array",
    "minimum": "number",
    "maximum": "number",
    "maxAgeDays": "string",
    "minDaysLeft": "string",
}
