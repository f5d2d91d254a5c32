"""JSON Pointers (RFC 6901) as tuples of tokens: split, join, resolve, compare."""

from collections.abc import Mapping, Sequence
from typing import Any

#: Stands for every element of a list in the pointers that rules name.
EACH = "*"


def tokens_of(pointer: str) -> tuple[str, ...]:
    """Split a pointer into unescaped tokens; the empty pointer gives none."""
    if not pointer:
        return ()
    if "~" not in pointer:
        return tuple(pointer[1:].split("/"))
    return tuple(t.replace("~1", "/").replace("~0", "~") for t in pointer[1:].split("/"))


def pointer_of(tokens: Sequence[str | int]) -> str:
    """Join tokens into a pointer."""
    return "".join("/" + str(t).replace("~", "~0").replace("/", "~1") for t in tokens)


def resolve(document: Any, tokens: Sequence[str | int]) -> Any:
    """Return the value at `tokens`, or None where the document does not reach that far."""
    value = document
    for token in tokens:
        if type(value) is dict:
            value = value.get(token if type(token) is str else str(token))
        elif isinstance(value, list):
            value = _element(value, token)
        elif isinstance(value, Mapping):
            value = value.get(str(token))
        elif isinstance(value, Sequence) and not isinstance(value, str):
            value = _element(value, token)
        else:
            return None
    return value


def touches(one: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether one pointer is the other, or lies above or below it; `EACH` matches any."""
    return all(a == b or EACH in (a, b) for a, b in zip(one, other, strict=False))


def is_below(pointer: Sequence[str], ancestor: Sequence[str]) -> bool:
    """Tell whether `pointer` lies at or below `ancestor`; `EACH` matches any token."""
    return len(pointer) >= len(ancestor) and touches(pointer, ancestor)


def _element(values: Sequence[Any], token: str | int) -> Any:
    index = int(token) if str(token).isdecimal() else len(values)
    return values[index] if index < len(values) else None
