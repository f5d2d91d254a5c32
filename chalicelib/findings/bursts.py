"""Bursts on one channel: a few messages per window, the rest as one digest at the window's end.

The window begins with its first message. A slot belongs to what asked for it, so that a retry
takes none again; a closed window holds nothing more, so that no line can come after its digest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

from chalicelib.errors import DeliveryError
from chalicelib.findings.deliveries import (
    CONDITION_FAILED,
    KEEP,
    Deliveries,
    Item,
    millis,
    number,
    seconds,
)
from chalicelib.model.notice import short_id

_TRANSACTION_REFUSED = "TransactionCanceledException"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a digest says of one entry.

    Attributes:
        rank: How severe it is: digests begin with the worst.
    """

    entry_id: str
    text: str
    rank: int


@dataclass(frozen=True, slots=True)
class Bursts:
    """The bursts of one channel, beside its deliveries."""

    deliveries: Deliveries

    def window(self, now: datetime, length: timedelta) -> str:
        """Return the running window, started now where the last one is over."""
        started = self._read("window").get("started", {}).get("N")
        if started is None or int(started) + length / timedelta(milliseconds=1) <= millis(now):
            return self._start(now, started)
        return str(started)

    def take_slot(self, window: str, entry_id: str, limit: int, now: datetime) -> bool:
        """Take one of the window's few slots; True also for what took one before."""
        try:
            self.deliveries.client.update_item(
                TableName=self.deliveries.table,
                Key=self._key(window),
                UpdateExpression="SET expires = :expires ADD posts :ids",
                ConditionExpression="attribute_not_exists(closed) AND "
                "(attribute_not_exists(posts) OR size(posts) < :limit OR contains(posts, :id))",
                ExpressionAttributeValues={
                    ":expires": seconds(now + KEEP),
                    ":ids": {"SS": [short_id(entry_id)]},
                    ":id": {"S": short_id(entry_id)},
                    ":limit": {"N": str(limit)},
                },
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != CONDITION_FAILED:
                raise
            return False
        return True

    def hold(self, window: str, lines: Sequence[Line], now: datetime) -> None:
        """Keep lines for the window's digest; with that, their entries are delivered.

        Raises:
            DeliveryError: The window was closed meanwhile, or somebody else holds lines just now.
        """
        actions: list[Item] = [{"Update": self._still_open(window, len(lines))}]
        for line in lines:
            message = f"digest#{window}"
            receipt = self.deliveries.receipt_update(line.entry_id, message, now)
            actions += [{"Put": self._line(window, line, now)}, {"Update": receipt}]
        try:
            self.deliveries.client.transact_write_items(TransactItems=actions)
        except ClientError as error:
            if error.response["Error"]["Code"] != _TRANSACTION_REFUSED:
                raise
            raise DeliveryError(
                "the burst's digest is being made", retry_after_seconds=1
            ) from error

    def close(self, window: str, now: datetime) -> None:
        """Let nothing more be held in a window."""
        self.deliveries.client.update_item(
            TableName=self.deliveries.table,
            Key=self._key(window),
            UpdateExpression="SET closed = :now, expires = :expires",
            ExpressionAttributeValues={":now": number(now), ":expires": seconds(now + KEEP)},
        )

    def held(self, window: str) -> list[str]:
        """Return the lines kept for a window's digest, the worst first."""
        pages = self.deliveries.client.get_paginator("query").paginate(
            TableName=self.deliveries.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": self._digest(window)},
            ConsistentRead=True,
        )
        items = [item for page in pages for item in page["Items"]]
        items.sort(key=lambda item: (-int(item["rank"]["N"]), item["line"]["S"]))
        return [item["line"]["S"] for item in items]

    def _still_open(self, window: str, count: int) -> Item:
        return {
            "TableName": self.deliveries.table,
            "Key": self._key(window),
            "UpdateExpression": "ADD held :count",
            "ConditionExpression": "attribute_not_exists(closed)",
            "ExpressionAttributeValues": {":count": {"N": str(count)}},
        }

    def _line(self, window: str, line: Line, now: datetime) -> Item:
        item = {
            "pk": self._digest(window),
            "sk": {"S": short_id(line.entry_id)},
            "line": {"S": line.text},
            "rank": {"N": str(line.rank)},
            "expires": seconds(now + KEEP),
        }
        return {"TableName": self.deliveries.table, "Item": item}

    def _start(self, now: datetime, replaced: str | None) -> str:
        """Start a window unless somebody else just did; return the one that counts."""
        fresh = number(now)
        try:
            self.deliveries.client.update_item(
                TableName=self.deliveries.table,
                Key=self._key("window"),
                UpdateExpression="SET started = :fresh",
                ConditionExpression="attribute_not_exists(started) OR started = :replaced",
                ExpressionAttributeValues={":fresh": fresh, ":replaced": {"N": replaced or "0"}},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != CONDITION_FAILED:
                raise
            return str(self._read("window")["started"]["N"])
        return fresh["N"]

    def _read(self, name: str) -> Item:
        return self.deliveries.read(self._key(name))

    def _key(self, name: str) -> Item:
        return self.deliveries.key("burst", name)

    def _digest(self, window: str) -> dict[str, str]:
        return {"S": f"digest#{self.deliveries.channel}#{window}"}


def started_at(window: str) -> datetime:
    """Return when a window began."""
    return datetime.fromtimestamp(int(window) / 1000, UTC)
