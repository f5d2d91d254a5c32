"""The data stack: what must outlive every deployment. Deleting the stack leaves all of it.

Table names are fixed: CloudFormation can replace no table by accident, and history has one home.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.findings._tables import EXPIRING_TABLES, EXPIRY_ATTRIBUTE, HISTORY
from chalicelib.findings.store import table_definitions
from vigil.package.cloudformation import VERSION, Json, attribute, exports, policy, ref, sub

_KEEP: Json = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
#: Every entry is in the history as well; what is here only shows why announcing it failed.
FAILURES_KEPT_DAYS = 90
#: An export can be made again; the evidence it is made from stays.
EXPORTS_KEPT_DAYS = 30
_EXPORTS_EXPIRY: Json = {"Status": "Enabled", "ExpirationInDays": EXPORTS_KEPT_DAYS}
_EXPIRY: Json = {"Status": "Enabled", "ExpirationInDays": FAILURES_KEPT_DAYS}

#: Compliance mode: not even the account's root can shorten it.
_LOCK: Json = {
    "ObjectLockEnabled": "Enabled",
    "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": ref("RetentionDays")}},
}


def data_template() -> Json:
    """Return the template of the data stack."""
    tables = {_id_of(d): _table(d) for d in table_definitions()}
    return {
        "AWSTemplateFormatVersion": VERSION,
        "Description": "Vigil: findings, history, ledger, work and topic. Deleting keeps them.",
        "Parameters": {
            "RetentionDays": {
                "Type": "Number",
                "Default": 400,
                "MinValue": 1,
                "Description": "Days for which nobody can delete or replace what is sealed",
            },
        },
        "Resources": {
            **tables,
            "Topic": {
                "Type": "AWS::SNS::Topic",
                **_KEEP,
                "Properties": {"TopicName": "vigil-alerts"},
            },
            "FailuresBucket": _bucket(LifecycleConfiguration={"Rules": [_EXPIRY]}),
            "FailuresBucketPolicy": _bucket_policy("FailuresBucket"),
            # Every bundle that ever was in force stays: a finding names the rules by their hash.
            "RulesBucket": _bucket(VersioningConfiguration={"Status": "Enabled"}),
            "RulesBucketPolicy": _bucket_policy("RulesBucket"),
            "EvidenceBucket": _bucket(
                VersioningConfiguration={"Status": "Enabled"},
                ObjectLockEnabled=True,
                ObjectLockConfiguration=_LOCK,
            ),
            "EvidenceBucketPolicy": _bucket_policy("EvidenceBucket"),
            "ExportsBucket": _bucket(LifecycleConfiguration={"Rules": [_EXPORTS_EXPIRY]}),
            "ExportsBucketPolicy": _bucket_policy("ExportsBucket"),
            "SealKey": _seal_key(),
        },
        "Outputs": exports(_exported(tables)),
    }


def _exported(tables: Mapping[str, Any]) -> Json:
    return {
        **{name: ref(name) for name in tables},
        **{f"{name}Arn": attribute(name) for name in tables},
        "HistoryStreamArn": attribute("HistoryTable", "StreamArn"),
        "TopicArn": ref("Topic"),
        "FailuresBucketArn": attribute("FailuresBucket"),
        "RulesBucket": ref("RulesBucket"),
        "RulesBucketArn": attribute("RulesBucket"),
        "EvidenceBucket": ref("EvidenceBucket"),
        "EvidenceBucketArn": attribute("EvidenceBucket"),
        "ExportsBucket": ref("ExportsBucket"),
        "ExportsBucketArn": attribute("ExportsBucket"),
        "SealKey": ref("SealKey"),
        "SealKeyArn": attribute("SealKey"),
    }


def _id_of(definition: Mapping[str, Any]) -> str:
    return f"{definition['TableName'].rpartition('-')[2].capitalize()}Table"


def _table(definition: Mapping[str, Any]) -> Json:
    name = definition["TableName"]
    properties = {
        **definition,
        "DeletionProtectionEnabled": True,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    }
    if name == HISTORY:
        view = definition["StreamSpecification"]["StreamViewType"]
        properties["StreamSpecification"] = {"StreamViewType": view}
    if name in EXPIRING_TABLES:
        properties["TimeToLiveSpecification"] = {
            "AttributeName": EXPIRY_ATTRIBUTE,
            "Enabled": True,
        }
    return {"Type": "AWS::DynamoDB::Table", **_KEEP, "Properties": properties}


def _bucket(**own: Any) -> Json:
    return {
        "Type": "AWS::S3::Bucket",
        **_KEEP,
        "Properties": {
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            **own,
        },
    }


def _seal_key() -> Json:
    """Return the key whose signatures prove the history; its private half never leaves KMS."""
    account = {
        "Effect": "Allow",
        "Principal": {"AWS": sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")},
        "Action": "kms:*",
        "Resource": "*",
    }
    return {
        "Type": "AWS::KMS::Key",
        **_KEEP,
        "Properties": {
            "Description": "Signs the sealed history of Vigil",
            "KeySpec": "RSA_3072",
            "KeyUsage": "SIGN_VERIFY",
            "KeyPolicy": policy([account]),
        },
    }


def _bucket_policy(bucket: str) -> Json:
    arn = f"${{{bucket}.Arn}}"
    refusal = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [sub(arn), sub(f"{arn}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {
        "Type": "AWS::S3::BucketPolicy",
        **_KEEP,
        "Properties": {"Bucket": ref(bucket), "PolicyDocument": policy([refusal])},
    }
