"""Work for later, in SQS: waiting is the queue's ``DelaySeconds``, never a sleeping function.

A request too large for SQS is sent without what its event wrote: the look takes place and finds
what there is to find, it only cannot say any more who led to it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.errors import RetryableError
from chalicelib.model import LookRequest, SweepRequest, message_from

Request = LookRequest | SweepRequest

#: SQS takes ten messages a batch and delays one by fifteen minutes at most.
BATCH_SIZE = 10
#: What every SQS takes, in one message and in a batch of them.
BATCH_LIMIT_BYTES = 262_144
MAX_DELAY_SECONDS = 900


@dataclass(frozen=True, slots=True)
class SqsQueue:
    """Implements `ports.Queue`. The client is asked for at the first send, not before."""

    client: Callable[[], Any]
    url: str

    def enqueue(self, *requests: Request, delay_seconds: int = 0) -> None:
        """Send requests in batches.

        Raises:
            RetryableError: SQS did not take all of them; sending all again is harmless.
        """
        for batch in _batches(map(_body_of, requests)):
            self._send(batch, min(delay_seconds, MAX_DELAY_SECONDS))

    def _send(self, batch: Sequence[str], delay_seconds: int) -> None:
        answer = self.client().send_message_batch(
            QueueUrl=self.url,
            Entries=[
                {"Id": str(i), "MessageBody": body, "DelaySeconds": delay_seconds}
                for i, body in enumerate(batch)
            ],
        )
        # An answer that was cut short names neither those that failed nor those that did not.
        taken = len(answer.get("Successful", ()))
        if taken < len(batch):
            raise RetryableError(f"SQS took {taken} of {len(batch)} messages")


def _body_of(request: Request) -> str:
    body = message_from(request)
    if _size(body) <= BATCH_LIMIT_BYTES or request.touch is None:
        return body
    # Without what was written nobody is blamed; with a part of it somebody might be wrongly.
    return message_from(replace(request, touch=replace(request.touch, writes=(), proposed={})))


def _batches(bodies: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    room = BATCH_LIMIT_BYTES
    for body in bodies:
        size = _size(body)
        if batch and (len(batch) == BATCH_SIZE or size > room):
            yield batch
            batch, room = [], BATCH_LIMIT_BYTES
        batch.append(body)
        room -= size
    if batch:
        yield batch


def _size(body: str) -> int:
    return len(body.encode())
