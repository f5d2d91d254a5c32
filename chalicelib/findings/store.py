"""The memory in DynamoDB: what stands, its history, the ledger.

A commit is all or nothing and guarded by what was read; a refused one is decided afresh from a new
look, never repaired. Reads by key are consistent, reads through an index may lag by a moment.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.errors import DuplicateRecordError
from chalicelib.findings._items import (
    DUE_SHARDS,
    HOUR_SHARDS,
    LOOK_KEY,
    Item,
    detection_from,
    due_shard,
    entry_from,
    finding_from,
    finding_key,
    hour_shard,
    is_same_record,
    item_of_entry,
    item_of_row,
    key_of,
    look_from,
    open_key,
    ref_from,
    resolved_key,
    stamp,
)
from chalicelib.findings._refusals import code_of, is_twin, raise_for
from chalicelib.findings._tables import (
    DUE_INDEX,
    HOUR_INDEX,
    OPEN_INDEX,
    table_definitions,
)
from chalicelib.findings._transactions import Action, Tables, row_action, transactions
from chalicelib.findings.history import Entry
from chalicelib.findings.summaries import counts_of
from chalicelib.model import (
    Commit,
    Finding,
    Known,
    LedgerRow,
    ResourceRef,
    RuleCount,
    Severity,
    Transition,
)

__all__ = ["DynamoStore", "table_definitions"]

_CONDITION_FAILED = "ConditionalCheckFailedException"
_EDGE_PREFIX = "edge#"


@dataclass(frozen=True, slots=True)
class DynamoStore:
    """Implements `ports.Store` over a boto3 DynamoDB client."""

    client: Any
    findings_table: str
    history_table: str
    ledger_table: str

    def known(self, ref: ResourceRef) -> Known:
        """Read everything known of a resource (one consistent Query)."""
        items = {i["sk"]["S"]: i for i in self._below(self.findings_table, ref.key)}
        return Known(
            look=look_from(items[LOOK_KEY]) if LOOK_KEY in items else None,
            findings=tuple(finding_from(i) for sk, i in items.items() if sk[:8] == "finding#"),
            detections=tuple(
                detection_from(i) for sk, i in items.items() if sk[:10] == "detection#"
            ),
        )

    def commit(self, commit: Commit) -> None:
        """Write a look with its transitions, all or nothing.

        Raises:
            ConflictError: The resource moved since it was read.
            DuplicateRecordError: The ledger row's record, or a detection, was stored before.
            RetryableError: DynamoDB is overloaded.
        """
        for actions in transactions(commit, self._tables):
            self._write(commit, actions)

    def log(self, row: LedgerRow) -> None:
        """Write one ledger row.

        Raises:
            DuplicateRecordError: The record was processed before.
        """
        stored = self._put_new(self.ledger_table, item_of_row(row))
        if stored is not None and not is_same_record(stored, row):
            stored = self._put_new(self.ledger_table, item_of_row(row, twin=True))
        if stored is not None:
            raise DuplicateRecordError(f"event {row.event_id} was processed before")

    def append(self, transition: Transition) -> None:
        """Write a history entry that belongs to no finding (a summary), if it is not there."""
        self._put_new(self.history_table, item_of_entry(transition))

    def dependents(self, companion_key: str, dependent_type: str) -> tuple[ResourceRef, ...]:
        """Return the resources of a type whose last look named this companion."""
        edges = self._below(self.findings_table, companion_key, prefix=_EDGE_PREFIX)
        refs = (ref_from(i["sk"]["S"].removeprefix(_EDGE_PREFIX), i) for i in edges)
        return tuple(ref for ref in refs if ref.type == dependent_type)

    def finding(self, ref: ResourceRef, rule_id: str) -> Finding | None:
        """Return a rule's finding on a resource, open or not; None where there never was one."""
        key = key_of(ref.key, finding_key(rule_id))
        answer = self.client.get_item(TableName=self.findings_table, Key=key, ConsistentRead=True)
        return finding_from(answer["Item"]) if "Item" in answer else None

    def open_findings(self, account_id: str, *, since: datetime | None = None) -> Iterator[Finding]:
        """Yield an account's open findings, worst first, then by age."""
        for severity in sorted(Severity, key=attrgetter("rank"), reverse=True):
            pages = self._index(
                OPEN_INDEX,
                "open_key = :pk AND opened_at >= :since",
                {":pk": open_key(account_id, severity.value), ":since": _floor(since)},
            )
            yield from map(finding_from, pages)

    def resolved_findings(self, account_id: str, *, since: datetime) -> Iterator[Finding]:
        """Yield an account's findings that were resolved since then, oldest first."""
        pages = self._index(
            OPEN_INDEX,
            "open_key = :pk AND opened_at >= :since",
            {":pk": resolved_key(account_id), ":since": stamp(since)},
        )
        yield from map(finding_from, pages)

    def summarise(self, account_id: str, since: datetime | None) -> tuple[RuleCount, ...]:
        """Count open findings that a first look or new rules brought since then, worst first."""
        return counts_of(self.open_findings(account_id, since=since))

    def due(self, until: datetime) -> Iterator[ResourceRef]:
        """Yield every resource that time alone makes due by `until`."""
        for number in range(DUE_SHARDS):
            pages = self._index(
                DUE_INDEX,
                "due_shard = :pk AND due_at <= :until",
                {":pk": due_shard(number), ":until": stamp(until)},
            )
            yield from (ref_from(item["pk"]["S"], item) for item in pages)

    def entry(self, pk: str, sk: str) -> Entry | None:
        """Return one history entry; None where there is none."""
        answer = self.client.get_item(
            TableName=self.history_table, Key=key_of(pk, sk), ConsistentRead=True
        )
        return entry_from(answer["Item"]) if "Item" in answer else None

    def history_of(self, ref: ResourceRef) -> Iterator[Entry]:
        """Yield a resource's history, oldest first."""
        return map(entry_from, self._below(self.history_table, ref.key))

    def entries_of_hour(self, hour: datetime) -> Iterator[Entry]:
        """Yield every entry decided within the hour that begins at `hour`, oldest first."""
        shards = (
            self._index(
                HOUR_INDEX,
                "hour_shard = :pk",
                {":pk": hour_shard(hour, number)},
                table=self.history_table,
            )
            for number in range(HOUR_SHARDS)
        )
        return heapq.merge(*(map(entry_from, pages) for pages in shards), key=attrgetter("sk"))

    @property
    def _tables(self) -> Tables:
        return Tables(
            findings=self.findings_table, history=self.history_table, ledger=self.ledger_table
        )

    def _write(self, commit: Commit, actions: list[Action]) -> None:
        try:
            self._transact(actions)
        except ClientError as error:
            row = commit.ledger
            if row is None or not is_twin(error, actions, row):
                raise_for(error, actions, guarded=commit.look is not None)
            else:
                self._write_twin(commit, row, actions)

    def _write_twin(self, commit: Commit, row: LedgerRow, actions: list[Action]) -> None:
        """Write again with the row's hash in its key: a different record bears its event id."""
        actions = [*actions[:-1], row_action(row, self._tables, twin=True)]
        try:
            self._transact(actions)
        except ClientError as error:
            is_twin(error, actions, row)
            raise_for(error, actions, guarded=commit.look is not None)

    def _transact(self, actions: list[Action]) -> None:
        self.client.transact_write_items(TransactItems=[action.request for action in actions])

    def _put_new(self, table: str, item: Item) -> Item | None:
        """Put an item that must be new; return the one that is there instead, if so."""
        try:
            self.client.put_item(
                TableName=table,
                Item=item,
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if code_of(error) != _CONDITION_FAILED:
                raise_for(error, (), guarded=False)
            stored: Item = dict(error.response.get("Item", {}))  # type: ignore[call-overload] # not in the stub
            return stored
        return None

    def _below(self, table: str, pk: str, *, prefix: str | None = None) -> Iterator[Item]:
        values = {":pk": {"S": pk}}
        condition = "pk = :pk"
        if prefix is not None:
            values[":prefix"] = {"S": prefix}
            condition += " AND begins_with(sk, :prefix)"
        return self._pages(
            TableName=table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ConsistentRead=True,
        )

    def _index(
        self, index: str, condition: str, values: dict[str, str], *, table: str | None = None
    ) -> Iterator[Item]:
        return self._pages(
            TableName=table or self.findings_table,
            IndexName=index,
            KeyConditionExpression=condition,
            ExpressionAttributeValues={name: {"S": value} for name, value in values.items()},
        )

    def _pages(self, **query: Any) -> Iterator[Item]:
        while True:
            page = self.client.query(**query)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _floor(since: datetime | None) -> str:
    return stamp(since) if since else "0"
