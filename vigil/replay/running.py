"""Runs a replay on all cores: batches out to workers, verdicts back in the order of the input.

Only what is told comes back from a worker: rows, and of every record its id, a fingerprint and
its verdict, because duplicates are found across files.
"""

import functools
import os
import signal
import zlib
from array import array
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

import msgspec

from chalicelib import resources
from chalicelib.evaluate.bundle import rules_from
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.ingest import canonical
from chalicelib.ingest.cloudtrail import event_id_from
from chalicelib.model import ResourceType, Severity
from chalicelib.plugins import discover
from vigil.replay.judging import Judge, Judged, Row, row_of
from vigil.replay.outline import Verdict, outlined
from vigil.replay.reading import Batch, Raw, batches_of, records_of
from vigil.replay.seen import Novelty, Seen, Sighting
from vigil.replay.sources import Gap, Source

#: Starting workers costs half a second, as much as judging this much.
ALONE_BYTES = 4 * 1024 * 1024
#: Batches waiting per worker: enough to keep it busy, few enough to bound memory.
AHEAD = 3
#: Invalid records named one by one; beyond them they are only counted.
INVALID_NAMED = 10

_WORTH_A_ROW = frozenset({Verdict.RISKY, Verdict.NOTED, Verdict.INVALID})
_INDEX_BITS = 32
_VERDICTS = tuple(Verdict)
_CODES = {verdict: code for code, verdict in enumerate(_VERDICTS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What every worker needs to know.

    Attributes:
        bundle: File with the compiled rules.
        everything: A row for every record, not only where rules object.
        mildest: Rules that object count from this severity on.
        now: Stands in for redacted event times.
    """

    bundle: Path
    everything: bool
    now: datetime
    mildest: Severity = Severity.MEDIUM


@dataclass(slots=True, kw_only=True)
class Verdicts:
    """What a worker found in one batch; the first four run in parallel, one entry per record.

    Attributes:
        keys: Event id and account, or None where there is no usable id.
        prints: Fingerprints of the content; odd ones are of the canonical form.
    """

    source: Source
    size: int
    indexes: "array[int]" = field(default_factory=lambda: array("Q"))
    keys: list[str | None] = field(default_factory=list)
    prints: "array[int]" = field(default_factory=lambda: array("Q"))
    codes: bytearray = field(default_factory=bytearray)
    rows: dict[int, Row] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)

    def add(self, index: int, verdict: Verdict, key: str | None, fingerprint: int) -> None:
        """Add a record."""
        self.indexes.append(index)
        self.keys.append(key)
        self.prints.append(fingerprint)
        self.codes.append(_CODES[verdict])


@dataclass(slots=True)
class Tally:
    """What was counted so far.

    Attributes:
        verdicts: Records by verdict, duplicates left out.
        reused: Records whose event id an earlier one of another content has.
        invalid: The first invalid records, by place, with what is wrong.
        worst: Highest severity with which a rule objects to a call that changed something.
    """

    files: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    duplicates: int = 0
    reused: int = 0
    gaps: list[Gap] = field(default_factory=list)
    invalid: list[Row] = field(default_factory=list)
    worst: Severity | None = None

    @property
    def records(self) -> int:
        """Records seen, duplicates and invalid ones included."""
        return self.verdicts.total() + self.duplicates


def replayed(
    sources: Iterable[Source | Gap], plan: Plan, tally: Tally, jobs: int | None = None
) -> Iterator[list[Row]]:
    """Judge every record of some files and yield, batch by batch, the rows to tell.

    Args:
        sources: Files, and what could not be fetched.
        plan: How to judge.
        tally: Is kept up to date.
        jobs: Worker processes; default: one per core.
    """
    with Seen() as seen:
        book = _Book(seen=seen, tally=tally, plan=plan)
        for verdicts in _judged(_batches(sources, tally), plan, jobs or os.cpu_count() or 1):
            yield book.told(verdicts)
            verdicts.source.forget()


def judge_batch(batch: Batch, judge: Judge, *, everything: bool) -> Verdicts:
    """Judge the records of one batch."""
    found = Verdicts(source=batch.source, size=batch.size)
    plain = judge.sight.verdict_of
    for numbered in records_of(batch):
        if isinstance(numbered, Gap):
            found.gaps.append(numbered)
            continue
        index, raw = numbered
        outline, raw = (None, raw) if everything else outlined(raw)
        verdict = plain(outline) if outline is not None else None
        if outline is None or verdict is None:
            _add_judged(found, index, judge.judged(raw), everything=everything)
        else:
            key = f"{outline.event_id} {outline.recipient_account_id}"
            found.add(index, verdict, key, _print_of_bytes(raw))
    return found


def _add_judged(found: Verdicts, index: int, judged: Judged, *, everything: bool) -> None:
    change = judged.change
    if everything or judged.verdict in _WORTH_A_ROW:
        found.rows[len(found.codes)] = row_of(judged, f"{found.source.name}#{index}")
    if change is None or change.event_id is None:
        found.add(index, judged.verdict, None, 0)
        return
    fingerprint = int(change.record_hash[:15], 16) << 1 | 1
    found.add(index, judged.verdict, f"{change.event_id} {change.account_id}", fingerprint)


def _print_of_bytes(raw: Raw) -> int:
    # Nothing judges these: equal bytes are only ever counted, so a checksum will do.
    data = memoryview(raw)  # type: ignore[arg-type] # an outline was decoded from it
    return zlib.crc32(data) << 31 | (len(data) & 0x3FFFFFFF) << 1


def _batches(sources: Iterable[Source | Gap], tally: Tally) -> Iterator[Batch]:
    for source in sources:
        if isinstance(source, Gap):
            tally.gaps.append(source)
            continue
        tally.files += 1
        yield from batches_of(source)


def _judged(batches: Iterator[Batch], plan: Plan, jobs: int) -> Iterator[Verdicts]:
    """Judge in this process what is little, and all else in workers."""
    done = 0
    for batch in batches:
        if jobs > 1 and done + batch.size > ALONE_BYTES:
            yield from _in_workers(chain([batch], batches), plan, jobs)
            return
        done += batch.size
        yield _work(batch, plan)


def _in_workers(batches: Iterator[Batch], plan: Plan, jobs: int) -> Iterator[Verdicts]:
    # Fetching runs in threads, and a fork would copy their locks as they are.
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _leave_interrupts_to_the_parent)
    waiting: deque[Future[Verdicts]] = deque()
    try:
        for batch in batches:
            waiting.append(pool.submit(_work, batch, plan))
            if len(waiting) >= jobs * AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(batch: Batch, plan: Plan) -> Verdicts:
    return judge_batch(batch, _judge_of(plan), everything=plan.everything)


@functools.cache
def _judge_of(plan: Plan) -> Judge:
    types = discover(resources, "RESOURCE_TYPE", ResourceType)
    rulebook = Rulebook.of(rules_from(plan.bundle.read_bytes()), types)
    return Judge.of(rulebook, types, plan.now)


def _hash_at(source: Source, index: int) -> str | None:
    return _hashes_in(source).get(index)


@functools.lru_cache(maxsize=8)
def _hashes_in(source: Source) -> dict[int, str]:
    """Return the canonical hash of every record of a file; nothing of what is gone or large."""
    if source.temporary or Batch(source=source).size > ALONE_BYTES:
        return {}
    numbered = (one for batch in batches_of(source) for one in records_of(batch))
    return {
        one[0]: canonical.hashed(canonical.decode(bytes(one[1])))[1]
        for one in numbered
        if not isinstance(one, Gap) and isinstance(one[1], bytes | msgspec.Raw)
    }


@dataclass(slots=True, kw_only=True)
class _Book:
    """Keeps count, in the order of the input."""

    seen: Seen
    tally: Tally
    plan: Plan
    sources: list[Source] = field(default_factory=list)

    def told(self, verdicts: Verdicts) -> list[Row]:
        """Count a batch and return the rows to tell."""
        self.sources.append(verdicts.source)
        self.tally.gaps += verdicts.gaps
        counts = Counter(verdicts.codes)
        for at, earlier in self._duplicates(verdicts):
            counts[verdicts.codes[at]] -= 1
            self.tally.duplicates += 1
            self._mark(verdicts.rows, at, earlier)
        self.tally.verdicts.update({_VERDICTS[code]: n for code, n in counts.items()})
        self._keep_invalid(verdicts.rows)
        self._keep_worst(verdicts.rows)
        return [row for row in verdicts.rows.values() if self._is_told(row)]

    def _duplicates(self, verdicts: Verdicts) -> Iterator[tuple[int, str]]:
        """Yield the position of each duplicate, and where it was seen first."""
        number = len(self.sources) - 1 << _INDEX_BITS
        observe = self.seen.observe
        new = Novelty.NEW
        for at, key in enumerate(verdicts.keys):
            if key is None:
                continue
            mine = Sighting(verdicts.prints[at], number | verdicts.indexes[at])
            novelty, earlier = observe(key, mine)
            if novelty is new or event_id_from(key.partition(" ")[0]) is None:
                continue
            if novelty is Novelty.DUPLICATE or self._is_same(mine, earlier):
                yield at, self._name(earlier.place)
            else:
                self.tally.reused += 1

    def _is_same(self, mine: Sighting, earlier: Sighting) -> bool:
        """Compare two records under one id that were fingerprinted by their bytes alone."""
        if mine.fingerprint & 1 or earlier.fingerprint & 1:
            return False
        one, other = (_hash_at(*self._located(place)) for place in (mine.place, earlier.place))
        return one is not None and one == other

    def _located(self, place: int) -> tuple[Source, int]:
        return self.sources[place >> _INDEX_BITS], place & (1 << _INDEX_BITS) - 1

    def _name(self, place: int) -> str:
        source, index = self._located(place)
        return f"{source.name}#{index}"

    def _mark(self, rows: dict[int, Row], at: int, earlier: str) -> None:
        if at in rows and self.plan.everything:
            rows[at] = replace(rows[at], duplicate_of=earlier)
        else:
            rows.pop(at, None)

    def _keep_invalid(self, rows: dict[int, Row]) -> None:
        room = INVALID_NAMED - len(self.tally.invalid)
        found = (row for row in rows.values() if row.verdict is Verdict.INVALID)
        self.tally.invalid += [row for row, _ in zip(found, range(room), strict=False)]

    def _keep_worst(self, rows: dict[int, Row]) -> None:
        severities = [severity_of(row) for row in rows.values()]
        found = [self.tally.worst, *severities]
        self.tally.worst = max(filter(None, found), key=_rank, default=None)

    def _is_told(self, row: Row) -> bool:
        severity = severity_of(row)
        return self.plan.everything or (severity is not None and self._counts(severity))

    def _counts(self, severity: Severity) -> bool:
        return severity.rank >= self.plan.mildest.rank


def severity_of(row: Row) -> Severity | None:
    """Return how much a rule objects; what a refused call asked for is low whatever it was."""
    if row.verdict is Verdict.NOTED and row.severity is not None:
        return min(row.severity, Severity.LOW, key=_rank)
    return row.severity if row.verdict is Verdict.RISKY else None


def _rank(severity: Severity) -> int:
    return severity.rank
