"""Routes to peers: which blocks of a peer VPC they cover whole, alone or together."""

from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from chalicelib.facts.peering import WHOLE_PEER_BLOCKS_SCHEMA, whole_peer_blocks
from chalicelib.model import ConfigurationItem, ResourceRef

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REF = ResourceRef(account_id="1" * 12, region="eu-west-1", type="AWS::EC2::RouteTable", id="rtb-1")


def route(cidr: str, peering: str = "pcx-1", state: str = "active") -> dict[str, Any]:
    row = dict.fromkeys(
        ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
    )
    kind = "DestinationIpv6CidrBlock" if ":" in cidr else "DestinationCidrBlock"
    key = "DestinationPrefixListId" if cidr.startswith("pl-") else kind
    return {**row, key: cidr, "VpcPeeringConnectionId": peering, "State": state}


def covered(
    *routes: dict[str, Any],
    peers: dict[str, list[str] | None] | None = None,
    lists: dict[str, list[str] | None] | None = None,
) -> list[dict[str, Any]]:
    known = {"pcx-1": ["10.1.0.0/16"]} if peers is None else peers
    item = ConfigurationItem(
        ref=REF,
        properties={},
        observed={
            "PeeringRoutes": list(routes),
            "Peerings": {name: {"PeerCidrs": cidrs} for name, cidrs in known.items()},
            "PrefixLists": {name: {"Entries": cidrs} for name, cidrs in (lists or {}).items()},
        },
        started_at=NOW,
        ended_at=NOW,
    )
    rows = whole_peer_blocks(item)
    assert list(Draft202012Validator(dict(WHOLE_PEER_BLOCKS_SCHEMA)).iter_errors(rows)) == []
    return rows


CASES: dict[str, tuple[list[dict[str, Any]], int]] = {
    "no route": ([], 0),
    "the whole block": ([route("10.1.0.0/16")], 1),
    "wider than the block": ([route("10.0.0.0/8")], 1),
    "everything": ([route("0.0.0.0/0")], 1),
    "a subnet": ([route("10.1.2.0/24")], 0),
    "both halves": ([route("10.1.0.0/17"), route("10.1.128.0/17")], 1),
    "a half twice": ([route("10.1.0.0/17"), route("10.1.0.0/17")], 0),
    "a half and a quarter": ([route("10.1.0.0/17"), route("10.1.128.0/18")], 0),
    "a half within a subnet's neighbour": ([route("10.1.0.0/17"), route("10.1.0.0/18")], 0),
    "a half and the same half in quarters": (
        [route("10.1.0.0/17"), route("10.1.0.0/18"), route("10.1.64.0/18")],
        0,
    ),
    "beside the block": ([route("10.2.0.0/16")], 0),
    "another peering": ([route("10.1.0.0/16", "pcx-2")], 0),
    "a black hole": ([route("10.1.0.0/16", state="blackhole")], 0),
    "half of it a black hole": (
        [route("10.1.0.0/17"), route("10.1.128.0/17", state="blackhole")],
        0,
    ),
    "all of IPv6 covers no IPv4": ([route("::/0")], 0),
}


@pytest.mark.parametrize(("routes", "count"), CASES.values(), ids=CASES)
def test_a_block_counts_where_routes_cover_it(routes: list[dict[str, Any]], count: int) -> None:
    assert len(covered(*routes)) == count


def test_each_block_of_a_peer_is_told_by_itself() -> None:
    peers: dict[str, list[str] | None] = {"pcx-1": ["10.1.0.0/16", "10.2.0.0/16", "fd00::/56"]}

    rows = covered(route("10.2.0.0/16"), route("fd00::/40"), peers=peers)

    assert [row["PeerCidr"] for row in rows] == ["10.2.0.0/16", "fd00::/56"]
    assert [row["Because"] for row in rows] == [
        ["/observed/PeeringRoutes/0", "/observed/Peerings/pcx-1/PeerCidrs/1"],
        ["/observed/PeeringRoutes/1", "/observed/Peerings/pcx-1/PeerCidrs/2"],
    ]


def test_a_route_that_covers_a_block_alone_is_the_only_reason() -> None:
    (row,) = covered(route("10.1.2.0/24"), route("10.1.0.0/16"))

    assert row["Destinations"] == ["10.1.0.0/16"]


def test_entries_of_a_prefix_list_are_destinations() -> None:
    (row,) = covered(
        route("pl-1"), route("10.1.128.0/17"), lists={"pl-1": ["10.9.0.0/16", "10.1.0.0/17"]}
    )

    assert row["Destinations"] == ["10.1.0.0/17", "10.1.128.0/17"]
    assert "/observed/PrefixLists/pl-1/Entries/1" in row["Because"]


def test_what_was_not_read_is_passed_over_and_hides_nothing() -> None:
    rows = covered(
        route("10.1.0.0/16"),
        route("10.3.0.0/16", "pcx-3"),
        route("pl-1"),
        peers={"pcx-1": ["10.1.0.0/16"], "pcx-3": None},
        lists={"pl-1": None},
    )

    assert [row["VpcPeeringConnectionId"] for row in rows] == ["pcx-1"]


small = st.builds(
    lambda length, start: str(ip_network((0x0A010000 + (start << 8), length), strict=False)),
    st.integers(min_value=19, max_value=24),
    st.integers(min_value=0, max_value=47),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(small, max_size=10))
def test_a_block_is_covered_where_each_of_its_parts_is(cidrs: list[str]) -> None:
    routes = [route(cidr) for cidr in cidrs]

    rows = covered(*routes, peers={"pcx-1": ["10.1.0.0/20"]})

    parts = ip_network("10.1.0.0/20").subnets(new_prefix=24)
    destinations = [ip_network(cidr) for cidr in cidrs]
    whole = all(any(part.subnet_of(d) for d in destinations) for part in parts)  # type: ignore[arg-type] # all IPv4
    assert len(rows) == whole
