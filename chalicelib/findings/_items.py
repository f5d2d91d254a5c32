"""Our records as DynamoDB items, and back.

What is decided upon is one JSON string (`document`, `body`): DynamoDB's own types lose floats,
empty sets and the exact bytes. Native attributes are keys, guards and what stream filters read.
"""

import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from chalicelib.findings.history import Entry, body_of, chained, hash_of
from chalicelib.findings.identity import detection_key
from chalicelib.model import (
    Detection,
    DetectionStatus,
    Finding,
    LedgerRow,
    Look,
    ResourceRef,
    Status,
    Transition,
    TransitionKind,
)

Item = dict[str, dict[str, Any]]

LOOK_KEY = "look"
DUE_SHARDS = 4
HOUR_SHARDS = 16
LEDGER_RETENTION = timedelta(days=400)
#: A settled detection stays this long, so that a late duplicate of its event is recognised.
DETECTION_RETENTION = timedelta(days=30)
_SEQ_DIGITS = 8
_NO_EVENT_ID = "-"


def stamp(instant: datetime) -> str:
    """Write an instant so that text order is time order: always milliseconds, always Z."""
    utc = instant.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def finding_key(rule_id: str) -> str:
    """Return the sort key of a rule's finding."""
    return f"finding#{rule_id}"


def open_key(account_id: str, severity: str) -> str:
    """Return the key under which open findings of one severity are listed."""
    return f"{account_id}#{severity}"


def resolved_key(account_id: str) -> str:
    """Return the key under which an account's resolved findings are listed."""
    return f"{account_id}#resolved"


def due_shard(number: int) -> str:
    """Return the key of one part of what is due."""
    return f"due#{number}"


def hour_shard(instant: datetime, number: int) -> str:
    """Return the key of one part of an hour's history."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H}#{number}"


def item_of_look(ref: ResourceRef, look: Look) -> Item:
    """Write a look."""
    item = {
        **key_of(ref.key, LOOK_KEY),
        "document": _json(look),
        "rev": _number(look.rev),
        "looked_from": _text(stamp(look.started_at)),
        "looked_to": _text(stamp(look.ended_at)),
        "partition": _text(ref.partition),
    }
    if look.due_at is not None:
        item["due_shard"] = _text(due_shard(_shard(ref.key, DUE_SHARDS)))
        item["due_at"] = _text(stamp(look.due_at))
    return item


def item_of_finding(transition: Transition, finding: Finding) -> Item:
    """Write a finding whose newest history entry is `transition`.

    Open ones are listed by when they opened, resolved ones by when they were resolved: nobody has
    to read all that ever was for what was resolved lately.
    """
    return {
        **key_of(finding.subject.ref.key, finding_key(finding.rule_id)),
        "document": _json(chained(finding, body_of(transition))),
        "revision": _number(finding.revision),
        "finding_id": _text(finding.id),
        "open_key": _text(_list_key(finding)),
        "opened_at": _text(stamp(finding.resolved_at or finding.opened_at)),
    }


def item_of_detection(detection: Detection) -> Item:
    """Write a detection; a settled one expires."""
    item = {
        **key_of(detection.subject.ref.key, detection_key(detection)),
        "document": _json(detection),
        "status": _text(detection.status.value),
    }
    if detection.status is not DetectionStatus.PENDING:
        item["expires"] = _epoch(detection.seen_at + DETECTION_RETENTION)
    return item


def item_of_edge(companion_key: str, dependent: ResourceRef) -> Item:
    """Write that a resource's verdicts depend on a companion."""
    return {
        **key_of(companion_key, edge_key(dependent)),
        "partition": _text(dependent.partition),
    }


def edge_key(dependent: ResourceRef) -> str:
    """Return the sort key, below the companion, of an edge."""
    return f"edge#{dependent.key}"


def item_of_entry(transition: Transition) -> Item:
    """Write a history entry."""
    body = body_of(transition)
    pk, decided = transition.subject.ref.key, transition.times.decided
    item = {
        **key_of(pk, entry_key(transition)),
        "body": _text(body.decode()),
        "hash": _text(hash_of(body)),
        "seq": _number(transition.seq),
        "hour_shard": _text(hour_shard(decided, _shard(pk, HOUR_SHARDS))),
        "kind": _text(transition.kind.value),
        "reason": _text(transition.reason.value),
        "account": _text(transition.account_id),
    }
    about = transition.finding or transition.detection
    if about is not None:
        item["severity"] = _text(about.severity.value)
    if transition.prev is not None:
        item["prev"] = _text(transition.prev)
    return item


def entry_key(transition: Transition) -> str:
    """Return an entry's sort key: time first, then what keeps entries of one look apart.

    Several rules move in one look, and one rule may detect several events in one. A summary bears
    its sweep's start instead of its own time, so that telling it again changes nothing.
    """
    instant = transition.times.decided
    name = transition.rule_id
    if transition.detection is not None:
        name = detection_key(transition.detection).removeprefix("detection#")
    if (record := transition.exemption or transition.person) is not None:
        name = record.id
    if transition.kind is TransitionKind.SUMMARISED:
        instant, name = transition.look_started_at or instant, "sweep"
    if transition.kind is TransitionKind.RECORDED:
        name = f"item#{transition.item.hash if transition.item else 'gone'}"
    return f"{stamp(instant)}#{name}#{transition.seq:0{_SEQ_DIGITS}d}#{transition.kind.value}"


def item_of_row(row: LedgerRow, *, twin: bool = False) -> Item:
    """Write a ledger row.

    Args:
        row: The row.
        twin: True where another record bears the same event id: the hash goes into the key.
    """
    item = {
        **key_of(
            f"{row.account_id}#{row.region}#{row.event_time:%Y-%m-%dT%H}", _row_key(row, twin)
        ),
        "record_hash": _text(row.record_hash),
        "event_time": _text(stamp(row.event_time)),
        "received_at": _text(stamp(row.received_at)),
        "event_source": _text(row.event_source),
        "event_name": _text(row.event_name),
        "disposition": _text(row.disposition),
        "message_id": _text(row.message_id),
        "expires": _epoch(row.received_at + LEDGER_RETENTION),
    }
    told = {"detail": row.detail, "actor": row.actor}
    return item | {name: _text(value) for name, value in told.items() if value is not None}


def key_of(pk: str, sk: str) -> Item:
    """Return a primary key."""
    return {"pk": _text(pk), "sk": _text(sk)}


def look_from(item: Mapping[str, Any]) -> Look:
    """Read a look."""
    return msgspec.json.decode(item["document"]["S"], type=Look)


def finding_from(item: Mapping[str, Any]) -> Finding:
    """Read a finding."""
    return msgspec.json.decode(item["document"]["S"], type=Finding)


def detection_from(item: Mapping[str, Any]) -> Detection:
    """Read a detection."""
    return msgspec.json.decode(item["document"]["S"], type=Detection)


def entry_from(item: Mapping[str, Any]) -> Entry:
    """Read a history entry; the body stays bytes."""
    return Entry(
        pk=item["pk"]["S"],
        sk=item["sk"]["S"],
        kind=TransitionKind(item["kind"]["S"]),
        seq=int(item["seq"]["N"]),
        prev=item["prev"]["S"] if "prev" in item else None,
        body=item["body"]["S"].encode(),
    )


def ref_from(key: str, item: Mapping[str, Any]) -> ResourceRef:
    """Read a reference from a store key; the id may contain the separator."""
    account_id, region, type_name, resource_id = key.split("#", 3)
    return ResourceRef(
        account_id=account_id,
        region=region,
        type=type_name,
        id=resource_id,
        partition=item["partition"]["S"],
    )


def row_from(item: Mapping[str, Any]) -> LedgerRow:
    """Read a ledger row; rows of earlier versions name no actor."""
    account_id, region, _ = item["pk"]["S"].split("#", 2)
    event_id = item["sk"]["S"].partition("#")[0]
    return LedgerRow(
        account_id=account_id,
        region=region,
        event_id=None if event_id == _NO_EVENT_ID else event_id,
        record_hash=item["record_hash"]["S"],
        event_time=datetime.fromisoformat(item["event_time"]["S"]),
        received_at=datetime.fromisoformat(item["received_at"]["S"]),
        event_source=item["event_source"]["S"],
        event_name=item["event_name"]["S"],
        disposition=item["disposition"]["S"],
        message_id=item["message_id"]["S"],
        detail=item["detail"]["S"] if "detail" in item else None,
        actor=item["actor"]["S"] if "actor" in item else None,
    )


def is_same_record(item: Mapping[str, Any], row: LedgerRow) -> bool:
    """Tell whether a stored ledger row is of the very same record."""
    return bool(item["record_hash"]["S"] == row.record_hash)


def _list_key(finding: Finding) -> str:
    account_id = finding.subject.ref.account_id
    if finding.status is Status.RESOLVED:
        return resolved_key(account_id)
    return open_key(account_id, finding.severity.value)


def _row_key(row: LedgerRow, twin: bool) -> str:  # noqa: FBT001 - passed on from one caller
    if row.event_id is None:
        return f"{_NO_EVENT_ID}#{row.record_hash}#{row.message_id}"
    return f"{row.event_id}#{row.record_hash}" if twin else row.event_id


def _shard(key: str, shards: int) -> int:
    return zlib.crc32(key.encode()) % shards


def _json(record: Any) -> dict[str, str]:
    return _text(msgspec.json.encode(record, order="sorted").decode())


def _text(value: str) -> dict[str, str]:
    return {"S": value}


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def _epoch(instant: datetime) -> dict[str, str]:
    return _number(int(instant.timestamp()))
