"""What frameworks want, by number: the tables below ``frameworks/``.

Which rules cover a control is not written there: that is read from the rules.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chalicelib.export._frameworks import in_order

TABLES = Path(__file__).with_name("frameworks")


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
