"""Lambda functions in this process: a handler, its context, and what became of an invocation.

A handler's exception is a result here, kept where a person and a test can see it; the caller
retries, as an event source mapping does.
"""

import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_LOG = logging.getLogger(__name__)
_ERRORS_KEPT = 200
_TIMEOUT_SECONDS = 60.0

Handler = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaContext:
    """The part of Lambda's context object that handlers read."""

    function_name: str
    aws_request_id: str
    deadline: float
    memory_limit_in_mb: int = 256
    function_version: str = "$LATEST"

    @property
    def invoked_function_arn(self) -> str:
        """The function's ARN."""
        return f"arn:aws:lambda:us-east-1:123456789012:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the handler may still run."""
        return max(0, int((self.deadline - time.monotonic()) * 1000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An invocation that raised."""

    function: str
    error: BaseException
    event: Any


class Activity:
    """How much work has ever begun, and how much of it has not ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun = 0
        self._ended = 0

    @contextmanager
    def work(self) -> Iterator[None]:
        """Count a piece of work."""
        with self._lock:
            self._begun += 1
        try:
            yield
        finally:
            with self._lock:
                self._ended += 1

    def snapshot(self) -> tuple[int, int]:
        """Return (begun, ended)."""
        with self._lock:
            return self._begun, self._ended


class Function:
    """A handler under its name; invocations run one at a time, as with reserved concurrency 1."""

    def __init__(self, name: str, handler: Handler, failures: deque[Failure]) -> None:
        self.name = name
        self._handler = handler
        self._failures = failures
        # The pool turns whatever the handler raises into a value.
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"lambda-{name}")

    def invoke(self, event: Any) -> tuple[Any, BaseException | None]:
        """Run the handler to its end and return (result, error)."""
        context = LambdaContext(
            function_name=self.name,
            aws_request_id=str(uuid.uuid4()),
            deadline=time.monotonic() + _TIMEOUT_SECONDS,
        )
        future = self._pool.submit(self._handler, event, context)
        if error := future.exception():
            self._failures.append(Failure(function=self.name, error=error, event=event))
            _LOG.error("%s raised", self.name, exc_info=error)
            return None, error
        return future.result(), None

    def close(self) -> None:
        """Let a running invocation end, start no other."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def failures_kept() -> deque[Failure]:
    """Return a bounded list for failures."""
    return deque(maxlen=_ERRORS_KEPT)


def failed_items(result: Any) -> frozenset[str]:
    """Return the item identifiers a handler sends back (`batchItemFailures`)."""
    failures = result.get("batchItemFailures", []) if isinstance(result, dict) else []
    return frozenset(str(failure["itemIdentifier"]) for failure in failures)
