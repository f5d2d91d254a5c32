"""The counting for rate rules in memory: for replays and for the examples of rules."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.model import Occurrence

#: Actors and stretches kept; beyond them the one that was quiet for longest is forgotten.
KEPT_LIMIT = 50_000


@dataclass(slots=True)
class MemoryRates:
    """Implements `ports.Rates`.

    Attributes:
        limit: Items kept.
    """

    limit: int = KEPT_LIMIT
    _kept: OrderedDict[tuple[str, datetime], set[str] | None] = field(default_factory=OrderedDict)

    def count(self, one: Occurrence) -> tuple[str, ...]:
        """Keep an occurrence and return the marks of its stretch; empty where it is told."""
        marks = self._kept.setdefault((one.key, one.stretch), set())
        self._kept.move_to_end((one.key, one.stretch))
        if len(self._kept) > self.limit:
            self._kept.popitem(last=False)
        if marks is None:
            return ()
        if len(marks) < one.rate.kept:
            marks.add(one.mark)
        return tuple(marks) if one.mark in marks else ()

    def settle(self, one: Occurrence) -> None:
        """Note that the burst is told: nothing more is counted in this stretch."""
        self._kept[one.key, one.stretch] = None
