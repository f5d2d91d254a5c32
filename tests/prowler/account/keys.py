"""KMS keys by policy, rotation and state; secrets and image repositories by policy."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.prowler.account.conditions import CLOSING, OPEN
from tests.prowler.account.seeding import ACCOUNT, STRANGER, Seeding, Statement, allow, document

_OWNER: Statement = allow({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "kms:*")
_VIA = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
_VIA_OURS = {
    "StringEquals": {
        "kms:ViaService": "s3.us-east-1.amazonaws.com",
        "kms:CallerAccount": ACCOUNT,
    }
}

POLICIES: Mapping[str, Sequence[Statement]] = {
    "public": (_OWNER, allow("*", "kms:Decrypt")),
    "public-aws-star": (_OWNER, allow({"AWS": "*"}, "kms:*")),
    "via-service-of-ours": (_OWNER, allow({"AWS": "*"}, "kms:*", Condition=_VIA_OURS)),
    "via-service-only": (_OWNER, allow({"AWS": "*"}, "kms:*", Condition=_VIA)),
    "grants-for-aws-only": (
        _OWNER,
        allow("*", "kms:CreateGrant", Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}}),
    ),
    "stranger": (_OWNER, allow({"AWS": f"arn:aws:iam::{STRANGER}:root"}, "kms:Decrypt")),
    "closed-org-id": (_OWNER, allow("*", "kms:Decrypt", Condition=CLOSING["org-id"])),
    "open-org-if-exists": (
        _OWNER,
        allow("*", "kms:Decrypt", Condition=OPEN["org-if-exists"]),
    ),
}

#: Key → how it is made, and what is done to it afterwards.
KEYS: Mapping[str, tuple[Mapping[str, Any], Sequence[str]]] = {
    **{f"key-good-{number:02}": ({}, ("rotate",)) for number in range(1, 5)},
    "key-not-rotated": ({}, ()),
    "key-asymmetric": ({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}, ()),
    "key-hmac": ({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}, ()),
    "key-imported": ({"Origin": "EXTERNAL"}, ()),
    "key-disabled": ({}, ("disable",)),
    "key-being-deleted": ({}, ("delete",)),
    "key-of-two-regions": ({"MultiRegion": True}, ("rotate",)),
}

SECRETS: Mapping[str, Sequence[Statement]] = {
    "no-policy": (),
    "public": (allow("*", "secretsmanager:GetSecretValue"),),
    "public-star-action": (allow("*", "secretsmanager:*"),),
    "ours": (allow({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "secretsmanager:GetSecretValue"),),
    "stranger": (allow({"AWS": f"arn:aws:iam::{STRANGER}:root"}, "secretsmanager:GetSecretValue"),),
    "denied-only": (
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "secretsmanager:DeleteSecret",
            "Resource": "*",
        },
    ),
    **{
        f"closed-{name}": (allow("*", "secretsmanager:GetSecretValue", Condition=CLOSING[name]),)
        for name in ("org-id", "org-path", "principal-account", "source-vpce")
    },
    **{
        f"open-{name}": (allow("*", "secretsmanager:GetSecretValue", Condition=OPEN[name]),)
        for name in ("tls-only", "org-if-exists", "both-halves", "or-any-org")
    },
}
REPOSITORIES: Mapping[str, Sequence[Statement]] = {
    "no-policy": (),
    "public": (allow("*", "ecr:BatchGetImage"),),
    "ours": (allow({"AWS": ACCOUNT}, "ecr:BatchGetImage"),),
    "lambda-of-ours": (
        allow(
            {"Service": "lambda.amazonaws.com"},
            "ecr:BatchGetImage",
            Condition={
                "StringLike": {"aws:sourceArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:*"}
            },
        ),
    ),
    **{
        f"closed-{name}": (allow("*", "ecr:BatchGetImage", Condition=CLOSING[name]),)
        for name in ("org-id", "org-path", "source-vpce")
    },
    **{
        f"open-{name}": (allow("*", "ecr:BatchGetImage", Condition=OPEN[name]),)
        for name in ("tls-only", "org-if-exists", "for-all-values")
    },
}


def seed(aws: Seeding) -> None:
    """Make them."""
    kms = aws.client("kms")
    for name, (how, then) in KEYS.items():
        _key(aws, kms, name, then, **how)
    for name, statements in POLICIES.items():
        _key(aws, kms, f"key-{name}", ("rotate",), Policy=document(*statements))
    _secrets(aws)
    _repositories(aws)


def _key(aws: Seeding, kms: Any, name: str, then: Sequence[str], **how: Any) -> None:
    key = aws.call(name, kms.create_key(Description=name, **how)["KeyMetadata"]["KeyId"])
    if "rotate" in then:
        kms.enable_key_rotation(KeyId=key)
    if "disable" in then:
        kms.disable_key(KeyId=key)
    if "delete" in then:
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)


def _secrets(aws: Seeding) -> None:
    manager = aws.client("secretsmanager")
    for name, statements in SECRETS.items():
        arn = manager.create_secret(Name=f"secret-{name}", SecretString="x")["ARN"]
        aws.call(f"secret-{name}", arn)
        if statements:
            manager.put_resource_policy(SecretId=arn, ResourcePolicy=document(*statements))


def _repositories(aws: Seeding) -> None:
    ecr = aws.client("ecr")
    for name, statements in REPOSITORIES.items():
        ecr.create_repository(repositoryName=f"images-{name}")
        # A repository's policy names no resource.
        said = [{k: v for k, v in one.items() if k != "Resource"} for one in statements]
        if said:
            ecr.set_repository_policy(repositoryName=f"images-{name}", policyText=document(*said))
        aws.made += 1
