"""Samples of EC2's and the VPC's types.

moto does not know ``GetSnapshotBlockPublicAccessState``: its answer is given by hand.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from chalicelib.model import ResourceRef
from tests.integration.resources.recorded_aws import ACCOUNT, RecordedAws

REGION = "eu-west-1"
OWNED = [{"Key": "owner", "Value": "shop"}]


def tagged(kind: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": OWNED}]


def ref(type_name: str, resource_id: str) -> ResourceRef:
    return ResourceRef(account_id=ACCOUNT, region=REGION, type=type_name, id=resource_id)


def client(aws: RecordedAws) -> Any:
    return aws.client("ec2", region=REGION)


def started(aws: RecordedAws) -> str:
    """Start an instance with a profile."""
    iam = aws.client("iam", region="us-east-1")
    iam.create_instance_profile(InstanceProfileName="web", Path="/apps/")
    launched = client(aws).run_instances(
        ImageId="ami-03cf127a",
        MinCount=1,
        MaxCount=1,
        IamInstanceProfile={"Name": "web"},
        TagSpecifications=tagged("instance"),
    )
    return str(launched["Instances"][0]["InstanceId"])


def vpc_of(aws: RecordedAws, cidr: str) -> str:
    made = client(aws).create_vpc(CidrBlock=cidr, TagSpecifications=tagged("vpc"))
    return str(made["Vpc"]["VpcId"])


def instance(aws: RecordedAws) -> ResourceRef:
    return ref("AWS::EC2::Instance", started(aws))


def network_acl(aws: RecordedAws) -> ResourceRef:
    ec2 = client(aws)
    made = ec2.create_network_acl(
        VpcId=vpc_of(aws, "10.0.0.0/16"), TagSpecifications=tagged("network-acl")
    )
    acl = made["NetworkAcl"]["NetworkAclId"]
    entry = partial(ec2.create_network_acl_entry, NetworkAclId=acl, Egress=False)
    entry(RuleNumber=110, Protocol="-1", RuleAction="allow", Ipv6CidrBlock="::/0")
    entry(
        RuleNumber=100,
        Protocol="6",
        RuleAction="allow",
        CidrBlock="0.0.0.0/0",
        PortRange={"From": 22, "To": 22},
    )
    return ref("AWS::EC2::NetworkAcl", acl)


def route_table(aws: RecordedAws) -> ResourceRef:
    ec2 = client(aws)
    here, there = vpc_of(aws, "10.0.0.0/16"), vpc_of(aws, "10.1.0.0/16")
    asked = ec2.create_vpc_peering_connection(VpcId=here, PeerVpcId=there)
    peering = asked["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    hosts = ec2.create_managed_prefix_list(
        PrefixListName="hosts",
        AddressFamily="IPv4",
        MaxEntries=5,
        Entries=[{"Cidr": "10.1.9.1/32"}],
    )["PrefixList"]["PrefixListId"]
    made = ec2.create_route_table(VpcId=here, TagSpecifications=tagged("route-table"))
    table = made["RouteTable"]["RouteTableId"]
    lead = partial(ec2.create_route, RouteTableId=table, VpcPeeringConnectionId=peering)
    lead(DestinationCidrBlock="10.1.0.0/16")
    lead(DestinationPrefixListId=hosts)
    return ref("AWS::EC2::RouteTable", table)


def vpc(aws: RecordedAws) -> ResourceRef:
    aws.client("s3", region=REGION).create_bucket(
        Bucket="vigil-sample-flows", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    made = vpc_of(aws, "10.0.0.0/16")
    client(aws).create_flow_logs(
        ResourceIds=[made],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::vigil-sample-flows",
    )
    client(aws).create_vpc_endpoint(
        VpcId=made, ServiceName=f"com.amazonaws.{REGION}.ec2", VpcEndpointType="Interface"
    )
    return ref("AWS::EC2::VPC", made)


def image(aws: RecordedAws) -> ResourceRef:
    ec2 = client(aws)
    made = ec2.create_image(InstanceId=started(aws), Name="web-2026-01")["ImageId"]
    ec2.modify_image_attribute(ImageId=made, LaunchPermission={"Add": [{"Group": "all"}]})
    return ref("Observed::EC2::Image", made)


def snapshot(aws: RecordedAws) -> ResourceRef:
    ec2 = client(aws)
    aws.answer(
        "ec2:GetSnapshotBlockPublicAccessState",
        {"State": "block-new-sharing", "ManagedBy": "account"},
        region=REGION,
    )
    volume = ec2.create_volume(Size=1, AvailabilityZone=f"{REGION}a")["VolumeId"]
    made = ec2.create_snapshot(VolumeId=volume, TagSpecifications=tagged("snapshot"))["SnapshotId"]
    ec2.modify_snapshot_attribute(
        SnapshotId=made,
        Attribute="createVolumePermission",
        OperationType="add",
        GroupNames=["all"],
    )
    return ref("Observed::EC2::Snapshot", made)


CREATORS: dict[str, Callable[[RecordedAws], ResourceRef]] = {
    "AWS::EC2::Instance": instance,
    "AWS::EC2::NetworkAcl": network_acl,
    "AWS::EC2::RouteTable": route_table,
    "AWS::EC2::VPC": vpc,
    "Observed::EC2::Image": image,
    "Observed::EC2::Snapshot": snapshot,
}
