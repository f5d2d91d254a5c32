"""Openings against brute force: addresses counted one /16 block at a time, rule by rule.

The oracle knows nothing of segments, intervals or shares: it holds every network as a set of
blocks, and asks for each sampled (source, protocol, port) who would get in.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.facts.network import internet_ingress, normalise_permissions
from chalicelib.model import ConfigurationItem, ResourceRef

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REF = ResourceRef(account_id="1" * 12, region="eu-west-1", type="AWS::EC2::SecurityGroup", id="sg")
PORTED = ("tcp", "udp")

RESERVED = ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16")
RESERVED += ("172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3")
UNICAST = IPv6Network("2000::/3")

WIDE = ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "64.0.0.0/2", "192.0.0.0/2", "8.0.0.0/5"]
EIGHTHS = [f"{n}.0.0.0/8" for n in range(11, 220)]
NARROW = ["52.0.0.0/8", "223.1.0.0/16", "198.51.0.0/16", "222.0.0.0/9"]
PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "240.0.0.0/4", "127.0.0.0/8"]
IPV6 = ["::/0", "2000::/3", "3000::/4", "2600::/8", "fc00::/7", "2001:db8::/32"]
SOURCES = [*WIDE, *NARROW, *PRIVATE, *IPV6]
ADDRESSES = [
    "1.1.1.1",
    "9.9.9.9",
    "52.1.2.3",
    "100.70.1.1",
    "130.1.1.1",
    "223.1.0.9",
    "222.1.1.1",
    "10.1.1.1",
]
ADDRESSES += ["65.1.1.1", "199.1.1.1", "240.0.0.1", "2001:db8::1", "2600::1", "3001::1", "fc00::1"]
PORTS = [0, 1, 21, 22, 23, 80, 443, 3389, 65534, 65535]


@cache
def blocks(cidr: str) -> frozenset[int]:
    network = IPv4Network(cidr)
    first = int(network.network_address) >> 16
    return frozenset(range(first, first + max(1, network.num_addresses >> 16)))


PUBLIC = frozenset(range(1 << 16)) - frozenset().union(*map(blocks, RESERVED))


def wide(cidr: str) -> bool:
    network = ip_network(cidr)
    if network.prefixlen >= 8:
        return False
    if isinstance(network, IPv6Network):
        return network.overlaps(UNICAST)
    return bool(blocks(cidr) & PUBLIC)


def internet_among(cidrs: Iterable[str]) -> set[str]:
    """Return which sources of one IP version and one port make it reachable by the internet."""
    known = set(cidrs)
    if alone := {cidr for cidr in known if wide(cidr)}:
        return alone
    # A source that no packet from the internet carries is nobody's opening.
    public = {cidr for cidr in known if ":" not in cidr and blocks(cidr) & PUBLIC}
    for longest in range(8, 33):
        widest = {cidr for cidr in public if ip_network(cidr).prefixlen <= longest}
        united = frozenset().union(*map(blocks, widest))
        if len(united & PUBLIC) * 2 > len(PUBLIC):
            return widest
    return set()


def admits(rule: dict[str, Any], protocol: str, port: int) -> bool:
    if rule["IpProtocol"] not in (protocol, "-1"):
        return False
    ranged = rule["IpProtocol"] in PORTED
    return not ranged or rule["FromPort"] <= port <= rule["ToPort"]


def expected(rules: list[dict[str, Any]], address: str, protocol: str, port: int) -> bool:
    open_to = [rule["CidrIp"] or rule["CidrIpv6"] for rule in rules if admits(rule, protocol, port)]
    versions = ([c for c in open_to if ":" not in c], [c for c in open_to if ":" in c])
    internet = set().union(*map(internet_among, versions))
    return any(ip_address(address) in ip_network(cidr) for cidr in internet)


def answered(rows: list[dict[str, Any]], address: str, protocol: str, port: int) -> bool:
    spoken = (protocol,) if protocol in PORTED else (protocol, "all")
    return any(
        ip_address(address) in ip_network(source)
        for row in rows
        if row["Protocol"] in spoken and row["FromPort"] <= port <= row["ToPort"]
        for source in row["Sources"]
    )


def group(rules: list[dict[str, Any]]) -> ConfigurationItem:
    return ConfigurationItem(
        ref=REF,
        properties={"SecurityGroupIngress": rules},
        observed={"PrefixLists": {}},
        started_at=NOW,
        ended_at=NOW,
    )


def openings(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return internet_ingress(group(rules))


def meaning(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return openings with their reasons as rules instead of positions."""
    return [
        {**row, "Because": sorted(repr(rules[int(p.rsplit("/", 1)[1])]) for p in row["Because"])}
        for row in openings(rules)
    ]


def without_reasons(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "Because": []} for row in rows]


def rows_from(protocol: str, ports: tuple[int, int], cidr: str) -> list[dict[str, Any]]:
    described = {"IpProtocol": protocol, "FromPort": ports[0], "ToPort": ports[1], "CidrIp": cidr}
    return normalise_permissions([described])


ranges = st.tuples(st.sampled_from(PORTS), st.sampled_from(PORTS)).map(
    lambda pair: (min(pair), max(pair))
)
protocols = st.sampled_from(["tcp", "tcp", "udp", "-1", "47", "icmp"])
single = st.builds(rows_from, protocols, ranges, st.sampled_from(SOURCES))
# Enough eighths, on ports of their own, to be most of the internet together or not quite.
crowd = st.builds(
    lambda protocol, ports, size: [
        row for cidr in EIGHTHS[:size] for row in rows_from(protocol, ports, cidr)
    ],
    protocols,
    ranges,
    st.sampled_from([80, 108, 112, 116, 180]),
)
groups = st.lists(single | single | single | crowd, max_size=7).map(
    lambda parts: [row for part in parts for row in part]
)


@settings(deadline=None)
@given(groups, st.sampled_from(ADDRESSES), st.sampled_from([*PORTED, "47", "icmp"]), st.data())
def test_openings_are_what_brute_force_finds(
    rules: list[dict[str, Any]], address: str, protocol: str, data: st.DataObject
) -> None:
    port = data.draw(st.sampled_from(PORTS))

    assert answered(openings(rules), address, protocol, port) == expected(
        rules, address, protocol, port
    )


@settings(deadline=None)
@given(groups, st.randoms(use_true_random=False))
def test_the_order_of_rules_does_not_matter(rules: list[dict[str, Any]], random: Any) -> None:
    shuffled = random.sample(rules, len(rules))

    assert meaning(shuffled) == meaning(rules)


SPELLINGS = {
    "tcp": "6",
    "udp": "17",
    "::/0": "0:0:0:0:0:0:0:0/0",
    "2000::/3": "2000:0::/3",
    "0.0.0.0/0": "208.236.235.254/0",
    "128.0.0.0/1": "130.5.6.7/1",
}


@settings(deadline=None)
@given(groups)
def test_other_spellings_mean_the_same(rules: list[dict[str, Any]]) -> None:
    respelt = [
        {key: SPELLINGS.get(str(value), value) for key, value in rule.items()} for rule in rules
    ]

    assert openings(respelt) == openings(rules)


@settings(deadline=None)
@given(groups, st.sampled_from(PORTS))
def test_a_split_range_means_the_same(rules: list[dict[str, Any]], cut: int) -> None:
    halves = [
        half
        for rule in rules
        for half in (
            ({**rule, "ToPort": cut}, {**rule, "FromPort": cut + 1})
            if rule["IpProtocol"] in PORTED and rule["FromPort"] <= cut < rule["ToPort"]
            else (rule,)
        )
    ]

    assert without_reasons(openings(halves)) == without_reasons(openings(rules))


harmless = st.lists(
    st.builds(rows_from, protocols, ranges, st.sampled_from(PRIVATE)).map(lambda rows: rows[0])
    | st.just(
        normalise_permissions(
            [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "2" * 12}]}]
        )[0]
    ),
    max_size=4,
)


@settings(deadline=None)
@given(groups, harmless)
def test_harmless_rules_change_nothing(
    rules: list[dict[str, Any]], added: list[dict[str, Any]]
) -> None:
    assert openings([*rules, *added]) == openings(rules)
