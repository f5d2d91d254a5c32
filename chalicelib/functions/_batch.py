"""What the queue-fed functions share: one record at a time, failed records go back alone."""

import traceback
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
from chalicelib.errors import RetryableError, VigilError
from chalicelib.facts.legible import legible

#: SQS messages as Lambda hands them over, and the answer it reads.
Event = dict[str, Any]

PLACES_LOGGED = 8
ERROR_LIMIT_CHARS = 1_000
#: One message takes this long where a service that it needs never answers.
NEEDED_MILLISECONDS = 45_000

logger = Logger(service="vigil-batch")


def each(event: Event, context: Any, handle: Callable[[Event], None]) -> Event:
    """Hand every message of a batch to `handle`; name those that failed.

    A batch that runs out of time would come back whole, with what is done already: its last
    messages rather go back untouched.
    """

    def one(record: Any) -> None:
        if context.get_remaining_time_in_millis() < NEEDED_MILLISECONDS:
            raise RetryableError("too little time is left for another message")
        handle(record.raw_event)

    processor = _LoggingProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    return dict(process_partial_response(event, one, processor, context))


class _LoggingProcessor(BatchProcessor):
    """Leaves a trace of what no handler expected; Powertools itself only names the message."""

    def failure_handler(self, record: Any, exception: Any) -> Any:
        """Note a defect before the message goes back to the queue."""
        _, error, trace = exception
        if not isinstance(error, VigilError):
            # Places in the code only: what an exception says may quote the message.
            frames = traceback.extract_tb(trace)[-PLACES_LOGGED:]
            places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
            details = {"error": type(error).__name__, "places": places}
            logger.error("message crashed", extra=details)
        return super().failure_handler(record, exception)


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


def process_with(
    logger: Logger, ports: Callable[[], pipeline.Ports] = wiring.ports
) -> Callable[[Event], None]:
    """Return the handler of one message: process it, log one line, let failures crash."""

    def handle(record: Event) -> None:
        message = message_of(record)
        try:
            outcome = pipeline.process_message(message, ports())
        except VigilError as error:
            # An error names the resource, and strangers name resources.
            why = legible(str(error)[:ERROR_LIMIT_CHARS])
            logger.warning("message failed", extra={"message_id": message.id, "error": why})
            raise
        logger.info("message processed", extra={"message_id": message.id, "outcome": outcome})

    return handle
