"""Runs a replay on all cores: batches out to workers, verdicts back in the order of the input.

Only what is told comes back from a worker: rows, and of every record its id, a fingerprint and
its verdict, because duplicates are found across files.
"""

import functools
import os
import signal
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context

from chalicelib import resources
from chalicelib.evaluate.bundle import ruleset_from
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import ResourceType
from chalicelib.plugins import discover
from vigil.replay.counting import Book, Plan, Tally, Verdicts
from vigil.replay.judging import Candidate, Judge, Judged, row_of
from vigil.replay.outline import Verdict, outlined
from vigil.replay.reading import Batch, Raw, batches_of, records_of
from vigil.replay.row import Row
from vigil.replay.seen import Seen
from vigil.replay.sources import Gap, Source

#: Starting workers costs half a second, as much as judging this much.
ALONE_BYTES = 4 * 1024 * 1024
#: Batches waiting per worker: enough to keep it busy, few enough to bound memory.
AHEAD = 3

_WORTH_A_ROW = frozenset({Verdict.RISKY, Verdict.NOTED, Verdict.INVALID})


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
        book = Book(seen=seen, tally=tally, plan=plan)
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
    _keep_row(found, f"{found.source.name}#{index}", judged, everything=everything)
    if change is None or change.event_id is None:
        found.add(index, judged.verdict, None, 0)
        return
    fingerprint = int(change.record_hash[:15], 16) << 1 | 1
    found.add(index, judged.verdict, f"{change.event_id} {change.account_id}", fingerprint)


def _keep_row(found: Verdicts, source: str, judged: Judged, *, everything: bool) -> None:
    """Keep the row of what is told, and of what may be once it has been counted."""
    told, at = everything or judged.verdict in _WORTH_A_ROW, len(found.codes)
    if told or judged.counted:
        row = row_of(judged, source)
        found.rows |= {at: row} if told else {}
        found.counted |= {at: Candidate.of(judged, row)} if judged.counted else {}


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
    rulebook = Rulebook.in_force(ruleset_from(plan.bundle.read_bytes()), types)
    return Judge.of(rulebook, types, plan.now)
