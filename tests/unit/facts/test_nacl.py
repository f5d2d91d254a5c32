"""Network ACLs: which ports the internet gets in on, entry by entry in the order that decides."""

from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from chalicelib.facts.nacl import (
    INGRESS_SCHEMA,
    described_entries,
    internet_ingress,
    requested_entries,
    requested_ingress,
)
from chalicelib.model import ConfigurationItem, ResourceRef

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REF = ResourceRef(account_id="1" * 12, region="eu-west-1", type="AWS::EC2::NetworkAcl", id="acl-1")
WORLD, ALL = "0.0.0.0/0", "-1"
TCP, UDP, ICMP = "6", "17", "1"


def entry(
    number: int, action: str, cidr: str, protocol: str = ALL, *ports: int, egress: bool = False
) -> dict[str, Any]:
    """Build an entry as EC2 describes it."""
    family = "Ipv6CidrBlock" if ":" in cidr else "CidrBlock"
    span = {"PortRange": {"From": ports[0], "To": ports[-1]}} if ports else {}
    rule = {"RuleNumber": number, "RuleAction": action, "Egress": egress, "Protocol": protocol}
    return {**rule, family: cidr, **span}


def item_of(rows: list[dict[str, Any]]) -> ConfigurationItem:
    return ConfigurationItem(
        ref=REF, properties={}, observed={"Entries": rows}, started_at=NOW, ended_at=NOW
    )


def opened(*entries: dict[str, Any]) -> list[dict[str, Any]]:
    rows = internet_ingress(item_of(described_entries(entries)))
    assert list(Draft202012Validator(dict(INGRESS_SCHEMA)).iter_errors(rows)) == []
    return rows


def reached(*entries: dict[str, Any], protocol: str = "tcp", port: int = 22) -> bool:
    return any(
        row["Protocol"] == protocol and row["FromPort"] <= port <= row["ToPort"]
        for row in opened(*entries)
    )


ALLOW_ALL = entry(100, "allow", WORLD)
ON_22 = {
    "a deny before an allow of everything": (
        [entry(90, "deny", WORLD, TCP, 22), ALLOW_ALL],
        False,
    ),
    "a deny after an allow of everything": ([ALLOW_ALL, entry(110, "deny", WORLD, TCP, 22)], True),
    "the order they are listed in is nothing": (
        [ALLOW_ALL, entry(90, "deny", WORLD, TCP, 22)],
        False,
    ),
    "a deny of private addresses first": ([entry(90, "deny", "10.0.0.0/8"), ALLOW_ALL], True),
    "a deny of most of the world first": (
        [
            *(entry(n + 1, "deny", f"{n * 16}.0.0.0/4") for n in range(15) if n != 3),
            entry(50, "deny", "49.0.0.0/8"),
            entry(51, "deny", "50.0.0.0/7"),
            entry(52, "deny", "52.0.0.0/6"),
            entry(53, "deny", "56.0.0.0/5"),
            ALLOW_ALL,
        ],
        False,
    ),
    "half of the world is left": ([entry(90, "deny", "0.0.0.0/1"), ALLOW_ALL], True),
    "a deny of one address first": ([entry(90, "deny", "198.51.100.7/32"), ALLOW_ALL], True),
    "a deny of another port first": ([entry(90, "deny", WORLD, TCP, 23), ALLOW_ALL], True),
    "a deny of udp first": ([entry(90, "deny", WORLD, UDP, 22), ALLOW_ALL], True),
    "a deny of every protocol first": ([entry(90, "deny", WORLD), ALLOW_ALL], False),
    "two halves": (
        [
            entry(90, "allow", "0.0.0.0/1", TCP, 22),
            entry(95, "allow", "128.0.0.0/1", TCP, 20, 30),
        ],
        True,
    ),
    "many narrow ranges together": (
        [entry(n, "allow", f"{n}.0.0.0/8", TCP, 22) for n in range(11, 200)],
        True,
    ),
    "one /8": ([entry(100, "allow", "52.0.0.0/8")], False),
    "two /8 beside each other": (
        [entry(100, "allow", "52.0.0.0/8"), entry(101, "allow", "53.0.0.0/8")],
        False,
    ),
    "a /7 of which half was denied": (
        [entry(90, "deny", "52.0.0.0/8"), entry(100, "allow", "52.0.0.0/7")],
        False,
    ),
    "two /8 in the middle of a /6": (
        [
            entry(90, "deny", "52.0.0.0/8"),
            entry(91, "deny", "55.0.0.0/8"),
            entry(100, "allow", "52.0.0.0/6"),
        ],
        False,
    ),
    "three /8 of a /6": (
        [entry(90, "deny", "52.0.0.0/8"), entry(100, "allow", "52.0.0.0/6")],
        True,
    ),
    "a /7": ([entry(100, "allow", "52.0.0.0/7")], True),
    "private addresses": (
        [entry(100, "allow", "10.0.0.0/8"), entry(101, "allow", "224.0.0.0/3")],
        False,
    ),
    "IPv4 denied, IPv6 allowed": (
        [entry(90, "deny", WORLD), entry(100, "allow", "::/0")],
        True,
    ),
    "IPv6 denied first": ([entry(90, "deny", "::/0"), entry(100, "allow", "::/0")], False),
    "IPv4 says nothing of IPv6": ([entry(90, "deny", "::/0"), ALLOW_ALL], True),
    "no entry but the last": ([entry(32767, "deny", WORLD)], False),
    "nothing at all": ([], False),
    "egress": ([entry(100, "allow", WORLD, egress=True)], False),
    "egress that denies first": ([entry(90, "deny", WORLD, egress=True), ALLOW_ALL], True),
    "every protocol with ports that mean nothing": (
        [{**ALLOW_ALL, "PortRange": {"From": -1, "To": -1}}],
        True,
    ),
    "icmp": ([entry(100, "allow", WORLD, ICMP)], False),
    "a world with host bits": ([entry(100, "allow", "203.0.113.9/0", TCP, 22)], True),
    "other ports": ([entry(100, "allow", WORLD, TCP, 700, 702)], False),
}


@pytest.mark.parametrize(("entries", "open_"), ON_22.values(), ids=ON_22)
def test_the_first_matching_entry_decides_on_port_22(
    entries: list[dict[str, Any]], open_: bool
) -> None:
    assert reached(*entries) is open_


def test_ephemeral_ports_hold_rdp() -> None:
    ephemeral = entry(100, "allow", WORLD, TCP, 1024, 65535)

    assert reached(ephemeral, port=3389)
    assert not reached(ephemeral, port=3389, protocol="udp")


def test_every_protocol_is_told_for_each_that_has_ports() -> None:
    rows = opened(ALLOW_ALL)

    assert [(r["Protocol"], r["FromPort"], r["ToPort"]) for r in rows] == [
        ("tcp", 0, 65535),
        ("udp", 0, 65535),
    ]


def test_a_row_says_which_entries_let_whom_in() -> None:
    rows = opened(
        entry(90, "deny", "0.0.0.0/1", TCP, 22),
        entry(100, "allow", WORLD, TCP, 22),
        entry(110, "allow", "::/0", TCP, 22),
    )

    assert rows == [
        {
            "Protocol": "tcp",
            "FromPort": 22,
            "ToPort": 22,
            "Sources": [WORLD, "::/0"],
            "Ipv4Share": pytest.approx(0.44, abs=0.05),
            "Ipv6Share": 1.0,
            "Because": ["/observed/Entries/1", "/observed/Entries/2"],
        }
    ]


def test_a_port_with_an_entry_of_its_own_is_a_row_of_its_own() -> None:
    rows = opened(
        entry(90, "allow", WORLD, TCP, 3389), entry(100, "allow", WORLD, TCP, 1024, 65535)
    )

    assert [(row["FromPort"], row["ToPort"]) for row in rows] == [
        (1024, 3388),
        (3389, 3389),
        (3390, 65535),
    ]


def test_an_entry_that_earlier_ones_leave_nothing_is_no_reason() -> None:
    eighths = [entry(n, "allow", f"{n}.0.0.0/8", TCP, 22) for n in range(11, 200)]
    shadowed = entry(300, "allow", "52.1.0.0/16", TCP, 22)

    (row,) = opened(*eighths, shadowed)

    assert len(row["Because"]) == len(eighths)
    assert "52.1.0.0/16" not in row["Sources"]


def test_numbers_decide_wherever_entries_stand() -> None:
    (deny,) = described_entries([entry(90, "deny", WORLD)])
    (allow,) = described_entries([ALLOW_ALL])

    assert internet_ingress(item_of([allow, deny])) == []


def test_entries_stand_in_the_order_in_which_they_decide() -> None:
    rows = described_entries(
        [entry(100, "allow", WORLD, egress=True), entry(110, "deny", WORLD), ALLOW_ALL]
    )

    assert [(row["Egress"], row["RuleNumber"]) for row in rows] == [
        (False, 100),
        (False, 110),
        (True, 100),
    ]


REQUEST = {
    "networkAclId": "acl-1",
    "ruleNumber": 100,
    "egress": False,
    "ruleAction": "allow",
    "icmpTypeCode": {},
    "aclProtocol": "6",
    "portRange": {"from": 22, "to": 22},
    "cidrBlock": WORLD,
}


def test_a_requested_entry_is_the_one_that_is_described() -> None:
    assert requested_entries(REQUEST) == described_entries([entry(100, "allow", WORLD, TCP, 22)])


def test_a_request_alone_opens_as_if_nothing_stood_before_it() -> None:
    (row,) = requested_ingress(REQUEST)

    assert (row["Protocol"], row["FromPort"], row["ToPort"]) == ("tcp", 22, 22)
    assert row["Because"] == []


@pytest.mark.parametrize(
    ("change", "count"),
    [
        pytest.param({"portRange": {"from": "22", "to": "22"}}, 1, id="ports as text"),
        pytest.param({"aclProtocol": "-1", "portRange": {}}, 2, id="no ports"),
        pytest.param({"portRange": {"from": 99999999999, "to": 1}}, 1, id="ports beyond the last"),
        pytest.param({"ruleAction": "deny"}, 0, id="a deny"),
        pytest.param({"egress": True}, 0, id="egress"),
        pytest.param({"cidrBlock": "x"}, 0, id="no network"),
        pytest.param({"cidrBlock": None}, 0, id="no source"),
        pytest.param({"ruleAction": {}}, 0, id="no action"),
        pytest.param({"portRange": {"from": 30, "to": 20}}, 0, id="a range from back to front"),
    ],
)
def test_a_request_opens_what_it_says(change: dict[str, Any], count: int) -> None:
    assert len(requested_ingress({**REQUEST, **change})) == count


@pytest.mark.parametrize("parameters", [None, [], "x", {}], ids=str)
def test_what_is_no_request_opens_nothing(parameters: Any) -> None:
    assert requested_ingress(parameters) == []
