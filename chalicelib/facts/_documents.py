"""Policy documents in one form: lists where AWS allows scalars, order and spelling kept.

``Principal: "*"`` and ``{"AWS": "*"}`` mean the same and come out the same. A document that breaks
AWS's grammar is refused, never repaired: what cannot be read must not look harmless.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

#: AWS reads a document without a version as this one, in which variables are plain text.
DEFAULT_VERSION = "2008-10-17"

EVERYBODY: Mapping[str, list[str]] = {"AWS": ["*"]}

_TEXTS: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}}
_PRINCIPALS: Mapping[str, Any] = {"type": "object", "additionalProperties": _TEXTS}

#: JSON Schema of `normalise_policy`'s answer.
POLICY_SCHEMA: Mapping[str, Any] = {
    "type": ["object", "null"],
    "properties": {
        "Version": {"type": "string"},
        "Id": {"type": "string"},
        "Statement": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "Sid": {"type": "string"},
                    "Effect": {"enum": ["Allow", "Deny"]},
                    "Principal": _PRINCIPALS,
                    "NotPrincipal": _PRINCIPALS,
                    "Action": _TEXTS,
                    "NotAction": _TEXTS,
                    "Resource": _TEXTS,
                    "NotResource": _TEXTS,
                    "Condition": {
                        "type": "object",
                        "additionalProperties": {"type": "object", "additionalProperties": _TEXTS},
                    },
                },
                "required": ["Effect"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["Version", "Statement"],
    "additionalProperties": False,
}

_DOCUMENT_ELEMENTS = {name.lower(): name for name in ("Version", "Id", "Statement")}
_STATEMENT_ELEMENTS = {
    name.lower(): name for name in POLICY_SCHEMA["properties"]["Statement"]["items"]["properties"]
}
_EFFECTS = {"allow": "Allow", "deny": "Deny"}
_STORED_EFFECTS = frozenset(_EFFECTS.values())
_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")


class PolicyError(ValueError):
    """The text or object is no policy document that AWS would store."""


def normalise_policy(document: Any) -> dict[str, Any] | None:
    """Return a policy in canonical form (`POLICY_SCHEMA`); None where there is none.

    Takes an object, JSON text, URL-encoded JSON text, or None. Idempotent.

    Raises:
        PolicyError: It is no policy document.
    """
    if document is None or (isinstance(document, str) and not document.strip()):
        return None
    parsed = _parsed(document) if isinstance(document, str | bytes) else document
    policy = _elements(parsed, _DOCUMENT_ELEMENTS, "policy")
    if "Statement" not in policy:
        raise PolicyError("a policy needs a Statement")
    head = {name: _text(policy[name]) for name in ("Id",) if policy.get(name) is not None}
    statements = _listed(policy["Statement"])
    return {
        "Version": _text(policy.get("Version") or DEFAULT_VERSION),
        **head,
        "Statement": [_statement(statement) for statement in statements],
    }


def _parsed(document: str | bytes) -> Any:
    # A lone surrogate comes from someone else's record; it must not crash the encoder.
    raw = document.encode("utf-8", "replace") if isinstance(document, str) else document
    raw = raw.strip()
    if raw.startswith(b"%"):
        raw = _ESCAPED.sub(lambda match: bytes((int(match[1], 16),)), raw)
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise PolicyError("a policy must be JSON") from error


def _elements(value: Any, names: Mapping[str, str], what: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise PolicyError(f"a {what} must be an object, not {type(value).__name__}")
    found: dict[str, Any] = {}
    for key, element in value.items():
        name = names.get(str(key).lower())
        if name is None or name in found:
            raise PolicyError(f"a {what} cannot have the element {str(key)[:40]!r} (again)")
        found[name] = element
    return found


def _statement(value: Any) -> dict[str, Any]:
    if type(value) is dict and "Effect" in value and value.keys() <= _READERS.keys():
        # Every name is spelled as AWS stores it, so none can be there twice.
        return {name: _READERS[name](element) for name, element in value.items()}
    elements = _elements(value, _STATEMENT_ELEMENTS, "statement")
    if "Effect" not in elements:
        raise PolicyError("a statement needs an Effect")
    return {name: _READERS[name](element) for name, element in elements.items()}


def _effect(value: Any) -> str:
    if type(value) is str and value in _STORED_EFFECTS:
        return value
    effect = _EFFECTS.get(_text(value).lower())
    if effect is None:
        raise PolicyError("an Effect must be Allow or Deny")
    return effect


def _principals(value: Any) -> dict[str, list[str]]:
    if isinstance(value, str):
        if value != "*":
            raise PolicyError('a Principal must be an object or "*"')
        return {kind: list(names) for kind, names in EVERYBODY.items()}
    if not isinstance(value, Mapping):
        raise PolicyError('a Principal must be an object or "*"')
    return {str(kind): _texts(names) for kind, names in value.items()}


def _conditions(value: Any) -> dict[str, dict[str, list[str]]]:
    if not isinstance(value, Mapping):
        raise PolicyError("a Condition must be an object")
    return {str(operator): _condition_keys(keys) for operator, keys in value.items()}


def _condition_keys(value: Any) -> dict[str, list[str]]:
    if not isinstance(value, Mapping):
        raise PolicyError("a condition operator must hold an object")
    return {str(key): _texts(values) for key, values in value.items()}


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _texts(value: Any) -> list[str]:
    if type(value) is str:
        return [value]
    return [
        element if type(element) is str else _text(element)
        for element in (value if type(value) is list else _listed(value))
    ]


def _text(value: Any) -> str:
    """Spell a scalar as AWS compares it: booleans in lower case, numbers in decimal."""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise PolicyError(f"expected text, found {type(value).__name__}")


_READERS: Mapping[str, Any] = {
    "Sid": _text,
    "Effect": _effect,
    "Principal": _principals,
    "NotPrincipal": _principals,
    "Action": _texts,
    "NotAction": _texts,
    "Resource": _texts,
    "NotResource": _texts,
    "Condition": _conditions,
}
