"""A value as a cell of a table program.

Quoting as RFC 4180 wants it does not help: programs drop the quotes and then take what begins with
``=`` for a formula. So a cell is changed, and only a cell: no other format uses this.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.legible import legible

#: What starts a formula in Excel, LibreOffice and Sheets, their fullwidth forms included (OWASP,
#: "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
CELL_LIMIT_CHARS = 32_000


def cell(value: Any) -> str:
    """Return a cell that no table program takes for a formula."""
    text = legible(_flat(value))[:CELL_LIMIT_CHARS]
    # An apostrophe is what these programs themselves mark texts with.
    return f"'{text}" if text.lstrip().startswith(FORMULA_STARTS) else text


def _flat(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return " ".join(map(_flat, value.values()))
    if isinstance(value, list | tuple):
        return "; ".join(map(_flat, value))
    return str(value)
