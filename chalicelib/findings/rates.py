"""The counting for rate rules, in the work table: one item per rule, account, actor and stretch.

Marks are a set, not a counter: counting a record twice, as redelivery does, changes nothing. What
is noted as told comes only after the detection is stored, so a process that dies in between leaves
a burst that the next delivery, or the next record, tells.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.findings.deliveries import CONDITION_FAILED, seconds
from chalicelib.model import Occurrence

#: A message comes back for minutes; from the dead-letter queue, whenever somebody sends it.
KEEP = timedelta(days=2)
_COUNTS = (
    "attribute_not_exists(told) AND "
    "(attribute_not_exists(marks) OR contains(marks, :mark) OR size(marks) < :kept)"
)


@dataclass(frozen=True, slots=True)
class DynamoRates:
    """Implements `ports.Rates`."""

    client: Any
    table: str

    def count(self, one: Occurrence) -> tuple[str, ...]:
        """Keep an occurrence and return the marks of its stretch, its own included; idempotent.

        Empty where the burst is told already, or so much is kept that others must have told it.
        """
        try:
            answer = self.client.update_item(
                TableName=self.table,
                Key=_key(one),
                UpdateExpression="SET expires = :expires ADD marks :marks",
                ConditionExpression=_COUNTS,
                ExpressionAttributeValues={
                    ":mark": {"S": one.mark},
                    ":marks": {"SS": [one.mark]},
                    ":kept": {"N": str(one.rate.kept)},
                    ":expires": _expires(one),
                },
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != CONDITION_FAILED:
                raise
            return ()
        return tuple(answer["Attributes"]["marks"]["SS"])

    def settle(self, one: Occurrence) -> None:
        """Note that the burst is told: nothing more is counted in this stretch."""
        self.client.update_item(
            TableName=self.table,
            Key=_key(one),
            UpdateExpression="SET told = :told, expires = :expires REMOVE marks",
            ExpressionAttributeValues={":told": {"BOOL": True}, ":expires": _expires(one)},
        )


def _key(one: Occurrence) -> dict[str, dict[str, str]]:
    return {
        "pk": {"S": f"rate#{one.key}"},
        "sk": {"S": f"{one.stretch:%Y-%m-%dT%H:%M:%SZ}"},
    }


def _expires(one: Occurrence) -> dict[str, str]:
    return seconds(one.detection.seen_at + KEEP)
