"""What AWS does around the functions: it hands them what waits, and again where they died.

A message stays in its queue until a function took it, and a stream does not move on before its
batch was taken. Both come back at once, and once more when the leases of the dead ran out.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chalicelib.model import LookRequest, request_from
from tests.e2e.crash.account import QUEUES, Account
from tests.e2e.crash.workers import Answer, Staff
from vigil.local._functions import failed_items
from vigil.local._queues import _record

#: Far more than any scenario needs: a message that nobody can take comes back for ever.
MAX_INVOCATIONS = 80
BATCH_SIZE = 10


@dataclass
class LambdaService:
    """Event source mappings, one invocation at a time.

    Attributes:
        died: Function → all calls of the process of it that died.
        calls: Function → the calls that left its processes, in order.
        firsts: Function → how many of them its first invocation made.
        refused: What handlers raised on purpose, or sent back.
        confirming: Resource and number of each confirming look after a change.
    """

    account: Account
    staff: Staff
    died: dict[str, tuple[str, ...]] = field(default_factory=dict)
    calls: dict[str, list[str]] = field(default_factory=dict)
    firsts: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    confirming: set[str] = field(default_factory=set)
    invocations: int = 0
    deaths: int = 0
    conflicts: int = 0
    patience: int = MAX_INVOCATIONS
    batch_size: int = BATCH_SIZE

    def settle(self) -> None:
        """Hand over what waits until nothing does."""
        self.account.written()
        while self.announce() + sum(self.serve(queue) for queue in QUEUES):
            self.account.written()

    @contextmanager
    def unharmed(self) -> Iterator[None]:
        """Let nobody die for a while, and begin with new processes after it."""
        doomed, self.staff.doomed = self.staff.doomed, {}
        yield
        self.staff.dismiss()
        self.staff.doomed = doomed
        self.calls.clear()
        self.firsts.clear()

    def run(self, function: str) -> None:
        """Run a scheduled function; like EventBridge, try again where it failed."""
        while not self._took(self._invoke(function, {})):
            pass

    def announce(self) -> int:
        """Hand the history's new entries to `announce`; return how many there were."""
        records = self.account.new_history()
        inserted = [r for r in records if r["eventName"] == "INSERT"]
        while inserted and not self._took(self._invoke("announce", {"Records": inserted})):
            pass
        return len(records)

    def serve(self, queue: str) -> int:
        """Hand a batch of a queue's messages to its function; return how many there were."""
        messages = self._received(queue)
        if messages:
            answer = self._invoke(QUEUES[queue], {"Records": messages})
            back = failed_items(answer.result)
            if not self._took(answer):
                back = frozenset(m["messageId"] for m in messages)
            for message in messages:
                self._end(queue, message, back=message["messageId"] in back)
            if back:
                self.refused += back
                self._wait_for_leases(answer)
        return len(messages)

    def _took(self, answer: Answer) -> bool:
        return not answer.died_after and answer.error is None

    def _invoke(self, function: str, event: Mapping[str, Any]) -> Answer:
        self.invocations += 1
        assert self.invocations <= self.patience, f"still moving, last {function}: {self.refused}"
        answer = self.staff.invoke(function, event)
        self.calls.setdefault(function, []).extend(answer.calls)
        self.firsts.setdefault(function, len(answer.calls))
        self.conflicts += answer.conflicts
        if answer.died_after:
            self.died[function] = answer.died_after
            self.deaths += 1
        if answer.error:
            self.refused.append(answer.error)
        return answer

    def _wait_for_leases(self, answer: Answer) -> None:
        # The first redelivery comes while the claim of the dead still holds, and must be refused.
        if not answer.died_after:
            self.account.let_leases_run_out()

    def _received(self, queue: str) -> list[dict[str, Any]]:
        answer = self.account.vigils("sqs").receive_message(
            QueueUrl=self.account.queue(queue),
            MaxNumberOfMessages=self.batch_size,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        arn = self.account.arn(queue)
        records = [_record(message, arn) for message in answer.get("Messages", [])]
        requests = [request_from(record["body"]) for record in records]
        self.confirming |= {
            f"{request.ref.key} {request.confirmation}"
            for request in requests
            # Without a change nothing was written that a replica might not know of yet.
            if isinstance(request, LookRequest) and request.confirmation and request.change
        }
        return records

    def _end(self, queue: str, message: Mapping[str, Any], *, back: bool) -> None:
        sqs, url = self.account.vigils("sqs"), self.account.queue(queue)
        handle = message["receiptHandle"]
        if back:
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
        else:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
