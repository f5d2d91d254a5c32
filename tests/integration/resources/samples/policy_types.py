"""Samples of the types whose resource carries a policy.

Moto knows no access policy of a vault, so Glacier's answer is given here; and it calls a missing
vault ``VaultNotFound`` where Glacier says ``ResourceNotFoundException``, which is put right.
"""

import json
from collections.abc import Callable
from typing import Any

from chalicelib.model import ResourceRef
from tests.integration.resources.recorded_aws import ACCOUNT, RecordedAws

REGION = "eu-west-1"
READER = f"arn:aws:iam::{ACCOUNT}:role/reader"


def policy(action: str) -> str:
    """Let one role of the account do one thing."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": READER},
        "Action": action,
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def key(aws: RecordedAws) -> ResourceRef:
    kms = aws.client("kms", region=REGION)
    made = kms.create_key(Policy=policy("kms:*"))["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=made)
    return _ref("AWS::KMS::Key", made)


def topic(aws: RecordedAws) -> ResourceRef:
    arn = aws.client("sns", region=REGION).create_topic(Name="sample")["TopicArn"]
    return _ref("AWS::SNS::Topic", arn)


def queue(aws: RecordedAws) -> ResourceRef:
    made = aws.client("sqs", region=REGION).create_queue(
        QueueName="sample", Attributes={"Policy": policy("sqs:SendMessage")}
    )
    return _ref("AWS::SQS::Queue", made["QueueUrl"])


def secret(aws: RecordedAws) -> ResourceRef:
    secrets = aws.client("secretsmanager", region=REGION)
    arn = secrets.create_secret(
        Name="sample", SecretString="x", Tags=[{"Key": "owner", "Value": "shop"}]
    )["ARN"]
    secrets.put_resource_policy(
        SecretId=arn, ResourcePolicy=policy("secretsmanager:GetSecretValue")
    )
    return _ref("AWS::SecretsManager::Secret", arn)


def repository(aws: RecordedAws) -> ResourceRef:
    ecr = aws.client("ecr", region=REGION)
    ecr.create_repository(repositoryName="team/sample")
    ecr.set_repository_policy(repositoryName="team/sample", policyText=policy("ecr:BatchGetImage"))
    return _ref("AWS::ECR::Repository", "team/sample")


def event_bus(aws: RecordedAws) -> ResourceRef:
    events = aws.client("events", region=REGION)
    events.create_event_bus(Name="sample")
    events.put_permission(
        EventBusName="sample", Action="events:PutEvents", Principal=ACCOUNT, StatementId="us"
    )
    return _ref("AWS::Events::EventBus", "sample")


def vault(aws: RecordedAws) -> ResourceRef:
    glacier = aws.client("glacier", region=REGION)
    glacier.meta.events.register("after-call.glacier.DescribeVault", _spelled_as_glacier_does)
    glacier.create_vault(accountId="-", vaultName="sample")
    document = {"policy": {"Policy": policy("glacier:ListMultipartUploads")}}
    aws.answer("glacier:GetVaultAccessPolicy", document, region=REGION)
    return _ref("Observed::Glacier::Vault", "sample")


def _spelled_as_glacier_does(parsed: dict[str, Any], **_: Any) -> None:
    error = parsed.get("Error", {})
    if error.get("Code") == "VaultNotFound":
        error["Code"] = "ResourceNotFoundException"


def _ref(kind: str, name: str) -> ResourceRef:
    return ResourceRef(account_id=ACCOUNT, region=REGION, type=kind, id=name)


CREATORS: dict[str, Callable[[RecordedAws], ResourceRef]] = {
    "AWS::KMS::Key": key,
    "AWS::SNS::Topic": topic,
    "AWS::SQS::Queue": queue,
    "AWS::SecretsManager::Secret": secret,
    "AWS::ECR::Repository": repository,
    "AWS::Events::EventBus": event_bus,
    "Observed::Glacier::Vault": vault,
}
