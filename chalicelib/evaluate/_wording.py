"""Says in a few words what a condition wants, for the person who reads the evidence."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from chalicelib.evaluate._message import shortened
from chalicelib.facts.legible import legible
from chalicelib.model.pointer import EACH

EXPECTED_LIMIT_CHARS = 200
SECONDS_PER_DAY = 86_400

Path: TypeAlias = tuple[str, ...]
#: Paths whose numbers are ages in seconds.
Timed: TypeAlias = frozenset[Path]
Phrase: TypeAlias = Callable[[Any, Path, Timed], str]


def expectation(keyword: str, given: Any, path: Path, timed: Timed) -> str:
    """Return what one keyword at `path` wants, at most `EXPECTED_LIMIT_CHARS` long."""
    return shortened(PHRASES[keyword](given, path, timed), EXPECTED_LIMIT_CHARS)


def _schema(schema: Mapping[str, Any], path: Path, timed: Timed) -> str:
    # Guards say nothing that the keyword they guard does not say.
    told = {word: given for word, given in schema.items() if word not in ("type", "required")}
    return " and ".join(
        PHRASES[word](given, path, timed) for word, given in (told or schema).items()
    )


def _properties(given: Mapping[str, Any], path: Path, timed: Timed) -> str:
    return " and ".join(
        f"{name} {_schema(schema, (*path, name), timed)}" for name, schema in given.items()
    )


def _type(given: str | Sequence[str], _path: Path, _timed: Timed) -> str:
    return f"of type {given if isinstance(given, str) else ' or '.join(given)}"


def _maximum(given: float, path: Path, timed: Timed) -> str:
    if path not in timed:
        return f"at most {_text(given)}"
    days = _text(abs(given) / SECONDS_PER_DAY)
    return f"at most {days} days ago" if given >= 0 else f"at least {days} days ahead"


def _inner(words: str, *deeper: str) -> Phrase:
    def phrase(given: Any, path: Path, timed: Timed) -> str:
        return f"{words} ({_schema(given, (*path, *deeper), timed)})"

    return phrase


def _branches(word: str) -> Phrase:
    def phrase(given: Sequence[Mapping[str, Any]], path: Path, timed: Timed) -> str:
        return f" {word} ".join(_schema(schema, path, timed) for schema in given)

    return phrase


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return legible(value if isinstance(value, str) else msgspec.json.encode(value).decode())


PHRASES: Mapping[str, Phrase] = {
    "type": _type,
    "required": lambda given, _path, _timed: f"with {', '.join(given)}",
    "const": lambda given, _path, _timed: _text(given),
    "enum": lambda given, _path, _timed: f"one of {', '.join(map(_text, given))}",
    "minimum": lambda given, _path, _timed: f"at least {_text(given)}",
    "maximum": _maximum,
    "minItems": lambda given, _path, _timed: f"at least {given} element{'s' * (given != 1)}",
    "maxItems": lambda given, _path, _timed: f"at most {given} elements" if given else "empty",
    "properties": _properties,
    "items": _inner("every element", EACH),
    "contains": _inner("an element", EACH),
    "not": _inner("not"),
    "allOf": _branches("and"),
    "anyOf": _branches("or"),
}
