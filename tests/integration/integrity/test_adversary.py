"""Thousands of ways to tamper with a pack of 100,000 entries: every one is named, with its place.

The code that verifies is the one that lies in packs. Only what it reads comes from memory, and what
follows from files that no attack touched is remembered instead of computed again.
"""

import gc
import random
import re
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import IO, TypeVar

import pytest

from chalicelib.export import _verify
from chalicelib.export._verify import HISTORY, MANIFESTS, Report
from tests.integration.integrity import packs
from tests.integration.integrity.adversary import Files, Original, Struck, attack

ENTRIES, EACH, BATCH = 100_000, 400, 400
FEW, MANY = 2_000, 10_000
#: A real pack on a real disk, small enough to be read again and again.
SMALL, SMALL_EACH, SMALL_BATCH, SMALL_CASES = 30, 8, 5, 60
SEED = 25
VERIFYING_SECONDS = 10.0
T = TypeVar("T")
_LINES = re.compile(r": lines? (\d+)(?:–(\d+))?$")
_BYTES = re.compile(r": bytes (\d+)–(\d+)$")


@dataclass
class Memory:
    """What follows from files that no attack touched."""

    segments: dict[bytes, tuple[list[bytes], str]]
    results: dict[tuple[object, ...], object] = field(default_factory=dict)


class MemoryRun(_verify.Run):
    """A run of lines that knows its digest if it is a whole segment as it was sealed."""

    def __init__(self, lines: list[bytes], memory: Memory) -> None:
        super().__init__(lines)
        self._memory = memory

    @property
    def digest(self) -> str:
        """What a manifest calls it."""
        lines, known = self._memory.segments.get(self.lines[0] if self.lines else b"", ([], ""))
        return known if lines and lines == self.lines else super().digest


class MemoryHistory(_verify.History):
    """All lines at hand."""

    def __init__(self, lines: list[bytes], memory: Memory) -> None:
        super().__init__(iter(()))
        self._all, self._memory = lines, memory

    def run(self, first: int, count: int) -> _verify.Run:
        """Return some lines."""
        return MemoryRun(self._all[first - 1 : first - 1 + count], self._memory)

    def drop(self, before: int) -> None:
        """Keep them all."""


class MemoryPack(_verify.Pack):
    """A pack that was never written to disk."""

    def __init__(self, files: Files, memory: Memory) -> None:
        super().__init__(Path())
        self._files, self._memory = files, memory

    def names(self) -> list[str]:
        """Return every name."""
        return sorted(self._files.names())

    def open(self, name: str) -> IO[bytes]:
        """Open a file."""
        return BytesIO(self._files.data(name))

    def digest(self, name: str, limit: int) -> tuple[str, int]:
        """Return SHA-256 and size."""
        said = self._files.listed(name)
        return said["sha256"], min(said["size"], limit + 1)

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield a file's lines."""
        if name not in self._files.lines:
            return super().lines(name)
        return iter(self._files.lines[name])

    def history(self) -> _verify.History:
        """Return the sealed lines."""
        if HISTORY not in self._files.lines:
            raise FileNotFoundError(HISTORY)
        return MemoryHistory(self._files.lines[HISTORY], self._memory)

    def recall(self, what: str, of: Iterable[str], compute: Callable[[], T]) -> T:
        """Compute what attacks changed, and remember what they did not."""
        names, untouched = tuple(of), self._files.original.pack.lines
        if any(self._files.lines.get(n) is not untouched[n] for n in names if n in untouched):
            return compute()
        if (what, *names) not in self._memory.results:
            self._memory.results[what, *names] = compute()
        return self._memory.results[what, *names]  # type: ignore[return-value] # as it was put


@pytest.fixture(scope="module")
def original() -> Iterator[Original]:
    """A pack of 100,000 entries, and an older one of the same seal."""
    made = _original(ENTRIES // EACH, EACH, BATCH)
    # Nothing of it goes away: the garbage collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    yield made
    gc.unfreeze()


@pytest.fixture(scope="module")
def small() -> Original:
    """A pack that can be written to disk for every case."""
    return _original(SMALL, SMALL_EACH, SMALL_BATCH, is_small=True)


def _original(findings: int, each: int, batch: int, *, is_small: bool = False) -> Original:
    made, key = packs.terse(findings, each), packs.signing()
    half = len(made.lines) // batch // 2 * batch
    original = Original(
        pack=packs.written(made.lines, made.records, batch=batch, by=key),
        older=packs.written(made.lines[:half], made.records[::2], batch=batch, by=key),
        forger=packs.signing("forger"),
        is_small=is_small,
    )
    files = original.files()
    said = {name: files.listed(name) for name in files.names() if name not in _verify.UNLISTED}
    packs.sign_manifest(original.pack, said, key)
    return original


def _memory(original: Original) -> Memory:
    lines, begins = original.pack.lines[HISTORY], original.begins
    runs = [lines[a:b] for a, b in pairwise(begins)]
    links = original.pack.links
    return Memory({run[0]: (run, link.segment) for run, link in zip(runs, links, strict=True)})


def _run(original: Original, cases: int) -> Counter[str]:
    """Run some attacks; return how often each kind was made."""
    rng, memory, made = random.Random(SEED), _memory(original), Counter[str]()
    pinned = packs.signing().fingerprint
    for _ in range(cases):
        files, struck = attack(rng, original)
        report = _verify.verify(MemoryPack(files, memory), pinned)
        if report.exit_code != 1 or not _is_named(report, struck, original):
            pytest.fail(f"{struck}: {report.problems[:5]}")
        made[struck.attack] += 1
    return made


def _is_named(report: Report, struck: Struck, original: Original) -> bool:
    places = [place for place, _ in report.problems if place.startswith(struck.file)]
    if struck.line is None:
        return bool(places)
    lines = [(int(m[1]), int(m[2] or m[1])) for p in places if (m := _LINES.search(p))]
    if any(first - 1 <= struck.line <= last + 1 for first, last in lines):
        return True
    if struck.file in (HISTORY, MANIFESTS):
        return False
    before = original.pack.lines[struck.file][: struck.line]
    start, end = sum(len(x) + 1 for x in before[:-1]), sum(len(x) + 1 for x in before)
    blocks = [(int(m[1]), int(m[2])) for p in places if (m := _BYTES.search(p))]
    return any(first <= end and start <= last for first, last in blocks)


def test_an_untouched_pack_of_100_000_entries_is_proven_within_ten_seconds(
    original: Original,
) -> None:
    begun = time.process_time()
    report = _verify.verify(MemoryPack(original.files(), Memory({})), packs.signing().fingerprint)

    assert time.process_time() - begun <= VERIFYING_SECONDS
    assert report.problems == []
    assert report.exit_code == 0


def test_whoever_tampers_with_a_pack_is_named_with_the_place(original: Original) -> None:
    made = _run(original, FEW)

    assert len(made) == 16
    assert min(made.values()) >= 8


@pytest.mark.parametrize("seed", range(SMALL_CASES))
def test_the_same_is_named_in_a_pack_on_disk(seed: int, small: Original, tmp_path: Path) -> None:
    files, struck = attack(random.Random(seed), small)
    pack = tmp_path / "pack.zip"
    if seed % 2:
        with zipfile.ZipFile(pack, "w") as written:
            for name in files.names():
                written.writestr(name, files.data(name))
    else:
        for name in files.names():
            (pack / name).parent.mkdir(parents=True, exist_ok=True)
            (pack / name).write_bytes(files.data(name))

    report = _verify.verify(_verify.opened(pack), packs.signing().fingerprint)

    assert report.exit_code == 1
    assert _is_named(report, struck, small), (struck, report.problems)


@pytest.mark.slow
def test_whoever_tampers_ten_thousand_times_is_named_every_time(original: Original) -> None:
    assert _run(original, MANY).total() == MANY
