"""What the queue-fed functions share: one record at a time, failed records go back alone."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)

from chalicelib import pipeline, wiring
from chalicelib.errors import VigilError

#: SQS messages as Lambda hands them over, and the answer it reads.
Event = dict[str, Any]


def each(event: Event, context: Any, handle: Callable[[Event], None]) -> Event:
    """Hand every message of a batch to `handle`; name those that failed."""

    def one(record: Any) -> None:
        handle(record.raw_event)

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    return dict(process_partial_response(event, one, processor, context))


def message_of(record: Event) -> pipeline.Message:
    """Read an SQS record as Lambda delivers it."""
    attributes = record.get("attributes", {})
    sent = int(attributes.get("SentTimestamp", 0)) / 1000
    return pipeline.Message(
        id=record["messageId"],
        body=record["body"],
        received_at=datetime.fromtimestamp(sent, UTC),
        redelivered=int(attributes.get("ApproximateReceiveCount", 1)) > 1,
    )


def process_with(logger: Logger) -> Callable[[Event], None]:
    """Return the handler of one message: process it, log one line, let failures crash."""

    def handle(record: Event) -> None:
        message = message_of(record)
        try:
            outcome = pipeline.process_message(message, wiring.ports())
        except VigilError as error:
            logger.warning("message failed", extra={"message_id": message.id, "error": str(error)})
            raise
        logger.info("message processed", extra={"message_id": message.id, "outcome": outcome})

    return handle
