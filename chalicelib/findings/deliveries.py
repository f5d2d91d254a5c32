"""Who was told what: claims, receipts, threads, pace and bursts, in the work table.

A delivery is claimed with a lease, posted, then receipted. A lease that ran out without a receipt
means the process died in between: the message may have been posted, and whoever claims it next
learns so. All times are compared as epoch milliseconds, because conditions compare numbers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

#: Longer than the function's time-out: nobody can still be posting when it ends.
LEASE = timedelta(seconds=90)
#: Receipts are needed while something can be re-announced or redelivered; SQS keeps 14 days.
KEEP = timedelta(days=30)
CONDITION_FAILED = "ConditionalCheckFailedException"


class Claim(StrEnum):
    """What a claim found."""

    FRESH = "fresh"
    INTERRUPTED = "interrupted"
    HELD = "held"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The message a finding stands in.

    Attributes:
        revision: The finding's revision that the message shows.
    """

    timestamp: str
    revision: int


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The deliveries of one channel.

    Attributes:
        channel: Name that keeps channels apart, e.g. ``slack#C012``.
    """

    client: Any
    table: str
    channel: str

    def claim(self, entry_id: str, now: datetime) -> Claim:
        """Claim the right to deliver an entry."""
        try:
            before = self.client.update_item(
                TableName=self.table,
                Key=self._key("delivery", entry_id),
                UpdateExpression="SET lease = :lease, expires = :expires",
                ConditionExpression="attribute_not_exists(receipt) AND "
                "(attribute_not_exists(lease) OR lease < :now)",
                ExpressionAttributeValues={
                    ":now": _number(now),
                    ":lease": _number(now + LEASE),
                    ":expires": _seconds(now + KEEP),
                },
                ReturnValues="ALL_OLD",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            ).get("Attributes")
        except ClientError as error:
            if error.response["Error"]["Code"] != CONDITION_FAILED:
                raise
            return Claim.DONE if "receipt" in _item_of(error) else Claim.HELD
        return Claim.INTERRUPTED if "lease" in (before or {}) else Claim.FRESH

    def receipt(self, entry_id: str, message: str, now: datetime) -> None:
        """Note that an entry was delivered, and as which message."""
        self.client.update_item(
            TableName=self.table,
            Key=self._key("delivery", entry_id),
            UpdateExpression="SET receipt = :message, delivered = :now, expires = :expires",
            ExpressionAttributeValues={
                ":message": {"S": message},
                ":now": _number(now),
                ":expires": _seconds(now + KEEP),
            },
        )

    def release(self, entry_id: str) -> None:
        """Give a claim back after a refusal: nothing was posted, the next try is a first one."""
        self.client.delete_item(TableName=self.table, Key=self._key("delivery", entry_id))

    def is_delivered(self, entry_id: str) -> bool:
        """Tell whether an entry has a receipt."""
        return "receipt" in self._read("delivery", entry_id)

    def thread(self, told_id: str) -> Thread | None:
        """Return the message that a finding stands in, or None."""
        item = self._read("thread", told_id)
        if not item:
            return None
        return Thread(timestamp=item["timestamp"]["S"], revision=int(item["revision"]["N"]))

    def remember_thread(self, told_id: str, thread: Thread) -> None:
        """Note which message a finding stands in, and the revision it shows."""
        self.client.put_item(
            TableName=self.table,
            Item={
                **self._key("thread", told_id),
                "timestamp": {"S": thread.timestamp},
                "revision": {"N": str(thread.revision)},
            },
        )

    def wait_for_turn(self, now: datetime, spacing: timedelta) -> timedelta | None:
        """Take the channel's turn; return None, or how long to wait for the next one."""
        try:
            self.client.update_item(
                TableName=self.table,
                Key=self._key("pace", "turn"),
                UpdateExpression="SET next_allowed = :next",
                ConditionExpression="attribute_not_exists(next_allowed) OR next_allowed <= :now",
                ExpressionAttributeValues={":now": _number(now), ":next": _number(now + spacing)},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != CONDITION_FAILED:
                raise
            allowed = int(_item_of(error).get("next_allowed", {}).get("N", "0"))
            return timedelta(milliseconds=max(allowed - int(_number(now)["N"]), 1))
        return None

    def burst(self, now: datetime, window: timedelta) -> tuple[str, int]:
        """Return the running window, started now where the last one is over, and its count."""
        started = self._read("burst", "window").get("started", {}).get("N")
        if started is None or int(started) + window / timedelta(milliseconds=1) <= _millis(now):
            started = self._start_window(now, started)
        return started, int(self._read("burst", started).get("count", {}).get("N", "0"))

    def count_post(self, window: str, now: datetime) -> None:
        """Count a posted message in a window. Only posted ones count, so a retry counts once."""
        self.client.update_item(
            TableName=self.table,
            Key=self._key("burst", window),
            UpdateExpression="ADD #count :one SET expires = :expires",
            ExpressionAttributeNames={"#count": "count"},
            ExpressionAttributeValues={":one": {"N": "1"}, ":expires": _seconds(now + KEEP)},
        )

    def hold(self, window: str, entry_id: str, line: str) -> None:
        """Keep one line for the digest at the window's end."""
        self.client.put_item(
            TableName=self.table,
            Item={"pk": self._digest(window), "sk": {"S": entry_id}, "line": {"S": line}},
        )

    def held(self, window: str) -> Iterable[str]:
        """Return the lines kept for a window's digest."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": self._digest(window)},
            ConsistentRead=True,
        )
        return [item["line"]["S"] for page in pages for item in page["Items"]]

    def _start_window(self, now: datetime, replaced: str | None) -> str:
        """Start a window unless somebody else just did; return the one that counts."""
        fresh = _number(now)
        try:
            self.client.update_item(
                TableName=self.table,
                Key=self._key("burst", "window"),
                UpdateExpression="SET started = :fresh",
                ConditionExpression="attribute_not_exists(started) OR started = :replaced",
                ExpressionAttributeValues={
                    ":fresh": fresh,
                    ":replaced": {"N": replaced or "0"},
                },
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != CONDITION_FAILED:
                raise
            return str(self._read("burst", "window")["started"]["N"])
        return fresh["N"]

    def _read(self, kind: str, name: str) -> dict[str, Any]:
        answer = self.client.get_item(
            TableName=self.table, Key=self._key(kind, name), ConsistentRead=True
        )
        return dict(answer.get("Item", {}))

    def _key(self, kind: str, name: str) -> dict[str, dict[str, str]]:
        return {"pk": {"S": f"{kind}#{self.channel}#{name}"}, "sk": {"S": kind}}

    def _digest(self, window: str) -> dict[str, str]:
        return {"S": f"digest#{self.channel}#{window}"}


def _item_of(error: ClientError) -> dict[str, Any]:
    response: Mapping[str, Any] = error.response
    return dict(response.get("Item", {}))


def _millis(when: datetime) -> int:
    return int(when.timestamp() * 1000)


def _number(when: datetime) -> dict[str, str]:
    return {"N": str(_millis(when))}


def _seconds(when: datetime) -> dict[str, str]:
    return {"N": str(int(when.timestamp()))}
