"""Keeps count of a replay, in the order of the input: duplicates once, what is told, what is not.

Workers send of every record its id, a fingerprint and its verdict; only here is it known what came
before.
"""

import functools
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import itemgetter
from pathlib import Path

from chalicelib.errors import InvalidRecordError
from chalicelib.evaluate.engine import burst_of
from chalicelib.ingest import canonical
from chalicelib.ingest.cloudtrail import event_id_from
from chalicelib.model import Detection, Occurrence, Severity
from vigil.rates import MemoryRates
from vigil.replay.judging import Candidate, with_bursts
from vigil.replay.outline import Verdict, outlined
from vigil.replay.reading import Batch, Raw, batches_of, records_of
from vigil.replay.row import Row
from vigil.replay.seen import Novelty, Seen, Sighting
from vigil.replay.sources import Gap, Source

#: Invalid records named one by one; beyond them they are only counted.
INVALID_NAMED = 10
#: Files that are read again to compare two records under one id.
REREAD_LIMIT_BYTES = 4 * 1024 * 1024

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
        counted: What rate rules count, by position.
    """

    source: Source
    size: int
    indexes: "array[int]" = field(default_factory=lambda: array("Q"))
    keys: list[str | None] = field(default_factory=list)
    prints: "array[int]" = field(default_factory=lambda: array("Q"))
    codes: bytearray = field(default_factory=bytearray)
    rows: dict[int, Row] = field(default_factory=dict)
    counted: dict[int, Candidate] = field(default_factory=dict)
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


@dataclass(slots=True, kw_only=True)
class Book:
    """Keeps count, in the order of the input."""

    seen: Seen
    tally: Tally
    plan: Plan
    sources: list[Source] = field(default_factory=list)
    rates: MemoryRates = field(default_factory=MemoryRates)

    def told(self, verdicts: Verdicts) -> list[Row]:
        """Count a batch and return the rows to tell."""
        self.sources.append(verdicts.source)
        self.tally.gaps += verdicts.gaps
        self._count_rates(verdicts)
        counts = Counter(verdicts.codes)
        for at, earlier in self._duplicates(verdicts):
            counts[verdicts.codes[at]] -= 1
            self.tally.duplicates += 1
            self._mark(verdicts.rows, at, earlier)
        self.tally.verdicts.update({_VERDICTS[code]: n for code, n in counts.items()})
        self._keep_invalid(verdicts.rows)
        self._keep_worst(verdicts.rows)
        return [
            row for _, row in sorted(verdicts.rows.items(), key=itemgetter(0)) if self._is_told(row)
        ]

    def _count_rates(self, verdicts: Verdicts) -> None:
        """Count what rate rules count; the record that was one too many becomes a row.

        A duplicate has the mark of the first, and changes nothing.
        """
        for at, candidate in verdicts.counted.items():
            found = map(self._burst, candidate.occurrences)
            bursts = [burst for burst in found if burst is not None]
            if bursts:
                row = with_bursts(candidate, bursts)
                verdicts.rows[at], verdicts.codes[at] = row, _CODES[row.verdict]

    def _burst(self, one: Occurrence) -> Detection | None:
        burst = burst_of(one, self.rates.count(one))
        if burst is not None:
            self.rates.settle(one)
        return burst

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


def _hash_at(source: Source, index: int) -> str | None:
    return _hashes_in(source).get(index)


@functools.lru_cache(maxsize=8)
def _hashes_in(source: Source) -> dict[int, str | None]:
    """Return the canonical hash of every plain record of a file that is neither gone nor large."""
    if source.temporary or Batch(source=source).size > REREAD_LIMIT_BYTES:
        return {}
    numbered = (one for batch in batches_of(source) for one in records_of(batch))
    return {one[0]: _hash_of(one[1]) for one in numbered if not isinstance(one, Gap)}


def _hash_of(raw: Raw) -> str | None:
    outline, bare = outlined(raw)
    if outline is None:
        return None
    try:
        return canonical.hashed(canonical.decode(bytes(bare)))[1]  # type: ignore[arg-type]
    except InvalidRecordError:
        return None
