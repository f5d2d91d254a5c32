"""What Vigil's own table, queues and listings answer on a bad day."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from chalicelib.aws import CLIENT_CONFIG
from chalicelib.errors import ConflictError, PermanentError, RetryableError
from chalicelib.findings.store import DynamoStore
from chalicelib.findings.sweeps import BATCH_ATTEMPTS, DynamoSweeps
from chalicelib.functions._batch import NEEDED_MILLISECONDS
from chalicelib.model import (
    Commit,
    Known,
    Look,
    LookRequest,
    Page,
    Reason,
    SweepRequest,
    request_from,
)
from chalicelib.queues import BATCH_LIMIT_BYTES, SqsQueue
from chalicelib.resources import _frame
from tests.integration.resources.recorded_aws import NOON, StoppedClock
from tests.unit.findings.given import REF, change, touch
from vigil.package.plan import FUNCTIONS
from vigil.rulefiles import resource_types

WROTE = "/properties/SecurityGroupIngress"
LOOK = LookRequest(ref=REF, reason=Reason.CHANGE, change=change(), touch=touch(WROTE))
COMMIT = Commit(
    ref=REF, known=Known(), look=Look(rev=1, started_at=NOON, ended_at=NOON, fingerprint="f")
)


def refused(code: str, operation: str = "TransactWriteItems", **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "no"}, **more}
    return ClientError(response, operation)


def cancelled(reason: str) -> ClientError:
    return refused("TransactionCanceledException", CancellationReasons=[{"Code": reason}])


@dataclass
class Answering:
    """A client that gives one answer after the other, the last one for ever."""

    answers: Sequence[Any]
    asked: list[dict[str, Any]] = field(default_factory=list)

    def __getattr__(self, _: str) -> Any:
        return self._answer

    def _answer(self, **request: Any) -> Any:
        answer = self.answers[min(len(self.asked), len(self.answers) - 1)]
        self.asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (refused("ProvisionedThroughputExceededException"), RetryableError),
        (refused("ThrottlingException"), RetryableError),
        (refused("RequestLimitExceeded"), RetryableError),
        (refused("InternalServerError"), RetryableError),
        (refused("TransactionInProgressException"), RetryableError),
        (refused("TransactionConflictException"), ConflictError),
        (cancelled("TransactionConflict"), ConflictError),
        (cancelled("ConditionalCheckFailed"), ConflictError),
        (cancelled("ThrottlingError"), RetryableError),
        (cancelled("ProvisionedThroughputExceeded"), RetryableError),
        # Redelivery helps none of these unless a person does: they crash into the dead letters.
        (cancelled("ValidationError"), ClientError),
        (cancelled("ItemCollectionSizeLimitExceeded"), ClientError),
        (refused("ValidationException"), ClientError),
        (refused("AccessDeniedException"), ClientError),
        (refused("ResourceNotFoundException"), ClientError),
        (ReadTimeoutError(endpoint_url="https://db"), ReadTimeoutError),
        (ConnectionClosedError(endpoint_url="https://db"), ConnectionClosedError),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, Exception) else "",
)
def test_a_write_that_fails_says_whether_to_come_back_or_to_look_again(
    error: Exception, raised: type[Exception]
) -> None:
    store = DynamoStore(Answering([error]), "findings", "history", "ledger")

    with pytest.raises(raised) as found:
        store.commit(COMMIT)

    assert type(found.value) is raised


def test_items_that_dynamodb_leaves_out_are_written_again() -> None:
    left = {"work": [{"PutRequest": {"Item": {"pk": {"S": "1"}}}}]}
    client = Answering([{"UnprocessedItems": left}, {"UnprocessedItems": {}}])

    DynamoSweeps(client, "work").begin("sweep", ["a", "b"])

    assert client.asked[1] == {"RequestItems": left}
    assert len(client.asked) == 2


def test_items_that_dynamodb_never_takes_bring_the_message_back() -> None:
    left = {"work": [{"PutRequest": {"Item": {"pk": {"S": "1"}}}}]}
    client = Answering([{"UnprocessedItems": left}])

    with pytest.raises(RetryableError, match="unprocessed"):
        DynamoSweeps(client, "work").begin("sweep", ["a"])

    assert len(client.asked) == BATCH_ATTEMPTS


@dataclass
class Queue:
    """SQS as far as a batch needs it: takes all but what it is told to refuse.

    Attributes:
        refuses: How many messages of each batch fail.
        is_mute: True where the answer arrives empty.
    """

    refuses: int = 0
    is_mute: bool = False
    batches: list[list[str]] = field(default_factory=list)

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        """Take a batch."""
        entries = request["Entries"]
        self.batches.append([entry["MessageBody"] for entry in entries])
        if self.is_mute:
            return {}
        ids = [{"Id": entry["Id"]} for entry in entries]
        done = len(ids) - self.refuses
        return {"Successful": ids[:done], "Failed": ids[done:]}

    def enqueue(self, *requests: LookRequest | SweepRequest) -> None:
        """Send through Vigil's queue."""
        SqsQueue(lambda: self, "https://queue").enqueue(*requests)


@pytest.mark.parametrize("queue", [Queue(refuses=1), Queue(is_mute=True)], ids=["some", "unsaid"])
def test_messages_that_sqs_did_not_take_bring_the_message_back(queue: Queue) -> None:
    with pytest.raises(RetryableError, match="of 3 messages"):
        queue.enqueue(LOOK, LOOK, LOOK)


def large(kilobytes: int) -> LookRequest:
    return replace(LOOK, touch=touch(WROTE, proposed={WROTE: "é" * (kilobytes * 512)}))


def test_a_batch_never_outgrows_what_sqs_takes() -> None:
    queue = Queue()

    queue.enqueue(*[large(50)] * 12, *[LOOK] * 12)

    sizes = [sum(len(body.encode()) for body in batch) for batch in queue.batches]
    assert max(sizes) <= BATCH_LIMIT_BYTES
    assert max(map(len, queue.batches)) <= 10
    assert sum(map(len, queue.batches)) == 24
    assert len(queue.batches) == 4


def test_a_look_too_large_for_sqs_is_queued_without_what_would_name_somebody() -> None:
    queue = Queue()

    queue.enqueue(large(300))

    ((body,),) = queue.batches
    sent = request_from(body)
    assert len(body.encode()) <= BATCH_LIMIT_BYTES
    assert isinstance(sent, LookRequest)
    assert sent.touch is not None
    assert (sent.ref, sent.touch.writes, sent.touch.proposed) == (REF, (), {})


def test_a_listing_that_repeats_its_token_does_not_queue_itself_for_ever() -> None:
    kind = replace(resource_types()[0], list=lambda *_: Page(next_token="again"))
    request = SweepRequest(account_id="1", region="global", type=kind.type, token="again")

    with pytest.raises(PermanentError, match="repeats its token"):
        _frame.page(None, kind, request, frozenset(), StoppedClock())


def test_a_function_has_time_for_more_than_one_slow_message() -> None:
    fed = [plan for plan in FUNCTIONS if plan.queue]

    assert fed
    assert all(plan.timeout_seconds * 1000 >= NEEDED_MILLISECONDS * 1.25 for plan in fed)


def test_every_client_gives_up_within_the_time_that_a_message_has() -> None:
    client = boto3.Session("AKIA", "x").client("iam", config=CLIENT_CONFIG)
    config: Any = client.meta.config

    attempts = config.retries["total_max_attempts"]
    pauses = sum(2**attempt for attempt in range(attempts - 1))

    assert (
        attempts * (config.connect_timeout + config.read_timeout) + pauses
        < NEEDED_MILLISECONDS / 1000
    )
