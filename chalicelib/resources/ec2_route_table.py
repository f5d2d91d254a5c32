"""AWS::EC2::RouteTable: how much of a peer VPC it leads to.

Of a table's routes only those to peering connections are kept. Routes to gateways make a subnet
public, which is no fault of itself.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.peering import PEERINGS, ROUTES, WHOLE_PEER_BLOCKS
from chalicelib.model import Companion, Relation, ResourceType
from chalicelib.model.plugin import Record
from chalicelib.resources._cidr_shapes import CIDR, IPV4_CIDR, IPV6_CIDR, or_null
from chalicelib.resources._declared import closed
from chalicelib.resources._ec2 import TAGS, arn_of, at, named, route, tag_routes
from chalicelib.resources._payload import field, parameters_of
from chalicelib.resources._peering_routes import (
    PEERING_TYPE,
    TABLE,
    TYPE,
    list_tables,
    peering_routes,
)
from chalicelib.resources._prefix_lists import PREFIX_LIST_COMPANION, PREFIX_LISTS_SHAPE
from chalicelib.resources._tags import TAGS_SHAPE

_TABLE = "requestParameters.routeTableId"
_PEERING = "vpcPeeringConnectionId"


def _propose_route(record: Record) -> Mapping[str, Any]:
    """Propose the route that a request writes, where it leads to a peer; else none."""
    asked = parameters_of(record)
    names = (
        "DestinationCidrBlock",
        "DestinationIpv6CidrBlock",
        "DestinationPrefixListId",
        "VpcPeeringConnectionId",
    )
    return {ROUTES: peering_routes([{name: field(asked, name) for name in names}])}


def _propose_created(record: Record) -> Mapping[str, Any]:
    vpc = at(record, "responseElements", "routeTable", "vpcId")
    return {ROUTES: [], **({"/properties/VpcId": vpc} if vpc else {})}


def _propose_no_route(_record: Record) -> Mapping[str, Any]:
    return {ROUTES: []}


_TEXT = {"type": "string"}
_OPTIONAL_TEXT = {"type": ["string", "null"]}
_ROUTE = {
    **closed(
        {
            "DestinationCidrBlock": or_null(IPV4_CIDR),
            "DestinationIpv6CidrBlock": or_null(IPV6_CIDR),
            "DestinationPrefixListId": _OPTIONAL_TEXT,
            "VpcPeeringConnectionId": _TEXT,
            "State": {"enum": ["active", "blackhole", "filtered"]},
        }
    ),
    # A route that lost its destination must never be read as one that leads nowhere.
    "anyOf": [
        {"properties": {"DestinationCidrBlock": _TEXT}},
        {"properties": {"DestinationIpv6CidrBlock": _TEXT}},
        {"properties": {"DestinationPrefixListId": _TEXT}},
    ],
}
_PEER = closed({"PeerCidrs": {"type": "array", "items": CIDR, "minItems": 1}})

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="ec2",
    noun="route table",
    schema=closed(
        {
            "properties": closed({"Tags": TAGS_SHAPE, "VpcId": _TEXT}),
            "observed": closed(
                {
                    "PeeringRoutes": {"type": "array", "items": _ROUTE},
                    # Every peering that a route leads to which is no black hole.
                    "Peerings": {"type": "object", "additionalProperties": _PEER},
                    "PrefixLists": PREFIX_LISTS_SHAPE,
                }
            ),
        }
    ),
    routes=(
        route(
            "CreateRouteTable",
            "responseElements.routeTable.routeTableId",
            writes=(TAGS, "/properties/VpcId", ROUTES),
            creates=True,
            propose=_propose_created,
        ),
        route("DeleteRouteTable", _TABLE, deletes=True),
        *(
            route(action, _TABLE, writes=(ROUTES,), propose=_propose_route)
            for action in ("CreateRoute", "ReplaceRoute")
        ),
        route("DeleteRoute", _TABLE, writes=(ROUTES,), propose=_propose_no_route),
        *tag_routes(),
    ),
    companions=(
        Companion(
            type=PEERING_TYPE,
            relation=Relation.EDGE,
            identify=named("pcx"),
            routes=(
                route(
                    "AcceptVpcPeeringConnection",
                    f"responseElements.vpcPeeringConnection.{_PEERING}",
                    f"requestParameters.{_PEERING}",
                    writes=(ROUTES, PEERINGS),
                ),
                route(
                    "DeleteVpcPeeringConnection",
                    f"requestParameters.{_PEERING}",
                    writes=(ROUTES, PEERINGS),
                    propose=_propose_no_route,
                ),
            ),
        ),
        PREFIX_LIST_COMPANION,
    ),
    facets=(TABLE,),
    facts=(WHOLE_PEER_BLOCKS,),
    list=list_tables,
    list_calls=TABLE.calls,
    list_permissions=TABLE.permissions,
    identify=named("rtb"),
    defaults={
        "properties": {"Tags": [], "VpcId": "vpc-0a1b2c3d4e5f60718"},
        "observed": {"PeeringRoutes": [], "Peerings": {}, "PrefixLists": {}},
    },
    arn=arn_of("route-table"),
)
