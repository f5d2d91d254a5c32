"""Roles by trust policy, inline policy, and how long ago they were used."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.prowler.account.seeding import ACCOUNT, ORGANIZATION, STRANGER, Seeding, document

Said = Mapping[str, Any]

_GITHUB_HOST = "token.actions.githubusercontent.com"
_GITHUB = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{_GITHUB_HOST}"}
_AUDIENCE = {f"{_GITHUB_HOST}:aud": "sts.amazonaws.com"}
_SUBJECT = f"{_GITHUB_HOST}:sub"


def _trust(principal: Any, **condition: Any) -> Said:
    said = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {**said, "Condition": condition} if condition else said


def _github(**condition: Any) -> Said:
    said = {"Effect": "Allow", "Principal": _GITHUB, "Action": "sts:AssumeRoleWithWebIdentity"}
    return {**said, "Condition": condition}


_EC2 = _trust({"Service": "ec2.amazonaws.com"})

TRUSTS: Mapping[str, Said] = {
    "public": _trust("*"),
    "public-aws-star": _trust({"AWS": "*"}),
    "public-list": _trust({"AWS": [f"arn:aws:iam::{ACCOUNT}:root", "*"]}),
    "public-external-id": _trust("*", StringEquals={"sts:ExternalId": "s3cret"}),
    "public-in-org": _trust("*", StringEquals={"aws:PrincipalOrgID": ORGANIZATION}),
    "public-org-if-exists": _trust("*", StringEqualsIfExists={"aws:PrincipalOrgID": ORGANIZATION}),
    "public-role-of-a-name": _trust(
        "*", ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:role/deployer"}
    ),
    "ours": _trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
    "stranger": _trust({"AWS": f"arn:aws:iam::{STRANGER}:root"}),
    "not-principal": {
        "Effect": "Allow",
        "NotPrincipal": {"AWS": STRANGER},
        "Action": "sts:AssumeRole",
    },
    "denied-only": {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"},
    "tag-session-only": {"Effect": "Allow", "Principal": "*", "Action": "sts:TagSession"},
    "github-any": _github(StringEquals=_AUDIENCE),
    "github-any-sub": _github(StringEquals=_AUDIENCE, StringLike={_SUBJECT: "repo:*"}),
    "github-org-no-slash": _github(StringEquals=_AUDIENCE, StringLike={_SUBJECT: "repo:org*"}),
    "github-org": _github(StringEquals=_AUDIENCE, StringLike={_SUBJECT: "repo:org/*"}),
    "github-repo": _github(StringEquals=_AUDIENCE, StringLike={_SUBJECT: "repo:org/app:*"}),
}
INLINE: Mapping[str, Said] = {
    "inline-admin": {"Effect": "Allow", "Action": "*", "Resource": "*"},
    "inline-admin-colon": {"Effect": "Allow", "Action": "*:*", "Resource": "*"},
    "inline-admin-not-iam": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
    "inline-reads": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
    "inline-escalates": {
        "Effect": "Allow",
        "Action": ["iam:PassRole", "ec2:RunInstances"],
        "Resource": "*",
    },
    "inline-bucket-admin": {
        "Effect": "Allow",
        "Action": "*",
        "Resource": "arn:aws:s3:::photos/*",
    },
}
#: Days since it was made, days since it was used (None: never).
AGES: Mapping[str, tuple[int, int | None]] = {
    "used-yesterday": (500, 1),
    "used-long-ago": (500, 91),
    "never-used": (500, None),
    "new": (5, None),
}
ATTACHED: Mapping[str, Sequence[str]] = {
    "aws-admin": ("arn:aws:iam::aws:policy/AdministratorAccess",),
    "support": ("arn:aws:iam::aws:policy/AWSSupportAccess",),
    "cloudshell": ("arn:aws:iam::aws:policy/AWSCloudShellFullAccess",),
}


def seed(aws: Seeding) -> None:
    """Make them."""
    iam = aws.client("iam")
    iam.create_open_id_connect_provider(
        Url=f"https://{_GITHUB_HOST}", ThumbprintList=["0" * 40], ClientIDList=["sts.amazonaws.com"]
    )
    for name, trust in TRUSTS.items():
        _role(aws, iam, name, document(trust))
    for name, grant in INLINE.items():
        _role(aws, iam, name, document(_EC2))
        iam.put_role_policy(
            RoleName=f"role-{name}", PolicyName="inline", PolicyDocument=document(grant)
        )
    for name in AGES:
        _role(aws, iam, name, document(_EC2))
    for name, policies in ATTACHED.items():
        _role(aws, iam, name, document(_EC2))
        for arn in policies:
            iam.attach_role_policy(RoleName=f"role-{name}", PolicyArn=arn)
    iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")


def _role(aws: Seeding, iam: Any, name: str, trust: str) -> None:
    iam.create_role(RoleName=f"role-{name}", AssumeRolePolicyDocument=trust)
    aws.made += 1
