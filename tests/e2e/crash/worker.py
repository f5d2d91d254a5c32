"""The process that is killed: the deployed functions, and a fuse at every call that leaves it.

A server imports once and forks one process for each connection, so that a death costs milliseconds.
What is asked of a process comes as JSON lines; which call is its last is said in the first one. It
ends by SIGKILL, with nothing flushed or closed: just before a request leaves, or just after its
answer came, when the other side has done it and nobody here knows yet.
"""

import gc
import json
import os
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from typing import IO, Any

import botocore

from chalicelib import telling, wiring
from chalicelib.errors import VigilError
from chalicelib.functions import announce, due, evaluate, reannounce, slack, sweep_start, sweep_work
from chalicelib.notify import _slack_clients
from chalicelib.settings import Settings
from vigil.local._functions import LambdaContext

BEFORE, AFTER = "before", "after"
TIMEOUT_SECONDS = 60.0
#: What the functions call; the clients are built before the first fork and connect after it.
SERVICES = ("cloudtrail", "dynamodb", "ec2", "iam", "s3", "s3control")
TELLING = ("dynamodb", "secretsmanager", "sns", "sqs")
HANDLERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "evaluate": evaluate.evaluate,
    "sweep_start": sweep_start.sweep_start,
    "sweep_work": sweep_work.sweep_work,
    "due": due.due,
    "announce": announce.announce,
    "reannounce": reannounce.reannounce,
    "slack": slack.slack,
}


class Fuse(urllib.request.BaseHandler):
    """Counts the calls that leave the process, and ends it at the one that was named."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.conflicts = 0
        self._last: int | None = None
        self._side = BEFORE
        self._say: Callable[[Any], None] = print

    def arm(self, last: int | None, side: str, say: Callable[[Any], None]) -> None:
        """Set which call is the last one, counted from 1; None: there is none."""
        self._last, self._side, self._say = last, side, say

    def watch(self, session: Any) -> None:
        """Listen to every client of a botocore session."""
        session.register("before-send", self._aws_before)
        session.register("response-received", self._aws_after)

    def http_request(self, request: urllib.request.Request) -> urllib.request.Request:
        """Note a request to Slack."""
        self._before("slack:" + request.full_url.partition("/slack/")[2].removeprefix("api/"))
        return request

    def http_response(self, _request: urllib.request.Request, response: Any) -> Any:
        """Note Slack's answer."""
        self._after()
        return response

    def _aws_before(self, event_name: str, request: Any, **_: Any) -> None:
        service, operation = event_name.split(".")[1:]
        detail = written(request.body) if service == "dynamodb" else ""
        self._before(f"{service}:{operation}{detail}")

    def _aws_after(self, parsed_response: Any, **_: Any) -> None:
        code = (parsed_response or {}).get("Error", {}).get("Code")
        self.conflicts += code == "TransactionCanceledException"
        self._after()

    def _before(self, call: str) -> None:
        self.calls.append(call)
        self._die_if_last(BEFORE)

    def _after(self) -> None:
        self._die_if_last(AFTER)

    def _die_if_last(self, side: str) -> None:
        if len(self.calls) == self._last and side == self._side:
            self._say({"dying": self.calls})
            os.kill(os.getpid(), signal.SIGKILL)


def written(body: bytes | str) -> str:
    """Say what a DynamoDB request writes: what kind of item, and the first attribute of an update.

    The receipt of a delivery and its claim are one operation on one item.
    """
    request = json.loads(body)
    key = request.get("Key") or request.get("Item")
    if not isinstance(key, dict):
        return ""
    kind = str(key["pk"]["S"]).partition("#")[0]
    update = str(request.get("UpdateExpression", "")).split(" ")
    return " ".join(["", kind, *update[:2]])


def warm(fuse: Fuse) -> None:
    """Build what a warm start would have; nothing connects yet."""
    # Public, though nobody documents it: the only way to every session, whoever makes it.
    botocore.register_initializer(fuse.watch)
    urllib.request.install_opener(urllib.request.build_opener(fuse))
    assert _slack_clients.TIMEOUT_SECONDS
    settings, ports = Settings.from_env(), wiring.ports()
    for service in SERVICES:
        ports.observer.aws.client(service)  # type: ignore[attr-defined] # the adapter has it
    telling._announcing(settings)
    telling._slacking(settings)
    ports.live.client()  # type: ignore[attr-defined] # the adapter has it
    for name in TELLING:
        telling._clients(settings).client(name)


def live(connection: socket.socket, fuse: Fuse) -> None:
    """Handle what is asked on a connection, until it closes or the fuse burns down."""
    with connection.makefile("r") as questions, connection.makefile("w") as answers:
        first = json.loads(questions.readline())
        os.environ.update(first["environment"])

        def say(answer: Any) -> None:
            _say(answers, answer)

        fuse.arm(first["last"], first["side"], say)
        for line in questions:
            begun, fuse.conflicts = len(fuse.calls), 0
            answer = invoked(**json.loads(line))
            say({**answer, "calls": fuse.calls[begun:], "conflicts": fuse.conflicts})


def invoked(function: str, event: Any) -> dict[str, Any]:
    """Run a handler as Lambda does; what it raises on purpose is an answer, all else a crash."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    context = LambdaContext(function_name=function, aws_request_id="1", deadline=deadline)
    try:
        return {"result": HANDLERS[function](event, context)}
    except VigilError as error:
        return {"error": f"{type(error).__name__}: {error}"}


def serve(path: str, reports: int) -> None:
    """Fork a process for each connection; report how each one ended to a file descriptor."""
    fuse = Fuse()
    warm(fuse)
    # Shared with every process, unless a collection touches it.
    gc.freeze()
    signal.signal(signal.SIGCHLD, lambda *_: _report_ends(reports))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        _report(reports, {"ready": True})
        while True:
            connection, _ = listener.accept()
            with connection:
                if os.fork() == 0:
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    listener.close()
                    _say(connection.makefile("w"), {"pid": os.getpid()})
                    live(connection, fuse)
                    os._exit(0)


def _report_ends(reports: int) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _report(reports, {"pid": pid, "ended": os.waitstatus_to_exitcode(status)})


def _report(reports: int, report: Any) -> None:
    # No stream: another process may end, and interrupt us, while this one's end is written.
    os.write(reports, json.dumps(report).encode() + b"\n")


def _say(stream: IO[str], message: Any) -> None:
    stream.write(json.dumps(message) + "\n")
    stream.flush()


if __name__ == "__main__":
    # The functions log to where Lambda's logs would be; only the server speaks to its starter.
    spoken = os.dup(1)
    os.dup2(2, 1)
    serve(sys.argv[1], spoken)
