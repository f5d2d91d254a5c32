"""Keeps many pieces of work in the air and hands finished tasks out in the order of the plan.

The calling thread does the bookkeeping, workers only look; so nothing here needs a lock. Pieces
that a listing led to come before further listings: that bounds what waits, whatever an account
holds.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from chalicelib.model import SweepRequest
from vigil.scan.account import Account
from vigil.scan.counting import Tally
from vigil.scan.journal import Done
from vigil.scan.looking import Eyes, Found, Piece, is_passing, look
from vigil.scan.plan import Task
from vigil.scan.rows import Row, order_of

#: Position of a piece in the queue: resources first, then further pages, then further listings.
Rank = tuple[int, int, int]


@dataclass(slots=True, kw_only=True)
class _Open:
    """A task that is being worked on."""

    rows: list[Row] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    pieces: int = 1
    may_pass: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A task with its rows, sorted.

    Attributes:
        task: The task.
        keeps: False where its gaps may be gone tomorrow, so that a resumed scan asks again.
    """

    task: Task
    done: Done
    keeps: bool


def scanned(
    tasks: Sequence[Task],
    account: Account,
    eyes: Eyes,
    jobs: int,
    *,
    earlier: Callable[[str], Done | None] = lambda _task: None,
    ended: Callable[[Finished], None] = lambda _finished: None,
) -> Iterator[Finished]:
    """Look at everything; yield finished tasks in the order of the plan.

    Args:
        tasks: The plan.
        account: Where to look.
        eyes: How to look.
        jobs: Looks at a time.
        earlier: Task → what an interrupted scan found of it.
        ended: Told of every task as it ends, in any order; not of earlier ones.
    """
    crew = _Crew(tasks=tasks, account=account, eyes=eyes, earlier=earlier)
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="scan")
    try:
        pending: dict[Future[Found], Piece] = {}
        while crew.queue or pending:
            while crew.queue and len(pending) < jobs:
                piece = crew.next_piece()
                pending[pool.submit(look, piece, eyes)] = piece
            finished, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                for task in crew.take(pending.pop(future), future.result()):
                    ended(task)
            yield from crew.in_order()
        yield from crew.in_order()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@dataclass(slots=True, kw_only=True)
class _Crew:
    """The bookkeeping of a scan."""

    tasks: Sequence[Task]
    account: Account
    eyes: Eyes
    earlier: Callable[[str], Done | None]
    queue: list[tuple[Rank, Piece]] = field(default_factory=list)
    _open: dict[int, _Open] = field(default_factory=dict)
    _finished: dict[int, Finished | None] = field(default_factory=dict)
    _next: int = 0
    _serial: int = 0

    def __post_init__(self) -> None:
        for number, task in enumerate(self.tasks):
            if self.earlier(task.name) is not None:
                # Read again when its turn comes: until then it takes no memory.
                self._finished[number] = None
            else:
                self._open[number] = _Open()
                self._push(Piece(task=number, request=self._request(task)), rank=2)

    def next_piece(self) -> Piece:
        """Take the most urgent piece."""
        return heapq.heappop(self.queue)[1]

    def take(self, piece: Piece, found: Found) -> Iterator[Finished]:
        """Note what came of a piece; yield its task where that was the last one."""
        state, task = self._open[piece.task], self.tasks[piece.task]
        state.rows += found.rows
        state.tally.add(found, task.region)
        state.may_pass = state.may_pass or any(map(is_passing, found.gaps))
        state.pieces += len(found.pieces) - 1
        for one in found.pieces:
            self._push(one, rank=0 if one.ref else 1)
        if not state.pieces:
            del self._open[piece.task]
            finished = _closed(task, state)
            self._finished[piece.task] = finished
            yield finished

    def in_order(self) -> Iterator[Finished]:
        """Yield what is finished and whose turn it is."""
        while self._next in self._finished:
            finished = self._finished.pop(self._next)
            if finished is None:
                task = self.tasks[self._next]
                done = self.earlier(task.name)
                finished = Finished(task=task, done=done, keeps=True) if done else None
            self._next += 1
            if finished is not None:
                yield finished

    def _push(self, piece: Piece, *, rank: int) -> None:
        self._serial += 1
        heapq.heappush(self.queue, ((rank, piece.task, self._serial), piece))

    def _request(self, task: Task) -> SweepRequest:
        return SweepRequest(
            account_id=self.account.id,
            partition=self.account.partition,
            region=task.region,
            type=task.type,
        )


def _closed(task: Task, state: _Open) -> Finished:
    rows = tuple(sorted(state.rows, key=order_of))
    done = Done(task=task.name, rows=rows, tally=state.tally)
    return Finished(task=task, done=done, keeps=not state.may_pass)
