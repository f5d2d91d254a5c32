"""Sealed entries put into another order: by finding instead of by time, on disk, not in memory.

The seal holds entries as they came, some of them twice (a stream delivers again). Twice the same
is one entry; of two different ones under one key the first counts, and the other is named.
"""

import sqlite3
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.export._windows import Standing, stood_within
from chalicelib.facts.instants import epoch_milliseconds
from chalicelib.model import Exemption, Finding, Status, Transition, TransitionKind
from chalicelib.model.export import ExportedFinding, ExportQuery, SealedEntry

#: Fast; entries shrink to a quarter.
_LEVEL = 1
#: More than this say nothing new.
CONTRADICTIONS_LIMIT = 100
_KINDS = frozenset(kind.value for kind in TransitionKind)
_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE parts (number INTEGER PRIMARY KEY, raw BLOB, lines BLOB);
CREATE TABLE entries (
    number INTEGER PRIMARY KEY, part INTEGER, pk TEXT, sk TEXT, kind TEXT, seq INTEGER, hash TEXT,
    prev TEXT, about TEXT, thing TEXT, decided INTEGER, standing INTEGER, account TEXT,
    rule_id TEXT, rule_hash TEXT, body BLOB, UNIQUE (pk, sk)
);
CREATE TABLE chosen (finding TEXT PRIMARY KEY, last INTEGER) WITHOUT ROWID;
"""
_INDEXES = """
CREATE INDEX by_thing ON entries (about, thing, seq, number, decided, standing, account, rule_id);
CREATE INDEX by_time ON entries (kind, decided, pk, sk);
"""
_INSERT = f"INSERT OR IGNORE INTO entries VALUES ({','.join('?' * 16)})"  # noqa: S608 - constants
_FIELDS = "e.pk, e.sk, e.kind, e.seq, e.hash, e.prev, e.body"
_CHOSEN = f"""
SELECT c.finding, {_FIELDS} FROM chosen c CROSS JOIN entries e
ON e.about = 'finding' AND e.thing = c.finding AND e.seq <= c.last
ORDER BY c.finding, e.seq, e.number
"""  # noqa: S608 - constants
_VERSIONS = """
SELECT DISTINCT e.rule_id, e.rule_hash FROM chosen c CROSS JOIN entries e
ON e.about = 'finding' AND e.thing = c.finding AND e.seq <= c.last
ORDER BY e.rule_id, e.rule_hash
"""

Exempting = Callable[[Finding], Exemption | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPart:
    """One sealed manifest and what it seals.

    Attributes:
        raw: The manifest's exact bytes.
        lines: The exact bytes of its segment, a line an entry.
        entries: What the lines say; lines that are no entries are left out.
    """

    number: int
    raw: bytes
    lines: bytes
    entries: tuple[SealedEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """All that was written about one finding, exemption or person until the window's end."""

    thing: str
    entries: tuple[SealedEntry, ...]

    @property
    def last(self) -> Transition:
        """The newest of it."""
        return self.entries[-1].transition


class Spool:
    """Takes the seal part by part, then gives it finding by finding.

    First `take` all of it, then `settle` on a query; everything else comes after that.

    Attributes:
        count: Findings that the query wants.
        contradictions: Keys, ``pk|sk``, of entries that differ from an earlier one under the same
            key: somebody took that one away. At most `CONTRADICTIONS_LIMIT`.
    """

    def __init__(self, file: Path) -> None:
        """Make an empty one in a new file; close it before the file is deleted."""
        self.count = 0
        self.contradictions: tuple[str, ...] = ()
        self._db = sqlite3.connect(file)
        self._db.executescript(_SCHEMA)
        self._end = 0

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def take(self, part: SealedPart) -> None:
        """Take what one manifest seals."""
        self._db.execute(
            "INSERT INTO parts VALUES (?, ?, ?)",
            (part.number, part.raw, zlib.compress(part.lines, _LEVEL)),
        )
        for entry in part.entries:
            if entry.kind in _KINDS and not self._put(part.number, entry):
                self._compare(entry)

    def settle(self, query: ExportQuery, signed: Collection[int] = ()) -> int:
        """Choose the findings that a query wants, and the last part that this needs.

        Parts that only hold what came after the window would make every export of it differ. So
        the last one is the one that holds the window's last entry or, where there is one, the
        first signed one from there on.

        Args:
            query: What is wanted.
            signed: Numbers of the parts whose manifests are signed.

        Returns:
            The number of the last part; 0 where there is none.
        """
        self._db.executescript(_INDEXES)
        self._end = epoch_milliseconds(query.end)
        self._db.executemany("INSERT INTO chosen VALUES (?, ?)", self._wanted(query))
        ((self.count,),) = self._db.execute("SELECT count(*) FROM chosen")
        return self._last_part(signed)

    def findings(self, exempt: Exempting) -> Iterator[ExportedFinding]:
        """Yield the findings, oldest id first, as they were at the window's end."""
        for _, rows in groupby(self._db.execute(_CHOSEN), key=itemgetter(0)):
            entries = tuple(_entry(row[1:]) for row in rows)
            finding = entries[-1].transition.finding
            if finding is not None:
                finding = replace(finding, head=entries[-1].hash)
                yield ExportedFinding(finding=finding, entries=entries, exemption=exempt(finding))

    def detections(self, query: ExportQuery) -> Iterator[SealedEntry]:
        """Yield what change rules saw within the window, in order of time."""
        rows = self._db.execute(
            f"SELECT e.account, e.rule_id, {_FIELDS} FROM entries e WHERE e.kind = 'detected' "  # noqa: S608 - constants
            "AND e.decided >= ? AND e.decided < ? ORDER BY e.decided, e.pk, e.sk",
            (epoch_milliseconds(query.start), self._end),
        )
        for account, rule_id, *fields in rows:
            if is_in_scope(query, account, rule_id):
                yield _entry(fields)

    def chains(self, about: str) -> Iterator[Chain]:
        """Yield what was written about each ``exemption`` or ``person`` until the window's end."""
        rows = self._db.execute(
            f"SELECT e.thing, {_FIELDS} FROM entries e WHERE e.about = ? AND e.decided < ? "  # noqa: S608 - constants
            "ORDER BY e.thing, e.seq, e.number",
            (about, self._end),
        )
        for thing, group in groupby(rows, key=itemgetter(0)):
            yield Chain(thing=thing, entries=tuple(_entry(row[1:]) for row in group))

    def summaries(self) -> Iterator[SealedEntry]:
        """Yield what whole sweeps found until the window's end, in order of time."""
        rows = self._db.execute(
            f"SELECT {_FIELDS} FROM entries e WHERE e.kind = 'summarised' AND e.decided < ? "  # noqa: S608 - constants
            "ORDER BY e.decided, e.pk, e.sk",
            (self._end,),
        )
        yield from map(_entry, rows)

    def rule_versions(self) -> tuple[tuple[str, str], ...]:
        """Return the id and hash of every rule that the findings' history names, in order."""
        return tuple(self._db.execute(_VERSIONS))

    def parts(self, until: int) -> Iterator[tuple[bytes, bytes]]:
        """Yield manifest and lines of every part up to one, as they were sealed."""
        rows = self._db.execute(
            "SELECT raw, lines FROM parts WHERE number <= ? ORDER BY number", (until,)
        )
        for raw, lines in rows:
            yield raw, zlib.decompress(lines)

    def manifest(self, number: int) -> bytes:
        """Return a part's manifest, as it was sealed."""
        ((raw,),) = self._db.execute("SELECT raw FROM parts WHERE number = ?", (number,))
        found: bytes = raw
        return found

    def _put(self, part: int, entry: SealedEntry) -> bool:
        transition = entry.transition
        about, thing = about_of(transition)
        finding = transition.finding
        row = (
            *(None, part, entry.pk, entry.sk, entry.kind, entry.seq, entry.hash, entry.prev),
            *(about, thing, epoch_milliseconds(transition.times.decided)),
            finding.status is Status.OPEN if finding else None,
            *(transition.account_id, transition.rule_id, finding.rule_hash if finding else None),
            zlib.compress(entry.body, _LEVEL),
        )
        return self._db.execute(_INSERT, row).rowcount == 1

    def _compare(self, entry: SealedEntry) -> None:
        key = (entry.pk, entry.sk)
        found = self._db.execute("SELECT body FROM entries WHERE pk = ? AND sk = ?", key)
        ((body,),) = found
        if zlib.decompress(body) != entry.body:
            named = (*self.contradictions, "|".join(key))
            self.contradictions = tuple(dict.fromkeys(named))[:CONTRADICTIONS_LIMIT]

    def _wanted(self, query: ExportQuery) -> Iterator[tuple[str, int]]:
        rows = self._db.execute(
            "SELECT thing, seq, decided, standing, account, rule_id FROM entries "
            "WHERE about = 'finding' AND decided < ? ORDER BY thing, seq, number",
            (self._end,),
        )
        start = epoch_milliseconds(query.start)
        for thing, group in groupby(rows, key=itemgetter(0)):
            steps = list(group)
            *_, account, rule_id = steps[-1]
            standings = (Standing(since=row[2], is_open=bool(row[3])) for row in steps)
            if is_in_scope(query, account, rule_id) and stood_within(standings, start, self._end):
                yield thing, steps[-1][1]

    def _last_part(self, signed: Collection[int]) -> int:
        (found,) = self._db.execute(
            "SELECT (SELECT max(part) FROM entries WHERE decided < ?), "
            "(SELECT min(number) FROM parts)",
            (self._end,),
        )
        needed = found[0] or found[1] or 0
        return min((number for number in signed if number >= needed), default=needed)


def is_in_scope(query: ExportQuery, account_id: str, rule_id: str) -> bool:
    """Tell whether a query asks for what a rule found in an account."""
    return (not query.accounts or account_id in query.accounts) and (
        not query.rule_ids or rule_id in query.rule_ids
    )


def about_of(transition: Transition) -> tuple[str | None, str | None]:
    """Return what a transition is about (its kind and id); None and None for all the rest."""
    if transition.finding is not None:
        return "finding", transition.finding.id
    if transition.exemption is not None:
        return "exemption", transition.exemption.id
    if transition.person is not None:
        return "person", transition.person.id
    return None, None


def _entry(fields: Iterable[Any]) -> SealedEntry:
    pk, sk, kind, seq, digest, prev, packed = fields
    body = zlib.decompress(packed)
    return SealedEntry(
        pk=pk,
        sk=sk,
        kind=kind,
        seq=seq,
        hash=digest,
        prev=prev,
        body=body,
        transition=msgspec.json.decode(body, type=Transition),
    )
