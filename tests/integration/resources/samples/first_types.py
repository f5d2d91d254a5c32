"""Samples of the types that the first rules needed."""

import json
from collections.abc import Callable

from chalicelib.model import ResourceRef
from tests.integration.resources.recorded_aws import ACCOUNT, RecordedAws

REGION = "eu-west-1"


def bucket(aws: RecordedAws) -> ResourceRef:
    s3 = aws.client("s3", region=REGION)
    s3.create_bucket(
        Bucket="vigil-sample", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::vigil-sample/*",
    }
    policy = {"Version": "2012-10-17", "Statement": statement}
    s3.put_bucket_policy(Bucket="vigil-sample", Policy=json.dumps(policy))
    s3.put_bucket_tagging(
        Bucket="vigil-sample", Tagging={"TagSet": [{"Key": "owner", "Value": "shop"}]}
    )
    return ResourceRef(account_id=ACCOUNT, region=REGION, type="AWS::S3::Bucket", id="vigil-sample")


def account(aws: RecordedAws) -> ResourceRef:
    aws.client("s3", region="us-east-1").create_bucket(Bucket="vigil-sample-logs")
    cloudtrail = aws.client("cloudtrail", region="us-east-1")
    cloudtrail.create_trail(
        Name="sample", S3BucketName="vigil-sample-logs", IsMultiRegionTrail=True
    )
    cloudtrail.start_logging(Name="sample")
    return ResourceRef(
        account_id=ACCOUNT, region="global", type="Observed::Account::Global", id=ACCOUNT
    )


def trail(aws: RecordedAws) -> ResourceRef:
    aws.client("s3", region="us-east-1").create_bucket(Bucket="vigil-sample-logs")
    cloudtrail = aws.client("cloudtrail", region=REGION)
    cloudtrail.create_trail(
        Name="sample",
        S3BucketName="vigil-sample-logs",
        TagsList=[{"Key": "owner", "Value": "platform"}],
    )
    return ResourceRef(
        account_id=ACCOUNT, region=REGION, type="AWS::CloudTrail::Trail", id="sample"
    )


def role(aws: RecordedAws) -> ResourceRef:
    iam = aws.client("iam", region="us-east-1")
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    }
    grant = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": grant})
    iam.create_role(
        RoleName="sample",
        Path="/apps/",
        AssumeRolePolicyDocument=json.dumps(trust),
        Tags=[{"Key": "owner", "Value": "shop"}],
    )
    iam.put_role_policy(RoleName="sample", PolicyName="inline", PolicyDocument=policy)
    arn = iam.create_policy(PolicyName="sample", PolicyDocument=policy)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="sample", PolicyArn=arn)
    iam.put_role_permissions_boundary(RoleName="sample", PermissionsBoundary=arn)
    return ResourceRef(account_id=ACCOUNT, region="global", type="AWS::IAM::Role", id="sample")


def security_group(aws: RecordedAws) -> ResourceRef:
    ec2 = aws.client("ec2", region=REGION)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(
        GroupName="web",
        Description="web",
        VpcId=vpc,
        TagSpecifications=[
            {"ResourceType": "security-group", "Tags": [{"Key": "owner", "Value": "shop"}]}
        ],
    )["GroupId"]
    offices = ec2.create_managed_prefix_list(
        PrefixListName="offices",
        AddressFamily="IPv4",
        MaxEntries=5,
        Entries=[{"Cidr": "203.0.113.0/24"}, {"Cidr": "198.51.100.0/24"}],
    )["PrefixList"]["PrefixListId"]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{**ssh, "PrefixListIds": [{"PrefixListId": offices}]}]
    )
    ec2.create_network_interface(SubnetId=subnet, Groups=[group])
    return ResourceRef(account_id=ACCOUNT, region=REGION, type="AWS::EC2::SecurityGroup", id=group)


CREATORS: dict[str, Callable[[RecordedAws], ResourceRef]] = {
    "AWS::S3::Bucket": bucket,
    "Observed::Account::Global": account,
    "AWS::CloudTrail::Trail": trail,
    "AWS::IAM::Role": role,
    "AWS::EC2::SecurityGroup": security_group,
}
