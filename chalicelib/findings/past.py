"""How things came to be: the history of one resource, by the page or back from an instant.

Below one key lie the entries of all findings of a resource; whose an entry is stands in its key.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from math import ceil
from typing import Any

import msgspec

from chalicelib.errors import InvalidRequestError
from chalicelib.findings._items import (
    HOUR_SHARDS,
    entry_from,
    hour_shard,
    key_of,
    stamp,
)
from chalicelib.findings._tables import HOUR_INDEX
from chalicelib.findings.cursors import position_in
from chalicelib.findings.history import Entry
from chalicelib.findings.paging import (
    PAGE_SIZE,
    PAGES_LIMIT,
    STAMP,
    Page,
    fits,
    page_of,
    pages_of,
)
from chalicelib.model import Finding, TransitionKind

#: An episode's entries that are read to tell of it.
EPISODE_LIMIT = 500
HOURS_COUNTED = 2
_STAMP_CHARS = len("2026-01-01T00:00:00.000Z")
#: Follows every key of an instant.
_AFTER = "$"
_OPENING = (TransitionKind.OPENED, TransitionKind.REOPENED)


class EntryPosition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last entry that a page of a history looked at."""

    sk: str


@dataclass(frozen=True, slots=True)
class DynamoPast:
    """Reads the history over a boto3 DynamoDB client."""

    client: Any
    history_table: str

    def history(self, finding: Finding, cursor: str | None, limit: int) -> Page[Entry]:
        """Return a page of a finding's history, oldest first.

        Raises:
            InvalidRequestError: The cursor is none of this history.
        """
        pk, mark = finding.subject.ref.key, f"#{finding.rule_id}#"
        start = _entry_position(cursor, finding.id) if cursor else None
        steps = (
            (at, entry if entry is not None and _is_marked(entry, mark) else None)
            for at, entry in self._entries(pk, start)
        )
        return page_of(steps, finding.id, limit)

    def episode(self, finding: Finding, until: datetime) -> tuple[Entry, ...]:
        """Return the entries of the episode that a finding was in at an instant, oldest first."""
        mark = f"#{finding.rule_id}#"
        entries = self.until(finding.subject.ref.key, until)
        found: list[Entry] = []
        for entry in islice((e for e in entries if _is_marked(e, mark)), EPISODE_LIMIT):
            found.append(entry)
            if entry.kind in _OPENING:
                break
        return tuple(reversed(found))

    def recorded(self, pk: str, until: datetime, limit: int) -> tuple[Entry, ...]:
        """Return the newest configurations of a resource at an instant, newest first."""
        entries = self.until(pk, until)
        return tuple(islice((e for e in entries if e.kind is TransitionKind.RECORDED), limit))

    def written(self, since: datetime, now: datetime) -> int:
        """Count entries that were decided after an instant, within `HOURS_COUNTED` of now."""
        first = max(since, now - timedelta(hours=HOURS_COUNTED - 1))
        hours = ceil((now.replace(minute=0) - first.replace(minute=0)) / timedelta(hours=1)) + 1
        shards = (
            hour_shard(first + timedelta(hours=hour), number)
            for hour in range(hours)
            for number in range(HOUR_SHARDS)
        )
        return sum(self._count(shard, stamp(since) + _AFTER) for shard in shards)

    def entries(self, pk: str) -> Iterator[Entry]:
        """Yield everything that happened to an exemption, a person or a resource, oldest first."""
        for page in pages_of(self.client, _query(self.history_table, pk)):
            yield from map(entry_from, page["Items"])

    def _count(self, shard: str, after: str) -> int:
        counted = self.client.query(
            TableName=self.history_table,
            IndexName=HOUR_INDEX,
            KeyConditionExpression="hour_shard = :shard AND sk > :after",
            ExpressionAttributeValues={":shard": {"S": shard}, ":after": {"S": after}},
            Select="COUNT",
        )
        return int(counted["Count"])

    def _entries(
        self, pk: str, at: EntryPosition | None
    ) -> Iterator[tuple[EntryPosition | None, Entry | None]]:
        """Yield a resource's entries, oldest first, each with its position."""
        query = _query(self.history_table, pk)
        if at is not None:
            query["ExclusiveStartKey"] = key_of(pk, at.sk)
        for page in islice(pages_of(self.client, query), PAGES_LIMIT):
            for item in page["Items"]:
                at = EntryPosition(item["sk"]["S"])
                yield at, entry_from(item)
            if "LastEvaluatedKey" not in page:
                yield None, None

    def until(self, pk: str, until: datetime) -> Iterator[Entry]:
        """Yield a resource's entries that were decided by an instant, newest first."""
        query = _query(self.history_table, pk)
        query["KeyConditionExpression"] += " AND sk < :until"
        query["ExpressionAttributeValues"][":until"] = {"S": stamp(until) + _AFTER}
        for page in pages_of(self.client, {**query, "ScanIndexForward": False}):
            yield from map(entry_from, page["Items"])


def _entry_position(cursor: str, finding_id: str) -> EntryPosition:
    at = position_in(cursor, EntryPosition, finding_id)
    if not (STAMP.match(at.sk) and fits(finding_id, at.sk)):
        raise InvalidRequestError("the cursor names no position of this list")
    return at


def _is_marked(entry: Entry, mark: str) -> bool:
    """Tell whether an entry is of a rule, by its key alone: most are of others."""
    return entry.sk.startswith(mark, _STAMP_CHARS)


def _query(table: str, pk: str) -> dict[str, Any]:
    return {
        "TableName": table,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": pk}},
        "ConsistentRead": True,
        "Limit": PAGE_SIZE,
    }
