"""Samples of the types that the first rules needed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from chalicelib.model import ResourceRef
from tests.integration.resources.recorded_aws import ACCOUNT, RecordedAws
from tests.integration.resources.samples.alarms import add_alarms

REGION = "eu-west-1"

#: A credential report, as far as it is about root.
REPORT = (
    b"user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
    b"access_key_1_last_used_date,access_key_2_last_used_date\n"
    b"<root_account>,arn:aws:iam::123456789012:root,2020-01-01T00:00:00+00:00,not_supported,"
    b"2025-06-01T10:00:00+00:00,not_supported,N/A,N/A\n"
)


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
    s3.put_bucket_versioning(Bucket="vigil-sample", VersioningConfiguration={"Status": "Enabled"})
    return ResourceRef(account_id=ACCOUNT, region=REGION, type="AWS::S3::Bucket", id="vigil-sample")


def account(aws: RecordedAws) -> ResourceRef:
    """Make a management account with something in every part of it.

    moto knows nothing of organisations' features, contact details and AWS's own policies, leaves
    root out of its credential report, and whether root has a password out of its summary.
    """
    _trail_of_every_region(aws)
    _root(aws)
    _organization(aws)
    _people(aws)
    add_alarms(aws)
    return ResourceRef(
        account_id=ACCOUNT, region="global", type="Observed::Account::Global", id=ACCOUNT
    )


def _trail_of_every_region(aws: RecordedAws) -> None:
    aws.client("s3", region="us-east-1").create_bucket(Bucket="vigil-sample-logs")
    cloudtrail = aws.client("cloudtrail", region="us-east-1")
    cloudtrail.create_trail(
        Name="sample", S3BucketName="vigil-sample-logs", IsMultiRegionTrail=True
    )
    cloudtrail.start_logging(Name="sample")


def _root(aws: RecordedAws) -> None:
    summary = {
        "AccountAccessKeysPresent": 0,
        "AccountMFAEnabled": 1,
        "AccountPasswordPresent": 1,
        "Users": 1,
    }
    aws.answer("iam:GetAccountSummary", {"SummaryMap": summary})
    device = {
        "SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/root-account-mfa-device",
        "EnableDate": datetime(2025, 1, 1, tzinfo=UTC),
    }
    aws.answer("iam:ListVirtualMFADevices", {"VirtualMFADevices": [device], "IsTruncated": False})
    aws.answer("iam:GenerateCredentialReport", {"State": "COMPLETE"})
    aws.answer("iam:GetCredentialReport", {"Content": REPORT, "ReportFormat": "text/csv"})


def _organization(aws: RecordedAws) -> None:
    organizations = aws.client("organizations", region="us-east-1")
    organizations.create_organization(FeatureSet="ALL")
    member = organizations.create_account(Email="audit@example.com", AccountName="audit")
    account_id = member["CreateAccountStatus"]["AccountId"]
    organizations.register_delegated_administrator(
        AccountId=account_id, ServicePrincipal="ssm.amazonaws.com"
    )
    features = {"OrganizationId": "o-example1234", "EnabledFeatures": ["RootSessions"]}
    aws.answer("iam:ListOrganizationsFeatures", features)


def _people(aws: RecordedAws) -> None:
    contact = {"FullName": "Example Corp", "AddressLine1": "1 Any Street", "City": "Any Town"}
    more = {"PostalCode": "12345", "CountryCode": "DE", "PhoneNumber": "+49 30 1"}
    aws.answer("account:GetContactInformation", {"ContactInformation": {**contact, **more}})
    aws.client("account", region="us-east-1").put_alternate_contact(
        AlternateContactType="SECURITY",
        Name="Security",
        Title="Team",
        EmailAddress="security@example.com",
        PhoneNumber="+49 30 2",
    )
    iam = aws.client("iam", region="us-east-1")
    iam.update_account_password_policy(MinimumPasswordLength=14, PasswordReusePrevention=24)
    holders = {"PolicyGroups": [{"GroupName": "support", "GroupId": "AGPA0123456789ABCDEF"}]}
    nobody = {"PolicyUsers": [], "PolicyRoles": [], "IsTruncated": False}
    aws.answer("iam:ListEntitiesForPolicy", {**holders, **nobody})
    iam.create_saml_provider(Name="corporate", SAMLMetadataDocument="x" * 1024)


def trail(aws: RecordedAws) -> ResourceRef:
    s3 = aws.client("s3", region="us-east-1")
    s3.create_bucket(Bucket="vigil-sample-access")
    s3.create_bucket(Bucket="vigil-sample-logs")
    enabled = {"TargetBucket": "vigil-sample-access", "TargetPrefix": "logs/"}
    _let_s3_deliver(s3, "vigil-sample-access")
    s3.put_bucket_logging(
        Bucket="vigil-sample-logs", BucketLoggingStatus={"LoggingEnabled": enabled}
    )
    cloudtrail = aws.client("cloudtrail", region=REGION)
    cloudtrail.create_trail(
        Name="sample",
        S3BucketName="vigil-sample-logs",
        TagsList=[{"Key": "owner", "Value": "platform"}],
    )
    return ResourceRef(
        account_id=ACCOUNT, region=REGION, type="AWS::CloudTrail::Trail", id="sample"
    )


def _let_s3_deliver(s3: Any, bucket: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


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
