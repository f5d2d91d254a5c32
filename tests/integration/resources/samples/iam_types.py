"""Samples of what lies below the account in IAM: one of each, with something in every facet."""

import json
from collections.abc import Callable

from chalicelib.model import ResourceRef
from tests.integration.resources.recorded_aws import ACCOUNT, RecordedAws

READ_REPORTS = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::reports/*",
        },
    }
)
_DETAILS = (
    "PolicyName",
    "PolicyId",
    "Arn",
    "Path",
    "DefaultVersionId",
    "AttachmentCount",
    "CreateDate",
    "UpdateDate",
)
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"


def ref(kind: str, name: str) -> ResourceRef:
    return ResourceRef(account_id=ACCOUNT, region="global", type=f"AWS::IAM::{kind}", id=name)


def user(aws: RecordedAws) -> ResourceRef:
    iam = aws.client("iam", region="us-east-1")
    iam.create_user(UserName="sample", Path="/team/", Tags=[{"Key": "owner", "Value": "shop"}])
    iam.create_login_profile(UserName="sample", Password="Correct-Horse-9")
    iam.create_access_key(UserName="sample")
    iam.create_group(GroupName="readers")
    iam.put_group_policy(GroupName="readers", PolicyName="read", PolicyDocument=READ_REPORTS)
    arn = _policy_arn(aws)
    iam.attach_group_policy(GroupName="readers", PolicyArn=arn)
    iam.add_user_to_group(GroupName="readers", UserName="sample")
    iam.put_user_policy(UserName="sample", PolicyName="inline", PolicyDocument=READ_REPORTS)
    iam.attach_user_policy(UserName="sample", PolicyArn=arn)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    iam.enable_mfa_device(
        UserName="sample",
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1="123456",
        AuthenticationCode2="234567",
    )
    return ref("User", "sample")


def group(aws: RecordedAws) -> ResourceRef:
    iam = aws.client("iam", region="us-east-1")
    iam.create_group(GroupName="sample", Path="/team/")
    iam.put_group_policy(GroupName="sample", PolicyName="inline", PolicyDocument=READ_REPORTS)
    iam.attach_group_policy(GroupName="sample", PolicyArn=_policy_arn(aws))
    return ref("Group", "sample")


def managed_policy(aws: RecordedAws) -> ResourceRef:
    """Answer the bulk call, too: moto's leaves out ids and names of policies."""
    arn = _policy_arn(aws)
    iam = aws.client("iam", region="us-east-1")
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    version = {"Document": READ_REPORTS, "VersionId": "v1", "IsDefaultVersion": True}
    detail = {**{name: policy[name] for name in _DETAILS}, "PolicyVersionList": [version]}
    aws.answer("iam:GetAccountAuthorizationDetails", {"Policies": [detail]})
    return ref("ManagedPolicy", arn)


def access_key(aws: RecordedAws) -> ResourceRef:
    iam = aws.client("iam", region="us-east-1")
    iam.create_user(UserName="sample")
    key = iam.create_access_key(UserName="sample")["AccessKey"]["AccessKeyId"]
    return ref("AccessKey", f"sample/{key}")


def server_certificate(aws: RecordedAws) -> ResourceRef:
    iam = aws.client("iam", region="us-east-1")
    iam.upload_server_certificate(
        ServerCertificateName="sample", CertificateBody=CERTIFICATE, PrivateKey="secret"
    )
    return ref("ServerCertificate", "sample")


def _policy_arn(aws: RecordedAws) -> str:
    iam = aws.client("iam", region="us-east-1")
    policy = iam.create_policy(PolicyName="sample", PolicyDocument=READ_REPORTS)["Policy"]
    arn: str = policy["Arn"]
    return arn


CREATORS: dict[str, Callable[[RecordedAws], ResourceRef]] = {
    "AWS::IAM::User": user,
    "AWS::IAM::Group": group,
    "AWS::IAM::ManagedPolicy": managed_policy,
    "AWS::IAM::AccessKey": access_key,
    "AWS::IAM::ServerCertificate": server_certificate,
}
