"""Every row of the ledger within a window, wherever it was received.

The whole table is read for it. Rows are kept by account and Region, and only a scan finds those of
a Region that nobody thought of: a population that leaves one out is none.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from chalicelib.findings._items import row_from, stamp
from chalicelib.model import LedgerRow


def rows_between(client: Any, table: str, start: datetime, end: datetime) -> Iterator[LedgerRow]:
    """Yield the rows of records whose event lies in a window, in no order.

    Args:
        client: A boto3 DynamoDB client.
        table: The ledger.
        start: Inclusive.
        end: Exclusive.
    """
    query: dict[str, Any] = {
        "TableName": table,
        "FilterExpression": "event_time >= :start AND event_time < :end",
        "ExpressionAttributeValues": {":start": {"S": stamp(start)}, ":end": {"S": stamp(end)}},
    }
    while True:
        page = client.scan(**query)
        yield from map(row_from, page["Items"])
        if "LastEvaluatedKey" not in page:
            return
        query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
