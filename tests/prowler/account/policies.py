"""Managed policies: every spelling of "everything", and ways to more than one was given."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.prowler.account.seeding import ACCOUNT, Seeding, document

Said = Mapping[str, Any]


def _may(action: Any, resource: Any = "*", **more: Any) -> Said:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


_ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
_MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}

#: Attached to a role, all but those of `UNATTACHED` and the boundary.
POLICIES: Mapping[str, Sequence[Said]] = {
    "admin": (_may("*"),),
    "admin-lists": (_may(["*"], ["*"]),),
    "admin-star-colon-star": (_may("*:*"),),
    "admin-arn-star": (_may("*", "arn:aws:*"),),
    "admin-arn-stars": (_may("*", "arn:*:*:*:*:*"),),
    "admin-with-mfa": (_may("*", Condition=_MFA),),
    "admin-with-deny": (
        _may("*"),
        {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"},
    ),
    "admin-of-one-bucket": (_may("*", "arn:aws:s3:::photos/*"),),
    "admin-not-iam": ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},),
    "admin-not-resource": (
        {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::photos"},
    ),
    "admin-unattached": (_may("*"),),
    "admin-as-boundary": (_may("*"),),
    "iam-everything": (_may("iam:*"),),
    "iam-in-upper-case": (_may("IAM:CREATEPOLICYVERSION"),),
    "iam-put-star": (_may("iam:Put*"),),
    "iam-read": (_may(["iam:Get*", "iam:List*"]),),
    "set-default-version": (_may("iam:SetDefaultPolicyVersion"),),
    "create-access-key": (_may("iam:CreateAccessKey"),),
    "create-own-access-key": (
        _may("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"),
    ),
    "iam-on-oneself": (_may("iam:*", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"),),
    "create-login-profile": (_may("iam:CreateLoginProfile"),),
    "attach-role-policy": (_may("iam:AttachRolePolicy"),),
    "add-user-to-group": (_may("iam:AddUserToGroup"),),
    "update-trust": (_may(["iam:UpdateAssumeRolePolicy", "sts:AssumeRole"]),),
    "pass-role-ec2": (_may(["iam:PassRole", "ec2:RunInstances"]),),
    "pass-role-lambda": (_may(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"]),),
    "pass-one-role-ec2": (_may("iam:PassRole", _ROLE), _may("ec2:RunInstances")),
    "pass-role-to-ec2-only-lambda": (
        _may(
            "iam:PassRole",
            Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        ),
        _may(["lambda:CreateFunction", "lambda:InvokeFunction"]),
    ),
    "pass-role-denied": (
        _may(["iam:PassRole", "ec2:RunInstances"]),
        {"Effect": "Deny", "Action": "iam:PassRole", "Resource": "*"},
    ),
    "pass-role-alone": (_may("iam:PassRole"),),
    "update-function-code": (_may("lambda:UpdateFunctionCode"),),
    "send-command": (_may("ssm:SendCommand"),),
    "read-s3": (_may(["s3:GetObject", "s3:ListBucket"]),),
    "escalation-unattached": (_may("iam:CreatePolicyVersion"),),
    **{f"reads-{number:02}": (_may("dynamodb:GetItem"),) for number in range(1, 9)},
}
UNATTACHED = frozenset({"admin-unattached", "escalation-unattached"})
BOUNDARY = "admin-as-boundary"


def seed(aws: Seeding) -> None:
    """Make them, each attached policy on a role of its own."""
    iam = aws.client("iam")
    for name, statements in POLICIES.items():
        arn = _make(iam, f"policy-{name}", document(*statements))
        aws.made += 1
        if name == BOUNDARY:
            _holder(aws, name, PermissionsBoundary=arn)
        elif name not in UNATTACHED:
            _holder(aws, name)
            iam.attach_role_policy(RoleName=f"holder-{name}", PolicyArn=arn)
    _versions(aws)
    _split(aws)


def _make(iam: Any, name: str, policy: str) -> str:
    return str(iam.create_policy(PolicyName=name, PolicyDocument=policy)["Policy"]["Arn"])


def _holder(aws: Seeding, name: str, **more: str) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}
    aws.client("iam").create_role(
        RoleName=f"holder-{name}",
        AssumeRolePolicyDocument=document({**trust, "Action": "sts:AssumeRole"}),
        **more,
    )
    aws.made += 1


def _versions(aws: Seeding) -> None:
    """Leave an old version that allowed everything."""
    iam = aws.client("iam")
    arn = _make(iam, "policy-admin-in-old-version", document(_may("*")))
    iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=document(_may("s3:GetObject")), SetAsDefault=True
    )
    _holder(aws, "admin-in-old-version")
    iam.attach_role_policy(RoleName="holder-admin-in-old-version", PolicyArn=arn)


def _split(aws: Seeding) -> None:
    """Give one role both halves of an escalation in two policies."""
    iam = aws.client("iam")
    _holder(aws, "two-policies")
    for name, action in (("half-pass", "iam:PassRole"), ("half-run", "ec2:RunInstances")):
        arn = _make(iam, f"policy-{name}", document(_may(action)))
        iam.attach_role_policy(RoleName="holder-two-policies", PolicyArn=arn)
        aws.made += 1
