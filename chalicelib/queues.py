"""Work for later, in SQS: waiting is the queue's ``DelaySeconds``, never a sleeping function."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import RetryableError
from chalicelib.model import LookRequest, SweepRequest, message_from

#: SQS takes ten messages a batch and delays one by fifteen minutes at most.
BATCH_SIZE = 10
MAX_DELAY_SECONDS = 900


@dataclass(frozen=True, slots=True)
class SqsQueue:
    """Implements `ports.Queue`. The client is asked for at the first send, not before."""

    client: Callable[[], Any]
    url: str

    def enqueue(self, *requests: LookRequest | SweepRequest, delay_seconds: int = 0) -> None:
        """Send requests in batches.

        Raises:
            RetryableError: SQS refused some of them; sending all again is harmless.
        """
        for start in range(0, len(requests), BATCH_SIZE):
            self._send(requests[start : start + BATCH_SIZE], min(delay_seconds, MAX_DELAY_SECONDS))

    def _send(self, batch: Sequence[LookRequest | SweepRequest], delay_seconds: int) -> None:
        answer = self.client().send_message_batch(
            QueueUrl=self.url,
            Entries=[
                {"Id": str(i), "MessageBody": message_from(request), "DelaySeconds": delay_seconds}
                for i, request in enumerate(batch)
            ],
        )
        if failed := answer.get("Failed"):
            raise RetryableError(f"SQS refused {len(failed)} of {len(batch)} messages")
