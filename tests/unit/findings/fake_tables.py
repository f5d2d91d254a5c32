"""DynamoDB as far as the register uses it: keys, three conditions, transactions; in memory.

The real thing is used in the integration tests; here a thousand people try a thousand tricks.
"""

import copy
from typing import Any

from botocore.exceptions import ClientError

Item = dict[str, dict[str, Any]]
ABSENT = "attribute_not_exists(pk)"
KNOWN = "revision = :known"


class FakeTables:
    """A boto3 client over dictionaries."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[tuple[str, str], Item]] = {}

    def table(self, name: str) -> dict[tuple[str, str], Item]:
        """Return a table's items by key: whoever holds it may write whatever he likes."""
        return self.tables.setdefault(name, {})

    def get_item(self, **request: Any) -> dict[str, Any]:
        """Answer GetItem."""
        item = self.table(request["TableName"]).get(_key(request["Key"]))
        return {"Item": copy.deepcopy(item)} if item is not None else {}

    def query(self, **request: Any) -> dict[str, Any]:
        """Answer a Query for everything below a partition key."""
        assert request["KeyConditionExpression"] == "pk = :pk"
        pk = request["ExpressionAttributeValues"][":pk"]["S"]
        found = sorted((k, i) for k, i in self.table(request["TableName"]).items() if k[0] == pk)
        return {"Items": [copy.deepcopy(item) for _, item in found]}

    def transact_write_items(self, TransactItems: list[Any]) -> None:  # noqa: N803 - as boto3
        """Write all or nothing."""
        puts = [action["Put"] for action in TransactItems]
        if not all(self._holds(put) for put in puts):
            error = {"Error": {"Code": "TransactionConflictException", "Message": ""}}
            raise ClientError(error, "TransactWriteItems")  # type: ignore[arg-type] # enough of it
        for put in puts:
            self.table(put["TableName"])[_key(put["Item"])] = copy.deepcopy(put["Item"])

    def update_item(self, **request: Any) -> None:
        """Answer the one update there is."""
        item = self.table(request["TableName"])[_key(request["Key"])]
        values = request["ExpressionAttributeValues"]
        if item["revision"] == values[":known"]:
            item["settled"] = values[":yes"]

    def _holds(self, put: dict[str, Any]) -> bool:
        item = self.table(put["TableName"]).get(_key(put["Item"]))
        if put["ConditionExpression"] == ABSENT:
            return item is None
        assert put["ConditionExpression"] == KNOWN
        known = put["ExpressionAttributeValues"][":known"]
        return item is not None and item.get("revision") == known


def _key(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]
