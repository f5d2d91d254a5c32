"""The population of changes: every record that was received in a window, and what became of it.

It is the ledger's own count. That each record of CloudTrail is in the ledger is another question,
which nothing here answers.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from chalicelib.export._tables import write_table
from chalicelib.facts.instants import epoch_milliseconds
from chalicelib.model import LedgerRow
from chalicelib.model.export import ExportQuery

#: What may become of a record; `LedgerRow.disposition`.
DISPOSITIONS = ("evaluated", "irrelevant", "failed-call", "read-only", "refused", "invalid")
#: Of records that nobody could read: they belong to every account's population.
UNKNOWN_ACCOUNT = "unknown"
RECONCILED = "not reconciled with CloudTrail"
COLUMNS = (
    "event_time",
    "received_at",
    "account_id",
    "region",
    "event_source",
    "event_name",
    "actor",
    "event_id",
    "disposition",
    "detail",
    "record_hash",
    "message_id",
    "reconciliation",
)
_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE rows (
    time INTEGER, account TEXT, region TEXT, event TEXT, hash TEXT, message TEXT,
    disposition TEXT, row BLOB,
    PRIMARY KEY (time, account, region, event, hash, message)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The equation of a population: seen = the sum of what became of it.

    Attributes:
        seen: Rows of the window.
        parts: What may become of a record → rows.
    """

    seen: int
    parts: Mapping[str, int]

    @property
    def balances(self) -> bool:
        """False where a row says something that is none of the six: the pack is incomplete."""
        return self.seen == sum(self.parts.values())


class Population:
    """Takes ledger rows in any order and gives them in one: of time, then place, then id."""

    def __init__(self, file: Path) -> None:
        """Make an empty one in a new file; close it before the file is deleted."""
        self._db = sqlite3.connect(file)
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def take(self, rows: Iterable[LedgerRow], query: ExportQuery) -> None:
        """Take the rows that belong to a window and its accounts."""
        wanted = (*query.accounts, UNKNOWN_ACCOUNT) if query.accounts else ()
        self._db.executemany(
            "INSERT OR IGNORE INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                _fields(row)
                for row in rows
                if query.start <= row.event_time < query.end
                and (not wanted or row.account_id in wanted)
            ),
        )

    def balance(self) -> Balance:
        """Count it."""
        found = dict(self._db.execute("SELECT disposition, count(*) FROM rows GROUP BY 1"))
        ((seen,),) = self._db.execute("SELECT count(*) FROM rows")
        return Balance(seen=seen, parts={name: found.get(name, 0) for name in DISPOSITIONS})

    def write(self, file: IO[bytes]) -> None:
        """Write it as a table."""
        write_table(file, COLUMNS, map(_cells, self._rows()))

    def _rows(self) -> Iterator[LedgerRow]:
        # The primary key is the order: nothing is sorted in memory.
        for (row,) in self._db.execute(
            "SELECT row FROM rows ORDER BY time, account, region, event, hash, message"
        ):
            yield msgspec.json.decode(row, type=LedgerRow)


def _fields(row: LedgerRow) -> tuple[object, ...]:
    return (
        *(epoch_milliseconds(row.event_time), row.account_id, row.region, row.event_id or ""),
        *(row.record_hash, row.message_id, row.disposition),
        msgspec.json.encode(row),
    )


def _cells(row: LedgerRow) -> tuple[object, ...]:
    return (*(getattr(row, name) for name in COLUMNS[:-1]), RECONCILED)
