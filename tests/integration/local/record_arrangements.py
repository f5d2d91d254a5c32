"""What a checked call needs beforehand, and the form in which its record is expected."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.integration.local.conftest import ClientFactory

WORLD = "0.0.0.0/0"
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*"}]}
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
SSH = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": WORLD}]}]
SSH_RECORDED = {
    "items": [
        {
            "groups": {},
            "ipRanges": {"items": [{"cidrIp": WORLD}]},
            "ipv6Ranges": {},
            "prefixListIds": {},
            "ipProtocol": "tcp",
            "fromPort": 22,
            "toPort": 22,
        }
    ]
}
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


@dataclass(frozen=True, kw_only=True)
class Case:
    """`{}` in an expected string stands for what `arrange` returned."""

    service: str
    act: Callable[[Any, Any], Any]
    name: str
    source: str
    request: dict[str, Any] | None
    response: dict[str, Any] | None = None
    region: str = "eu-west-1"
    arrange: Callable[[ClientFactory], Any] = field(default=lambda _: None)


def bucket(client: ClientFactory) -> str:
    client("s3").create_bucket(
        Bucket="records", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return "records"


def group(client: ClientFactory) -> str:
    return client("ec2").create_security_group(GroupName="web", Description="d")["GroupId"]


def rule(client: ClientFactory) -> tuple[str, str]:
    group_id = group(client)
    made = client("ec2").authorize_security_group_ingress(GroupId=group_id, IpPermissions=SSH)
    return group_id, made["SecurityGroupRules"][0]["SecurityGroupRuleId"]


def snapshot(client: ClientFactory) -> str:
    volume = client("ec2").create_volume(AvailabilityZone="eu-west-1a", Size=1)["VolumeId"]
    return client("ec2").create_snapshot(VolumeId=volume)["SnapshotId"]


def vpc(client: ClientFactory) -> str:
    return client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]


def role(client: ClientFactory) -> str:
    return client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]


def trail(client: ClientFactory) -> str:
    bucket(client)
    return client("cloudtrail").create_trail(Name="main", S3BucketName="records")["TrailARN"]


def database(client: ClientFactory) -> str:
    client("rds").create_db_instance(
        DBInstanceIdentifier="db",
        DBInstanceClass="db.t3.micro",
        Engine="mysql",
        MasterUsername="admin",
        MasterUserPassword="hunter22",
        AllocatedStorage=20,
    )
    return "db"


def function(client: ClientFactory) -> str:
    client("lambda").create_function(
        FunctionName="f", Runtime="python3.11", Role=role(client), Handler="a.b", Code=ZIPPED
    )
    return "f"


ZIPPED = {"ZipFile": b"x"}
BLOCK = {"BlockPublicAcls": True, "RestrictPublicBuckets": False}
