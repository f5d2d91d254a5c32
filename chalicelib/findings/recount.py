"""Counts the history against its seal: the table hour by hour, the seal from where it last was.

The table is read as it is and not as entries: somebody may have put anything into it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from chalicelib.findings._items import HOUR_SHARDS, hour_shard
from chalicelib.findings._tables import HOUR_INDEX
from chalicelib.findings.archive import Archive, entries_of
from chalicelib.findings.history import hash_of
from chalicelib.findings.integrity import Key
from chalicelib.findings.recounting import (
    Cursor,
    Entered,
    HourCount,
    compared,
    hour_of,
    hours_between,
    moved,
    start_of,
)

#: More than the day between two counts; whoever is further behind catches up over some days.
HOURS_AT_ONCE = 72
#: Functions' clocks differ by less: no entry is sealed this long before it was decided.
CLOCKS_DIFFER = timedelta(minutes=5)
_CURSOR_KEY: Mapping[str, Any] = {"pk": {"S": "recount"}, "sk": {"S": "cursor"}}
_Side = dict[Key, Entered]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recounted:
    """What a count found, and where the next one begins."""

    counts: tuple[HourCount, ...]
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class Recount:
    """Counts one history table.

    Attributes:
        dynamodb: A boto3 client.
    """

    dynamodb: Any
    history_table: str
    work_table: str
    archive: Archive
    hours_at_once: int = HOURS_AT_ONCE

    def run(self, now: datetime) -> Recounted | None:
        """Count what came since the last time and what did not agree then; None without a seal.

        Whoever is told of the result calls `keep` afterwards.
        """
        cursor = self._cursor() or self._beginning()
        if cursor is None:
            return None
        hours = hours_between(cursor.hour, now, self.hours_at_once)
        wanted = tuple(dict.fromkeys((*cursor.wrong, *hours)))
        sealed, begins = self._sealed(wanted, min((cursor.manifest, *cursor.wrong.values())))
        counts = tuple(compared(h, dict(self._stored(h)), sealed[h], now) for h in wanted)
        return Recounted(counts=counts, cursor=moved(cursor, hours, counts, begins, now))

    def keep(self, cursor: Cursor) -> None:
        """Begin there the next time."""
        document = {"document": {"S": msgspec.json.encode(cursor, order="sorted").decode()}}
        self.dynamodb.put_item(TableName=self.work_table, Item={**_CURSOR_KEY, **document})

    def _cursor(self) -> Cursor | None:
        answer = self.dynamodb.get_item(TableName=self.work_table, Key=dict(_CURSOR_KEY))
        if "Item" not in answer:
            return None
        return msgspec.json.decode(answer["Item"]["document"]["S"], type=Cursor)

    def _beginning(self) -> Cursor | None:
        """Return where to begin: what was written before there was a seal proves nothing."""
        first = next(self.archive.manifests(until=1), None)
        if first is None:
            return None
        hour = min(first.hours, default=hour_of(first.sealed_at))
        return Cursor(hour=hour, manifest=0)

    def _sealed(
        self, hours: tuple[str, ...], after: int
    ) -> tuple[Mapping[str, _Side], Mapping[str, int]]:
        """Return what was sealed of some hours, and the last manifest that can hold none of it."""
        sealed: dict[str, _Side] = {hour: {} for hour in hours}
        begins = dict.fromkeys(hours, after)
        start = self.archive.manifest(after) if after else None
        for manifest, lines in self.archive.parts(after=start):
            for hour in hours:
                if manifest.sealed_at < start_of(hour) - CLOCKS_DIFFER:
                    begins[hour] = manifest.number
            if manifest.hours.keys().isdisjoint(sealed):
                continue
            for entry in entries_of(manifest, lines):
                decided = entry.transition.times.decided
                if (hour := hour_of(decided)) in sealed:
                    at = Key(pk=entry.pk, sk=entry.sk)
                    sealed[hour][at] = Entered(hash=entry.hash, decided=decided)
        return sealed, begins

    def _stored(self, hour: str) -> Iterator[tuple[Key, Entered]]:
        for number in range(HOUR_SHARDS):
            for item in self._pages(hour_shard(start_of(hour), number)):
                body = item.get("body", {}).get("S", "").encode()
                at = Key(pk=item["pk"]["S"], sk=item["sk"]["S"])
                yield at, Entered(hash=hash_of(body), decided=_decided(body, hour))

    def _pages(self, shard: str) -> Iterator[Mapping[str, Any]]:
        query: dict[str, Any] = {
            "TableName": self.history_table,
            "IndexName": HOUR_INDEX,
            "KeyConditionExpression": "hour_shard = :pk",
            "ExpressionAttributeValues": {":pk": {"S": shard}},
        }
        while True:
            page = self.dynamodb.query(**query)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


class _Times(msgspec.Struct):
    decided: datetime


class _Dated(msgspec.Struct):
    times: _Times


def _decided(body: bytes, hour: str) -> datetime:
    """Return when an entry was decided; what does not say so counts as old."""
    try:
        return msgspec.json.decode(body, type=_Dated).times.decided.astimezone(UTC)
    except (msgspec.DecodeError, ValueError):
        return start_of(hour)
