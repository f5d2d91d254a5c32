"""Fills a rule's message: look-ups of known names, never ``str.format``.

Values come from the judged account, so somebody else wrote them: they are shortened, control
characters are replaced, and nothing in a value is looked up again. Escaping is the channel's.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from chalicelib.facts.legible import legible

VALUE_LIMIT_CHARS = 200
MESSAGE_LIMIT_CHARS = 1_000
LISTED_VALUES = 5
ELLIPSIS = "…"

_LOOK_UP = re.compile(r"\{([A-Za-z_]+(?:\.[^{}\s]{1,64})?)\}")


def names_in(template: str) -> tuple[str, ...]:
    """Return the names a message looks up.

    Raises:
        ValueError: A brace belongs to no look-up.
    """
    if any(brace in _LOOK_UP.sub("", template) for brace in "{}"):
        raise ValueError("a brace that belongs to no look-up such as {id} or {actual.Sources}")
    return tuple(_LOOK_UP.findall(template))


def render(template: str, values: Mapping[str, Any]) -> str:
    """Fill a message; absent values read ``unknown``.

    A dotted name looks a key up in a value; in a list of objects, in all of them.
    """
    filled = _LOOK_UP.sub(lambda match: _text(_value(match[1], values)), template)
    return shortened(filled, MESSAGE_LIMIT_CHARS)


def shortened(text: str, limit: int) -> str:
    """Cut a text to at most `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1] + ELLIPSIS


def _value(name: str, values: Mapping[str, Any]) -> Any:
    head, dot, key = name.partition(".")
    if name in values or not dot:
        return values.get(name)
    found = values.get(head)
    rows = found if isinstance(found, list) else [found]
    return [row.get(key) for row in _flat(rows) if isinstance(row, Mapping)]


def _text(value: Any) -> str:
    flat = _flat([value])
    distinct = list(dict.fromkeys(legible(_scalar_text(one)) for one in flat))
    more = len(distinct) - LISTED_VALUES
    rest = f" and {more} more" if more > 0 else ""
    text = ", ".join(shortened(one, VALUE_LIMIT_CHARS) for one in distinct[:LISTED_VALUES])
    return (text or "nothing") + rest


def _flat(values: Sequence[Any]) -> list[Any]:
    """Unfold lists within a list."""
    flat: list[Any] = []
    for value in values:
        flat.extend(_flat(value) if isinstance(value, list) else [value])
    return flat


def _scalar_text(value: Any) -> str:
    if value is None:
        return "unknown"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
