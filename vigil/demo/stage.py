"""The account in which the demo plays: who acts, and what stood there before Vigil came."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.iam.models import iam_backends

from vigil.local._principals import client_as, user_environment
from vigil.local._slack_html import Shown
from vigil.local.environment import LocalVigil
from vigil.local.moto_server import EmbeddedAws

BUCKET = "demo-reports"
SECOND_BUCKET = "demo-invoices"
TRAIL = "demo-trail"
TRAIL_BUCKET = "demo-trail-logs"
#: Two, so that among the rules of its severity theirs comes first.
IDLE_ROLES = ("demo-old-etl", "demo-old-export")
DEPLOY_ROLE = "demo-deployer"
IDLE_DAYS = 120
BLOCK = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


@dataclass(slots=True)
class Stage:
    """Everything a scene may use.

    Attributes:
        admin: The environment of the demo's administrator.
        group: Id of the security group that the web server's interface is in.
        session: Name under which the deploy role is assumed.
    """

    aws: EmbeddedAws
    admin: Mapping[str, str]
    vigil: LocalVigil | None = None
    group: str = ""
    session: str = "release-42"

    def client(self, service: str, environment: Mapping[str, str] | None = None) -> Any:
        """Return a client that acts as the administrator, or as somebody else."""
        return client_as(environment or self.admin, service)

    def as_deployer(self, service: str) -> Any:
        """Return a client that acts through the deploy role."""
        role = f"arn:aws:iam::{self.aws.account_id}:role/{DEPLOY_ROLE}"
        keys = self.client("sts").assume_role(RoleArn=role, RoleSessionName=self.session)
        credentials = keys["Credentials"]
        deployer = {
            **self.admin,
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
        }
        return client_as(deployer, service)

    def messages(self) -> Sequence[Shown]:
        """Return what stands in Slack."""
        return self.vigil.slack.messages if self.vigil else ()

    def auditor_key(self) -> str:
        """Return the access key that Vigil's own calls are signed with."""
        return self.vigil.environment["AWS_ACCESS_KEY_ID"] if self.vigil else ""


def prepared(aws: EmbeddedAws) -> Stage:
    """Create the account's resources as they stood before Vigil was deployed."""
    stage = Stage(aws=aws, admin=user_environment(aws.url, "demo-admin"))
    _create_buckets(stage)
    _create_trail(stage)
    _create_roles(stage)
    stage.group = _create_group(stage)
    return stage


def policy_open_to_all(bucket: str) -> str:
    """Return a bucket policy that lets anyone read, over TLS."""
    return _policy(
        _tls_only(bucket),
        {
            "Sid": "Website",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
        },
    )


def ssh_from(cidr: str) -> list[dict[str, Any]]:
    """Return EC2's permissions for SSH from a range."""
    return [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": cidr}]}]


def _create_buckets(stage: Stage) -> None:
    s3 = stage.client("s3")
    for name in (BUCKET, SECOND_BUCKET, TRAIL_BUCKET):
        s3.create_bucket(Bucket=name)
        # moto's new buckets lack the block that AWS switches on for them since April 2023.
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=BLOCK)
        s3.put_bucket_policy(Bucket=name, Policy=_policy(_tls_only(name)))


def _tls_only(bucket: str) -> dict[str, Any]:
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _create_trail(stage: Stage) -> None:
    trails = stage.client("cloudtrail")
    trails.create_trail(
        Name=TRAIL,
        S3BucketName=TRAIL_BUCKET,
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
    )
    trails.start_logging(Name=TRAIL)


def _create_roles(stage: Stage) -> None:
    iam, account = stage.client("iam"), stage.aws.account_id
    trust = _policy(
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": "sts:AssumeRole",
        }
    )
    for name in (*IDLE_ROLES, DEPLOY_ROLE):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    # The one thing no API can do: let a role be old.
    created = datetime.now(UTC) - timedelta(days=IDLE_DAYS)
    for name in IDLE_ROLES:
        iam_backends[account]["aws"].get_role(name).create_date = created


def _create_group(stage: Stage) -> str:
    ec2 = stage.client("ec2")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]
    subnet = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])
    group = ec2.create_security_group(
        GroupName="demo-web", Description="the web server", VpcId=vpc["VpcId"]
    )["GroupId"]
    ec2.create_network_interface(SubnetId=subnet["Subnets"][0]["SubnetId"], Groups=[group])
    return str(group)


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll until a condition holds; False where it did not in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()
