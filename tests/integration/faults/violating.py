"""The samples again, each with something in it that rules object to.

A fault that turned a verdict would not be seen on resources that are all in order.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chalicelib.model import ResourceRef
from tests.integration.resources.samples import first_types as samples

WORLD = [{"CidrIp": "0.0.0.0/0"}]


def bucket(aws: Any) -> ResourceRef:
    ref = samples.bucket(aws)
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{ref.id}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": statement}
    aws.client("s3", region=ref.region).put_bucket_policy(Bucket=ref.id, Policy=json.dumps(policy))
    return ref


def trail(aws: Any) -> ResourceRef:
    ref = samples.trail(aws)
    aws.client("cloudtrail", region=ref.region).start_logging(Name=ref.id)
    return ref


def role(aws: Any) -> ResourceRef:
    ref = samples.role(aws)
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    aws.client("iam", region="global").update_assume_role_policy(
        RoleName=ref.id,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": anybody}),
    )
    return ref


def security_group(aws: Any) -> ResourceRef:
    ref = replace(samples.security_group(aws))
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": WORLD}
    aws.client("ec2", region=ref.region).authorize_security_group_ingress(
        GroupId=ref.id, IpPermissions=[ssh]
    )
    return ref


CREATORS: dict[str, Callable[[Any], ResourceRef]] = {
    "AWS::S3::Bucket": bucket,
    "AWS::CloudTrail::Trail": trail,
    "AWS::IAM::Role": role,
    "AWS::EC2::SecurityGroup": security_group,
}
