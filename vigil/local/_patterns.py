"""EventBridge's event patterns, the part that rules here use: exact, prefix, suffix, and so on.

A pattern's leaf is a list of alternatives, and an event's list matches if any element does. An
operator that is not known here is an error, never a silent mismatch.
"""

from collections.abc import Callable, Mapping
from typing import Any

Pattern = Mapping[str, Any]


class PatternError(ValueError):
    """A pattern holds something that is not understood here."""


def matches(pattern: Pattern, event: Any) -> bool:
    """Whether an event matches.

    Raises:
        PatternError: The pattern holds something that is not understood.
    """
    return all(_key_matches(key, wanted, event) for key, wanted in pattern.items())


def _key_matches(key: str, wanted: Any, event: Any) -> bool:
    if key == "$or":
        return any(matches(alternative, event) for alternative in wanted)
    value = event.get(key, _ABSENT) if isinstance(event, Mapping) else _ABSENT
    if isinstance(wanted, Mapping):
        return any(matches(wanted, nested) for nested in _each(value))
    if not isinstance(wanted, list | tuple):
        raise PatternError(f"{key} must hold a list of alternatives or a pattern, not {wanted!r}")
    return any(_alternative(one, value) for one in wanted)


_ABSENT: Any = object()


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _alternative(wanted: Any, value: Any) -> bool:
    if not isinstance(wanted, Mapping):
        return any(entry is not _ABSENT and _same(wanted, entry) for entry in _each(value))
    if set(wanted) == {"exists"}:
        return bool(wanted["exists"]) is (value is not _ABSENT)
    if len(wanted) != 1 or not wanted.keys() <= _OPERATORS.keys():
        raise PatternError(f"not an operator that is understood here: {dict(wanted)!r}")
    ((name, operand),) = wanted.items()
    return value is not _ABSENT and any(_OPERATORS[name](operand, entry) for entry in _each(value))


def _same(wanted: Any, value: Any) -> bool:
    # JSON's true is not 1, though Python's is.
    return bool(type(wanted) is type(value) and wanted == value)


def _prefix(operand: Any, value: Any) -> bool:
    return isinstance(value, str) and value.startswith(operand)


def _suffix(operand: Any, value: Any) -> bool:
    return isinstance(value, str) and value.endswith(operand)


def _equals_ignoring_case(operand: Any, value: Any) -> bool:
    return isinstance(value, str) and value.casefold() == operand.casefold()


def _anything_but(operand: Any, value: Any) -> bool:
    return not any(_alternative(one, value) for one in _each(operand))


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignoring_case,
    "anything-but": _anything_but,
}
