"""AWS::DMS::ReplicationInstance: does the machine that copies databases have a public address.

Its id is its ARN, as in CloudFormation; the name that people give it may be used again. Whether
it is public is fixed when it is created.
"""

import re
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
from chalicelib.resources._marked import marked_page
from chalicelib.resources._payload import field
from chalicelib.resources._said import flag, response_of, unless_unsaid

TYPE = "AWS::DMS::ReplicationInstance"

_SOURCE = "dms.amazonaws.com"
_PAGE_SIZE = 100
_CALL = "dms:DescribeReplicationInstances"
_PUBLIC = "/properties/PubliclyAccessible"
_ARN = re.compile(r"arn:[a-z-]+:dms:[a-z0-9-]+:\d{12}:rep:[A-Za-z0-9-]{1,256}", re.ASCII)


def _read(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = aws.client("dms", account_id=ref.account_id, region=ref.region)
    wanted = [{"Name": "replication-instance-arn", "Values": [ref.id]}]
    answer = answer_or_none(
        client.describe_replication_instances, "ResourceNotFoundFault", Filters=wanted
    )
    rows = member(answer, "ReplicationInstances") if answer is not None else ()
    # A filter that fits nothing may also answer with nothing.
    return _reading(rows[0]) if rows else None


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    client = aws.client("dms", account_id=account_id, region=region)

    def item(row: Mapping[str, Any]) -> Listed:
        arn = member(row, "ReplicationInstanceArn")
        ref = ResourceRef(account_id=account_id, region=region, type=TYPE, id=arn)
        return whole(ref, lambda: _reading(row))

    return marked_page(
        client.describe_replication_instances,
        "ReplicationInstances",
        item,
        token,
        MaxRecords=_PAGE_SIZE,
    )


def _reading(row: Mapping[str, Any]) -> FacetReading:
    return FacetReading(
        properties={
            "ReplicationInstanceIdentifier": member(row, "ReplicationInstanceIdentifier"),
            "PubliclyAccessible": member(row, "PubliclyAccessible"),
        }
    )


def _identify(raw: str, _record: Record) -> str | None:
    return raw if _ARN.fullmatch(raw) else None


def _created(record: Record) -> dict[str, Any]:
    made = field(response_of(record), "replicationInstance")
    return unless_unsaid({_PUBLIC: flag(field(made, "publiclyAccessible"))})


_ARNS = ("requestParameters.replicationInstanceArn",)

_ROUTES = (
    Route(
        source=_SOURCE,
        actions=("CreateReplicationInstance",),
        ids=("responseElements.replicationInstance.replicationInstanceArn",),
        writes=(_PUBLIC,),
        creates=True,
        propose=_created,
    ),
    Route(
        source=_SOURCE,
        actions=("ModifyReplicationInstance",),
        ids=_ARNS,
        writes=("/properties/ReplicationInstanceIdentifier",),
    ),
    Route(source=_SOURCE, actions=("DeleteReplicationInstance",), ids=_ARNS, deletes=True),
)

_PROPERTIES = {
    "ReplicationInstanceIdentifier": {"type": "string"},
    "PubliclyAccessible": {"type": "boolean"},
}

_INSTANCE = Facet(
    name="instance",
    calls=(_CALL,),
    permissions=(_CALL,),
    pointers=tuple(f"/properties/{name}" for name in _PROPERTIES),
    read=_read,
    existence=True,
)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="dms",
    noun="replication instance",
    schema=closed({"properties": closed(_PROPERTIES), "observed": closed({})}),
    routes=_ROUTES,
    facets=(_INSTANCE,),
    list=_list,
    list_calls=_INSTANCE.calls,
    list_permissions=_INSTANCE.permissions,
    identify=_identify,
    arn=lambda ref: ref.id,
    # True is what CreateReplicationInstance takes where it is not told.
    defaults={
        "properties": {"ReplicationInstanceIdentifier": "example", "PubliclyAccessible": True},
        "observed": {},
    },
)
