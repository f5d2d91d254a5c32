"""Buckets: by policy, ACL, block, ownership; and access points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.prowler.account.conditions import CLOSING, OPEN
from tests.prowler.account.seeding import (
    ACCOUNT,
    STRANGER,
    Seeding,
    Statement,
    allow,
    deny,
    document,
    filled,
)

FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
ANY_ACCOUNT = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
BOTH = ["{arn}", "{arn}/*"]
READS = "s3:GetObject"
_OWNER = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket.

    Attributes:
        policy: Statements; ``{arn}`` is the bucket's.
        grants: Grantee's group and permission.
        block: The flags that are on; None: no configuration at all.
    """

    policy: Sequence[Statement] = ()
    grants: Sequence[tuple[str, str]] = ()
    block: Sequence[str] | None = None
    ownership: str | None = None
    versioned: bool = False


def _reading(**more: Any) -> Statement:
    return allow("*", READS, "{arn}/*", **more)


PLAIN = _reading()
ENCRYPTED = {"Bool": {"aws:SecureTransport": "false"}}
TLS = deny("s3:*", BOTH, **ENCRYPTED)
GOOD = Bucket(policy=(TLS,), block=FLAGS)

BY_POLICY: Mapping[str, Sequence[Statement]] = {
    "read-for-all": (PLAIN,),
    "read-for-all-in-a-list": (allow([f"arn:aws:iam::{ACCOUNT}:root", "*"], READS, "{arn}/*"),),
    "read-aws-star": (allow({"AWS": "*"}, READS, "{arn}/*"),),
    "read-upper-case": (allow("*", "S3:GETOBJECT", "{arn}/*"),),
    "read-wildcard": (allow("*", "s3:get*", "{arn}/*"),),
    "read-question-mark": (allow("*", "s3:G?tObject", "{arn}/*"),),
    "write-for-all": (allow("*", "s3:PutObject", "{arn}/*"),),
    "write-wildcard": (allow("*", "s3:Put*", "{arn}/*"),),
    "delete-for-all": (allow("*", "s3:DeleteObject", "{arn}/*"),),
    "everything-for-all": (allow("*", "s3:*", BOTH),),
    "not-action-for-all": (
        {"Effect": "Allow", "Principal": "*", "NotAction": "s3:DeleteBucket", "Resource": BOTH},
    ),
    "not-principal": (
        {
            "Effect": "Allow",
            "NotPrincipal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/eve"},
            "Action": READS,
            "Resource": "{arn}/*",
        },
    ),
    "get-on-bucket-arn-only": (allow("*", READS, "{arn}"),),
    "list-on-objects-only": (allow("*", "s3:ListBucket", "{arn}/*"),),
    "denied-outright": (PLAIN, deny("s3:*", BOTH)),
    "denied-outside-org": (
        PLAIN,
        deny("s3:*", BOTH, StringNotEquals={"aws:PrincipalOrgID": "o-exampleorgid"}),
    ),
    "denied-delete-only": (PLAIN, deny("s3:DeleteObject", "{arn}/*")),
    "own-account-number": (allow({"AWS": ACCOUNT}, "s3:*", BOTH),),
    "gone-principal": (allow({"AWS": "AROA0123456789EXAMPLE"}, READS, "{arn}/*"),),
    "stranger-reads": (allow({"AWS": f"arn:aws:iam::{STRANGER}:root"}, READS, "{arn}/*"),),
    "stranger-deletes": (
        allow({"AWS": f"arn:aws:iam::{STRANGER}:root"}, "s3:DeleteObject", "{arn}/*"),
    ),
    "stranger-sets-policy": (
        allow({"AWS": f"arn:aws:iam::{STRANGER}:root"}, "s3:PutBucketPolicy", "{arn}"),
    ),
    "stranger-sets-policy-by-star": (
        allow({"AWS": f"arn:aws:iam::{STRANGER}:root"}, "s3:*Policy", "{arn}"),
    ),
    "cloudfront-serves": (
        allow(
            {"Service": "cloudfront.amazonaws.com"},
            READS,
            "{arn}/*",
            Condition={
                "StringEquals": {"AWS:SourceArn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"}
            },
        ),
    ),
    "tls-on-both": (TLS,),
    "tls-objects-only": (deny("s3:*", "{arn}/*", **ENCRYPTED),),
    "tls-get-only": (deny(READS, BOTH, **ENCRYPTED),),
    "tls-boolean": (deny("s3:*", BOTH, Bool={"aws:SecureTransport": False}),),
    "tls-capital-false": (deny("s3:*", BOTH, Bool={"aws:SecureTransport": "False"}),),
    "tls-in-a-list": (deny("s3:*", BOTH, Bool={"aws:SecureTransport": ["false"]}),),
    "tls-bool-if-exists": (deny("s3:*", BOTH, BoolIfExists={"aws:SecureTransport": "false"}),),
    "tls-aws-star": ({**TLS, "Principal": {"AWS": "*"}},),
    "tls-one-account": ({**TLS, "Principal": {"AWS": ACCOUNT}},),
    "tls-allow-form": (
        allow({"AWS": ACCOUNT}, "s3:*", BOTH, Condition={"Bool": {"aws:SecureTransport": "true"}}),
    ),
    "tls-version-only": (deny("s3:*", BOTH, NumericLessThan={"s3:TlsVersion": "1.2"}),),
    "tls-all-resources": (deny("*", "*", **ENCRYPTED),),
    "tls-with-second-condition": (
        deny("s3:*", BOTH, **ENCRYPTED, StringEquals={"aws:PrincipalAccount": STRANGER}),
    ),
}

BY_ACL: Mapping[str, Bucket] = {
    "acl-read": Bucket(grants=((ALL_USERS, "READ"),)),
    "acl-write": Bucket(grants=((ALL_USERS, "WRITE"),)),
    "acl-write-acp": Bucket(grants=((ALL_USERS, "WRITE_ACP"),)),
    "acl-full-control": Bucket(grants=((ALL_USERS, "FULL_CONTROL"),)),
    "acl-any-account": Bucket(grants=((ANY_ACCOUNT, "READ"),)),
    "acl-log-delivery": Bucket(grants=((LOG_DELIVERY, "WRITE"),)),
    "acl-read-ignored": Bucket(grants=((ALL_USERS, "READ"),), block=("IgnorePublicAcls",)),
    "acl-read-late-block": Bucket(grants=((ALL_USERS, "READ"),), block=("BlockPublicAcls",)),
    "acl-write-ignored": Bucket(grants=((ALL_USERS, "WRITE"),), block=FLAGS),
    "acl-read-owner-enforced": Bucket(
        grants=((ALL_USERS, "READ"),), ownership="BucketOwnerEnforced"
    ),
    "policy-read-restricted": Bucket(policy=(PLAIN,), block=("RestrictPublicBuckets",)),
    "policy-read-late-block": Bucket(policy=(PLAIN,), block=("BlockPublicPolicy",)),
    "policy-write-restricted": Bucket(policy=BY_POLICY["write-for-all"], block=FLAGS),
    "versioned": Bucket(policy=(TLS,), block=FLAGS, versioned=True),
    "block-three-of-four": Bucket(policy=(TLS,), block=FLAGS[:3]),
}

TABLE: Mapping[str, Bucket] = {
    **{name: Bucket(policy=policy) for name, policy in BY_POLICY.items()},
    **{f"closed-{name}": Bucket(policy=(_reading(Condition=c),)) for name, c in CLOSING.items()},
    **{f"open-{name}": Bucket(policy=(_reading(Condition=c),)) for name, c in OPEN.items()},
    **BY_ACL,
    **{f"good-{number:02}": GOOD for number in range(1, 13)},
    **{f"bare-{number:02}": Bucket() for number in range(1, 5)},
}

#: Access point → its flags, None for the default: all on.
ACCESS_POINTS: Mapping[str, Sequence[str]] = {
    "point-good": FLAGS,
    "point-three-of-four": FLAGS[:3],
    "point-open": (),
}


def seed(aws: Seeding) -> None:
    """Make them."""
    for name, bucket in TABLE.items():
        make(aws, f"the-{name}", bucket)
    control = aws.client("s3control")
    for name, flags in ACCESS_POINTS.items():
        control.create_access_point(
            AccountId=ACCOUNT,
            Name=name,
            Bucket="the-good-01",
            PublicAccessBlockConfiguration=_flags(flags),
        )
        aws.made += 1


def make(aws: Seeding, name: str, bucket: Bucket) -> None:
    """Make one."""
    s3 = aws.client("s3")
    ownership = {"ObjectOwnership": bucket.ownership} if bucket.ownership else {}
    s3.create_bucket(Bucket=name, **ownership)
    aws.made += 1
    if bucket.grants:
        s3.put_bucket_acl(Bucket=name, AccessControlPolicy=_acl(bucket.grants))
    if bucket.policy:
        statements = filled(bucket.policy, {"arn": f"arn:aws:s3:::{name}"})
        s3.put_bucket_policy(Bucket=name, Policy=document(*statements))
    if bucket.versioned:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    if bucket.block is not None:
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=_flags(bucket.block))


def _acl(grants: Sequence[tuple[str, str]]) -> dict[str, Any]:
    owner = {"ID": _OWNER}
    to_owner = {"Grantee": {**owner, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}
    others = (
        {"Grantee": {"URI": group, "Type": "Group"}, "Permission": permission}
        for group, permission in grants
    )
    return {"Owner": owner, "Grants": [to_owner, *others]}


def _flags(on: Sequence[str]) -> dict[str, bool]:
    return {flag: flag in on for flag in FLAGS}
