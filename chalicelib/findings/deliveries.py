"""Who was told what: claims, receipts, threads and pace, in the work table.

A delivery is claimed with a lease, posted, then receipted. A lease that ran out without a receipt
means the process died in between: the message may have been posted, and whoever claims it next
learns so. All times are compared as epoch milliseconds, because conditions compare numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.model.notice import short_id

#: Longer than the function's time-out: nobody can still be posting when it ends.
LEASE = timedelta(seconds=90)
#: Receipts are needed while something can be re-announced or redelivered; SQS keeps 14 days.
KEEP = timedelta(days=30)
CONDITION_FAILED = "ConditionalCheckFailedException"
#: What a channel's turn waits for: the message before it, and a pause that the channel asked for.
_NOT_BEFORE = ("next_allowed", "paused_until")

Item = dict[str, Any]


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
        timestamp: Its name on the channel; empty where the channel tells none.
        revision: The finding's newest revision that was told.
        told: Everything that the message lists, so that an edit leaves nothing out.
    """

    timestamp: str
    revision: int
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The deliveries of one channel.

    Attributes:
        channel: Name that keeps channels apart, e.g. ``slack#C012``.
        lease: How long a claim keeps others away. Zero keeps nobody away: a claim then only
            tells whether somebody began before.
    """

    client: Any
    table: str
    channel: str
    lease: timedelta = LEASE

    def claim(self, entry_id: str, now: datetime) -> Claim:
        """Claim the right to deliver an entry."""
        refused, before = self._try(
            {
                "Key": self._delivery_key(entry_id),
                "UpdateExpression": "SET lease = :lease, expires = :expires, entry = :entry",
                "ConditionExpression": "attribute_not_exists(receipt) AND "
                "(attribute_not_exists(lease) OR lease <= :now)",
                "ExpressionAttributeValues": {
                    ":now": number(now),
                    ":lease": number(now + self.lease),
                    ":expires": seconds(now + KEEP),
                    ":entry": {"S": entry_id},
                },
                "ReturnValues": "ALL_OLD",
            }
        )
        if refused:
            return Claim.DONE if "receipt" in before else Claim.HELD
        return Claim.INTERRUPTED if "lease" in before else Claim.FRESH

    def release(self, entry_id: str, claimed_at: datetime, *, may_stand: bool) -> None:
        """Give one's own claim back after a refusal.

        Args:
            entry_id: What was claimed.
            claimed_at: The instant the claim was made with: a claim of somebody else stays.
            may_stand: True leaves the mark of an interrupted delivery: it may have arrived.
        """
        change = "SET lease = :over" if may_stand else "REMOVE lease"
        values = {":lease": number(claimed_at + self.lease)}
        self._try(
            {
                "Key": self._delivery_key(entry_id),
                "UpdateExpression": change,
                "ConditionExpression": "lease = :lease",
                "ExpressionAttributeValues": values | ({":over": {"N": "0"}} if may_stand else {}),
            }
        )

    def receipt(self, entry_id: str, message: str, now: datetime) -> None:
        """Note that an entry was delivered, and as which message."""
        self.client.update_item(**self.receipt_update(entry_id, message, now))

    def receipt_update(self, entry_id: str, message: str, now: datetime) -> Item:
        """Return the update that notes a delivery, for a transaction."""
        return {
            "TableName": self.table,
            "Key": self._delivery_key(entry_id),
            "UpdateExpression": "SET receipt = :message, delivered = :now, expires = :expires",
            "ExpressionAttributeValues": {
                ":message": {"S": message},
                ":now": number(now),
                ":expires": seconds(now + KEEP),
            },
        }

    def is_delivered(self, entry_id: str) -> bool:
        """Tell whether an entry has a receipt."""
        return "receipt" in self.read(self._delivery_key(entry_id))

    def thread(self, told_id: str) -> Thread | None:
        """Return the message that a finding stands in, or None."""
        item = self.read(self.key("thread", told_id))
        if not item:
            return None
        return Thread(
            timestamp=item["timestamp"]["S"],
            revision=int(item["revision"]["N"]),
            told=tuple(one["S"] for one in item["told"]["L"]),
        )

    def remember_thread(
        self, told_id: str, thread: Thread, *, expires: datetime | None = None
    ) -> None:
        """Note which message a finding stands in, unless a newer revision was told meanwhile.

        Args:
            told_id: Which finding.
            thread: Where it stands.
            expires: When to forget it; None while the finding can still move.
        """
        item = {
            **self.key("thread", told_id),
            "timestamp": {"S": thread.timestamp},
            "revision": {"N": str(thread.revision)},
            "told": {"L": [{"S": one} for one in thread.told]},
        }
        try:
            self.client.put_item(
                TableName=self.table,
                Item={**item, "expires": seconds(expires)} if expires else item,
                ConditionExpression="attribute_not_exists(revision) OR revision <= :revision",
                ExpressionAttributeValues={":revision": item["revision"]},
            )
        except ClientError as error:
            _raise_unless_refused(error)

    def wait_for_turn(self, now: datetime, spacing: timedelta) -> timedelta | None:
        """Take the channel's turn; return None, or how long to wait for the next one."""
        over = "(attribute_not_exists({0}) OR {0} <= :now)"
        refused, before = self._try(
            {
                "Key": self.key("pace", "turn"),
                "UpdateExpression": "SET next_allowed = :next",
                "ConditionExpression": " AND ".join(map(over.format, _NOT_BEFORE)),
                "ExpressionAttributeValues": {
                    ":now": number(now),
                    ":next": number(now + spacing),
                },
            }
        )
        if not refused:
            return None
        return _left(before, now) or timedelta(milliseconds=1)

    def pause(self, until: datetime) -> None:
        """Give nobody a turn before an instant; a longer pause stays."""
        self._try(
            {
                "Key": self.key("pace", "turn"),
                "UpdateExpression": "SET paused_until = :until",
                "ConditionExpression": "attribute_not_exists(paused_until) "
                "OR paused_until < :until",
                "ExpressionAttributeValues": {":until": number(until)},
            }
        )

    def pause_left(self, now: datetime) -> timedelta | None:
        """Return how long the channel's pause still lasts, or None."""
        item = self.read(self.key("pace", "turn"))
        return _left({k: v for k, v in item.items() if k == "paused_until"}, now)

    def read(self, key: Item) -> Item:
        """Return an item as it is now; empty where there is none."""
        answer = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        return dict(answer.get("Item", {}))

    def key(self, kind: str, name: str) -> Item:
        """Return the key of one of the channel's items."""
        return {"pk": {"S": f"{kind}#{self.channel}#{name}"}, "sk": {"S": kind}}

    def _delivery_key(self, entry_id: str) -> Item:
        # An entry's id holds two keys and outgrows what one may hold.
        return self.key("delivery", short_id(entry_id))

    def _try(self, update: Item) -> tuple[bool, Item]:
        """Update on a condition; return whether it was refused, and the item before."""
        try:
            answer = self.client.update_item(
                TableName=self.table, ReturnValuesOnConditionCheckFailure="ALL_OLD", **update
            )
        except ClientError as error:
            _raise_unless_refused(error)
            response: Mapping[str, Any] = error.response
            return True, dict(response.get("Item", {}))
        return False, dict(answer.get("Attributes", {}))


def millis(when: datetime) -> int:
    """Return an instant as epoch milliseconds."""
    # An int all the way: a float of seconds can lose the last millisecond.
    return int(when.timestamp()) * 1000 + when.microsecond // 1000


def number(when: datetime) -> dict[str, str]:
    """Write an instant as conditions compare it."""
    return {"N": str(millis(when))}


def seconds(when: datetime) -> dict[str, str]:
    """Write an instant as DynamoDB's expiry reads it."""
    return {"N": str(int(when.timestamp()))}


def _left(pace: Item, now: datetime) -> timedelta | None:
    allowed = max((int(pace[name]["N"]) for name in _NOT_BEFORE if name in pace), default=0)
    return timedelta(milliseconds=allowed - millis(now)) if allowed > millis(now) else None


def _raise_unless_refused(error: ClientError) -> None:
    if error.response["Error"]["Code"] != CONDITION_FAILED:
        raise error
