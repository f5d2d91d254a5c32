"""S3's calls and what CloudTrail says of each."""

import json

from tests.integration.local.record_arrangements import (
    ALL_USERS,
    BLOCK,
    POLICY,
    S3_NAMESPACE,
    Case,
    bucket,
)

S3_CASES = {
    "a bucket is created": Case(
        service="s3",
        act=lambda s3, _: s3.create_bucket(
            Bucket="records",
            CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
            ACL="private",
            ObjectOwnership="ObjectWriter",
        ),
        name="CreateBucket",
        source="s3",
        request={
            "bucketName": "records",
            "x-amz-acl": "private",
            "x-amz-object-ownership": "ObjectWriter",
            "CreateBucketConfiguration": {
                "xmlns": S3_NAMESPACE,
                "LocationConstraint": "eu-west-1",
            },
        },
    ),
    "a canned ACL": Case(
        service="s3",
        arrange=bucket,
        act=lambda s3, name: s3.put_bucket_acl(Bucket=name, ACL="public-read"),
        name="PutBucketAcl",
        source="s3",
        request={"bucketName": "records", "acl": "", "x-amz-acl": "public-read"},
    ),
    "an ACL with one grant, which is no list": Case(
        service="s3",
        arrange=bucket,
        act=lambda s3, name: s3.put_bucket_acl(
            Bucket=name,
            AccessControlPolicy={
                "Owner": {"ID": "o"},
                "Grants": [{"Grantee": {"Type": "Group", "URI": ALL_USERS}, "Permission": "READ"}],
            },
        ),
        name="PutBucketAcl",
        source="s3",
        request={
            "acl": "",
            "AccessControlPolicy": {
                "xmlns": S3_NAMESPACE,
                "Owner": {"ID": "o"},
                "AccessControlList": {
                    "Grant": {
                        "Grantee": {"xsi:type": "Group", "URI": ALL_USERS},
                        "Permission": "READ",
                    }
                },
            },
        },
    ),
    "an ACL by grant header": Case(
        service="s3",
        arrange=bucket,
        act=lambda s3, name: s3.put_bucket_acl(Bucket=name, GrantRead=f"uri={ALL_USERS}"),
        name="PutBucketAcl",
        source="s3",
        request={"acl": "", "AccessControlList": {"x_amz_grant_read": f"uri={ALL_USERS}"}},
    ),
    "a bucket policy, as an object": Case(
        service="s3",
        arrange=bucket,
        act=lambda s3, name: s3.put_bucket_policy(Bucket=name, Policy=json.dumps(POLICY)),
        name="PutBucketPolicy",
        source="s3",
        request={"bucketName": "records", "policy": "", "bucketPolicy": POLICY},
    ),
    "a bucket policy is deleted": Case(
        service="s3",
        arrange=bucket,
        act=lambda s3, name: s3.delete_bucket_policy(Bucket=name),
        name="DeleteBucketPolicy",
        source="s3",
        request={"bucketName": "records", "policy": ""},
    ),
    "a bucket's block under CloudTrail's name": Case(
        service="s3",
        arrange=bucket,
        act=lambda s3, name: s3.put_public_access_block(
            Bucket=name, PublicAccessBlockConfiguration=BLOCK
        ),
        name="PutBucketPublicAccessBlock",
        source="s3",
        request={
            "publicAccessBlock": "",
            "PublicAccessBlockConfiguration": {"xmlns": S3_NAMESPACE, **BLOCK},
        },
    ),
    "a bucket's block is deleted": Case(
        service="s3",
        arrange=bucket,
        act=lambda s3, name: s3.delete_public_access_block(Bucket=name),
        name="DeleteBucketPublicAccessBlock",
        source="s3",
        request={"bucketName": "records", "publicAccessBlock": ""},
    ),
    "the account's block names no account in its parameters": Case(
        service="s3control",
        act=lambda s3control, _: s3control.put_public_access_block(
            AccountId="123456789012", PublicAccessBlockConfiguration=BLOCK
        ),
        name="PutAccountPublicAccessBlock",
        source="s3",
        request={
            "publicAccessBlock": "",
            "PublicAccessBlockConfiguration": {
                "xmlns": "http://awss3control.amazonaws.com/doc/2018-08-20/",
                **BLOCK,
            },
        },
    ),
    "the account's block is deleted": Case(
        service="s3control",
        act=lambda s3control, _: s3control.delete_public_access_block(AccountId="123456789012"),
        name="DeleteAccountPublicAccessBlock",
        source="s3",
        request={"publicAccessBlock": ""},
    ),
}
