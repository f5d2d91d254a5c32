"""AWS::RDS::DBInstance: can it be reached from the internet, is it encrypted, does it survive.

One call describes instances of every engine: those of Neptune and DocumentDB, and the members of
clusters, are in the answer as well. Of a member much only repeats its cluster, or means nothing
(``MultiAZ`` is false on every Aurora instance): rules look at ``Engine`` and
``DBClusterIdentifier`` first.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.internet_routes import INTERNET_ROUTES_SCHEMA
from chalicelib.model import (
    Facet,
    FacetReading,
    Page,
    ResourceRef,
    ResourceType,
)
from chalicelib.resources import _internet_routes
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._listing import Listed, whole
from chalicelib.resources._marked import marked_page, only_row
from chalicelib.resources._rds_instance_events import CHANGE_FACTS, ROUTES_OF_INSTANCES
from chalicelib.resources._rds_payload import ENCRYPTION_TYPES, encryption_type, identifier_of
from chalicelib.resources._tags import TAGS_SHAPE, tags_from

TYPE = "AWS::RDS::DBInstance"

_PAGE_SIZE = 100
_CALL = "rds:DescribeDBInstances"
_GONE = ("DBInstanceNotFound", "DBInstanceNotFoundFault")

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_FLAG = {"type": "boolean"}

#: CloudFormation's property ← member of the answer that says nothing where there is none.
_OPTIONAL = {
    "DBClusterIdentifier": "DBClusterIdentifier",
    "SourceDBInstanceIdentifier": "ReadReplicaSourceDBInstanceIdentifier",
    "SourceDBClusterIdentifier": "ReadReplicaSourceDBClusterIdentifier",
    "KmsKeyId": "KmsKeyId",
}
_FLAGS = ("PubliclyAccessible", "StorageEncrypted", "AutoMinorVersionUpgrade", "MultiAZ")


def _read(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = aws.client("rds", account_id=ref.account_id, region=ref.region)
    answer = answer_or_none(client.describe_db_instances, *_GONE, DBInstanceIdentifier=ref.id)
    if answer is None:
        return None
    routes = _internet_routes.reader(aws, ref.account_id, ref.region)
    return _reading(only_row(answer, "DBInstances"), ref, routes)


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    client = aws.client("rds", account_id=account_id, region=region)
    routes = _internet_routes.reader(aws, account_id, region)

    def item(row: Mapping[str, Any]) -> Listed:
        ref = ResourceRef(
            account_id=account_id, region=region, type=TYPE, id=member(row, "DBInstanceIdentifier")
        )
        return whole(ref, lambda: _reading(row, ref, routes))

    return marked_page(
        client.describe_db_instances, "DBInstances", item, token, MaxRecords=_PAGE_SIZE
    )


def _reading(
    row: Mapping[str, Any], ref: ResourceRef, routes: _internet_routes.Reader
) -> FacetReading:
    out = _routes(row, ref, routes)
    flags = {name: member(row, name) for name in _FLAGS}
    encryption = encryption_type(
        row.get("StorageEncryptionType"), encrypted=flags["StorageEncrypted"]
    )
    return FacetReading(
        properties={
            "DBInstanceIdentifier": member(row, "DBInstanceIdentifier"),
            "Engine": member(row, "Engine"),
            **flags,
            **{name: row.get(source) for name, source in _OPTIONAL.items()},
            "Tags": tags_from(row.get("TagList")),
        },
        observed={
            "DBInstanceStatus": row.get("DBInstanceStatus"),
            "StorageEncryptionType": encryption,
            **out.observed,
        },
        gaps=out.gaps,
        companions=out.companions,
        unique_id=row.get("DbiResourceId"),
    )


def _routes(
    row: Mapping[str, Any], ref: ResourceRef, routes: _internet_routes.Reader
) -> FacetReading:
    """Read the routes of a public instance; null for others, of whom nobody asks."""
    group = row.get("DBSubnetGroup")
    if not member(row, "PubliclyAccessible") or not group:
        return FacetReading(observed={_internet_routes.NAME: None})
    subnets = sorted(member(subnet, "SubnetIdentifier") for subnet in group.get("Subnets", ()))
    return routes(ref, member(group, "VpcId"), tuple(subnets))


def _arn(ref: ResourceRef) -> str:
    return f"arn:{ref.partition}:rds:{ref.region}:{ref.account_id}:db:{ref.id}"


_PROPERTIES = {
    "DBInstanceIdentifier": _TEXT,
    "Engine": _TEXT,
    **dict.fromkeys(_FLAGS, _FLAG),
    **dict.fromkeys(_OPTIONAL, _TEXT_OR_NULL),
    "Tags": TAGS_SHAPE,
}
_OBSERVED = {
    "DBInstanceStatus": _TEXT_OR_NULL,
    "StorageEncryptionType": {"enum": list(ENCRYPTION_TYPES)},
    _internet_routes.NAME: {**INTERNET_ROUTES_SCHEMA, "type": ["array", "null"]},
}

_INSTANCE = Facet(
    name="instance",
    calls=(_CALL, _internet_routes.CALL),
    permissions=(_CALL, _internet_routes.CALL),
    pointers=(
        *(f"/properties/{name}" for name in _PROPERTIES),
        *(f"/observed/{name}" for name in _OBSERVED),
    ),
    read=_read,
    existence=True,
)

#: What CreateDBInstance makes of a PostgreSQL instance in a subnet group of one's own.
_DEFAULTS = {
    "properties": {
        "DBInstanceIdentifier": "example",
        "Engine": "postgres",
        "PubliclyAccessible": False,
        "StorageEncrypted": False,
        "AutoMinorVersionUpgrade": True,
        "MultiAZ": False,
        **dict.fromkeys(_OPTIONAL),
        "Tags": [],
    },
    "observed": {
        "DBInstanceStatus": "available",
        "StorageEncryptionType": "none",
        _internet_routes.NAME: None,
    },
}

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="rds",
    noun="database",
    schema=closed({"properties": closed(_PROPERTIES), "observed": closed(_OBSERVED)}),
    routes=ROUTES_OF_INSTANCES,
    companions=_internet_routes.companions(),
    facets=(_INSTANCE,),
    list=_list,
    list_calls=_INSTANCE.calls,
    list_permissions=_INSTANCE.permissions,
    identify=identifier_of("db"),
    arn=_arn,
    defaults=_DEFAULTS,
    volatile=("/observed/DBInstanceStatus",),
    change_facts=CHANGE_FACTS,
)
