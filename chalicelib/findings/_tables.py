"""The four tables: keys, indexes, streams, expiry. The package's templates are made from this.

Keys of the history are for ever; an index may be changed, a key may not.
"""

from typing import Any

FINDINGS = "vigil-findings"
HISTORY = "vigil-history"
LEDGER = "vigil-ledger"
WORK = "vigil-work"

OPEN_INDEX = "open"
DUE_INDEX = "due"
HOUR_INDEX = "by-hour"
ID_INDEX = "by-id"

#: DynamoDB's TTL attribute (epoch seconds) in every table that has one: housekeeping, never a rule.
EXPIRY_ATTRIBUTE = "expires"
EXPIRING_TABLES = (FINDINGS, LEDGER, WORK)

_ALL: dict[str, Any] = {"ProjectionType": "ALL"}
_KEYS: dict[str, Any] = {"ProjectionType": "KEYS_ONLY"}
_REFERENCE: dict[str, Any] = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["partition"]}


def table_definitions() -> tuple[dict[str, Any], ...]:
    """Return the arguments of CreateTable for each table.

    Expiry is no part of CreateTable: switch it on for `EXPIRING_TABLES` by UpdateTimeToLive.
    """
    return (
        _table(
            FINDINGS,
            _index(OPEN_INDEX, "open_key", "opened_at", _ALL),
            _index(DUE_INDEX, "due_shard", "due_at", _REFERENCE),
            _index(ID_INDEX, "finding_id", "opened_at", _KEYS),
        ),
        {
            **_table(HISTORY, _index(HOUR_INDEX, "hour_shard", "sk", _ALL)),
            # Old images too: a change or removal of an entry must show what was there.
            "StreamSpecification": {
                "StreamEnabled": True,
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
        },
        _table(LEDGER),
        _table(WORK),
    )


def _table(name: str, *indexes: dict[str, Any]) -> dict[str, Any]:
    keys = [k["AttributeName"] for schema in indexes for k in schema["KeySchema"]]
    definition: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": key, "AttributeType": "S"}
            for key in dict.fromkeys(("pk", "sk", *keys))
        ],
        "KeySchema": _keys("pk", "sk"),
    }
    return {**definition, "GlobalSecondaryIndexes": list(indexes)} if indexes else definition


def _index(name: str, pk: str, sk: str, projection: dict[str, Any]) -> dict[str, Any]:
    return {"IndexName": name, "KeySchema": _keys(pk, sk), "Projection": projection}


def _keys(pk: str, sk: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": pk, "KeyType": "HASH"},
        {"AttributeName": sk, "KeyType": "RANGE"},
    ]
