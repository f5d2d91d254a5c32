"""AWS::EC2::NetworkAcl: what it lets into the subnets it stands before.

CloudFormation knows the entries as resources of their own; here they belong to their ACL, in the
order in which they decide.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.nacl import (
    ENTRIES,
    INGRESS_SCHEMA,
    PORT_PROTOCOLS,
    described_entries,
    internet_ingress,
    requested_entries,
    requested_ingress,
)
from chalicelib.facts.network import LAST_PORT
from chalicelib.model import (
    Facet,
    FacetReading,
    Fact,
    Page,
    ResourceRef,
    ResourceType,
)
from chalicelib.model.plugin import Record
from chalicelib.resources._cidr_shapes import IPV4_CIDR, IPV6_CIDR, or_null
from chalicelib.resources._declared import closed
from chalicelib.resources._ec2 import (
    TAGS,
    arn_of,
    client_of,
    described,
    named,
    owned,
    ref_of,
    route,
    tag_routes,
)
from chalicelib.resources._errors import member
from chalicelib.resources._listing import Listed, page_of, whole
from chalicelib.resources._payload import parameters_of
from chalicelib.resources._tags import TAGS_SHAPE, tags_from

TYPE = "AWS::EC2::NetworkAcl"

SUBNETS = "/observed/Subnets"

_CALL = "ec2:DescribeNetworkAcls"
_PAGE_SIZE = 1000
_ACL = "requestParameters.networkAclId"


def _read(aws: Any, ref: ResourceRef) -> FacetReading | None:
    acl = described(
        client_of(aws, ref).describe_network_acls,
        "NetworkAcls",
        ref.account_id,
        NetworkAclIds=[ref.id],
    )
    return _reading(acl) if acl else None


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    client = aws.client("ec2", account_id=account_id, region=region)
    start = {"NextToken": token} if token else {}
    answer = client.describe_network_acls(MaxResults=_PAGE_SIZE, **start)
    own = owned(member(answer, "NetworkAcls"), account_id)
    return page_of(own, lambda acl: _item(account_id, region, acl), answer.get("NextToken"))


def _item(account_id: str, region: str, acl: Mapping[str, Any]) -> Listed:
    ref = ref_of(account_id, region, TYPE, acl["NetworkAclId"])
    return whole(ref, lambda: _reading(acl))


def _reading(acl: Mapping[str, Any]) -> FacetReading:
    return FacetReading(
        properties={"Tags": tags_from(acl.get("Tags"))},
        observed={
            "Entries": described_entries(member(acl, "Entries")),
            "Subnets": sorted(each["SubnetId"] for each in member(acl, "Associations")),
        },
    )


def _propose_entry(record: Record) -> dict[str, Any]:
    rows = requested_entries(parameters_of(record))
    return {ENTRIES: rows} if rows else {}


def _derive_ingress(record: Record) -> dict[str, Any]:
    return {"InternetIngress": requested_ingress(parameters_of(record))}


_PORT = {"type": "integer", "minimum": 0, "maximum": LAST_PORT}
_ENTRY = {
    **closed(
        {
            "RuleNumber": {"type": "integer"},
            "Egress": {"type": "boolean"},
            "RuleAction": {"enum": ["allow", "deny"]},
            "Protocol": {"type": "string", "pattern": "^(-1|[0-9]{1,3})$"},
            "CidrBlock": or_null(IPV4_CIDR),
            "Ipv6CidrBlock": or_null(IPV6_CIDR),
            "PortRange": or_null(closed({"From": _PORT, "To": _PORT})),
        }
    ),
    # An entry that lost its ports or its addresses must never be read as one that decides less.
    "allOf": [
        {
            "anyOf": [
                {"properties": {"PortRange": {"type": "object"}}},
                {"properties": {"Protocol": {"not": {"enum": list(PORT_PROTOCOLS)}}}},
            ]
        },
        {
            "anyOf": [
                {"properties": {"CidrBlock": {"type": "string"}}},
                {"properties": {"Ipv6CidrBlock": {"type": "string"}}},
            ]
        },
    ],
}

#: What stands at the end of every ACL.
_LAST_WORD = {
    "RuleNumber": 32767,
    "Egress": False,
    "RuleAction": "deny",
    "Protocol": "-1",
    "CidrBlock": "0.0.0.0/0",
    "Ipv6CidrBlock": None,
    "PortRange": None,
}

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="ec2",
    noun="network ACL",
    schema=closed(
        {
            "properties": closed({"Tags": TAGS_SHAPE}),
            "observed": closed(
                {
                    "Entries": {"type": "array", "items": _ENTRY},
                    "Subnets": {"type": "array", "items": {"type": "string"}},
                }
            ),
        }
    ),
    routes=(
        route(
            "CreateNetworkAcl",
            "responseElements.networkAcl.networkAclId",
            writes=(TAGS, ENTRIES, SUBNETS),
            creates=True,
        ),
        route("DeleteNetworkAcl", _ACL, deletes=True),
        *(
            route(action, _ACL, writes=(ENTRIES,), propose=_propose_entry, derive=_derive_ingress)
            for action in ("CreateNetworkAclEntry", "ReplaceNetworkAclEntry")
        ),
        route("DeleteNetworkAclEntry", _ACL, writes=(ENTRIES,)),
        # Of the ACL that a subnet is taken from, the call says nothing: the sweep notices that.
        route("ReplaceNetworkAclAssociation", _ACL, writes=(SUBNETS,)),
        *tag_routes(),
    ),
    facets=(
        Facet(
            name="acl",
            calls=(_CALL,),
            permissions=(_CALL,),
            pointers=(TAGS, ENTRIES, SUBNETS),
            read=_read,
            existence=True,
        ),
    ),
    facts=(
        Fact(
            name="InternetIngress",
            inputs=(ENTRIES,),
            compute=internet_ingress,
            schema=INGRESS_SCHEMA,
        ),
    ),
    list=_list,
    list_calls=(_CALL,),
    list_permissions=(_CALL,),
    identify=named("acl"),
    defaults={
        "properties": {"Tags": []},
        "observed": {
            "Entries": [_LAST_WORD, {**_LAST_WORD, "Egress": True}],
            "Subnets": ["subnet-0a1b2c3d"],
        },
    },
    arn=arn_of("network-acl"),
    change_facts={"InternetIngress": INGRESS_SCHEMA},
)
