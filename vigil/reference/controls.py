"""What frameworks want, by number: the tables below ``frameworks/``.

Which rules cover a control is not written there: that is read from the rules.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLES = Path(__file__).with_name("frameworks")
_NUMBERS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One control of a framework.

    Attributes:
        severity: Our own grade; empty where the framework's table has none.
        standard: ``beyond`` for Security Hub controls outside of the standard, else empty or its
            name.
        state: What holds where no rule covers it: ``open`` or ``not automatable``; empty where a
            rule is meant to.
        reason: Why no rule covers it.
        limits: What a verdict on it does not tell.
    """

    number: str
    title: str
    severity: str = ""
    standard: str = ""
    state: str = ""
    reason: str = ""
    limits: str = ""


def controls_of(framework: str) -> tuple[Control, ...]:
    """Return the controls of a framework in order of their numbers; none for an unknown one."""
    return tuple(sorted(_controls(framework), key=lambda control: in_order(control.number)))


def in_order(number: str) -> tuple[tuple[int, str], ...]:
    """Return what sorts 4.2 before 4.10, and AC-2(1) before AC-17."""
    parts = _NUMBERS.split(number.lower())
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def _controls(framework: str) -> Iterator[Control]:
    names = Control.__dataclass_fields__.keys() - {"number"}
    for row in _rows():
        if number := row.get(framework):
            yield Control(number=number, **{name: row[name] for name in names & row.keys()})


@cache
def _rows() -> tuple[dict[str, str], ...]:
    rows = []
    for path in sorted(TABLES.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows += list(csv.DictReader(file))
    return tuple(rows)
