"""What calls of RDS and Redshift say of a database, in the words of change rules; its names.

What a newcomer gets wrong: ``StorageEncrypted`` is false for storage under a key that AWS owns,
although it is encrypted. `encryption_type` knows.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.model.plugin import Record
from chalicelib.resources._declared import closed
from chalicelib.resources._payload import field
from chalicelib.resources._said import asked, chosen, flag, response_of

RDS = "rds.amazonaws.com"

ENCRYPTION_TYPES = ("none", "sse-rds", "sse-kms")
LAST_BACKUPS = ("final-snapshot", "automated-backups", "elsewhere", "none")

#: What a call sets on a database; null where it does not say.
DATABASE_SETTINGS_SCHEMA: Mapping[str, Any] = closed(
    {
        "PubliclyAccessible": {"type": ["boolean", "null"]},
        "StorageEncryptionType": {"enum": [*ENCRYPTION_TYPES, None]},
    }
)
#: What remains of the data when a database is deleted.
LAST_BACKUP_SCHEMA: Mapping[str, Any] = {"enum": list(LAST_BACKUPS)}

_NAME = re.compile(r"(?:(?:rds|awsbackup):)?[a-z][a-z0-9-]{0,254}")


def identifier_of(kind: str, service: str = "rds") -> Callable[[str, Record], str | None]:
    """Return an `identify` for names and ARNs of one kind of resource; AWS keeps lower case.

    Args:
        kind: Resource part of its ARNs: ``db``, ``cluster``, ``snapshot``.
        service: Service part of its ARNs.
    """
    pattern = re.compile(rf"arn:[a-z-]+:{service}:[a-z0-9-]*:\d{{12}}:{kind}:(.+)", re.ASCII)

    def identify(raw: str, _record: Record) -> str | None:
        found = pattern.fullmatch(raw)
        name = (found[1] if found else raw).lower()
        return name if _NAME.fullmatch(name) else None

    return identify


def created_settings(record: Record) -> dict[str, Any]:
    """Derive what a creation or restoration set."""
    return _settings(
        flag(chosen(record, "publiclyAccessible")),
        encryption_type(
            chosen(record, "storageEncryptionType"),
            encrypted=flag(chosen(record, "storageEncrypted")),
        ),
    )


def modified_settings(record: Record) -> dict[str, Any]:
    """Derive what a modification set: only what its request carries."""
    return _settings(flag(asked(record, "publiclyAccessible")), None)


def last_backup(*elsewhere: str) -> Callable[[Record], dict[str, Any]]:
    """Return a `Route.derive`: what a deletion leaves of the data.

    Args:
        elsewhere: Members of the response that name where the data is as well: the cluster of an
            instance, what a replica replicates.
    """

    def derive(record: Record) -> dict[str, Any]:
        kept = any(field(response_of(record), name) for name in elsewhere)
        return {"LastBackup": "elsewhere" if kept else _last_backup(record)}

    return derive


def encryption_type(stated: Any, *, encrypted: bool | None) -> str | None:
    """Return how storage is encrypted: ``StorageEncryptionType``, else what the older flag means.

    A template's or an old record's flag alone cannot tell a key of AWS from no encryption.
    """
    if stated in ENCRYPTION_TYPES:
        return str(stated)
    return {True: "sse-kms", False: "none", None: None}[encrypted]


def _settings(public: bool | None, encryption: str | None) -> dict[str, Any]:  # noqa: FBT001 - a value, no switch
    settings = {"PubliclyAccessible": public, "StorageEncryptionType": encryption}
    return {"DatabaseSettings": settings}


def _last_backup(record: Record) -> str:
    if flag(asked(record, "skipFinalSnapshot")) is not True:
        return "final-snapshot"
    kept = flag(asked(record, "deleteAutomatedBackups")) is False
    return "automated-backups" if kept else "none"
