"""What a scan has finished, in a file, so that an interrupted one goes on where it stopped.

JSON Lines: a heading that says what was asked, then one line per finished task. A line that was
cut off by a crash is no line; a task whose gaps may be gone tomorrow is not written down at all.
"""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from chalicelib.errors import PermanentError
from chalicelib.model import Compliance, Severity
from vigil.scan.counting import Tally, Unread
from vigil.scan.rows import Row

_MARK = "vigil scan 1"


class JournalError(PermanentError):
    """The file is another scan's, no journal, or cannot be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A finished task."""

    task: str
    rows: tuple[Row, ...]
    tally: Tally


class _Unread(msgspec.Struct, frozen=True):
    kind: Unread
    count: int


class _Line(msgspec.Struct, frozen=True):
    """A finished task as it is written: JSON has no mappings with objects as keys."""

    task: str
    rows: tuple[Row, ...]
    resources: int
    verdicts: dict[str, int]
    failures: dict[str, int]
    unread: tuple[_Unread, ...]


@dataclass(slots=True, kw_only=True)
class Journal:
    """The finished tasks of a scan.

    Attributes:
        heading: What was asked: account, rules, filters. Another question needs another file.
        places: Task → where its line begins.
    """

    path: Path
    heading: Mapping[str, Any]
    places: dict[str, int] = field(default_factory=dict)
    _file: BinaryIO | None = None

    @classmethod
    def opened(cls, path: Path, heading: Mapping[str, Any]) -> "Journal":
        """Open a file that exists, or begin one.

        Raises:
            JournalError: The file is not this scan's, or cannot be written.
        """
        journal = cls(path=path, heading={"journal": _MARK, **heading})
        with ExitStack() as on_failure:
            on_failure.callback(journal.close)
            try:
                journal._open()
            except OSError as error:
                raise JournalError(f"{path}: cannot be written: {error.strerror}") from error
            on_failure.pop_all()
        return journal

    def read(self, task: str) -> Done | None:
        """Return a finished task, or None where it is still to be done."""
        place = self.places.get(task)
        if place is None or self._file is None:
            return None
        self._file.seek(place)
        line = msgspec.json.decode(self._file.readline(), type=_Line)
        return Done(task=task, rows=line.rows, tally=_tally_of(line))

    def write(self, done: Done) -> None:
        """Write a finished task down, safe from a crash of the machine."""
        if self._file is None or done.task in self.places:
            return
        self.places[done.task] = self._file.seek(0, os.SEEK_END)
        self._file.write(msgspec.json.encode(_line_of(done)) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> None:
        exists = self.path.exists() and self.path.stat().st_size > 0
        # Rows name what is wrong with an account: nobody else's business.
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        self._file = os.fdopen(descriptor, "r+b")
        if not exists:
            self._file.write(msgspec.json.encode(self.heading) + b"\n")
            self._file.flush()
            return
        self._check(self._file.readline())
        self._index()

    def _check(self, line: bytes) -> None:
        try:
            found = msgspec.json.decode(line)
        except msgspec.DecodeError:
            found = None
        if not isinstance(found, dict) or found.get("journal") != _MARK:
            raise JournalError(f"{self.path}: expected the journal of a scan, not another file")
        other = [name for name, value in self.heading.items() if found.get(name) != value]
        if other:
            asked = ", ".join(other)
            raise JournalError(f"{self.path}: is the journal of another scan (other {asked})")

    def _index(self) -> None:
        """Note where lines begin; cut off a last one that is not whole."""
        if self._file is None:
            return
        whole = self._file.tell()
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            self.places[msgspec.json.decode(line, type=_Line).task] = whole
            whole += len(line)
        self._file.truncate(whole)


def _line_of(done: Done) -> _Line:
    tally = done.tally
    return _Line(
        task=done.task,
        rows=done.rows,
        resources=tally.resources,
        verdicts={verdict.value: count for verdict, count in tally.verdicts.items()},
        failures={severity.value: count for severity, count in tally.failures.items()},
        unread=tuple(_Unread(kind, count) for kind, count in tally.unread.items()),
    )


def _tally_of(line: _Line) -> Tally:
    tally = Tally(resources=line.resources)
    tally.verdicts.update(msgspec.convert(line.verdicts, type=dict[Compliance, int]))
    tally.failures.update(msgspec.convert(line.failures, type=dict[Severity, int]))
    tally.unread.update({unread.kind: unread.count for unread in line.unread})
    return tally
