"""What a resource type declares: the names a rule may read and the closed schema items must fit.

Declared schemas may use local ``$ref``s; they are inlined here once, so that nothing after this
module has to follow a reference.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from chalicelib.model import ResourceType, Via
from chalicelib.model.identity import ByIdentity
from chalicelib.model.pointer import tokens_of

Schema = Mapping[str, Any]
#: Several schemas, one of which a value fits: what ``anyOf`` and friends come down to.
Schemas = tuple[Schema, ...]

FACETS = ("properties", "observed", "derived")
COMBINATORS = ("anyOf", "oneOf", "allOf")
MAX_REFERENCES = 20

_TEXT = {"type": "string"}
_OPTIONAL_TEXT = {"type": ["string", "null"]}
_CHANGE_FIELDS: Mapping[str, Schema] = {
    "event_source": _TEXT,
    "action": _TEXT,
    "kind": {"enum": ["api-call", "sign-in", "service-event"]},
    "outcome": {"enum": ["succeeded", "failed"]},
    "error_code": _OPTIONAL_TEXT,
    "read_only": {"type": "boolean"},
    "actor": {
        "type": "object",
        "properties": {
            "type": _TEXT,
            "account_id": _OPTIONAL_TEXT,
            "via": {"enum": [via.value for via in Via]},
            "invoked_by": _OPTIONAL_TEXT,
            "mfa": {"type": ["boolean", "null"]},
        },
    },
}


def item_schema(resource_type: ResourceType) -> Schema:
    """Return the schema of a complete item of a type, facts included, without references."""
    return _item_schema(ByIdentity(resource_type))


def change_schema(types: Iterable[ResourceType]) -> Schema:
    """Return the schema of `Change.document`, with every fact that any type's routes derive."""
    return _change_schema(tuple(map(ByIdentity, types)))


# Every rule asks for one of these; pure functions of their keys, so sharing them is harmless.
@lru_cache(maxsize=256)
def _item_schema(key: ByIdentity[ResourceType]) -> Schema:
    resource_type = key.value
    base = inlined(resource_type.schema)["properties"]
    derived = {fact.name: inlined(fact.schema) for fact in resource_type.facts}
    return _object({**base, "derived": _object(derived)})


@lru_cache(maxsize=16)
def _change_schema(keys: tuple[ByIdentity[ResourceType], ...]) -> Schema:
    facts: dict[str, list[Schema]] = {}
    for key in keys:
        for name, schema in key.value.change_facts.items():
            facts.setdefault(name, []).append(inlined(schema))
    derived = {name: {"anyOf": schemas} for name, schemas in facts.items()}
    return _object({**_CHANGE_FIELDS, "derived": _object(derived)})


def closed_schema(declared: Schema, pointers: Iterable[str]) -> Schema:
    """Return the schema of the part of an item that `pointers` read; all of it is required."""
    wanted: dict[str, dict[str, Schema]] = {}
    for facet, name in sorted({tokens_of(pointer)[:2] for pointer in pointers}):
        wanted.setdefault(facet, {})[name] = declared["properties"][facet]["properties"][name]
    return _object({facet: _object(names) for facet, names in wanted.items()})


def child(schemas: Schemas, name: str) -> Schemas:
    """Return what is declared for a property, or nothing where it is not declared."""
    found = (_property(schema, name) for schema in alternatives(schemas))
    return tuple(schema for schema in found if schema is not None)


def elements(schemas: Schemas) -> Schemas:
    """Return what is declared for the elements of a list."""
    return tuple(schema["items"] for schema in alternatives(schemas) if "items" in schema)


def names(schemas: Schemas) -> tuple[str, ...]:
    """Return the declared property names, sorted."""
    return tuple(sorted({n for s in alternatives(schemas) for n in s.get("properties", ())}))


def types(schemas: Schemas) -> frozenset[str]:
    """Return the JSON types a value may have; empty where anything is declared."""
    return frozenset(name for schema in alternatives(schemas) for name in _types(schema))


def names_below(schemas: Schemas) -> frozenset[str]:
    """Return every property name declared at any depth."""
    flat = alternatives(schemas)
    found = set(names(flat))
    for schema in flat:
        deeper = (*schema.get("properties", {}).values(), *_optional(schema, "items"))
        found.update(*(names_below((inner,)) for inner in deeper))
    return frozenset(found)


def alternatives(schemas: Schemas) -> Schemas:
    """Return the schemas with combinators unfolded; ``allOf`` counts as choices, too."""
    flat: list[Schema] = []
    for schema in schemas:
        inner = tuple(s for keyword in COMBINATORS for s in schema.get(keyword, ()))
        flat.append(schema)
        flat.extend(alternatives(inner))
    return tuple(flat)


def inlined(schema: Schema) -> dict[str, Any]:
    """Return a schema with its local ``$ref``s replaced by what they name.

    Raises:
        ValueError: A reference leads nowhere or into itself.
    """
    whole = _inline(schema, schema, 0)
    return {key: value for key, value in whole.items() if key != "$defs"}


def _inline(value: Any, root: Schema, depth: int) -> Any:
    if isinstance(value, Mapping):
        if "$ref" in value:
            return _inline(_referenced(value["$ref"], root, depth), root, depth + 1)
        return {key: _inline(inner, root, depth) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_inline(inner, root, depth) for inner in value]
    return value


def _referenced(reference: str, root: Schema, depth: int) -> Any:
    target: Any = root
    for token in tokens_of(reference.removeprefix("#")):
        target = target.get(token) if isinstance(target, Mapping) else None
    if target is None or depth > MAX_REFERENCES:
        raise ValueError(f"$ref {reference!r} must name something in the same schema")
    return target


def _object(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "required": sorted(properties), "properties": dict(properties)}


def _property(schema: Schema, name: str) -> Schema | None:
    declared = schema.get("properties", {}).get(name)
    other = schema.get("additionalProperties")
    # A map keyed by ids (prefix lists by id) declares one schema for all of them.
    return declared if declared is not None else other if isinstance(other, Mapping) else None


def _optional(schema: Schema, keyword: str) -> Schemas:
    inner = schema.get(keyword)
    return (inner,) if isinstance(inner, Mapping) else ()


def _types(schema: Schema) -> tuple[str, ...]:
    stated = schema.get("type", ())
    if stated:
        return (stated,) if isinstance(stated, str) else tuple(stated)
    values = [schema["const"]] if "const" in schema else schema.get("enum", ())
    return tuple(json_type(value) for value in values)


def json_type(value: Any) -> str:
    """Name the JSON type of a plain value; whole numbers are ``integer``."""
    return _TYPE_NAMES.get(type(value), "object")


_TYPE_NAMES: Mapping[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
    list: "array",
    dict: "object",
}
