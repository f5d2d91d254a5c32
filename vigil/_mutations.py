"""Damages compliant items in every way a wrong reading could, to show that no rule calls it fine.

Two places are damaged: what the rule reads, in the finished item; and what its facts are computed
from, before they are. Damage that the type's schema allows is no damage: it means something else.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

from jsonschema_rs import Draft202012Validator, is_valid

from chalicelib.evaluate import _declared
from chalicelib.evaluate.engine import judge_item
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import Compliance, ConfigurationItem, ResourceType, Rule
from chalicelib.model.pointer import EACH, is_below, pointer_of, tokens_of
from chalicelib.resources._frame import derive

Path: TypeAlias = tuple[str, ...]
Damage: TypeAlias = Callable[[Any, Any, _declared.Schemas], bool]

SECTIONS = ("properties", "observed")
STRANGERS: tuple[Any, ...] = ("wrong type", 7, True, [], {})
MAX_INPUT_PATHS = 400


def surviving_mutations(
    resource_type: ResourceType, book: Rulebook, item: ConfigurationItem, now: datetime
) -> Iterator[str]:
    """Yield every damage under which the book's only rule still says COMPLIANT."""
    (rule,) = book.by_id.values()
    for name, damaged in _damaged_items(resource_type, rule, item):
        (verdict,) = judge_item(damaged, book, now)
        if verdict.compliance is Compliance.COMPLIANT:
            yield f"still COMPLIANT with {name}"


def _damaged_items(
    resource_type: ResourceType, rule: Rule, item: ConfigurationItem
) -> Iterator[tuple[str, ConfigurationItem]]:
    schema = _declared.item_schema(resource_type)
    unread = [tokens_of(gap.pointer) for gap in item.gaps]
    for path in _paths_read(rule):
        # What was not read cannot be damaged.
        if any(is_below(path, gap) for gap in unread):
            continue
        for name, document in _damaged(item.document(), path, schema):
            yield name, replace(item, **document)
    pointers = frozenset(rule.pointers)
    raw = {section: item.document()[section] for section in SECTIONS}
    gaps = tuple(gap for gap in item.gaps if not gap.pointer.startswith("/derived/"))
    validator = Draft202012Validator(_declared.inlined(resource_type.schema))
    for path in _paths_derived_from(resource_type, rule, raw):
        if any(is_below(path, gap) for gap in unread):
            continue
        for name, document in _damaged(raw, path, schema):
            if not validator.is_valid(document):
                damaged = replace(item, **document, derived={}, gaps=gaps)
                yield name, derive(resource_type, damaged, pointers)


def _paths_read(rule: Rule) -> tuple[Path, ...]:
    whole = (tokens_of(pointer) for pointer in rule.pointers)
    return tuple(dict.fromkeys(p[:n] for p in whole for n in range(2, len(p) + 1)))


def _paths_derived_from(
    resource_type: ResourceType, rule: Rule, raw: Mapping[str, Any]
) -> tuple[Path, ...]:
    read = {tokens_of(pointer)[:2] for pointer in rule.pointers}
    facts = (fact for fact in resource_type.facts if ("derived", fact.name) in read)
    inputs = dict.fromkeys(tokens_of(pointer) for fact in facts for pointer in fact.inputs)
    found = dict.fromkeys(
        path for given in inputs for value in _values(raw, given) for path in _within(value, given)
    )
    return tuple(found)[:MAX_INPUT_PATHS]


def _within(value: Any, path: Path) -> Iterator[Path]:
    yield path
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _within(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _within(inner, (*path, EACH))


def _values(value: Any, path: Path) -> Iterator[Any]:
    if not path:
        yield value
    elif isinstance(value, list) and path[0] == EACH:
        for one in value:
            yield from _values(one, path[1:])
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _values(value[path[0]], path[1:])


def _damaged(
    document: Mapping[str, Any], path: Path, schema: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    declared = _declared_at((schema,), path)
    for name, damage in DAMAGES.items():
        copy = deepcopy(dict(document))
        # Every element at once: one damaged element among good ones proves less.
        done = {damage(parent, path[-1], declared) for parent in list(_values(copy, path[:-1]))}
        if True in done:
            yield f"{pointer_of(path)} {name}", copy


def _declared_at(schemas: _declared.Schemas, path: Path) -> _declared.Schemas:
    for token in path:
        schemas = _declared.elements(schemas) if token == EACH else _declared.child(schemas, token)
    return schemas


def _delete(parent: Any, token: str, _: _declared.Schemas) -> bool:
    # A list without its elements is another list, not a damaged one.
    return isinstance(parent, dict) and parent.pop(token, parent) is not parent


def _rename(parent: Any, token: str, _: _declared.Schemas) -> bool:
    if not isinstance(parent, dict) or token not in parent or token.swapcase() == token:
        return False
    parent[token.swapcase()] = parent.pop(token)
    return True


def _null(parent: Any, token: str, declared: _declared.Schemas) -> bool:
    return not _allowed(declared, None) and _put(parent, token, None)


def _retype(parent: Any, token: str, declared: _declared.Schemas) -> bool:
    stranger = next((one for one in STRANGERS if not _allowed(declared, one)), declared)
    return stranger is not declared and _put(parent, token, stranger)


def _put(parent: Any, token: str, value: Any) -> bool:
    if isinstance(parent, list):
        parent[:] = [deepcopy(value) for _ in parent]
        return bool(parent)
    if isinstance(parent, dict) and token in parent:
        parent[token] = deepcopy(value)
        return True
    return False


def _allowed(declared: _declared.Schemas, value: Any) -> bool:
    return not declared or is_valid({"anyOf": [dict(schema) for schema in declared]}, value)


DAMAGES: Mapping[str, Damage] = {
    "deleted": _delete,
    "null": _null,
    "of another type": _retype,
    "in another case": _rename,
}
