"""Drafts a rule that passes its own tests: the place to start writing one from.

The draft reads one value of a fresh resource and wants it to stay as it is; which value does not
matter, since its author replaces the condition.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from jsonschema_rs import is_valid

from chalicelib.errors import RuleDocumentError
from chalicelib.evaluate import _declared
from chalicelib.model import ResourceType
from chalicelib.model.pointer import pointer_of

RULE_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", re.ASCII)
#: Section of an item → what examples call it.
SECTIONS = {"properties": "configuration", "observed": "observed"}
STRANGERS: tuple[Any, ...] = (True, False, 1, 2, "something-else", "another", "192.0.2.0/24")
MAX_DEPTH = 3

Path = tuple[str, ...]


def draft_rule(rule_id: str, resource_type: ResourceType) -> str:
    """Return a rule document for a type.

    Raises:
        RuleDocumentError: The type has no plain value that a first rule could read.
    """
    schema = _declared.inlined(resource_type.schema)
    choices = sorted(_choices(resource_type.defaults, (schema,), ()), key=_plainness)
    if not choices:
        raise RuleDocumentError(f"{resource_type.type} has no plain value to draft a rule for")
    path, wanted, other = choices[0]
    return yaml.safe_dump(
        _document(rule_id, resource_type, path, wanted, other),
        sort_keys=False,
        allow_unicode=True,
        width=100,
    )


def _choices(value: Any, schemas: _declared.Schemas, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    """Yield path, what holds of the default, and another value, of everything plain."""
    if isinstance(value, Mapping) and len(path) < MAX_DEPTH:
        for name, inner in value.items():
            yield from _choices(inner, _declared.child(schemas, name), (*path, name))
    elif isinstance(value, str | int) and len(path) > 1:
        allowed = {"anyOf": [dict(schema) for schema in schemas]}
        others = (o for o in STRANGERS if o != value and is_valid(allowed, o))
        yield from ((path, {"const": value}, other) for other in list(others)[:1])
    elif isinstance(value, list) and len(path) > 1:
        allowed = {"anyOf": [dict(schema) for schema in schemas]}
        longer = ([*value, o] for o in STRANGERS if is_valid(allowed, [*value, o]))
        yield from ((path, {"maxItems": len(value)}, other) for other in list(longer)[:1])


def _plainness(choice: tuple[Path, Any, Any]) -> tuple[bool, bool, int]:
    path, _, other = choice
    return isinstance(other, list), not isinstance(other, bool), len(path)


def _document(
    rule_id: str, resource_type: ResourceType, path: Path, wanted: Any, other: Any
) -> dict[str, Any]:
    section, name, *deeper = path
    noun = resource_type.noun
    return {
        "id": rule_id,
        "title": f"Every {noun} has the {path[-1]} it should have",
        "severity": "low",
        "resource": resource_type.type,
        "compliant_when": {section: {name: _nested("properties", deeper, wanted)}},
        "message": "{id} has " + path[-1] + " {actual}",
        "risk": "Say here what can happen to the owner while this is so.",
        "fix": {"text": "Say here which call or console step puts it right."},
        "examples": [
            {"name": f"a fresh {noun}", "expect": "COMPLIANT"},
            {
                "name": f"another {path[-1]}",
                "expect": "NON_COMPLIANT",
                "at": pointer_of(path),
                SECTIONS[section]: _nested(None, path[1:], other),
            },
            {
                "name": f"{path[-1]} cannot be read",
                "expect": "INSUFFICIENT_DATA",
                "gaps": [pointer_of(path[:2])],
            },
        ],
    }


def _nested(keyword: str | None, path: Any, innermost: Any) -> Any:
    """Wrap a value into one object per name, each under `keyword` if there is one."""
    for name in reversed(path):
        innermost = {name: innermost} if keyword is None else {keyword: {name: innermost}}
    return innermost
