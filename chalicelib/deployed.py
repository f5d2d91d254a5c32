"""The rules that somebody deployed after this build: found by a pointer, fetched from versioned S3.

The pointer is one item of the work table, asked for every half a minute by a client that every
function has already; S3 is only asked when it has moved. Rules that cannot be had leave those in
force that were: an auditor that stops judging is worse than one with yesterday's limits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import RetryableError

#: Two of these fit into the minute in which running functions take new rules.
RECHECK_AFTER = timedelta(seconds=25)
POINTER_KEY: Mapping[str, Any] = {"pk": {"S": "rules"}, "sk": {"S": "deployed"}}
OBJECT_KEY = "rules/bundle.json"


class RulesUnavailableError(RetryableError):
    """Deployed rules are named that cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """Which rules were deployed last.

    Attributes:
        version: Version of the object in the rules bucket.
        sha256: Of its bytes.
        shapes: What its rules may name; rules for other shapes are another build's.
    """

    version: str
    sha256: str
    shapes: str

    def as_item(self) -> dict[str, Any]:
        """Return it as an item of the work table."""
        fields = {"version": self.version, "sha256": self.sha256, "shapes": self.shapes}
        return {**POINTER_KEY, **{name: {"S": value} for name, value in fields.items()}}

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "Pointer":
        """Read an item of the work table."""
        return cls(
            version=item["version"]["S"],
            sha256=item["sha256"]["S"],
            shapes=item["shapes"]["S"],
        )


@dataclass(slots=True, kw_only=True)
class DeployedRules:
    """Watches the pointer, and fetches what it names.

    Attributes:
        s3: Builds the client, which most processes never need.
    """

    dynamodb: Any
    s3: Callable[[], Any]
    table: str
    bucket: str
    _checked_at: datetime | None = None
    _pointer: Pointer | None = None

    def moved(self, now: datetime) -> Pointer | None:
        """Return a pointer that has moved since it was last taken; ask at most every 25 s.

        Raises:
            RulesUnavailableError: The work table does not answer.
        """
        if self._checked_at is not None and now - self._checked_at < RECHECK_AFTER:
            return None
        self._checked_at = now
        try:
            answer = self.dynamodb.get_item(TableName=self.table, Key=dict(POINTER_KEY))
        except (ClientError, BotoCoreError) as error:
            raise RulesUnavailableError(f"the deployed rules: {_named(error)}") from error
        item = answer.get("Item")
        pointer = Pointer.of(item) if item else None
        return pointer if pointer != self._pointer else None

    def fetch(self, pointer: Pointer) -> bytes:
        """Return the bundle that a pointer names.

        Raises:
            RulesUnavailableError: S3 refuses it, or it is not what was deployed.
        """
        try:
            answer = self.s3().get_object(
                Bucket=self.bucket, Key=OBJECT_KEY, VersionId=pointer.version
            )
            data: bytes = answer["Body"].read()
        except (ClientError, BotoCoreError) as error:
            raise RulesUnavailableError(f"the deployed rules: {_named(error)}") from error
        if sha256(data).hexdigest() != pointer.sha256:
            raise RulesUnavailableError("the deployed rules are not what was deployed")
        return data

    def take(self, pointer: Pointer) -> None:
        """Note that these rules are in force."""
        self._pointer = pointer


def _named(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "no code"))
    return type(error).__name__
