"""Lines of measurements, and the table people read: what, how much, the target, met or not.

A line without a target is there for comparison and never fails.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any


class Wanted(Enum):
    """On which side of its target a value should be."""

    AT_LEAST = "≥"
    AT_MOST = "≤"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One measurement.

    Attributes:
        value: In `unit`.
        note: What else a reader should know: medians, the other side's figure.
    """

    name: str
    value: float
    unit: str
    wanted: Wanted | None = None
    target: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        if self.wanted is Wanted.AT_LEAST:
            return self.value >= self.target
        return self.value <= self.target


_HEADINGS = ("measured", "value", "target", "", "note")
_MARKS = {True: "met", False: "NOT MET", None: ""}


def table_of(lines: Iterable[Line]) -> str:
    """Return a Markdown table, aligned so that it reads well in a terminal too."""
    rows = [_HEADINGS, *(_cells(line) for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    ruled = [rows[0], tuple("-" * width for width in widths), *rows[1:]]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in ruled
    )


def plain(line: Line) -> dict[str, Any]:
    """Return a line as JSON values."""
    wanted = line.wanted.value if line.wanted else None
    return {**asdict(line), "wanted": wanted, "met": line.met}


def _cells(line: Line) -> tuple[str, ...]:
    target = f"{line.wanted.value} {_number(line.target)}" if line.wanted and line.target else ""
    value = f"{_number(line.value)} {line.unit}"
    return line.name, value, target, _MARKS[line.met], line.note


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
