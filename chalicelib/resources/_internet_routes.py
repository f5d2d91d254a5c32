"""Reads which routes of subnets lead to the internet: part of what makes an address reachable.

The route tables are somebody else's resources: where they cannot be read, that is a gap of its
own, and what was known without them stays known.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

from chalicelib.facts.internet_routes import routes_to_internet, tables_of
from chalicelib.model import Companion, Facet, FacetReading, Relation, ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._errors import READ_ERRORS, MalformedAnswerError, gaps_from, member

NAME = "InternetRoutes"
POINTER = f"/observed/{NAME}"
CALL = "ec2:DescribeRouteTables"

ROUTE_TABLE_TYPE = "AWS::EC2::RouteTable"
SUBNET_TYPE = "AWS::EC2::Subnet"

_EC2 = "ec2.amazonaws.com"

#: (account's ref, VPC, its subnets) → the reading of `NAME`, with companions and gaps.
Reader = Callable[[ResourceRef, str, tuple[str, ...]], FacetReading]


def reader(aws: Any, account_id: str, region: str) -> Reader:
    """Return a reader that asks for the route tables of each VPC once."""
    client = aws.client("ec2", account_id=account_id, region=region)
    tables = cache(partial(_tables, client))

    def read(ref: ResourceRef, vpc_id: str, subnets: tuple[str, ...]) -> FacetReading:
        found = tables(vpc_id)
        if isinstance(found, Exception):
            return _unread(found)
        used = tables_of(subnets, found)
        known = {subnet: table for subnet, table in used.items() if table is not None}
        if len(known) < len(used) or not used:
            # Of a shared subnet the owner's tables may be hidden: unknown is not "no route".
            return _unread(MalformedAnswerError("a subnet without a route table"))
        return FacetReading(
            observed={NAME: routes_to_internet(known)}, companions=_companions(ref, known)
        )

    return read


def companions() -> tuple[Companion, ...]:
    """Return the declarations by which a change of routes makes dependents due."""
    return (
        Companion(
            type=ROUTE_TABLE_TYPE,
            relation=Relation.EDGE,
            identify=_id_beginning("rtb-"),
            routes=(_route("CreateRoute", "ReplaceRoute", "DeleteRoute", id_name="routeTableId"),),
        ),
        Companion(
            type=SUBNET_TYPE,
            relation=Relation.EDGE,
            identify=_id_beginning("subnet-"),
            routes=(_route("AssociateRouteTable", id_name="subnetId"),),
        ),
    )


def _tables(client: Any, vpc_id: str) -> list[Mapping[str, Any]] | Exception:
    wanted = [{"Name": "vpc-id", "Values": [vpc_id]}]
    try:
        pages = client.get_paginator("describe_route_tables").paginate(Filters=wanted)
        found = [table for page in pages for table in member(page, "RouteTables")]
        return [table for table in found if member(table, "RouteTableId")]
    except READ_ERRORS as error:
        return error


def _companions(ref: ResourceRef, used: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    tables = {table["RouteTableId"] for table in used.values()}
    return (*_keys(ref, ROUTE_TABLE_TYPE, tables), *_keys(ref, SUBNET_TYPE, used))


def _keys(ref: ResourceRef, kind: str, ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(replace(ref, type=kind, id=each).key for each in sorted(ids))


def _unread(error: Exception) -> FacetReading:
    return FacetReading(observed={NAME: None}, gaps=gaps_from(error, _FACET))


def _id_beginning(prefix: str) -> Callable[[str, Record], str | None]:
    return lambda raw, _record: raw if raw.startswith(prefix) else None


def _route(*actions: str, id_name: str) -> Route:
    return Route(
        source=_EC2, actions=actions, ids=(f"requestParameters.{id_name}",), writes=(POINTER,)
    )


#: Only names call, permission and pointer of what may fail on its own.
_FACET = Facet(
    name="internet_routes",
    calls=(CALL,),
    permissions=(CALL,),
    pointers=(POINTER,),
    read=lambda _aws, _ref: None,
)
