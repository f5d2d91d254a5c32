"""VPCs with and without flow logs and endpoints, network ACLs in every order, peering routes."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.prowler.account.seeding import ACCOUNT, Seeding, tagged

TCP, UDP, ICMP, ALL = "6", "17", "1", "-1"
WORLD = "0.0.0.0/0"
WORLD_6 = "::/0"

#: Number, allow or deny, protocol, ports, source.
Entry = tuple[int, str, str, tuple[int, int] | None, str]

_SSH = (22, 22)
_RDP = (3389, 3389)
_DENY_SSH_RDP: Sequence[Entry] = (
    (90, "deny", TCP, _SSH, WORLD),
    (91, "deny", TCP, _RDP, WORLD),
    (92, "deny", UDP, _RDP, WORLD),
)
_ALL: Entry = (100, "allow", ALL, None, WORLD)

ACLS: Mapping[str, Sequence[Entry]] = {
    "acl-all-allowed": (_ALL,),
    "acl-ssh-allowed": ((100, "allow", TCP, _SSH, WORLD),),
    "acl-rdp-allowed": ((100, "allow", TCP, _RDP, WORLD),),
    "acl-ssh-six": ((100, "allow", TCP, _SSH, WORLD_6),),
    "acl-denied-first": (*_DENY_SSH_RDP, _ALL),
    "acl-denied-too-late": (
        _ALL,
        (110, "deny", TCP, _SSH, WORLD),
        (111, "deny", TCP, _RDP, WORLD),
    ),
    "acl-denied-in-part": ((90, "deny", TCP, _SSH, "10.0.0.0/8"), _ALL),
    "acl-four-denied-six-allowed": (
        *_DENY_SSH_RDP,
        _ALL,
        (101, "allow", ALL, None, WORLD_6),
    ),
    "acl-ssh-in-halves": (
        (100, "allow", TCP, _SSH, "0.0.0.0/1"),
        (101, "allow", TCP, _SSH, "128.0.0.0/1"),
    ),
    "acl-private-only": ((100, "allow", ALL, None, "10.0.0.0/8"),),
    "acl-web-only": ((100, "allow", TCP, (443, 443), WORLD),),
    "acl-ephemeral": ((100, "allow", TCP, (1024, 65535), WORLD),),
    "acl-one-to-65535": ((100, "allow", TCP, (1, 65535), WORLD),),
    "acl-icmp-3-22": ((100, "allow", ICMP, None, WORLD),),
    "acl-nothing": (),
}

#: VPC → what it has. The default VPC comes with the account.
VPCS: Mapping[str, Sequence[str]] = {
    "vpc-watched": ("flow logs", "endpoint"),
    "vpc-rejects-watched": ("rejects",),
    "vpc-unwatched": (),
    "vpc-with-subnet": ("subnet",),
    "vpc-watched-used": ("flow logs", "subnet"),
    "vpc-watched-in-vain": ("flow logs", "no log group"),
}


def seed(aws: Seeding) -> None:
    """Make them."""
    ec2 = aws.client("ec2")
    default = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    aws.call("vpc-default", default)
    for thing, key, call in (
        ("acl-default", "NetworkAclId", "network_acls"),
        ("routes-default", "RouteTableId", "route_tables"),
        ("group-default", "GroupId", "security_groups"),
    ):
        for one in next(iter(_answer(ec2, call).values())):
            if isinstance(one, dict):
                aws.call(thing, one[key])
    made = {name: _vpc(aws, name, number) for number, name in enumerate(VPCS, start=1)}
    _acls(aws, made["vpc-unwatched"])
    _peering(aws, made["vpc-watched"], made["vpc-unwatched"])


def _answer(ec2: Any, what: str) -> dict[str, Any]:
    answer: dict[str, Any] = getattr(ec2, f"describe_{what}")()
    answer.pop("ResponseMetadata")
    return answer


def _vpc(aws: Seeding, name: str, number: int) -> str:
    ec2 = aws.client("ec2")
    tags = [{"ResourceType": "vpc", "Tags": tagged(name)}]
    vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    aws.call(name, vpc)
    _companions(aws, name, vpc)
    has = VPCS[name]
    if "subnet" in has:
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{number}.1.0/24")
    for word, traffic in (("flow logs", "ALL"), ("rejects", "REJECT")):
        if word in has:
            if "no log group" not in has:
                aws.client("logs").create_log_group(logGroupName=f"flow-{name}")
            ec2.create_flow_logs(
                ResourceIds=[vpc],
                ResourceType="VPC",
                TrafficType=traffic,
                LogGroupName=f"flow-{name}",
                DeliverLogsPermissionArn=f"arn:aws:iam::{ACCOUNT}:role/flow-logs",
            )
    if "endpoint" in has:
        ec2.create_vpc_endpoint(
            VpcId=vpc, ServiceName="com.amazonaws.us-east-1.ec2", VpcEndpointType="Interface"
        )
    return str(vpc)


def _companions(aws: Seeding, name: str, vpc: str) -> None:
    """Call by name what comes with a VPC."""
    ec2 = aws.client("ec2")
    only = [{"Name": "vpc-id", "Values": [vpc]}]
    for acl in ec2.describe_network_acls(Filters=only)["NetworkAcls"]:
        aws.call(f"{name}-acl", acl["NetworkAclId"])
    for table in ec2.describe_route_tables(Filters=only)["RouteTables"]:
        aws.call(f"{name}-routes", table["RouteTableId"])
    for group in ec2.describe_security_groups(Filters=only)["SecurityGroups"]:
        aws.call(f"{name}-default-group", group["GroupId"])


def _acls(aws: Seeding, vpc: str) -> None:
    ec2 = aws.client("ec2")
    for number, (name, entries) in enumerate(ACLS.items()):
        tags = [{"ResourceType": "network-acl", "Tags": tagged(name)}]
        made = ec2.create_network_acl(VpcId=vpc, TagSpecifications=tags)
        acl = aws.call(name, made["NetworkAcl"]["NetworkAclId"])
        for entry in entries:
            ec2.create_network_acl_entry(NetworkAclId=acl, Egress=False, **_entry(entry))
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.3.{number + 10}.0/24")
        _associate(ec2, subnet["Subnet"]["SubnetId"], acl)
    unattached = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    ec2.create_network_acl_entry(NetworkAclId=unattached, Egress=False, **_entry(_ALL))
    aws.call("acl-unattached", unattached)


def _entry(entry: Entry) -> dict[str, Any]:
    number, action, protocol, ports, source = entry
    where = {"Ipv6CidrBlock" if ":" in source else "CidrBlock": source}
    more: dict[str, Any] = {"PortRange": {"From": ports[0], "To": ports[1]}} if ports else {}
    if protocol == ICMP:
        more = {"IcmpTypeCode": {"Type": 3, "Code": 22}}
    return {
        "RuleNumber": number,
        "RuleAction": action,
        "Protocol": protocol,
        **where,
        **more,
    }


def _associate(ec2: Any, subnet: str, acl: str) -> None:
    only = [{"Name": "association.subnet-id", "Values": [subnet]}]
    (before,) = ec2.describe_network_acls(Filters=only)["NetworkAcls"]
    ours = (one for one in before["Associations"] if one["SubnetId"] == subnet)
    ec2.replace_network_acl_association(
        AssociationId=next(ours)["NetworkAclAssociationId"], NetworkAclId=acl
    )


def _peering(aws: Seeding, one: str, other: str) -> None:
    ec2 = aws.client("ec2")
    made = ec2.create_vpc_peering_connection(VpcId=one, PeerVpcId=other)
    peering = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    for name, source in {
        "routes-to-one-host": "10.3.1.5/32",
        "routes-to-whole-vpc": "10.3.0.0/16",
        "routes-to-everything": WORLD,
    }.items():
        table = ec2.create_route_table(VpcId=one)["RouteTable"]["RouteTableId"]
        ec2.create_route(
            RouteTableId=table, DestinationCidrBlock=source, VpcPeeringConnectionId=peering
        )
        aws.call(name, table)
