"""Processes to kill, as the test that plays Lambda sees them."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

ROOT = Path(__file__).parents[3]
#: For one call of a function, or the start of the server, on a busy machine.
PATIENCE_SECONDS = 60.0
KILLED = -signal.SIGKILL


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """The call at which a process dies: the `call`-th that leaves it, counted from 1."""

    call: int
    side: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How an invocation ended.

    Attributes:
        died_after: All calls that ever left a process which was killed, the last one included;
            empty for one that lives.
        result: What the handler returned.
        error: What it raised on purpose.
        calls: What left it meanwhile, in order.
        conflicts: How many commits were refused.
    """

    died_after: tuple[str, ...] = ()
    result: Any = None
    error: str | None = None
    calls: tuple[str, ...] = ()
    conflicts: int = 0


class Worker:
    """One process that runs functions until it dies or is dismissed."""

    def __init__(self, connection: socket.socket, ends: "_Ends", first: Mapping[str, Any]) -> None:
        connection.settimeout(PATIENCE_SECONDS)
        self._connection = connection
        self._questions = connection.makefile("w")
        self._answers = connection.makefile("r")
        self._ends = ends
        self.pid = int(json.loads(self._answers.readline())["pid"])
        ends.forget(self.pid)
        self._ask(first)

    def invoke(self, function: str, event: Any) -> Answer:
        """Run a handler; a process that dies of anything but SIGKILL is a failure of the test."""
        self._ask({"function": function, "event": event})
        line = self._answers.readline()
        said = json.loads(line) if line else {}
        if "calls" in said:
            calls = tuple(said.pop("calls"))
            return Answer(**said, calls=calls)
        ended = self._ends.of(self.pid)
        assert ended == KILLED, f"{function} ended with {ended} instead of an answer; see its log"
        return Answer(died_after=tuple(said["dying"]))

    def dismiss(self) -> None:
        """Let the process end, as Lambda does with one that nobody needs."""
        self._questions.close()
        self._answers.close()
        self._connection.close()

    def _ask(self, question: Mapping[str, Any]) -> None:
        self._questions.write(json.dumps(question) + "\n")
        self._questions.flush()


class Workers:
    """A server of processes, for as long as the `with` block lasts."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.log = folder / "functions.log"
        self._path = str(folder / "workers")
        self._environment = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
        self._server: subprocess.Popen[str] | None = None
        self._ends = _Ends()

    def __enter__(self) -> Self:
        """Start the server and wait until it listens."""
        with self.log.open("w") as log:
            self._server = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
                [sys.executable, "-m", "tests.e2e.crash.worker", self._path],
                cwd=ROOT,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._server.stdout
        self._ends.listen_to(self._server.stdout)
        assert self._ends.ready.wait(PATIENCE_SECONDS), self.log.read_text()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """End the server."""
        if self._server is not None:
            self._server.terminate()
            self._server.wait(PATIENCE_SECONDS)
            self._ends.join()

    @contextmanager
    def hired(self) -> Iterator["Staff"]:
        """Return processes on demand, and dismiss them in the end."""
        staff = Staff(self)
        try:
            yield staff
        finally:
            staff.dismiss()

    def hire(self, last: Last | None = None, **environment: str) -> Worker:
        """Start a process, which dies at its last call if one is named."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self._path)
        first = {
            "environment": environment,
            "last": last.call if last else None,
            "side": last.side if last else "",
        }
        return Worker(connection, self._ends, first)


@dataclass
class Staff:
    """One process for each function, as Lambda has it; a dead one is replaced at the next call.

    Attributes:
        doomed: Function → where its next process dies.
        environment: What differs from the server's.
    """

    workers: Workers
    doomed: dict[str, Last] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    alive: dict[str, Worker] = field(default_factory=dict)

    def invoke(self, function: str, event: Any) -> Answer:
        """Run a function in its process."""
        if function not in self.alive:
            last = self.doomed.pop(function, None)
            self.alive[function] = self.workers.hire(last, **self.environment)
        answer = self.alive[function].invoke(function, event)
        if answer.died_after:
            self.alive.pop(function).dismiss()
        return answer

    def dismiss(self) -> None:
        """Let all processes end."""
        while self.alive:
            self.alive.popitem()[1].dismiss()


class _Ends:
    """How processes ended, as the server reports it."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self._known: dict[int, int] = {}
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None

    def listen_to(self, reports: IO[str]) -> None:
        self._thread = threading.Thread(target=self._listen, args=(reports,), daemon=True)
        self._thread.start()

    def join(self) -> None:
        assert self._thread
        self._thread.join(PATIENCE_SECONDS)

    def of(self, pid: int) -> int:
        """Wait for the exit code of a process; negative: the signal that ended it."""
        with self._news:
            assert self._news.wait_for(lambda: pid in self._known, PATIENCE_SECONDS)
            return self._known.pop(pid)

    def forget(self, pid: int) -> None:
        """Note that a process was born: its number may have been another's."""
        with self._news:
            self._known.pop(pid, None)

    def _listen(self, reports: IO[str]) -> None:
        with reports:
            for line in reports:
                report = json.loads(line)
                if "ready" in report:
                    self.ready.set()
                else:
                    self._note(report["pid"], report["ended"])

    def _note(self, pid: int, code: int) -> None:
        with self._news:
            self._known[pid] = code
            self._news.notify_all()
