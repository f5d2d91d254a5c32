"""Which flags of a bucket's public access block are off, and whether the account's stand in.

The two ways of counting are two sets of rows, so that a rule picks one by a parameter:
``AccountLevelCounts: false`` rows miss the flag on the bucket, ``true`` rows miss it on both.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.facts.s3_access import ACCOUNT_BLOCK, BLOCK_FLAGS, BUCKET_BLOCK
from chalicelib.model import ConfigurationItem

#: JSON Schema of `block_shortfalls`.
BLOCK_SHORTFALLS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "Flag": {"enum": list(BLOCK_FLAGS)},
            "AccountLevelCounts": {"type": "boolean"},
            "Because": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["Flag", "AccountLevelCounts", "Because"],
        "additionalProperties": False,
    },
}


def block_shortfalls(item: ConfigurationItem) -> list[dict[str, Any]]:
    """Return the flags that are certainly off (`BLOCK_SHORTFALLS_SCHEMA`)."""
    return list(_rows(item))


def _rows(item: ConfigurationItem) -> Iterator[dict[str, Any]]:
    own = item.properties.get("PublicAccessBlockConfiguration") or {}
    account = item.observed.get("AccountPublicAccessBlock") or {}
    for flag in BLOCK_FLAGS:
        if own.get(flag) is False:
            yield _row(flag, f"{BUCKET_BLOCK}/{flag}")
            if account.get(flag) is False:
                yield _row(flag, f"{BUCKET_BLOCK}/{flag}", f"{ACCOUNT_BLOCK}/{flag}")


def _row(flag: str, *because: str) -> dict[str, Any]:
    return {"Flag": flag, "AccountLevelCounts": len(because) > 1, "Because": list(because)}
