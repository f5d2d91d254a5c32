"""What RDS events say about DB instances.

Changes of public access take effect at once, whatever ``ApplyImmediately`` says; those of zones
and engine upgrades may wait for the maintenance window.
"""

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.facts.addresses import is_wide, network_from, text_of
from chalicelib.model import Route
from chalicelib.model.plugin import Record
from chalicelib.resources._payload import field, parameters_of
from chalicelib.resources._rds_payload import (
    DATABASE_SETTINGS_SCHEMA,
    LAST_BACKUP_SCHEMA,
    RDS,
    created_settings,
    encryption_type,
    last_backup,
    modified_settings,
)
from chalicelib.resources._said import chosen, flag, unless_unsaid

PUBLIC = "/properties/PubliclyAccessible"
ENCRYPTED = "/properties/StorageEncrypted"
ENCRYPTION = "/observed/StorageEncryptionType"
UPGRADE = "/properties/AutoMinorVersionUpgrade"
ZONES = "/properties/MultiAZ"
ROUTES = "/observed/InternetRoutes"
STATUS = "/observed/DBInstanceStatus"
TAGS = "/properties/Tags"

#: Name of a request parameter, and of a response's member → pointer.
_FLAGS = {
    "publiclyAccessible": PUBLIC,
    "autoMinorVersionUpgrade": UPGRADE,
    "multiAZ": ZONES,
}
_WRITTEN = (PUBLIC, ENCRYPTED, ENCRYPTION, UPGRADE, ZONES, ROUTES, TAGS)

#: Whom a DB security group lets in, as far as that is most of the internet.
INTERNET_SOURCES_SCHEMA: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}}

CHANGE_FACTS: Mapping[str, Mapping[str, Any]] = {
    "DatabaseSettings": DATABASE_SETTINGS_SCHEMA,
    "LastBackup": LAST_BACKUP_SCHEMA,
    "InternetSources": INTERNET_SOURCES_SCHEMA,
}

_ID = ("requestParameters.dBInstanceIdentifier", "responseElements.dBInstanceIdentifier")
_TARGET = ("requestParameters.targetDBInstanceIdentifier", "responseElements.dBInstanceIdentifier")


def _created(record: Record) -> dict[str, Any]:
    encrypted = flag(chosen(record, "storageEncrypted"))
    stated = chosen(record, "storageEncryptionType")
    flags = {pointer: flag(chosen(record, name)) for name, pointer in _FLAGS.items()}
    return {
        key: value
        for key, value in {
            **flags,
            ENCRYPTED: encrypted,
            ENCRYPTION: encryption_type(stated, encrypted=encrypted),
        }.items()
        if value is not None
    }


def _modified(record: Record) -> dict[str, Any]:
    given = parameters_of(record)
    return unless_unsaid({pointer: flag(field(given, name)) for name, pointer in _FLAGS.items()})


def _sources(record: Record) -> dict[str, Any]:
    cidr = field(parameters_of(record), "cIDRIP")
    network = network_from(cidr) if isinstance(cidr, str) else None
    return {
        "InternetSources": [text_of(network)] if network is not None and is_wide(network) else []
    }


def _creation(*actions: str, ids: tuple[str, ...] = _ID) -> Route:
    return Route(
        source=RDS,
        actions=actions,
        ids=ids,
        writes=_WRITTEN,
        creates=True,
        propose=_created,
        derive=created_settings,
    )


def _route(*actions: str, writes: tuple[str, ...] = (), **how: Any) -> Route:
    return Route(source=RDS, actions=actions, ids=_ID, writes=writes, **how)


def _tagging(action: str, propose: Callable[[Record], Mapping[str, Any]] | None = None) -> Route:
    ids = ("requestParameters.resourceName",)
    return Route(source=RDS, actions=(action,), ids=ids, writes=(TAGS,), propose=propose)


ROUTES_OF_INSTANCES = (
    _creation(
        "CreateDBInstance",
        "CreateDBInstanceReadReplica",
        "RestoreDBInstanceFromDBSnapshot",
        "RestoreDBInstanceFromS3",
    ),
    _creation("RestoreDBInstanceToPointInTime", ids=_TARGET),
    _route(
        "ModifyDBInstance",
        writes=(PUBLIC, UPGRADE, ZONES, ROUTES),
        propose=_modified,
        derive=modified_settings,
    ),
    # A new name is a new resource to whoever looks by name.
    Route(
        source=RDS,
        actions=("ModifyDBInstance",),
        ids=("requestParameters.newDBInstanceIdentifier",),
    ),
    _route(
        "DeleteDBInstance",
        deletes=True,
        derive=last_backup(
            "dBClusterIdentifier",
            "readReplicaSourceDBInstanceIdentifier",
            "readReplicaSourceDBClusterIdentifier",
        ),
    ),
    _route("PromoteReadReplica", writes=("/properties/SourceDBInstanceIdentifier",)),
    _route("StartDBInstance", "StopDBInstance", "RebootDBInstance", writes=(STATUS,)),
    _route("AddRoleToDBInstance", "RemoveRoleFromDBInstance"),
    _tagging("AddTagsToResource"),
    _tagging("RemoveTagsFromResource", lambda _record: {TAGS: []}),
    # The groups of EC2-Classic stand before instances that the call does not name.
    Route(
        source=RDS,
        actions=("AuthorizeDBSecurityGroupIngress",),
        ids=("requestParameters.dBInstanceIdentifier",),
        derive=_sources,
    ),
)
