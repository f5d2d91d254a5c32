"""The closed schema of a security group's item, and the defaults of a new group.

Ports stand where a protocol has them and nowhere else, and every rule names a peer: a rule that
lost either must never be read as one that opens less.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.network import LAST_PORT
from chalicelib.resources._cidr_shapes import CIDR, IPV4_CIDR, IPV6_CIDR, or_null
from chalicelib.resources._ingress_events import ALLOW_ALL_EGRESS

_TEXT = {"type": "string"}
_OPTIONAL_TEXT = {"type": ["string", "null"]}


def _closed(properties: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        **more,
    }


def _range(protocols: Mapping[str, Any], bound: Mapping[str, Any]) -> dict[str, Any]:
    return {"properties": {"IpProtocol": protocols, "FromPort": bound, "ToPort": bound}}


def _peer(key: str) -> dict[str, Any]:
    return {"properties": {key: {"type": "string"}}}


_RULE = _closed(
    {
        "IpProtocol": {"type": "string"},
        "FromPort": {"type": ["integer", "null"]},
        "ToPort": {"type": ["integer", "null"]},
        "CidrIp": or_null(IPV4_CIDR),
        "CidrIpv6": or_null(IPV6_CIDR),
        "SourcePrefixListId": _OPTIONAL_TEXT,
        "SourceSecurityGroupId": _OPTIONAL_TEXT,
        "SourceSecurityGroupOwnerId": _OPTIONAL_TEXT,
        "Description": _OPTIONAL_TEXT,
    },
    allOf=[
        {
            "anyOf": [
                _range(
                    {"enum": ["tcp", "udp", "6", "17"]},
                    {"type": "integer", "minimum": 0, "maximum": LAST_PORT},
                ),
                _range(
                    {"enum": ["icmp", "icmpv6", "1", "58"]},
                    {"type": "integer", "minimum": -1, "maximum": 255},
                ),
                _range({"pattern": "^(-1|[0-9]{1,3})$"}, {"type": "null"}),
            ]
        },
        {
            "anyOf": [
                _peer("CidrIp"),
                _peer("CidrIpv6"),
                _peer("SourcePrefixListId"),
                _peer("SourceSecurityGroupId"),
            ]
        },
    ],
)

SCHEMA: Mapping[str, Any] = _closed(
    {
        "properties": _closed(
            {
                "GroupName": _TEXT,
                "GroupDescription": _TEXT,
                "VpcId": _OPTIONAL_TEXT,
                "SecurityGroupIngress": {"type": "array", "items": _RULE},
                "SecurityGroupEgress": {"type": "array", "items": _RULE},
                "Tags": {"type": "array", "items": _closed({"Key": _TEXT, "Value": _TEXT})},
            }
        ),
        "observed": _closed(
            {
                # Every prefix list that an ingress rule names, by id.
                "PrefixLists": {
                    "type": "object",
                    "additionalProperties": _closed(
                        {
                            "Entries": {
                                "type": "array",
                                "items": CIDR,
                            }
                        }
                    ),
                },
                # 0: no network interface uses the group; 1: at least one does.
                "AttachedInterfaces": {"type": "integer", "minimum": 0, "maximum": 1},
            }
        ),
    }
)

#: A group just created in a VPC, attached to nothing.
DEFAULTS: Mapping[str, Any] = {
    "properties": {
        "GroupName": "web",
        "GroupDescription": "web",
        "VpcId": "vpc-0a1b2c3d4e5f60718",
        "SecurityGroupIngress": [],
        "SecurityGroupEgress": [ALLOW_ALL_EGRESS],
        "Tags": [],
    },
    "observed": {"PrefixLists": {}, "AttachedInterfaces": 0},
}
