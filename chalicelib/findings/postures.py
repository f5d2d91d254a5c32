"""The memory of how an account stood: a small row for every hour and day, a full one for the last.

Measuring an hour again writes over its row: the last time within it counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from chalicelib.findings.posture import Posture

RETENTION = timedelta(days=400)
_LATEST = "latest"
_HOUR, _DAY = "hour#", "day#"


@dataclass(frozen=True, slots=True)
class DynamoPostures:
    """Keeps postures in the work table, over a boto3 DynamoDB client."""

    client: Any
    table: str

    def keep(self, account_id: str, posture: Posture) -> None:
        """Remember how things stand; of past hours only the numbers are kept."""
        numbers = replace(posture, by_account={}, by_owner={}, by_rule=())
        hour, day = _HOUR + _hour(posture.at), _DAY + _day(posture.at)
        for key, kept in ((hour, numbers), (day, numbers), (_LATEST, posture)):
            item = {**_key(account_id, key), "document": _text(msgspec.json.encode(kept).decode())}
            if key != _LATEST:
                item["expires"] = {"N": str(int((posture.at + RETENTION).timestamp()))}
            self.client.put_item(TableName=self.table, Item=item)

    def latest(self, account_id: str) -> Posture | None:
        """Return how things stood when they were last measured; None before the first time."""
        answer = self.client.get_item(TableName=self.table, Key=_key(account_id, _LATEST))
        return _posture_from(answer["Item"]) if "Item" in answer else None

    def series(
        self, account_id: str, since: datetime, *, daily: bool = False
    ) -> tuple[Posture, ...]:
        """Return how things stood since then, oldest first, without what was open by whom.

        Args:
            account_id: The account.
            since: From the hour, or the day, that this instant lies in.
            daily: One for every day, the last that was measured on it, instead of every hour.
        """
        first = _DAY + _day(since) if daily else _HOUR + _hour(since)
        return tuple(map(_posture_from, self._from(account_id, first)))

    def _from(self, account_id: str, first: str) -> Iterator[dict[str, Any]]:
        query: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {
                ":pk": _text(_pk(account_id)),
                ":first": _text(first),
                ":last": _text(first.partition("#")[0] + "#~"),
            },
        }
        while True:
            page = self.client.query(**query)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _posture_from(item: dict[str, Any]) -> Posture:
    return msgspec.json.decode(item["document"]["S"], type=Posture)


def _pk(account_id: str) -> str:
    return f"posture#{account_id}"


def _key(account_id: str, sk: str) -> dict[str, dict[str, str]]:
    return {"pk": _text(_pk(account_id)), "sk": _text(sk)}


def _text(value: str) -> dict[str, str]:
    return {"S": value}


def _hour(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H}"


def _day(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d}"
