"""Reads route tables: the routes that lead to peer VPCs, and what the peers' addresses are.

A route names a peering connection without saying what is behind it, so the connections are read
with the table. A peer that cannot be read leaves a gap at its addresses.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

from chalicelib.facts.peering import PEERINGS, PREFIX_LISTS, ROUTES
from chalicelib.model import Facet, FacetReading, Gap, Page, ResourceRef
from chalicelib.model.pointer import pointer_of
from chalicelib.resources._ec2 import (
    FILTER_VALUES_LIMIT,
    TAGS,
    client_of,
    described,
    owned,
    ref_of,
)
from chalicelib.resources._errors import READ_ERRORS, MalformedAnswerError, gaps_from, member
from chalicelib.resources._listing import Listed, gathered, page_of, whole
from chalicelib.resources._prefix_lists import CALL as ENTRIES_CALL
from chalicelib.resources._prefix_lists import PREFIX_LIST_TYPE, Entries, entries_of
from chalicelib.resources._tags import tags_from

TYPE = "AWS::EC2::RouteTable"
PEERING_TYPE = "AWS::EC2::VPCPeeringConnection"

_TABLES_CALL = "ec2:DescribeRouteTables"
_PEERINGS_CALL = "ec2:DescribeVpcPeeringConnections"
_PAGE_SIZE = 100

_KEYS = (
    "DestinationCidrBlock",
    "DestinationIpv6CidrBlock",
    "DestinationPrefixListId",
    "VpcPeeringConnectionId",
    "State",
)

Found = Mapping[str, Any]


def peering_routes(routes: Iterable[Found]) -> list[dict[str, Any]]:
    """Return the routes to peers, with CloudFormation's names."""
    rows = ({key: route.get(key) for key in _KEYS} for route in routes)
    return [row for row in rows if row["VpcPeeringConnectionId"]]


def read_table(aws: Any, ref: ResourceRef) -> FacetReading | None:
    """Read a table with the peers that it leads to; None where there is no such table."""
    client = client_of(aws, ref)
    table = described(
        client.describe_route_tables, "RouteTables", ref.account_id, RouteTableIds=[ref.id]
    )
    if table is None:
        return None
    return _reading(table, ref, _peers_of(client, [table]), partial(entries_of, client, TABLE))


def list_tables(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """List whole tables: one call a page, one for their peerings, one per prefix list named."""
    client = aws.client("ec2", account_id=account_id, region=region)
    start = {"NextToken": token} if token else {}
    answer = client.describe_route_tables(MaxResults=_PAGE_SIZE, **start)
    tables = owned(member(answer, "RouteTables"), account_id)
    peers, read_list = _peers_of(client, tables), cache(partial(entries_of, client, TABLE))
    return page_of(
        tables,
        lambda table: _item(account_id, region, table, peers, read_list),
        answer.get("NextToken"),
    )


#: Peering connection id and the VPC this side → addresses there, or None beside the gap.
_Peers = Callable[[str, str], tuple[list[str] | None, tuple[Gap, ...]]]


def _item(account_id: str, region: str, table: Found, peers: _Peers, read_list: Entries) -> Listed:
    ref = ref_of(account_id, region, TYPE, table["RouteTableId"])
    return whole(ref, lambda: _reading(table, ref, peers, read_list))


def _reading(table: Found, ref: ResourceRef, peers: _Peers, read_list: Entries) -> FacetReading:
    routes = peering_routes(member(table, "Routes"))
    found = {name: peers(name, table["VpcId"]) for name in _open(routes, "VpcPeeringConnectionId")}
    lists = {name: read_list(name) for name in _open(routes, "DestinationPrefixListId")}
    return FacetReading(
        properties={"Tags": tags_from(table.get("Tags")), "VpcId": table["VpcId"]},
        observed={
            "PeeringRoutes": routes,
            "Peerings": {name: {"PeerCidrs": cidrs} for name, (cidrs, _) in found.items()},
            "PrefixLists": {name: {"Entries": entries} for name, (entries, _) in lists.items()},
        },
        gaps=tuple(gap for _, gaps in (*found.values(), *lists.values()) for gap in gaps),
        companions=tuple(_companions(ref, routes)),
    )


def _open(routes: Iterable[Found], key: str) -> list[str]:
    """Return what routes name that lead anywhere: a peering that is gone leaves black holes."""
    return sorted({r[key] for r in routes if r[key] and r["State"] != "blackhole"})


def _companions(ref: ResourceRef, routes: Iterable[Found]) -> Iterable[str]:
    for route in routes:
        # A black hole opens when its peering is accepted.
        yield replace(ref, type=PEERING_TYPE, id=route["VpcPeeringConnectionId"]).key
        if name := route["DestinationPrefixListId"]:
            yield replace(ref, type=PREFIX_LIST_TYPE, id=name).key


def _peers_of(client: Any, tables: Iterable[Found]) -> _Peers:
    """Ask for all peerings that tables lead to at once."""
    routes = gathered(tables, lambda table: peering_routes(member(table, "Routes")))
    names = _open(routes, "VpcPeeringConnectionId")
    try:
        found = _peerings(client, names)
    except READ_ERRORS as error:
        failed = error
        return lambda name, _vpc: (None, _gap(name, failed))
    return partial(_peer, found)


def _peerings(client: Any, names: list[str]) -> dict[str, Found]:
    asked = (names[n : n + FILTER_VALUES_LIMIT] for n in range(0, len(names), FILTER_VALUES_LIMIT))
    # A filter, because one id that is gone would fail the call for all of them.
    filters = ([{"Name": "vpc-peering-connection-id", "Values": some}] for some in asked)
    pages = client.get_paginator("describe_vpc_peering_connections")
    return {
        peering["VpcPeeringConnectionId"]: peering
        for each in filters
        for page in pages.paginate(Filters=each)
        for peering in member(page, "VpcPeeringConnections")
    }


def _peer(
    found: Mapping[str, Found], name: str, vpc: str
) -> tuple[list[str] | None, tuple[Gap, ...]]:
    sides = [found.get(name, {}).get(key) or {} for key in ("AccepterVpcInfo", "RequesterVpcInfo")]
    cidrs = sorted({cidr for side in sides if side.get("VpcId") != vpc for cidr in _blocks(side)})
    if not cidrs:
        # Only a peering that is not active hides its addresses, and no open route leads to one.
        return None, _gap(name, MalformedAnswerError("no addresses of the peer"))
    return cidrs, ()


def _blocks(side: Found) -> Iterable[str]:
    first = side.get("CidrBlock")
    yield from [first] if first else []
    yield from (block["CidrBlock"] for block in side.get("CidrBlockSet", ()))
    yield from (block["Ipv6CidrBlock"] for block in side.get("Ipv6CidrBlockSet", ()))


def _gap(name: str, error: Exception) -> tuple[Gap, ...]:
    pointer = pointer_of(("observed", "Peerings", name, "PeerCidrs"))
    return gaps_from(error, replace(TABLE, calls=(_PEERINGS_CALL,), pointers=(pointer,)))


TABLE = Facet(
    name="table",
    calls=(_TABLES_CALL, _PEERINGS_CALL, ENTRIES_CALL),
    permissions=(_TABLES_CALL, _PEERINGS_CALL, ENTRIES_CALL),
    pointers=("/properties/VpcId", TAGS, ROUTES, PEERINGS, PREFIX_LISTS),
    read=read_table,
    existence=True,
)
