"""Vigil's two stacks, created as the guide says, in moto's CloudFormation.

moto is not CloudFormation: what it cannot make is left out here, and what it makes wrongly is put
right, each with its reason.
"""

import ast
import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from vigil.local._dynoxide import Dynoxide, find_binary
from vigil.local._principals import HOME_REGION, client_for
from vigil.local.environment import SLACK_CHANNEL
from vigil.local.moto_server import EmbeddedAws
from vigil.package.build import APP, DATA, ZIP

APP_STACK, DATA_STACK = "vigil-app", "vigil-data"
SECRET = "vigil/slack"
_CODE_BUCKET, _CODE_KEY = "vigil-code", "vigil-1.zip"
#: moto's CloudFormation knows none of them.
_UNKNOWN = (
    # It takes no notice of an API's body, and deploys none without methods.
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::Stage",
    "AWS::CloudWatch::Alarm",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SQS::QueuePolicy",
)


def create_stacks(aws: EmbeddedAws, built: Path) -> Mapping[str, str]:
    """Deploy as the guide says; return logical id → physical id of the app's resources."""
    s3 = client_for(aws.url, "s3")
    s3.create_bucket(Bucket=_CODE_BUCKET)
    s3.upload_file(str(built / ZIP), _CODE_BUCKET, _CODE_KEY)
    client_for(aws.url, "secretsmanager").create_secret(Name=SECRET, SecretString="xoxb-local")
    _create_stack(aws, DATA_STACK, built / DATA, {})
    _rewrite_key_policy(client_for(aws.url, "kms"), built / DATA)
    parameters = {
        "DataStack": DATA_STACK,
        "CodeBucket": _CODE_BUCKET,
        "CodeKey": _CODE_KEY,
        "SlackSecret": f"secretsmanager:{SECRET}",
        "SlackChannel": SLACK_CHANNEL,
    }
    resources = _create_stack(aws, APP_STACK, built / APP, parameters)
    _rewrite_policies(client_for(aws.url, "iam"))
    return resources


def _create_stack(
    aws: EmbeddedAws, name: str, file: Path, parameters: Mapping[str, str]
) -> Mapping[str, str]:
    template = json.loads(file.read_text(encoding="utf-8"))
    known = {k: r for k, r in template["Resources"].items() if r["Type"] not in _UNKNOWN}
    cloudformation = client_for(aws.url, "cloudformation")
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps({**template, "Resources": known}),
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    resources = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    return {r["LogicalResourceId"]: r.get("PhysicalResourceId", "") for r in resources}


def _rewrite_policies(iam: Any) -> None:
    """Write each role's policy as CloudFormation does: moto leaves Python, and null for NoValue."""
    for role in (role["RoleName"] for role in iam.list_roles()["Roles"]):
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            found = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            policy = ast.literal_eval(found)
            policy["Statement"] = [statement for statement in policy["Statement"] if statement]
            document = json.dumps(policy)
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)


def _rewrite_key_policy(kms: Any, data: Path) -> None:
    """Write the key's policy as KMS keeps it: moto keeps the template's object and breaks on it."""
    template = json.loads(data.read_text(encoding="utf-8"))
    policy = template["Resources"]["SealKey"]["Properties"]["KeyPolicy"]
    policy["Statement"][0]["Principal"] = {"AWS": "arn:aws:iam::123456789012:root"}
    for key in kms.list_keys()["Keys"]:
        kms.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=json.dumps(policy))


def database_for(aws: EmbeddedAws, stack: ExitStack) -> str:
    """Return where the tables are: copied into dynoxide where there is one, else in moto."""
    binary = find_binary()
    if binary is None:
        for table in dynamodb_backends[aws.account_id][HOME_REGION].tables.values():
            # moto would run the function itself, in a container.
            table.lambda_event_source_mappings.clear()
        return aws.url
    database = stack.enter_context(Dynoxide(binary))
    source, target = client_for(aws.url, "dynamodb"), client_for(database.url, "dynamodb")
    for name in source.list_tables()["TableNames"]:
        target.create_table(**_definition_of(source.describe_table(TableName=name)["Table"]))
    return database.url


def _definition_of(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request that makes a table like the one described."""
    same = ("TableName", "KeySchema", "AttributeDefinitions", "StreamSpecification")
    indexes = [
        {key: index[key] for key in ("IndexName", "KeySchema", "Projection")}
        for index in table.get("GlobalSecondaryIndexes", ())
    ]
    return {
        **{key: table[key] for key in same if key in table},
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        "BillingMode": table["BillingModeSummary"]["BillingMode"],
    }
