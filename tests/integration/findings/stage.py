"""A scripted world, read late, twice, in disorder and sometimes not at all; one thread at a time.

Looks run through the real pipeline in threads, but a baton lets only one of them go from one call
to the next: what happens between is the seed's choice, and the same seed chooses the same.
"""

import heapq
import random
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec

from chalicelib.errors import ConflictError, DuplicateRecordError
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.findings.store import DynamoStore
from chalicelib.ingest.routing import Routing
from chalicelib.model import (
    Commit,
    ConfigurationItem,
    Known,
    LedgerRow,
    LookRequest,
    Page,
    Reason,
    ResourceRef,
    Subject,
    SweepRequest,
)
from chalicelib.pipeline import Ports, take_look
from tests.builders import resource_type
from tests.integration.findings.world import HOLES, SCHEMA, WORLD, State, World, door_rule, script
from tests.unit.findings import given
from tests.unit.findings.given import KIND, REF, RULE_ID, at

#: Reads are stale for less than the first confirming look waits.
MAX_LAG_SECONDS = 20.0
CONFIRM_SECONDS = (30, 120)
WORKERS = 3


@dataclass(eq=False)
class Worker:
    """A thread that runs one message and waits for the baton between calls."""

    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    done: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    finished: bool = False
    error: BaseException | None = None


class Stage:
    """Plays a script; everything random comes from one seed."""

    def __init__(self, store: DynamoStore, seed: int, *, lag: float, denials: bool) -> None:
        self.random = random.Random(seed)
        self.world = World()
        self.store = store
        self.lag = lag
        self.time = 0.0
        self.looks: dict[datetime, bool] = {}
        self.conflicts = 0
        self._order = 0
        self._messages: list[tuple[float, int, LookRequest, LedgerRow | None]] = []
        self._active: list[Worker] = []
        self._current: Worker | None = None
        self.ops = list(script(self.random, denials=denials))
        self._pending = list(self.ops)
        self._deliver_all()

    # The world as the pipeline's ports

    def ports(self) -> Ports:
        """Return this stage as the pipeline sees it."""
        kind = resource_type(KIND, schema=SCHEMA)
        return Ports(
            clock=self,
            observer=self,
            store=_Baton(self),
            sweeps=_Unused(),
            rates=_Unused(),
            live=self,
            bulk=self,
            rulebook=Rulebook.of([door_rule()], [kind]),
            routing=Routing.of([kind]),
            confirm_seconds=CONFIRM_SECONDS,
            places=(),
            subject_of=lambda ref, _: Subject(ref=ref),
            fingerprint_of=_fingerprint,
        )

    def enqueue(self, *requests: LookRequest | SweepRequest, delay_seconds: int = 0) -> None:
        """Queue work for later."""
        for request in requests:
            assert isinstance(request, LookRequest)
            self._send(request, None, self.time + delay_seconds)

    def resolve(self, ref: ResourceRef) -> ResourceRef:
        """Every reference is canonical."""
        return ref

    def page(self, request: SweepRequest) -> Page:
        """Nothing is listed here."""
        raise NotImplementedError

    def describe(self, ref: ResourceRef, _observes: Mapping[str, Any]) -> ConfigurationItem | None:
        """Describe in two calls, each of which may be answered by a replica that lags."""
        started = self.now()
        first = self._read()
        self.looks[started] = first.denied
        if not first.exists:
            self.step()
            return None
        self.step()
        second = self._read()
        return ConfigurationItem(
            ref=replace(ref, unique_id=f"generation-{first.generation}"),
            properties={
                "Holes": None if first.denied else [_row(port) for port in first.holes],
                "Tags": list(second.tags),
            },
            observed={},
            gaps=(given.gap(HOLES),) if first.denied else (),
            started_at=started,
            ended_at=self.now(),
        )

    def now(self) -> datetime:
        """Return the time that the script has reached."""
        return at(round(self.time, 3))

    def _read(self) -> State:
        lag = self.random.uniform(0, self.lag) if self.random.random() < 0.3 else 0.0
        return self.world.at(self.time - lag)

    # The baton

    def step(self) -> None:
        """Give the baton back and wait for it."""
        worker = self._current
        if worker is None:
            return
        worker.done.release()
        worker.go.acquire()
        self._current = worker

    def play(self) -> None:
        """Run until nothing is left to do."""
        while self._advance():
            self.time += self.random.uniform(0.001, 0.4)

    def sweep(self) -> None:
        """Look as the routine sweep and the due schedule do, twice, without any lag."""
        self.lag = 0.0
        for _ in range(3):
            self.time += 1000
            self._send(LookRequest(ref=REF, reason=Reason.TIME), None, self.time)
            self.play()

    def _advance(self) -> bool:
        while self._pending and self._pending[0].time <= self.time:
            self.world.apply(self._pending.pop(0))
        ready = self._messages and self._messages[0][0] <= self.time
        choices: list[Callable[[], None]] = [lambda w=w: self._resume(w) for w in self._active]
        if ready and len(self._active) < WORKERS:
            choices.append(self._start)
        if choices:
            self.random.choice(choices)()
            return True
        return self._jump()

    def _jump(self) -> bool:
        times = [op.time for op in self._pending[:1]] + [m[0] for m in self._messages[:1]]
        self.time = max(self.time, min(times)) if times else self.time
        return bool(times)

    def _start(self) -> None:
        _, _, request, row = heapq.heappop(self._messages)
        worker = Worker()
        thread = threading.Thread(target=self._run, args=(worker, request, row), daemon=True)
        thread.start()
        self._active.append(worker)
        self._resume(worker)

    def _resume(self, worker: Worker) -> None:
        self._current = worker
        worker.go.release()
        worker.done.acquire()
        self._current = None
        if worker.finished:
            self._active.remove(worker)
        if worker.error is not None:
            raise worker.error

    def _run(self, worker: Worker, request: LookRequest, row: LedgerRow | None) -> None:
        worker.go.acquire()
        try:
            with suppress(DuplicateRecordError):
                take_look(request, self.ports(), ledger=row)
        except ConflictError:
            self._send(request, row, self.time + 5)
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            worker.error = error
        worker.finished = True
        worker.done.release()

    # Events

    def _send(self, request: LookRequest, row: LedgerRow | None, time: float) -> None:
        self._order += 1
        heapq.heappush(self._messages, (time, self._order, request, row))

    def _deliver_all(self) -> None:
        """Queue every event once or twice, in any order, never before it happened."""
        state = self.world.at(0)
        for number, op in enumerate(self.ops):
            state = op.applied(state)
            touch = op.touch(state)
            if touch is None:
                continue
            change = given.change(f"e-{number}", time=int(op.time), by=op.by)
            request = LookRequest(ref=REF, reason=Reason.CHANGE, change=change, touch=touch)
            for copy in range(self.random.choice((1, 1, 2))):
                row = given.ledger_row(f"e-{number}", message_id=f"m-{number}-{copy}")
                delay = self.random.choice((0.1, self.random.uniform(0, 5), 20.0, 100.0))
                self._send(request, row, op.time + delay)


class _Baton:
    """The store, with the baton handed on before every call."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def known(self, ref: ResourceRef) -> Known:
        self._stage.step()
        return self._stage.store.known(ref)

    def commit(self, commit: Commit) -> None:
        self._stage.step()
        try:
            self._stage.store.commit(commit)
        except ConflictError:
            self._stage.conflicts += 1
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage.store, name)


class _Unused:
    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(name)


def _row(port: int) -> dict[str, Any]:
    return {"Port": port, "Source": WORLD}


def _fingerprint(item: ConfigurationItem) -> str:
    return sha256(msgspec.json.encode((item.properties, len(item.gaps)))).hexdigest()


#: How long before a look's start the state may have been read from.
LAG = timedelta(seconds=MAX_LAG_SECONDS)
THE_RULE = RULE_ID
