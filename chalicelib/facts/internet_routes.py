"""Which routes lead from subnets to the internet: those whose target is an internet gateway.

What a newcomer gets wrong: a subnet without a route table of its own uses the main one of its
VPC. And a subnet for which no table is known has unknown routes, not none.
"""

from collections.abc import Iterable, Mapping
from typing import Any

_TEXT: Mapping[str, Any] = {"type": "string"}
_ROW: Mapping[str, Any] = {
    "SubnetId": _TEXT,
    "RouteTableId": _TEXT,
    "Destination": _TEXT,
    "GatewayId": _TEXT,
}

#: JSON Schema of `routes_to_internet`'s answer.
INTERNET_ROUTES_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": _ROW,
        "required": list(_ROW),
        "additionalProperties": False,
    },
}

_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")

Table = Mapping[str, Any]


def tables_of(subnets: Iterable[str], tables: Iterable[Table]) -> dict[str, Table | None]:
    """Return the route table that each subnet uses; None where none of `tables` is it.

    Args:
        subnets: Ids of subnets of one VPC.
        tables: Route tables of that VPC, as EC2 describes them.
    """
    own: dict[str, Table] = {}
    main: Table | None = None
    for table in tables:
        for association in table.get("Associations", ()):
            if association.get("Main"):
                main = table
            elif association.get("SubnetId"):
                own[association["SubnetId"]] = table
    return {subnet: own.get(subnet, main) for subnet in subnets}


def routes_to_internet(used: Mapping[str, Table]) -> list[dict[str, str]]:
    """Return the routes to internet gateways of subnets (id → table), in the order of both."""
    return [
        {
            "SubnetId": subnet,
            "RouteTableId": table["RouteTableId"],
            "Destination": _destination(route),
            "GatewayId": route["GatewayId"],
        }
        for subnet, table in used.items()
        for route in table.get("Routes", ())
        if _leads_out(route)
    ]


def _leads_out(route: Table) -> bool:
    # A blackhole is what is left of a gateway that was detached.
    return route.get("GatewayId", "").startswith("igw-") and route.get("State") != "blackhole"


def _destination(route: Table) -> str:
    return next((route[name] for name in _DESTINATIONS if route.get(name)), "")
