"""Which subnets have a way to the internet: whose table it is, and which targets count."""

from typing import Any

import pytest

from chalicelib.facts.internet_routes import routes_to_internet, tables_of

OUT = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}
LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}


def table(name: str, *subnets: str, main: bool = False) -> dict[str, Any]:
    associations = [{"SubnetId": subnet, "Main": False} for subnet in subnets]
    return {
        "RouteTableId": name,
        "Associations": [*associations, *([{"Main": True}] if main else [])],
        "Routes": [LOCAL],
    }


def test_a_subnet_uses_its_own_table_and_else_the_main_one() -> None:
    used = tables_of(["subnet-a", "subnet-b"], [table("main", main=True), table("own", "subnet-a")])

    assert {subnet: (found or {})["RouteTableId"] for subnet, found in used.items()} == {
        "subnet-a": "own",
        "subnet-b": "main",
    }


def test_a_table_may_be_main_and_serve_subnets_by_name() -> None:
    used = tables_of(["subnet-a", "subnet-b"], [table("main", "subnet-a", main=True)])

    assert [(found or {})["RouteTableId"] for found in used.values()] == ["main", "main"]


def test_without_a_main_table_in_sight_a_subnets_routes_are_unknown() -> None:
    assert tables_of(["subnet-a"], [table("other", "subnet-b")]) == {"subnet-a": None}


@pytest.mark.parametrize(
    ("route", "destinations"),
    [
        pytest.param(OUT, ["0.0.0.0/0"], id="an internet gateway"),
        pytest.param(
            {"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1"}, ["::/0"], id="IPv6"
        ),
        pytest.param(
            {"DestinationPrefixListId": "pl-1", "GatewayId": "igw-1"}, ["pl-1"], id="a prefix list"
        ),
        pytest.param({**OUT, "State": "blackhole"}, [], id="a gateway that was detached"),
        pytest.param(LOCAL, [], id="the VPC itself"),
        pytest.param(
            {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}, [], id="a NAT gateway"
        ),
        pytest.param({**OUT, "GatewayId": "vgw-1"}, [], id="a VPN gateway"),
        pytest.param(
            {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"},
            [],
            id="outwards only",
        ),
    ],
)
def test_only_internet_gateways_lead_to_the_internet(
    route: dict[str, Any], destinations: list[str]
) -> None:
    used = {"subnet-a": {"RouteTableId": "rtb-1", "Routes": [LOCAL, route]}}

    rows = routes_to_internet(used)

    assert [row["Destination"] for row in rows] == destinations
    assert all(row["SubnetId"] == "subnet-a" and row["RouteTableId"] == "rtb-1" for row in rows)
