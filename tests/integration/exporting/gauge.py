"""A whole export in a process of its own: ``gauge.py FORMAT FINDINGS…`` prints what each took.

The seal is made up part by part as it is read, so that only the export itself takes memory.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path

import msgspec

from chalicelib.export.pack import Signer
from chalicelib.findings.archive import Archive
from chalicelib.findings.integrity import Manifest, manifest_after, segment_of
from chalicelib.model import LedgerRow, Status
from chalicelib.model import TransitionKind as Kind
from chalicelib.model.export import ExportQuery, SealedEntry
from chalicelib.model.ruleset import Ruleset
from chalicelib.writing import Sources, Told, write_export
from tests.unit.export.given import END, RULES, START, History, acknowledged, at
from tests.unit.export.packs import row
from tests.unit.export.seals import line_of, moved_to

BATCH = 300
ROWS_A_FINDING = 2


class MadeUp(Archive):
    """A seal of so many findings, with three entries each."""

    count: int = 0

    def parts(
        self, until: int | None = None, *, after: int = 0
    ) -> Iterator[tuple[Manifest, bytes]]:
        """Yield manifests and their lines."""
        assert until is None
        assert not after
        head = None
        entries = _entries(MadeUp.count)
        while batch := tuple(map(line_of, islice(entries, BATCH))):
            head = manifest_after(head, batch, now=END + timedelta(minutes=1))
            yield head, segment_of(batch)

    def signatures(self, until: int | None = None) -> Iterator[bytes]:
        """Yield no signature."""
        assert until is None
        yield from ()


def _entries(count: int) -> Iterator[SealedEntry]:
    closed = {"status": Status.RESOLVED, "resolved_at": at(600)}
    history = History(acknowledged().finding).then(Kind.NOTED, 100, {})
    template = history.then(Kind.RESOLVED, 600, closed).exported()
    for number in range(count):
        yield from moved_to(template, f"{number:032x}").entries


def _rows(count: int) -> Iterator[LedgerRow]:
    for number in range(count * ROWS_A_FINDING):
        yield row(number, event_time=at(number % 10_000))


@dataclass
class Last:
    """The last number that was told."""

    number: int = 0

    def keep(self, number: int) -> None:
        """Take a number."""
        self.number = number


def took(findings: int, name: str) -> dict[str, float]:
    """Make one export; return its size, its time and the most memory this process ever had."""
    MadeUp.count = findings
    query = ExportQuery(start=START, end=END, format=name)
    sources = Sources(
        archive=MadeUp(None, ""),
        rows=lambda _start, _end: _rows(findings),
        rulesets=lambda: iter([Ruleset(rules=tuple(RULES.values()))]),
        signer=lambda: Signer(sign=lambda digest: digest, public_key=b"key"),
    )
    last = Last()
    told = Told(found=lambda _total, _last: None, written=last.keep)
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        file, _ = write_export(query, {}, sources, Path(folder), told)
        return {
            "findings": last.number,
            "size": file.stat().st_size,
            "disk": sum(one.stat().st_size for one in Path(folder).iterdir()),
            "seconds": round(time.process_time() - began, 1),
            "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }


def main() -> None:
    """Make exports, one after the other, and print a line for each."""
    name, *counts = sys.argv[1:]
    for count in counts:
        print(msgspec.json.encode(took(int(count), name)).decode())  # noqa: T201 - its result


if __name__ == "__main__":
    main()
