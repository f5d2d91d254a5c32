"""Other people's strings, made safe to keep: bounded, printable, known to be hidden or not.

Never trust a name for its look: right-to-left overrides, newlines and zero-width characters let
one identity pose as another in a message or a log line, so nothing unprintable survives.
"""

from typing import Any

from chalicelib.facts.legible import legible

#: AWS's own words for "not shown".
_HIDDEN = frozenset({"HIDDEN_DUE_TO_SECURITY_REASONS", "<sensitiveDataRemoved>"})

_MASKS_BEGIN = "*. H<"


def is_hidden(text: str) -> bool:
    """Tell whether a value is blank or masked (``HIDDEN_…``, ``***``, ``...``)."""
    return not text.strip("*. ") or text in _HIDDEN


def clean(value: Any, limit: int) -> str | None:
    """Return a printable text of at most `limit` characters; None for anything but shown text."""
    if not isinstance(value, str):
        return None
    # The empty text is in every text: blanks and masks begin with one of these, little else does.
    if value[:1] in _MASKS_BEGIN and is_hidden(value):
        return None
    if len(value) > limit:
        return legible(value[: limit - 1]) + "…"
    return legible(value)
