"""Other people's strings, made safe to keep: bounded, printable, known to be hidden or not.

Never trust a name for its look: right-to-left overrides, newlines and zero-width characters let
one identity pose as another in a message or a log line, so nothing unprintable survives.
"""

from typing import Any

#: AWS's own words for "not shown".
_HIDDEN = frozenset({"HIDDEN_DUE_TO_SECURITY_REASONS", "<sensitiveDataRemoved>"})


def is_hidden(text: str) -> bool:
    """Tell whether a value is blank or masked (``HIDDEN_…``, ``***``, ``...``)."""
    return not text.strip("*. ") or text in _HIDDEN


def clean(value: Any, limit: int) -> str | None:
    """Return a printable text of at most `limit` characters; None for anything but shown text."""
    if not isinstance(value, str) or is_hidden(value):
        return None
    text = value if len(value) <= limit else value[: limit - 1] + "…"
    return text if text.isprintable() else "".join(map(_printable, text))


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else "\ufffd"
