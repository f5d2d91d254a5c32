"""Whose is it? The account, Region and partition of a change, and ids that are somebody else's.

The caller's account is not the owner's: in cross-account calls both get a record of their own, and
only the owner's copy leads to a look. Looking from the caller's side would judge a stranger's
resource under the wrong account.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.model.plugin import Record

#: Region of records whose own is redacted: nothing regional can be looked at there.
UNKNOWN_REGION = "unknown"

ACCOUNT_ID_DIGITS = 12

_REGION = re.compile(r"[a-z0-9-]{1,64}")
_PARTITION_OF_ARN = re.compile(r"arn:(aws(?:-[a-z0-9-]{1,32})?):")
_PARTITION_OF_REGION = {
    "us-gov-": "aws-us-gov",
    "cn-": "aws-cn",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "us-isof-": "aws-iso-f",
    "eu-isoe-": "aws-iso-e",
    "eusc-": "aws-eusc",
}


def account_from(value: Any) -> str | None:
    """Return an account id, or None for redacted and malformed ones."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    # Samples and test accounts are shorter than AWS's 12 digits; nothing else is looser.
    return text if len(text) <= ACCOUNT_ID_DIGITS and text.isascii() and text.isdecimal() else None


def owner_of(record: Record) -> str | None:
    """Return the account whose resources a record is about, or None where it names none."""
    if owner := account_from(record.get("recipientAccountId")):
        return owner
    owners = (account_from(entry.get("accountId")) for entry in _resources(record))
    return next(filter(None, owners), None) or account_from(_identity(record).get("accountId"))


def region_of(record: Record) -> str:
    """Return ``awsRegion``, or `UNKNOWN_REGION` where it is redacted or absent."""
    region = record.get("awsRegion")
    return region if isinstance(region, str) and _REGION.fullmatch(region) else UNKNOWN_REGION


def partition_of(record: Record, region: str) -> str:
    """Return the partition the caller's ARN or, without one, the Region lies in."""
    arn = _identity(record).get("arn")
    if isinstance(arn, str) and arn.startswith("arn:aws:"):
        return "aws"
    if isinstance(arn, str) and (found := _PARTITION_OF_ARN.match(arn)):
        return found[1]
    named = (name for prefix, name in _PARTITION_OF_REGION.items() if region.startswith(prefix))
    return next(named, "aws")


def is_of_another_account(raw_id: str, record: Record, account_id: str) -> bool:
    """Tell whether an id is, by its ARN or by ``resources[]``, another account's."""
    if raw_id.startswith("arn:") and _is_foreign(_account_in(raw_id), account_id):
        return True
    return "resources" in record and any(
        _is_foreign(account_from(entry.get("accountId")), account_id)
        and _names(entry.get("ARN"), raw_id)
        for entry in _resources(record)
    )


def _account_in(arn: str) -> str | None:
    # arn:partition:service:region:account:resource; "aws" stands there for AWS's own policies.
    parts = arn.split(":", 5)
    return account_from(parts[4]) if len(parts) > 5 and parts[4] else None  # noqa: PLR2004 - ARN


def _is_foreign(found: str | None, account_id: str) -> bool:
    return found is not None and found != account_id


def _names(arn: Any, raw_id: str) -> bool:
    return isinstance(arn, str) and (arn == raw_id or arn.endswith((f":{raw_id}", f"/{raw_id}")))


def _resources(record: Record) -> Iterable[Mapping[str, Any]]:
    entries = record.get("resources")
    return [e for e in entries if isinstance(e, Mapping)] if isinstance(entries, list) else ()


def _identity(record: Record) -> Mapping[str, Any]:
    identity = record.get("userIdentity")
    return identity if isinstance(identity, Mapping) else {}
