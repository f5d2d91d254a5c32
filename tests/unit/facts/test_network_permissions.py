"""One rule, many dialects: they all become the same rows."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.facts.network import (
    normalise_entries,
    normalise_permissions,
    rows_without_descriptions,
)

PEERS = (
    "CidrIp",
    "CidrIpv6",
    "SourcePrefixListId",
    "SourceSecurityGroupId",
    "SourceSecurityGroupOwnerId",
    "Description",
)


def row(protocol: str, first: int | None, last: int | None, **peer: str) -> dict[str, Any]:
    return {
        "IpProtocol": protocol,
        "FromPort": first,
        "ToPort": last,
        **dict.fromkeys(PEERS),
        **peer,
    }


SSH = row("tcp", 22, 22, CidrIp="0.0.0.0/0")
SSH6 = row("tcp", 22, 22, CidrIpv6="::/0")
EVERYTHING = row("-1", None, None, CidrIp="0.0.0.0/0")

DIALECTS = {
    "legacy top level beside an empty list": (
        {
            "groupId": "sg-1",
            "ipPermissions": {},
            "ipProtocol": "tcp",
            "fromPort": 22,
            "toPort": 22,
            "cidrIp": "0.0.0.0/0",
        },
        [SSH],
    ),
    "nested": (
        {
            "groupId": "sg-1",
            "ipPermissions": {
                "items": [
                    {
                        "ipProtocol": "tcp",
                        "fromPort": 22,
                        "toPort": 22,
                        "groups": {},
                        "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]},
                        "ipv6Ranges": {"items": [{"cidrIpv6": "::/0"}]},
                        "prefixListIds": {},
                    }
                ]
            },
        },
        [SSH6, SSH],
    ),
    "ports as text": (
        [{"ipProtocol": "tcp", "fromPort": "22", "toPort": "22", "cidrIp": "0.0.0.0/0"}],
        [SSH],
    ),
    "one element is no list": (
        {
            "ipPermissions": {
                "items": {
                    "ipProtocol": "tcp",
                    "fromPort": 22,
                    "toPort": 22,
                    "ipRanges": {"items": {"cidrIp": "0.0.0.0/0"}},
                }
            }
        },
        [SSH],
    ),
    "modified rule": (
        {
            "ModifySecurityGroupRulesRequest": {
                "GroupId": "sg-1",
                "SecurityGroupRule": {
                    "tag": 1,
                    "SecurityGroupRuleId": "sgr-1",
                    "SecurityGroupRule": {
                        "IpProtocol": "tcp",
                        "FromPort": 22,
                        "ToPort": 22,
                        "CidrIpv4": "0.0.0.0/0",
                    },
                },
            }
        },
        [SSH],
    ),
    "modified rules": (
        {
            "ModifySecurityGroupRulesRequest": {
                "SecurityGroupRule": [
                    {"SecurityGroupRule": {"IpProtocol": "-1", "CidrIpv4": "0.0.0.0/0"}},
                    {
                        "SecurityGroupRule": {
                            "IpProtocol": "tcp",
                            "FromPort": 22,
                            "ToPort": 22,
                            "CidrIpv6": "::/0",
                        }
                    },
                ]
            }
        },
        [EVERYTHING, SSH6],
    ),
    "response": (
        {
            "_return": True,
            "securityGroupRuleSet": {
                "items": [
                    {
                        "securityGroupRuleId": "sgr-1",
                        "isEgress": False,
                        "ipProtocol": "-1",
                        "fromPort": -1,
                        "toPort": -1,
                        "cidrIpv4": "0.0.0.0/0",
                    }
                ]
            },
        },
        [EVERYTHING],
    ),
    "every protocol with ports nobody asked for": (
        [{"ipProtocol": "-1", "fromPort": 0, "toPort": 0, "cidrIp": "0.0.0.0/0"}],
        [EVERYTHING],
    ),
    "described": (
        [
            {
                "IpProtocol": "tcp",
                "FromPort": 22,
                "ToPort": 22,
                "UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "111122223333"}],
                "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "for now"}],
                "Ipv6Ranges": [],
                "PrefixListIds": [{"PrefixListId": "pl-1"}],
            }
        ],
        [
            row(
                "tcp",
                22,
                22,
                SourceSecurityGroupId="sg-2",
                SourceSecurityGroupOwnerId="111122223333",
            ),
            row("tcp", 22, 22, SourcePrefixListId="pl-1"),
            row("tcp", 22, 22, CidrIp="0.0.0.0/0", Description="for now"),
        ],
    ),
    "template": (
        [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}],
        [SSH],
    ),
    "protocol by number": (
        [{"IpProtocol": 6, "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}],
        [SSH],
    ),
    "tcp without ports": (
        [{"IpProtocol": "TCP", "CidrIp": "0.0.0.0/0"}],
        [row("tcp", 0, 65535, CidrIp="0.0.0.0/0")],
    ),
    "ports that are none": (
        [{"IpProtocol": "tcp", "FromPort": -1, "ToPort": 70000, "CidrIp": "0.0.0.0/0"}],
        [row("tcp", 0, 65535, CidrIp="0.0.0.0/0")],
    ),
    "icmp type without code": (
        [{"IpProtocol": "1", "FromPort": 8, "CidrIp": "0.0.0.0/0"}],
        [row("icmp", 8, -1, CidrIp="0.0.0.0/0")],
    ),
    "icmpv6 by number": (
        [{"IpProtocol": "58", "FromPort": -1, "ToPort": -1, "CidrIpv6": "0::/0"}],
        [row("icmpv6", -1, -1, CidrIpv6="::/0")],
    ),
    "gre has no ports": (
        [{"IpProtocol": "47", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}],
        [row("47", None, None, CidrIp="0.0.0.0/0")],
    ),
    "host bits are cleared": (
        [{"IpProtocol": "-1", "CidrIp": "208.236.235.254/0"}],
        [EVERYTHING],
    ),
    "a rule and its stand-alone twin": (
        [
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"},
            {
                "IpProtocol": "6",
                "FromPort": "22",
                "ToPort": "22",
                "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
            },
        ],
        [SSH],
    ),
    "a group by name alone": (
        [{"ipProtocol": "tcp", "groups": {"items": [{"groupName": "default"}]}}],
        [],
    ),
    "garbage stays visible": (
        [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "CidrIp": "everyone"}],
        [row("tcp", 1, 2, CidrIp="everyone")],
    ),
    "nothing": (None, []),
    "empty text": ({"ipPermissions": ""}, []),
    "cut for its size": ({"omitted": True, "reason": "requestParameters too large"}, []),
}


@pytest.mark.parametrize(("parameters", "rows"), DIALECTS.values(), ids=DIALECTS)
def test_every_dialect_gives_the_same_rows(parameters: Any, rows: list[dict[str, Any]]) -> None:
    assert normalise_permissions(parameters) == rows


def test_the_order_of_an_answer_does_not_matter() -> None:
    rules = [
        {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": cidr}
        for port in (443, 22)
        for cidr in ("203.0.113.0/24", "0.0.0.0/0")
    ]

    assert normalise_permissions(rules) == normalise_permissions(rules[::-1])


def test_twins_with_two_descriptions_become_the_same_row_in_either_order() -> None:
    twins = [
        {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0", "Description": text} for text in ("b", "a")
    ]

    assert normalise_permissions(twins) == normalise_permissions(twins[::-1])
    assert [one["Description"] for one in normalise_permissions(twins)] == ["a"]


def test_rows_can_be_compared_without_their_descriptions() -> None:
    described = normalise_permissions(
        [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0", "Description": "temporary"}]
    )

    assert rows_without_descriptions(described) == [EVERYTHING]


ENTRIES = {
    "described": (
        [{"Cidr": "10.0.0.0/8", "Description": "x"}, {"Cidr": "0.0.0.0/0"}],
        ["0.0.0.0/0", "10.0.0.0/8"],
    ),
    "one added": ({"Cidr": "0.0.0.0/0", "tag": 1}, ["0.0.0.0/0"]),
    "host bits": ([{"Cidr": "10.1.2.3/8"}], ["10.0.0.0/8"]),
    "absent": (None, []),
}


@pytest.mark.parametrize(("entries", "cidrs"), ENTRIES.values(), ids=ENTRIES)
def test_prefix_list_entries_become_sorted_ranges(entries: Any, cidrs: list[str]) -> None:
    assert normalise_entries(entries) == cidrs


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "items",
                    "ipPermissions",
                    "ipProtocol",
                    "fromPort",
                    "cidrIp",
                    "ipRanges",
                    "groups",
                    "groupId",
                    "userId",
                    "prefixListIds",
                    "prefixListId",
                    "securityGroupRuleSet",
                    "ModifySecurityGroupRulesRequest",
                    "SecurityGroupRule",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(JSON)
def test_no_payload_breaks_it(parameters: Any) -> None:
    rows = normalise_permissions(parameters)

    assert all(set(one) == set(SSH) for one in rows)
    assert normalise_permissions(rows) == rows
