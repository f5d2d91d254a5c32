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
_EXPIRY: Json = {"Status": "Enabled", "ExpirationInDays": FAILURES_KEPT_DAYS}


def data_template() -> Json:
    """Return the template of the data stack."""
    tables = {_id_of(d): _table(d) for d in table_definitions()}
    return {
        "AWSTemplateFormatVersion": VERSION,
        "Description": "Vigil: findings, history, ledger, work and topic. Deleting keeps them.",
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


def _bucket(**own: Json) -> Json:
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
