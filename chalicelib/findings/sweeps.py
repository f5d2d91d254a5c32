"""The bookkeeping of sweeps that are told as one summary, in the work table.

Tasks are items, not a counter: beginning and ending one twice, as redelivery does, changes nothing.
A listing ends only after the looks it queued were begun, so "none is left" is never too early.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.errors import RetryableError
from chalicelib.model import LastSweep, Sweep

#: BatchWriteItem takes this many items.
BATCH_SIZE = 25
#: DynamoDB leaves out what it is too busy for; past these attempts the queue waits.
BATCH_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class DynamoSweeps:
    """Implements `ports.Sweeps`."""

    client: Any
    table: str

    def last(self, account_id: str) -> LastSweep | None:
        """Return the account's last finished sweep that was told as one, or None."""
        item = self.client.get_item(
            TableName=self.table, Key=_key(f"swept#{account_id}", "bundle"), ConsistentRead=True
        ).get("Item")
        if not item:
            return None
        return LastSweep(bundle=item["bundle"]["S"], at=datetime.fromisoformat(item["at"]["S"]))

    def begin(self, sweep_id: str, tasks: Iterable[str]) -> None:
        """Note tasks that must end before the sweep is over; idempotent.

        Raises:
            RetryableError: DynamoDB went on leaving some of them out.
        """
        puts = [{"PutRequest": {"Item": _key(f"sweep#{sweep_id}", task)}} for task in set(tasks)]
        for start in range(0, len(puts), BATCH_SIZE):
            self._write({self.table: puts[start : start + BATCH_SIZE]})

    def waits_for(self, sweep_id: str, task: str) -> bool:
        """Tell whether a task was begun and has not ended."""
        answer = self.client.get_item(
            TableName=self.table, Key=_key(f"sweep#{sweep_id}", task), ConsistentRead=True
        )
        return "Item" in answer

    def finish(self, sweep_id: str, task: str) -> bool:
        """Note the end of a task; True where none is left, also when asked again."""
        pk = f"sweep#{sweep_id}"
        self.client.delete_item(TableName=self.table, Key=_key(pk, task))
        left = self.client.query(
            TableName=self.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
            ConsistentRead=True,
            Limit=1,
        )
        return not left["Items"]

    def close(self, sweep: Sweep, at: datetime) -> None:
        """Note that the account was swept with this bundle, and when it was summarised."""
        item = _key(f"swept#{sweep.account_id}", "bundle")
        item |= {"bundle": {"S": sweep.bundle}, "sweep": {"S": sweep.id}}
        item |= {"at": {"S": at.isoformat()}}
        self.client.put_item(TableName=self.table, Item=item)

    def _write(self, left: dict[str, Any]) -> None:
        for _ in range(BATCH_ATTEMPTS):
            left = self.client.batch_write_item(RequestItems=left).get("UnprocessedItems", {})
            if not left:
                return
        raise RetryableError("DynamoDB is busy: items stay unprocessed")


def _key(pk: str, sk: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}
