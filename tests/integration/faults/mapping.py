"""Lambda's event source mapping, one batch at a time, over real queues with dead-letter queues.

moto knows no StartMessageMoveTask, so `redrive` plays it as AWS documents it: each message is
received, sent to its queue as a new one (another id, first delivery) and deleted.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from aws_lambda_powertools import Logger

from chalicelib import pipeline
from chalicelib.functions._batch import each, process_with
from tests.integration.pipeline.world import World
from vigil.local._principals import client_for
from vigil.local._queues import _record
from vigil.local.bus import envelope
from vigil.package.plan import QUEUES

BATCH = 10
_LOGGER = Logger(service="vigil-faults")


class Context:
    """As much of Lambda's context as a batch reads."""

    function_name = "evaluate"

    def __init__(self, milliseconds: Callable[[], int] = lambda: 60_000) -> None:
        self.get_remaining_time_in_millis = milliseconds


@dataclass(frozen=True)
class Mapping:
    """A queue, its dead-letter queue, and the function between them.

    Messages that failed are visible again at once: a test does not wait for time-outs.
    """

    world: World
    sqs: Any
    url: str
    dead_url: str
    arn: str

    @classmethod
    def of(cls, world: World, name: str) -> "Mapping":
        """Give one of the world's queues the dead-letter queue that it has when deployed."""
        sqs = client_for(world.aws.url, "sqs")
        dead_url = sqs.create_queue(QueueName=f"vigil-{name}-dlq")["QueueUrl"]
        url = sqs.get_queue_url(QueueName=f"vigil-{name}")["QueueUrl"]
        redrive = {
            "deadLetterTargetArn": _arn_of(sqs, dead_url),
            "maxReceiveCount": QUEUES[name].max_receives,
        }
        sqs.set_queue_attributes(
            QueueUrl=url,
            Attributes={"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": "0"},
        )
        return cls(world, sqs, url, dead_url, _arn_of(sqs, url))

    def send(self, *records: dict[str, Any]) -> None:
        """Put records into the queue, as EventBridge does."""
        for record in records:
            self.send_body(msgspec.json.encode(envelope(record)).decode())

    def send_body(self, body: str) -> None:
        """Put a message into the queue."""
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def invoke(
        self, handle: Callable[[dict[str, Any]], None] | None = None, context: Any = None
    ) -> list[str]:
        """Let the function work through one batch; return the bodies of what failed.

        A handler that ends the process acknowledges nothing, as when Lambda's time is up.
        """
        messages = self._receive(self.url)
        event = {"Records": [_record(message, self.arn) for message in messages]}
        answer = each(event, context or Context(), handle or self.handle) if messages else {}
        failed = {item["itemIdentifier"] for item in answer.get("batchItemFailures", [])}
        for message in messages:
            if message["MessageId"] not in failed:
                self._delete(self.url, message)
        return [m["Body"] for m in messages if m["MessageId"] in failed]

    def handle(self, record: dict[str, Any]) -> None:
        """Process a message as the deployed function does."""
        process_with(_LOGGER, self._ports)(record)

    def give_up(self) -> int:
        """Invoke until nothing is left in the queue; return how many batches that took."""
        batches = 0
        while self.waiting(self.url):
            self.invoke()
            batches += 1
            assert batches <= 3 * QUEUES["changes"].max_receives
        return batches

    def dead(self) -> int:
        """Count what was given up."""
        return self.waiting(self.dead_url)

    def redrive(self, *, keep: bool = False) -> None:
        """Move everything back; `keep` leaves it in the dead-letter queue too, to move it twice."""
        for message in self._receive(self.dead_url):
            self.send_body(message["Body"])
            if not keep:
                self._delete(self.dead_url, message)

    def waiting(self, url: str) -> int:
        """Count what could be received now."""
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def delayed(self) -> int:
        """Count what is ordered for later: confirming looks."""
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])
        return int(answer["Attributes"]["ApproximateNumberOfMessagesDelayed"])

    def _ports(self) -> pipeline.Ports:
        return self.world.ports

    def _receive(self, url: str) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=BATCH, AttributeNames=["All"], VisibilityTimeout=0
        )
        return list(answer.get("Messages", []))

    def _delete(self, url: str, message: dict[str, Any]) -> None:
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _arn_of(sqs: Any, url: str) -> str:
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])
