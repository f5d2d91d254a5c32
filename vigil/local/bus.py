"""The loop between the services: EventBridge rules, event source mappings, schedules.

moto's own EventBridge cannot invoke functions; here a record goes from the local CloudTrail
through the very event patterns that are deployed, into a real SQS queue of moto, and from there
to a handler in this process.
"""

import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

from vigil.local._functions import Activity, Failure, Function, Handler, failures_kept
from vigil.local._patterns import Pattern, matches
from vigil.local._queues import QueuePoller
from vigil.local._records import Record
from vigil.local._schedules import Schedule
from vigil.local._streams import BATCH_SIZE, StreamPoller
from vigil.local.local_cloudtrail import LocalCloudTrail

#: EventBridge does not carry larger events.
_EVENT_LIMIT_BYTES = 262_144
_JOIN_SECONDS = 1.8
_RECHECK_SECONDS = 0.02
_DETAIL_TYPES = {
    "AwsApiCall": "AWS API Call via CloudTrail",
    "AwsConsoleSignIn": "AWS Console Sign In via CloudTrail",
    "AwsServiceEvent": "AWS Service Event via CloudTrail",
}


class _Source(Protocol):
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def join(self, timeout_seconds: float) -> None: ...


class LocalBus:
    """Everything that moves by itself in a deployment.

    Attributes:
        failures: Invocations that raised, with function, error and event.
    """

    def __init__(self, sqs: Any, trail: LocalCloudTrail) -> None:
        self.failures: deque[Failure] = failures_kept()
        self._sqs = sqs
        self._trail = trail
        self._activity = Activity()
        self._functions: dict[str, Function] = {}
        self._rules: list[tuple[Pattern, str]] = []
        self._rules_of_reads: list[tuple[Pattern, str]] = []
        self._queues: list[QueuePoller] = []
        self._streams: list[StreamPoller] = []
        self._schedules: dict[str, Schedule] = {}
        self._stopping = threading.Event()
        trail.subscribe(self.publish)

    def add_function(self, name: str, handler: Handler) -> None:
        """Make a handler known under a name."""
        self._functions[name] = Function(name, handler, self.failures)

    def add_rule(self, pattern: Pattern, queue_url: str, *, even_reads: bool = False) -> None:
        """Send events that match a pattern to a queue; read-only ones only with `even_reads`."""
        self._rules.append((pattern, queue_url))
        if even_reads:
            self._rules_of_reads.append((pattern, queue_url))

    def consume_queue(self, queue_url: str, function: str, *, batch_size: int = 10) -> None:
        """Call a function with what arrives in a queue."""
        poller = QueuePoller(
            self._sqs, queue_url, self._functions[function], self._activity, batch_size=batch_size
        )
        self._queues.append(poller)

    def consume_stream(
        self,
        streams: Any,
        stream_arn: str,
        function: str,
        *,
        filters: Sequence[Pattern] = (),
        batch_size: int = BATCH_SIZE,
    ) -> None:
        """Call a function with what a table's stream says."""
        poller = StreamPoller(
            streams,
            stream_arn,
            self._functions[function],
            self._activity,
            filters=filters,
            batch_size=batch_size,
        )
        self._streams.append(poller)

    def add_schedule(self, name: str, *, every_seconds: float | None = None) -> None:
        """Call the function of the same name every so often; None: on demand only."""
        self._schedules[name] = Schedule(
            name, self._functions[name], self._activity, every_seconds=every_seconds
        )

    def start(self) -> None:
        """Begin to poll, read and count."""
        for source in self._sources():
            source.start()

    def stop(self) -> None:
        """Stop everything; within two seconds unless a handler is busy for longer."""
        self._stopping.set()
        deadline = time.monotonic() + _JOIN_SECONDS
        for source in self._sources():
            source.stop()
        for source in self._sources():
            source.join(max(0.0, deadline - time.monotonic()))
        for function in self._functions.values():
            function.close()

    def run_schedule(self, name: str) -> Any:
        """Run a schedule's function now and return its result."""
        return self._schedules[name].run()

    def publish(self, record: Record) -> None:
        """Carry a CloudTrail record to every queue whose rule it matches.

        Read-only events reach only rules that ask for them, as with EventBridge's state ENABLED.
        """
        rules = self._rules_of_reads if record.get("readOnly") else self._rules
        if not rules or self._stopping.is_set():
            return
        event = envelope(record)
        body = json.dumps(event)
        if len(body.encode()) > _EVENT_LIMIT_BYTES:
            return
        for queue_url in {url for pattern, url in rules if matches(pattern, event)}:
            self._sqs.send_message(QueueUrl=queue_url, MessageBody=body)

    def idle(self, timeout_seconds: float) -> bool:
        """Wait until nothing moves: no record, message (delayed ones included) or stream entry.

        Returns:
            False where something still moved at the end.
        """
        deadline = time.monotonic() + timeout_seconds
        while (left := deadline - time.monotonic()) > 0 and not self._stopping.is_set():
            if self._is_quiet(left):
                return True
            self._stopping.wait(_RECHECK_SECONDS)
        return False

    def _is_quiet(self, timeout_seconds: float) -> bool:
        begun, ended = self._activity.snapshot()
        return (
            begun == ended
            and self._trail.wait_until_written(timeout_seconds)
            and all(queue.is_empty() for queue in self._queues)
            and all(stream.is_drained(timeout_seconds) for stream in self._streams)
            and self._trail.wait_until_written(0)
            # Nothing began meanwhile, so what was empty first is still empty.
            and self._activity.snapshot() == (begun, ended)
        )

    def _sources(self) -> list[_Source]:
        return [*self._queues, *self._streams, *self._schedules.values()]


def envelope(record: Record) -> dict[str, Any]:
    """Return the EventBridge event that carries a record."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": _DETAIL_TYPES.get(record["eventType"], _DETAIL_TYPES["AwsApiCall"]),
        "source": "aws." + str(record["eventSource"]).partition(".")[0],
        "account": record["recipientAccountId"],
        "time": record["eventTime"],
        "region": record["awsRegion"],
        "resources": [],
        "detail": record,
    }
