"""Tells duplicates from reused ids: CloudTrail delivers twice, and edited samples share ids.

A duplicate has the event id, the account *and* the content of an earlier record. The most recent
ids are kept in memory, older ones in a temporary database on disk, so any number can be replayed.
"""

import sqlite3
from dataclasses import dataclass, field
from enum import Enum, auto
from types import TracebackType
from typing import NamedTuple, Self

#: Ids kept in memory: about 150 MB.
RECENT_LIMIT = 1_000_000

_TABLE = "CREATE TABLE older (id INTEGER PRIMARY KEY, fingerprint INTEGER, place INTEGER)"
_PUT = "INSERT INTO older VALUES (?, ?, ?)"
_GET = "SELECT fingerprint, place FROM older WHERE id = ?"


class Novelty(Enum):
    """How a record relates to those before it."""

    NEW = auto()
    DUPLICATE = auto()
    REUSED = auto()


class Sighting(NamedTuple):
    """One content, where it was seen first.

    Attributes:
        fingerprint: 63 bits of the content.
        place: Number of the record.
    """

    fingerprint: int
    place: int


@dataclass(slots=True)
class Seen:
    """Remembers every content seen under every id; close it by leaving its context."""

    recent_limit: int = RECENT_LIMIT
    _recent: dict[int, Sighting] = field(default_factory=dict)
    _older: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._older is not None:
            self._older.close()

    def observe(self, key: str, sighting: Sighting) -> tuple[Novelty, Sighting]:
        """Remember a record; return how it relates to the earlier one under its id, and that one.

        Two ids may share their 64-bit hash; then the later record counts as reusing an id, and is
        judged all the same.
        """
        first = self._known(hash(key))
        if first is None:
            self._recent[hash(key)] = sighting
            if len(self._recent) >= self.recent_limit:
                self._spill()
            return Novelty.NEW, sighting
        if first.fingerprint == sighting.fingerprint:
            return Novelty.DUPLICATE, first
        # Further contents under the same id lie under the hash of both.
        content = hash((key, sighting.fingerprint))
        other = self._known(content)
        if other is not None:
            return Novelty.DUPLICATE, other
        self._recent[content] = sighting
        return Novelty.REUSED, first

    def _known(self, name: int) -> Sighting | None:
        known = self._recent.get(name)
        if known is not None or self._older is None:
            return known
        found = self._older.execute(_GET, (name,)).fetchone()
        return Sighting(*found) if found else None

    def _spill(self) -> None:
        if self._older is None:
            # An unnamed database lives in memory up to its cache and on disk beyond.
            self._older = sqlite3.connect("", isolation_level=None)
            self._older.execute(_TABLE)
        rows = ((name, *sighting) for name, sighting in sorted(self._recent.items()))
        self._older.execute("BEGIN")
        self._older.executemany(_PUT, rows)
        self._older.execute("COMMIT")
        self._recent.clear()
