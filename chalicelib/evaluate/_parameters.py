"""Puts parameters where a rule says ``{parameter: name}``, before anything is compiled.

``{each: name, all: schema}`` repeats a schema for every element of a list, ``any`` likewise; there
``{parameter: name}`` stands for the element.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.evaluate._grammar import RefusedError, Where

REFERENCE = "parameter"
REPEAT = "each"
_REPEATED = {"all": "allOf", "any": "anyOf"}
_REPETITIONS = tuple(frozenset((REPEAT, how)) for how in _REPEATED)


def parameters_of(document: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule's parameters: its defaults, overridden."""
    defaults = document.get("parameters", {})
    for name in overrides:
        if name not in defaults:
            raise RefusedError(("parameters",), f"the rule has no parameter {name!r}")
    return {**defaults, **overrides}


def check_all_used(parameters: Mapping[str, Any], written: Any, message: str) -> None:
    """Refuse a parameter that changes nothing."""
    used = set(_references(written))
    for name in parameters:
        if name not in used and f"{{{REFERENCE}.{name}}}" not in message:
            raise RefusedError(("parameters", name), "no condition uses this parameter")


def filled_in(value: Any, parameters: Mapping[str, Any], where: Where = ()) -> Any:
    """Return a value with every reference replaced by what it names."""
    if isinstance(value, Mapping):
        if value.keys() == {REFERENCE}:
            return _looked_up(value[REFERENCE], parameters, where)
        if value.keys() in _REPETITIONS:
            return _repeated(value, parameters, where)
        return {key: filled_in(inner, parameters, (*where, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled_in(inner, parameters, (*where, i)) for i, inner in enumerate(value)]
    return value


def _repeated(value: Mapping[str, Any], parameters: Mapping[str, Any], where: Where) -> Any:
    name = value[REPEAT]
    elements = _looked_up(name, parameters, where)
    if not isinstance(elements, list) or not elements:
        raise RefusedError(where, f"parameter {name!r} must be a list of one element or more")
    (how,) = value.keys() - {REPEAT}
    return {
        _REPEATED[how]: [
            filled_in(value[how], {**parameters, name: element}, (*where, how))
            for element in elements
        ]
    }


def _looked_up(name: Any, parameters: Mapping[str, Any], where: Where) -> Any:
    if not isinstance(name, str) or name not in parameters:
        raise RefusedError(where, f"unknown parameter {name!r}")
    return parameters[name]


def _references(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        if value.keys() == {REFERENCE} and isinstance(value[REFERENCE], str):
            yield value[REFERENCE]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
