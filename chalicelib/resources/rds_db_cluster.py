"""AWS::RDS::DBCluster: an Aurora or Multi-AZ DB cluster, and also one of Neptune or DocumentDB.

One call describes clusters of every engine. ``PubliclyAccessible`` is not here: for Aurora it is
a matter of the instances, and the members of other clusters repeat it.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model import (
    Facet,
    FacetReading,
    Page,
    ResourceRef,
    ResourceType,
    Route,
)
from chalicelib.model.plugin import Record
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._listing import Listed, whole
from chalicelib.resources._marked import marked_page, only_row
from chalicelib.resources._rds_payload import (
    DATABASE_SETTINGS_SCHEMA,
    LAST_BACKUP_SCHEMA,
    RDS,
    created_settings,
    identifier_of,
    last_backup,
    modified_settings,
)
from chalicelib.resources._said import chosen, flag
from chalicelib.resources._tags import TAGS_SHAPE, tags_from

TYPE = "AWS::RDS::DBCluster"

_PAGE_SIZE = 100
_CALL = "rds:DescribeDBClusters"
_GONE = ("DBClusterNotFoundFault", "DBClusterNotFound")
_ZONES = "/observed/MultiAZ"
_TAGS = "/properties/Tags"


def _read(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = aws.client("rds", account_id=ref.account_id, region=ref.region)
    answer = answer_or_none(client.describe_db_clusters, *_GONE, DBClusterIdentifier=ref.id)
    return _reading(only_row(answer, "DBClusters")) if answer is not None else None


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    client = aws.client("rds", account_id=account_id, region=region)

    def item(row: Mapping[str, Any]) -> Listed:
        ref = ResourceRef(
            account_id=account_id, region=region, type=TYPE, id=member(row, "DBClusterIdentifier")
        )
        return whole(ref, lambda: _reading(row))

    return marked_page(
        client.describe_db_clusters, "DBClusters", item, token, MaxRecords=_PAGE_SIZE
    )


def _reading(row: Mapping[str, Any]) -> FacetReading:
    return FacetReading(
        properties={
            "DBClusterIdentifier": member(row, "DBClusterIdentifier"),
            "Engine": member(row, "Engine"),
            "EngineMode": row.get("EngineMode"),
            "Tags": tags_from(row.get("TagList")),
        },
        observed={"MultiAZ": member(row, "MultiAZ")},
        unique_id=row.get("DbClusterResourceId"),
    )


def _arn(ref: ResourceRef) -> str:
    return f"arn:{ref.partition}:rds:{ref.region}:{ref.account_id}:cluster:{ref.id}"


def _created(record: Record) -> dict[str, Any]:
    zones = flag(chosen(record, "multiAZ"))
    return {} if zones is None else {_ZONES: zones}


_ID = ("requestParameters.dBClusterIdentifier", "responseElements.dBClusterIdentifier")


def _route(*actions: str, ids: tuple[str, ...] = _ID, **how: Any) -> Route:
    return Route(source=RDS, actions=actions, ids=ids, **how)


_ROUTES = (
    _route(
        "CreateDBCluster",
        "RestoreDBClusterFromSnapshot",
        "RestoreDBClusterToPointInTime",
        "RestoreDBClusterFromS3",
        writes=(_ZONES, _TAGS),
        creates=True,
        propose=_created,
        derive=created_settings,
    ),
    _route("ModifyDBCluster", derive=modified_settings),
    _route("ModifyDBCluster", ids=("requestParameters.newDBClusterIdentifier",)),
    _route("DeleteDBCluster", deletes=True, derive=last_backup("replicationSourceIdentifier")),
    _route("FailoverDBCluster", "RebootDBCluster"),
    # Its members make a cluster span zones: one more is never the reason that it does not.
    _route("CreateDBInstance", writes=(_ZONES,), propose=lambda _record: {_ZONES: []}),
    _route(
        "DeleteDBInstance",
        ids=("responseElements.dBClusterIdentifier",),
        writes=(_ZONES,),
        propose=lambda _record: {_ZONES: False},
    ),
    _route("StartActivityStream", "StopActivityStream", ids=("requestParameters.resourceArn",)),
    _route("AddTagsToResource", ids=("requestParameters.resourceName",), writes=(_TAGS,)),
    _route(
        "RemoveTagsFromResource",
        ids=("requestParameters.resourceName",),
        writes=(_TAGS,),
        propose=lambda _record: {_TAGS: []},
    ),
)

_PROPERTIES = {
    "DBClusterIdentifier": {"type": "string"},
    "Engine": {"type": "string"},
    "EngineMode": {"type": ["string", "null"]},
    "Tags": TAGS_SHAPE,
}

_CLUSTER = Facet(
    name="cluster",
    calls=(_CALL,),
    permissions=(_CALL,),
    pointers=(*(f"/properties/{name}" for name in _PROPERTIES), _ZONES),
    read=_read,
    existence=True,
)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="rds",
    noun="database cluster",
    schema=closed(
        {
            "properties": closed(_PROPERTIES),
            "observed": closed({"MultiAZ": {"type": "boolean"}}),
        }
    ),
    routes=_ROUTES,
    facets=(_CLUSTER,),
    list=_list,
    list_calls=_CLUSTER.calls,
    list_permissions=_CLUSTER.permissions,
    identify=identifier_of("cluster"),
    arn=_arn,
    # A fresh Aurora cluster has no instance yet.
    defaults={
        "properties": {
            "DBClusterIdentifier": "example",
            "Engine": "aurora-postgresql",
            "EngineMode": "provisioned",
            "Tags": [],
        },
        "observed": {"MultiAZ": False},
    },
    change_facts={"DatabaseSettings": DATABASE_SETTINGS_SCHEMA, "LastBackup": LAST_BACKUP_SCHEMA},
)
