"""What the internet reaches through a security group: every odd way to write it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chalicelib.facts.network import (
    INGRESS_SCHEMA,
    internet_ingress,
    normalise_permissions,
    payload_ingress,
)
from chalicelib.model import ConfigurationItem, Gap, GapReason, ResourceRef

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REF = ResourceRef(
    account_id="111122223333", region="eu-west-1", type="AWS::EC2::SecurityGroup", id="sg-1"
)
WORLD = "0.0.0.0/0"
CLOUDFRONT = {"Entries": ["13.32.0.0/15", "52.84.0.0/15", "130.176.0.0/16"]}


def rule(protocol: str = "tcp", first: int | None = 22, last: int | None = 22, **peer: str) -> Any:
    peers = ("CidrIp", "CidrIpv6", "SourcePrefixListId", "SourceSecurityGroupId")
    return {
        "IpProtocol": protocol,
        "FromPort": first,
        "ToPort": last,
        **dict.fromkeys((*peers, "SourceSecurityGroupOwnerId", "Description")),
        **peer,
    }


def item(
    *rules: Any, prefix_lists: Mapping[str, Any] | None = None, gaps: tuple[str, ...] = ()
) -> ConfigurationItem:
    return ConfigurationItem(
        ref=REF,
        properties={"SecurityGroupIngress": list(rules)},
        observed={"PrefixLists": prefix_lists or {}},
        gaps=tuple(
            Gap(
                pointer=pointer,
                reason=GapReason.DENIED,
                call="ec2:GetManagedPrefixListEntries",
                error="UnauthorizedOperation",
            )
            for pointer in gaps
        ),
        started_at=NOW,
        ended_at=NOW,
    )


def reaches(rows: list[dict[str, Any]], protocol: str, port: int) -> bool:
    return any(
        row["Protocol"] == protocol and row["FromPort"] <= port <= row["ToPort"] for row in rows
    )


OPEN_TO_SSH = {
    "minus one means every protocol": [rule("-1", None, None, CidrIp=WORLD)],
    "all tcp ports": [rule(first=0, last=65535, CidrIp=WORLD)],
    "tcp from port one": [rule(first=1, last=65535, CidrIp=WORLD)],
    "no last port": [rule(first=1, last=None, CidrIp=WORLD)],
    "no first port": [rule(first=None, last=22, CidrIp=WORLD)],
    "no ports at all": [rule(first=None, last=None, CidrIp=WORLD)],
    "protocol by number": [rule("6", CidrIp=WORLD)],
    "ipv6": [rule(CidrIpv6="::/0")],
    "ipv6 with a zero": [rule(CidrIpv6="0::/0")],
    "ipv6 in full": [rule(CidrIpv6="0:0:0:0:0:0:0:0/0")],
    "world behind host bits": [rule(CidrIp="208.236.235.254/0")],
    "world as netmask": [rule(CidrIp="0.0.0.0/0.0.0.0")],
    "two halves in two rules": [rule(CidrIp="0.0.0.0/1"), rule(CidrIp="128.0.0.0/1")],
    "one half is wide alone": [rule(CidrIp="128.0.0.0/1")],
    "four quarters": [rule(CidrIp=f"{n}.0.0.0/2") for n in (0, 64, 128, 192)],
    "many eighths together": [rule(CidrIp=f"{n}.0.0.0/8") for n in range(20, 200)],
    "halves in two protocols": [
        rule(CidrIp="0.0.0.0/1"),
        rule("-1", None, None, CidrIp="128.0.0.0/1"),
    ],
    "ranges that touch": [
        rule(first=0, last=21, CidrIp=WORLD),
        rule(first=22, last=22, CidrIp=WORLD),
    ],
}


@pytest.mark.parametrize("rules", OPEN_TO_SSH.values(), ids=OPEN_TO_SSH)
def test_port_22_is_reached(rules: list[Any]) -> None:
    assert reaches(internet_ingress(item(*rules)), "tcp", 22)


CLOSED_TO_SSH = {
    "from an office": [rule(CidrIp="203.0.113.0/24")],
    "udp 22": [rule("udp", CidrIp=WORLD)],
    "icmp echo": [rule("icmp", 8, -1, CidrIp=WORLD)],
    "icmp type 3 code 22": [rule("icmp", 3, 22, CidrIp=WORLD)],
    "icmp type 22 by number": [rule("1", 22, 22, CidrIp=WORLD)],
    "icmpv6 by number": [rule("58", 22, 22, CidrIpv6="::/0")],
    "gre": [rule("47", None, None, CidrIp=WORLD)],
    "esp": [rule("50", None, None, CidrIp=WORLD)],
    "one /8": [rule(CidrIp="52.0.0.0/8")],
    "one ipv6 /8": [rule(CidrIpv6="2600::/8")],
    "0.0.0.0/16 is not the world": [rule(CidrIp="0.0.0.0/16")],
    "all private networks": [
        rule(CidrIp=cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    ],
    "unique local ipv6": [rule(CidrIpv6="fc00::/7")],
    "multicast": [rule(CidrIp="224.0.0.0/3")],
    "another group": [rule("-1", None, None, SourceSecurityGroupId="sg-2")],
    "the group itself": [rule("-1", None, None, SourceSecurityGroupId="sg-1")],
    "a peer account's group": [
        rule("-1", None, None, SourceSecurityGroupId="sg-3", SourceSecurityGroupOwnerId="1" * 12)
    ],
    "beside port 22": [rule(first=0, last=21, CidrIp=WORLD), rule(first=23, last=80, CidrIp=WORLD)],
    "halves on different ports": [
        *(rule(first=22, last=22, CidrIp=f"{n}.0.0.0/8") for n in range(20, 80)),
        *(rule(first=23, last=23, CidrIp=f"{n}.0.0.0/8") for n in range(80, 200)),
    ],
    "one side open upwards": [rule(first=23, last=None, CidrIp=WORLD)],
    "a reversed range": [rule(first=30, last=10, CidrIp=WORLD)],
    "no rule": [],
}


@pytest.mark.parametrize("rules", CLOSED_TO_SSH.values(), ids=CLOSED_TO_SSH)
def test_port_22_is_not_reached(rules: list[Any]) -> None:
    assert not reaches(internet_ingress(item(*rules)), "tcp", 22)


def test_udp_is_told_from_tcp() -> None:
    rows = internet_ingress(item(rule("17", 3389, 3389, CidrIp=WORLD)))

    assert reaches(rows, "udp", 3389)
    assert not reaches(rows, "tcp", 3389)


def test_egress_is_no_ingress() -> None:
    group = item()
    outwards = ConfigurationItem(
        ref=group.ref,
        properties={**group.properties, "SecurityGroupEgress": [rule(CidrIp=WORLD)]},
        observed=group.observed,
        started_at=NOW,
        ended_at=NOW,
    )

    assert internet_ingress(outwards) == []


def test_a_row_says_what_is_open_to_whom_and_why() -> None:
    group = item(
        rule(first=443, last=443, CidrIp="10.0.0.0/8"),
        rule(CidrIp=WORLD),
        rule(CidrIpv6="::/0"),
        rule(CidrIp="203.0.113.0/24"),
    )

    assert internet_ingress(group) == [
        {
            "Protocol": "tcp",
            "FromPort": 22,
            "ToPort": 22,
            "Sources": ["0.0.0.0/0", "::/0"],
            "Ipv4Share": 1.0,
            "Ipv6Share": 1.0,
            "Because": [
                "/properties/SecurityGroupIngress/1",
                "/properties/SecurityGroupIngress/2",
            ],
        }
    ]


def test_every_protocol_is_told_as_all_and_as_the_two_that_have_ports() -> None:
    rows = internet_ingress(item(rule("-1", None, None, CidrIp=WORLD)))

    assert [(row["Protocol"], row["FromPort"], row["ToPort"]) for row in rows] == [
        ("all", 0, 65535),
        ("tcp", 0, 65535),
        ("udp", 0, 65535),
    ]


def test_protocols_without_ports_are_listed_by_number() -> None:
    rows = internet_ingress(
        item(rule("47", None, None, CidrIp=WORLD), rule("50", None, None, CidrIp=WORLD))
    )

    assert [(row["Protocol"], row["FromPort"], row["ToPort"]) for row in rows] == [
        ("47", 0, 65535),
        ("50", 0, 65535),
    ]


def test_a_range_split_over_rules_reads_as_one() -> None:
    rows = internet_ingress(
        item(rule(first=22, last=65535, CidrIp=WORLD), rule(first=0, last=21, CidrIp=WORLD))
    )

    assert [(row["FromPort"], row["ToPort"], len(row["Because"])) for row in rows] == [
        (0, 65535, 2)
    ]


def test_an_ipv6_rule_does_not_tear_an_ipv4_range_apart() -> None:
    rows = internet_ingress(
        item(rule(first=0, last=65535, CidrIp=WORLD), rule(first=22, last=22, CidrIpv6="::/0"))
    )

    assert [(row["FromPort"], row["ToPort"], row["Sources"]) for row in rows] == [
        (0, 65535, ["0.0.0.0/0"]),
        (22, 22, ["::/0"]),
    ]


def test_ranges_with_the_same_addresses_read_as_one_however_they_are_cut() -> None:
    rows = internet_ingress(
        item(
            rule(first=0, last=21, CidrIp=WORLD),
            rule(first=22, last=65535, CidrIp="0.0.0.0/1"),
            rule(first=22, last=65535, CidrIp="128.0.0.0/1"),
        )
    )

    assert [(row["FromPort"], row["ToPort"], len(row["Sources"])) for row in rows] == [
        (0, 65535, 3)
    ]


def test_every_wide_source_is_a_reason() -> None:
    rows = internet_ingress(item(rule(CidrIp=WORLD), rule(CidrIp="128.0.0.0/2")))

    assert [row["Sources"] for row in rows] == [["0.0.0.0/0", "128.0.0.0/2"]]


def test_each_range_rests_on_its_own_rules() -> None:
    rows = internet_ingress(
        item(rule(CidrIp=WORLD), rule(first=443, last=443, CidrIp=WORLD), rule("udp", CidrIp=WORLD))
    )

    assert [(row["FromPort"], row["Because"]) for row in rows] == [
        (22, ["/properties/SecurityGroupIngress/0"]),
        (443, ["/properties/SecurityGroupIngress/1"]),
        (22, ["/properties/SecurityGroupIngress/2"]),
    ]


def test_wider_and_narrower_sources_add_up() -> None:
    eighths = [rule(CidrIp=f"{n}.0.0.0/8") for n in range(20, 100)]
    ninths = [rule(CidrIp=f"{n}.{half}.0.0/9") for n in range(140, 180) for half in (0, 128)]

    (row,) = internet_ingress(item(*eighths, *ninths))

    assert len(row["Sources"]) == 160
    assert internet_ingress(item(*eighths)) == []
    assert internet_ingress(item(*ninths)) == []


def test_of_narrow_sources_only_the_widest_that_suffice_are_a_reason() -> None:
    eighths = [rule(CidrIp=f"{n}.0.0.0/8") for n in range(20, 200)]

    rows = internet_ingress(item(rule(CidrIp="203.0.113.0/24"), *eighths))

    assert "203.0.113.0/24" not in rows[0]["Sources"]


def test_where_one_source_is_wide_the_narrow_ones_are_no_reason() -> None:
    eighths = [rule(CidrIp=f"{n}.0.0.0/8") for n in range(20, 200)]

    rows = internet_ingress(item(*eighths, rule(CidrIp="128.0.0.0/2")))

    assert [row["Sources"] for row in rows] == [["128.0.0.0/2"]]


def test_a_union_names_every_public_part_and_its_measure() -> None:
    eighths = [rule(CidrIp=f"{n}.0.0.0/8") for n in range(20, 200)]

    rows = internet_ingress(item(*eighths, rule(CidrIp="10.0.0.0/8")))

    assert len(rows[0]["Sources"]) == 179, "127.0.0.0/8 comes from nowhere"
    assert "10.0.0.0/8" not in rows[0]["Sources"]
    assert 0.5 < rows[0]["Ipv4Share"] < 0.9


def test_a_prefix_list_is_as_open_as_its_entries() -> None:
    group = item(
        rule(SourcePrefixListId="pl-1"),
        prefix_lists={"pl-1": {"Entries": ["10.0.0.0/8", "0.0.0.0/0"]}},
    )

    rows = internet_ingress(group)

    assert reaches(rows, "tcp", 22)
    assert rows[0]["Because"] == [
        "/properties/SecurityGroupIngress/0",
        "/observed/PrefixLists/pl-1/Entries/1",
    ]


def test_the_lists_that_aws_manages_are_not_the_internet() -> None:
    group = item(rule(SourcePrefixListId="pl-1"), prefix_lists={"pl-1": CLOUDFRONT})

    assert internet_ingress(group) == []


def test_a_prefix_list_adds_up_with_plain_ranges() -> None:
    group = item(
        *(rule(CidrIp=f"{n}.0.0.0/8") for n in range(20, 80)),
        rule(SourcePrefixListId="pl-1"),
        prefix_lists={"pl-1": {"Entries": [f"{n}.0.0.0/8" for n in range(80, 200)]}},
    )

    assert reaches(internet_ingress(group), "tcp", 22)


UNREAD = {
    "its entries": ({"pl-1": {"Entries": None}}, "/observed/PrefixLists/pl-1/Entries"),
    "every list": (None, "/observed/PrefixLists"),
}


@pytest.mark.parametrize(("lists", "gap"), UNREAD.values(), ids=UNREAD)
def test_an_unread_prefix_list_hides_itself_and_nothing_else(lists: Any, gap: str) -> None:
    unread = rule(first=443, last=443, SourcePrefixListId="pl-1")

    rows = internet_ingress(item(unread, rule(CidrIp=WORLD), prefix_lists=lists, gaps=(gap,)))

    assert reaches(rows, "tcp", 22)
    assert not reaches(rows, "tcp", 443)


HOSTILE_ITEMS = {
    "no rules read": ConfigurationItem(
        ref=REF,
        properties={"SecurityGroupIngress": None},
        observed={"PrefixLists": None},
        started_at=NOW,
        ended_at=NOW,
    ),
    "nothing read": ConfigurationItem(
        ref=REF, properties={}, observed={}, started_at=NOW, ended_at=NOW
    ),
    "a rule unread": item(None),
    "no address": item(rule(CidrIp="everybody")),
    "an address without prefix": item(rule(CidrIp="203.0.113.7")),
    "an endless prefix": item(rule(CidrIp="1.2.3.4/" + "9" * 500)),
    "an endless address": item(rule(CidrIp="1" * 100_000)),
}


@pytest.mark.parametrize("group", HOSTILE_ITEMS.values(), ids=HOSTILE_ITEMS)
def test_what_cannot_be_parsed_opens_nothing_provable(group: ConfigurationItem) -> None:
    assert internet_ingress(group) == []


def test_a_thousand_rules_beside_the_world_stay_one_row() -> None:
    rules = [rule(first=n, last=n, CidrIp=f"198.51.100.{n % 256}/32") for n in range(1000)]

    rows = internet_ingress(item(*rules, rule(first=0, last=65535, CidrIp=WORLD)))

    assert [(row["FromPort"], row["ToPort"]) for row in rows] == [(0, 65535)]
    assert rows[0]["Because"] == ["/properties/SecurityGroupIngress/1000"]


def test_rows_obey_their_schema() -> None:
    everything = [one for rules in OPEN_TO_SSH.values() for one in rules]

    rows = internet_ingress(item(*everything, rule("47", None, None, CidrIp=WORLD)))

    Draft202012Validator(INGRESS_SCHEMA).validate(rows)


def test_a_payload_alone_says_what_it_opens() -> None:
    rows = payload_ingress(normalise_permissions([{"IpProtocol": "-1", "CidrIp": WORLD}]))

    assert reaches(rows, "tcp", 22)
    assert all(row["Because"] == [] for row in rows)
    Draft202012Validator(INGRESS_SCHEMA).validate(rows)


def test_a_payload_does_not_guess_what_is_in_a_prefix_list() -> None:
    assert payload_ingress([rule(SourcePrefixListId="pl-1")]) == []
