"""Network ACLs against brute force: the address space in /9 blocks, each decided by itself.

The oracle knows nothing of intervals or runs of ports: it asks for every block of addresses and
every sampled port which entry comes first, and counts.
"""

from datetime import UTC, datetime
from functools import cache
from ipaddress import IPv4Network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.facts.nacl import described_entries, internet_ingress
from chalicelib.model import ConfigurationItem, ResourceRef

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REF = ResourceRef(account_id="1" * 12, region="eu-west-1", type="AWS::EC2::NetworkAcl", id="acl-1")

BLOCK_BITS = 23
BLOCKS = range(1 << 9)
#: Blocks that make up a /7, the narrowest network that is the internet by itself.
WIDE_BLOCKS = 4
PORTS = [0, 21, 22, 23, 3388, 3389, 3390, 65535]
NUMBERS = {"6": "tcp", "17": "udp"}

#: Networks that no packet from the internet comes from.
RESERVED = ("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3")
#: Parts of blocks, as shares of one: too narrow for the grid, so they are only counted.
PARTS = {"100.64.0.0/10": 0.5, "169.254.0.0/16": 1 / 128, "172.16.0.0/12": 1 / 8}
PARTS |= {"192.168.0.0/16": 1 / 128}

CIDRS = ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "64.0.0.0/2", "192.0.0.0/2", "8.0.0.0/5"]
CIDRS += ["52.0.0.0/7", "52.0.0.0/8", "53.0.0.0/8", "52.128.0.0/9", "10.0.0.0/8", "224.0.0.0/3"]
CIDRS += ["160.0.0.0/3", "96.0.0.0/4", "11.0.0.0/8"]


@cache
def blocks(cidr: str) -> frozenset[int]:
    network = IPv4Network(cidr)
    first = int(network.network_address) >> BLOCK_BITS
    return frozenset(range(first, first + max(1, network.num_addresses >> BLOCK_BITS)))


NOT_PUBLIC = frozenset[int]().union(*map(blocks, RESERVED))
LOST = {min(blocks(cidr)): part for cidr, part in PARTS.items()}
WEIGHT = {
    block: 0.0
    if block in NOT_PUBLIC
    else 1.0 - sum(part for at, part in LOST.items() if at == block)
    for block in BLOCKS
}
WHOLE = sum(WEIGHT.values())

port_ranges = st.tuples(st.sampled_from(PORTS), st.sampled_from(PORTS)).map(sorted)
entries = st.builds(
    lambda action, cidr, protocol, ports: {
        "RuleAction": action,
        "Egress": False,
        "Protocol": protocol,
        "CidrBlock": cidr,
        "PortRange": {"From": ports[0], "To": ports[1]},
    },
    st.sampled_from(["allow", "deny"]),
    st.sampled_from(CIDRS),
    st.sampled_from(["6", "17", "-1"]),
    port_ranges,
)


def first_match(acl: list[dict[str, Any]], number: str, port: int, block: int) -> int | None:
    for place, entry in enumerate(acl):
        every, ports = entry["Protocol"] == "-1", entry["PortRange"]
        on_port = entry["Protocol"] == number and ports["From"] <= port <= ports["To"]
        if (every or on_port) and block in blocks(entry["CidrBlock"]):
            return place
    return None


def is_open(acl: list[dict[str, Any]], number: str, port: int) -> bool:
    winners = [first_match(acl, number, port, block) for block in BLOCKS]
    allowed = [w is not None and acl[w]["RuleAction"] == "allow" for w in winners]
    together = sum(WEIGHT[block] for block in BLOCKS if allowed[block])
    return together > WHOLE / 2 or any(
        allowed[start]
        and len(set(winners[start : start + WIDE_BLOCKS])) == 1
        and any(WEIGHT[block] for block in range(start, start + WIDE_BLOCKS))
        for start in BLOCKS[::WIDE_BLOCKS]
    )


def assert_counted_right(written: list[dict[str, Any]]) -> None:
    acl = [{**entry, "RuleNumber": 10 * (n + 1)} for n, entry in enumerate(written)]
    item = ConfigurationItem(
        ref=REF,
        properties={},
        observed={"Entries": described_entries(reversed(acl))},
        started_at=NOW,
        ended_at=NOW,
    )

    rows = internet_ingress(item)

    for number, protocol in NUMBERS.items():
        for port in PORTS:
            told = [
                row
                for row in rows
                if row["Protocol"] == protocol and row["FromPort"] <= port <= row["ToPort"]
            ]
            assert len(told) == is_open(acl, number, port), (protocol, port)
            for row in told:
                places = [int(pointer.rpartition("/")[2]) for pointer in row["Because"]]
                assert all(acl[place]["RuleAction"] == "allow" for place in places)


acls = st.lists(entries, min_size=1, max_size=7)


@settings(max_examples=20, deadline=None)
@given(acls)
def test_rows_are_open_where_counting_says_so(written: list[dict[str, Any]]) -> None:
    assert_counted_right(written)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(acls)
def test_rows_are_open_where_counting_says_so_at_length(written: list[dict[str, Any]]) -> None:
    assert_counted_right(written)
