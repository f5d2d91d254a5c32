"""The Runtime API of one Lambda function: what AWS's runtime client asks for events.

The first request for an event means "ready"; before it a function can only fail to load.
"""

import json
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import Any

_HOST = "127.0.0.1"
_ROOT = "/2018-06-01/runtime/"
_POLL_SECONDS = 0.02
_JOIN_SECONDS = 10.0


class FunctionError(RuntimeError):
    """A function did not start, or an invocation ended badly.

    Attributes:
        kind: As Lambda names it: ``Runtime.HandlerNotFound``, or the exception's name.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class _Invocation:
    body: bytes
    deadline_ms: int
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    answer: Future[bytes] = field(default_factory=Future)


class RuntimeApi:
    """A server for one function process, on a port of its own.

    Attributes:
        address: What the process reads from ``AWS_LAMBDA_RUNTIME_API``.
        ready: The monotonic time of the first request for an event, or why none came.
    """

    def __init__(self, arn: str, timeout_seconds: int) -> None:
        self.ready: Future[float] = Future()
        self._arn = arn
        self._timeout_seconds = timeout_seconds
        self._waiting: SimpleQueue[_Invocation | None] = SimpleQueue()
        self._running: dict[str, _Invocation] = {}
        self._ended: FunctionError | None = None
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True
        )
        self.address = f"{_HOST}:{self._server.server_port}"

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Let whoever waits go, and stop serving."""
        self.end(FunctionError("Runtime.Stopped", "the test is over"))
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(_JOIN_SECONDS)

    def offer(self, event: Any) -> Future[bytes]:
        """Queue an event for the process and return the answer that will come.

        Raises:
            FunctionError: The process has ended.
        """
        deadline = time.time() + self._timeout_seconds
        body = json.dumps(event).encode()
        invocation = _Invocation(body=body, deadline_ms=int(deadline * 1000))
        with self._lock:
            if self._ended:
                raise self._ended
            self._running[invocation.id] = invocation
        self._waiting.put(invocation)
        return invocation.answer

    def end(self, error: FunctionError) -> None:
        """Tell whoever waits that nothing will come; the first reason counts."""
        with self._lock:
            if self._ended:
                return
            self._ended = error
            if not self.ready.done():
                self.ready.set_exception(error)
            while self._running:
                self._running.popitem()[1].answer.set_exception(error)
        self._waiting.put(None)

    def next(self) -> tuple[bytes, Mapping[str, str]] | None:
        """Wait for an event; None where none will come."""
        with self._lock:
            if not self.ready.done():
                self.ready.set_result(time.monotonic())
        invocation = self._waiting.get()
        if invocation is None:
            return None
        details = {
            "Aws-Request-Id": invocation.id,
            "Deadline-Ms": str(invocation.deadline_ms),
            "Invoked-Function-Arn": self._arn,
            "Trace-Id": "Root=1-00000000-000000000000000000000000",
        }
        headers = {f"Lambda-Runtime-{name}": value for name, value in details.items()}
        return invocation.body, headers

    def take(self, path: str, body: bytes) -> None:
        """Take what the process posts: an answer, an error, or why it cannot start."""
        subject, _, kind = path.removeprefix(_ROOT).rpartition("/")
        if subject == "init":
            self.end(_error_in(body))
            return
        with self._lock:
            invocation = self._running.pop(subject.removeprefix("invocation/"))
        if kind == "response":
            invocation.answer.set_result(body)
        else:
            invocation.answer.set_exception(_error_in(body))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, api: RuntimeApi) -> None:
        super().__init__((_HOST, 0), _Requests)
        self.api = api

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a process that was killed in the middle of a request."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Requests(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # Headers and body in two small packets would wait 40 ms for each other.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        found = self.server.api.next()
        if found is None:
            self.close_connection = True
        else:
            self._send(200, *found)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.api.take(self.path, body)
        self._send(202, b"{}", {})

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _error_in(body: bytes) -> FunctionError:
    told = json.loads(body)
    return FunctionError(told["errorType"], told["errorMessage"])
