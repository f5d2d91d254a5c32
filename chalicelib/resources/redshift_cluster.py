"""AWS::Redshift::Cluster: can the warehouse be reached from the internet.

A public cluster counts as public wherever its subnets lead: the address is one change of routes
away from being reachable.
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
    created_settings,
    identifier_of,
    modified_settings,
)
from chalicelib.resources._said import asked, chosen, flag, unless_unsaid
from chalicelib.resources._tags import TAGS_SHAPE, tags_from

TYPE = "AWS::Redshift::Cluster"

_SOURCE = "redshift.amazonaws.com"
_PAGE_SIZE = 100
_CALL = "redshift:DescribeClusters"
_GONE = ("ClusterNotFound", "ClusterNotFoundFault")
_PUBLIC = "/properties/PubliclyAccessible"
_TAGS = "/properties/Tags"


def _read(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = aws.client("redshift", account_id=ref.account_id, region=ref.region)
    answer = answer_or_none(client.describe_clusters, *_GONE, ClusterIdentifier=ref.id)
    return _reading(only_row(answer, "Clusters")) if answer is not None else None


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    client = aws.client("redshift", account_id=account_id, region=region)

    def item(row: Mapping[str, Any]) -> Listed:
        ref = ResourceRef(
            account_id=account_id, region=region, type=TYPE, id=member(row, "ClusterIdentifier")
        )
        return whole(ref, lambda: _reading(row))

    return marked_page(client.describe_clusters, "Clusters", item, token, MaxRecords=_PAGE_SIZE)


def _reading(row: Mapping[str, Any]) -> FacetReading:
    return FacetReading(
        properties={
            "ClusterIdentifier": member(row, "ClusterIdentifier"),
            "PubliclyAccessible": member(row, "PubliclyAccessible"),
            "Tags": tags_from(row.get("Tags")),
        }
    )


def _arn(ref: ResourceRef) -> str:
    return f"arn:{ref.partition}:redshift:{ref.region}:{ref.account_id}:cluster:{ref.id}"


def _created(record: Record) -> dict[str, Any]:
    return unless_unsaid({_PUBLIC: flag(chosen(record, "publiclyAccessible"))})


def _modified(record: Record) -> dict[str, Any]:
    return unless_unsaid({_PUBLIC: flag(asked(record, "publiclyAccessible"))})


def _route(*actions: str, id_name: str = "clusterIdentifier", **how: Any) -> Route:
    return Route(source=_SOURCE, actions=actions, ids=(f"requestParameters.{id_name}",), **how)


_ROUTES = (
    _route(
        "CreateCluster",
        "RestoreFromClusterSnapshot",
        writes=(_PUBLIC, _TAGS),
        creates=True,
        propose=_created,
        derive=created_settings,
    ),
    _route("ModifyCluster", writes=(_PUBLIC,), propose=_modified, derive=modified_settings),
    _route("ModifyCluster", id_name="newClusterIdentifier"),
    _route("DeleteCluster", deletes=True),
    _route("EnableLogging", "DisableLogging"),
    _route("CreateTags", id_name="resourceName", writes=(_TAGS,)),
    _route(
        "DeleteTags",
        id_name="resourceName",
        writes=(_TAGS,),
        propose=lambda _record: {_TAGS: []},
    ),
)

_PROPERTIES = {
    "ClusterIdentifier": {"type": "string"},
    "PubliclyAccessible": {"type": "boolean"},
    "Tags": TAGS_SHAPE,
}

_CLUSTER = Facet(
    name="cluster",
    calls=(_CALL,),
    permissions=(_CALL,),
    pointers=tuple(f"/properties/{name}" for name in _PROPERTIES),
    read=_read,
    existence=True,
)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="redshift",
    noun="warehouse cluster",
    schema=closed({"properties": closed(_PROPERTIES), "observed": closed({})}),
    routes=_ROUTES,
    facets=(_CLUSTER,),
    list=_list,
    list_calls=_CLUSTER.calls,
    list_permissions=_CLUSTER.permissions,
    identify=identifier_of("cluster", "redshift"),
    arn=_arn,
    # False is Redshift's default since 2025.
    defaults={
        "properties": {"ClusterIdentifier": "example", "PubliclyAccessible": False, "Tags": []},
        "observed": {},
    },
    change_facts={"DatabaseSettings": DATABASE_SETTINGS_SCHEMA},
)
