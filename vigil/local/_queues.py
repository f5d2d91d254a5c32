"""SQS event source mappings: long-poll a queue, call a function, delete what it did not refuse.

Failed messages are not put back: they reappear after the queue's visibility time-out, and SQS
moves them to the dead-letter queue after its maxReceiveCount, exactly as in AWS.
"""

import logging
import threading
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from vigil.local._functions import Activity, Function, failed_items

_LOG = logging.getLogger(__name__)
_LONG_POLL_SECONDS = 1
_PAUSE_SECONDS = 0.2
_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class QueuePoller:
    """One queue, one function, one thread."""

    def __init__(
        self, sqs: Any, queue_url: str, function: Function, activity: Activity, *, batch_size: int
    ) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._function = function
        self._activity = activity
        self._batch_size = batch_size
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"poll-{function.name}", daemon=True)
        self._arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]

    def start(self) -> None:
        """Begin to poll."""
        self._thread.start()

    def stop(self) -> None:
        """Take no further batch; returns at once."""
        self._stopping.set()

    def join(self, timeout_seconds: float) -> None:
        """Wait for the batch in hand."""
        self._thread.join(timeout_seconds)

    def is_empty(self) -> bool:
        """Whether no message waits, is in flight or delayed.

        Asked twice: the three counts are taken one after another, and a message that becomes
        visible between two of them is in none.
        """
        return self._counts_nothing() and self._counts_nothing()

    def _counts_nothing(self) -> bool:
        answer = self._sqs.get_queue_attributes(
            QueueUrl=self._queue_url, AttributeNames=list(_COUNTS)
        )
        return all(int(answer["Attributes"].get(name, 0)) == 0 for name in _COUNTS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._poll()
            except (BotoCoreError, ClientError) as error:
                if not self._stopping.is_set():
                    _LOG.warning("polling %s failed: %s", self._function.name, error)
                self._stopping.wait(_PAUSE_SECONDS)

    def _poll(self) -> None:
        answer = self._sqs.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=self._batch_size,
            WaitTimeSeconds=_LONG_POLL_SECONDS,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = answer.get("Messages", [])
        # What was received while stopping reappears; a handler must not start now.
        if messages and not self._stopping.is_set():
            with self._activity.work():
                self._handle(messages)

    def _handle(self, messages: list[dict[str, Any]]) -> None:
        event = {"Records": [_record(message, self._arn) for message in messages]}
        result, error = self._function.invoke(event)
        refused = failed_items(result)
        done = [] if error else [m for m in messages if m["MessageId"] not in refused]
        if done:
            self._sqs.delete_message_batch(
                QueueUrl=self._queue_url,
                Entries=[
                    {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
                    for index, message in enumerate(done)
                ],
            )


def _record(message: dict[str, Any], queue_arn: str) -> dict[str, Any]:
    """Return a received message in the form in which Lambda passes it on."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: {key[:1].lower() + key[1:]: value for key, value in attribute.items()}
            for name, attribute in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
