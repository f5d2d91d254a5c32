"""Functions with policies and URLs, build projects with variables, shared documents."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from tests.prowler.account.seeding import ACCOUNT, REGION, STRANGER, Seeding, document

_INVOKE = {"Action": "lambda:InvokeFunction"}
_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"
#: Function → its permissions, as `AddPermission` takes them.
FUNCTIONS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "function-no-policy": (),
    "function-public": ({**_INVOKE, "Principal": "*"},),
    "function-public-to-org": ({**_INVOKE, "Principal": "*", "PrincipalOrgID": "o-exampleorgid"},),
    "function-of-ours": ({**_INVOKE, "Principal": ACCOUNT},),
    "function-stranger": ({**_INVOKE, "Principal": STRANGER},),
    "function-topic": (
        {
            **_INVOKE,
            "Principal": "sns.amazonaws.com",
            "SourceArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:news",
        },
    ),
    "function-some-bucket": (
        {**_INVOKE, "Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::photos"},
    ),
    "function-bucket-of-ours": (
        {
            **_INVOKE,
            "Principal": "s3.amazonaws.com",
            "SourceArn": "arn:aws:s3:::photos",
            "SourceAccount": ACCOUNT,
        },
    ),
    "function-any-gateway": ({**_INVOKE, "Principal": "apigateway.amazonaws.com"},),
    "function-url-open": (
        {"Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"},
    ),
    "function-url-open-to-all": (
        {"Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"},
        {**_INVOKE, "Principal": "*", "InvokedViaFunctionUrl": True},
    ),
    "function-url-iam": ({**_INVOKE, "Principal": ACCOUNT},),
}
URLS = {
    "function-url-open": "NONE",
    "function-url-open-to-all": "NONE",
    "function-url-iam": "AWS_IAM",
    "function-no-policy": "NONE",
}

_KEY = "AKIA2RVXZL7QWB4T6YHN"
_SECRET = "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"
#: Project → its variables: name, value, kind.
PROJECTS: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "build-clean": (("STAGE", "test", "PLAINTEXT"),),
    "build-no-variables": (),
    "build-with-key-id": (("AWS_ACCESS_KEY_ID", _KEY, "PLAINTEXT"),),
    "build-with-secret-key": (("AWS_SECRET_ACCESS_KEY", _SECRET, "PLAINTEXT"),),
    "build-with-parameter": (("AWS_SECRET_ACCESS_KEY", "/keys/build", "PARAMETER_STORE"),),
    "build-with-secret-reference": (("AWS_SECRET_ACCESS_KEY", "build:key", "SECRETS_MANAGER"),),
    "build-with-example-key": (("KEY_ID", "AKIAIOSFODNN7EXAMPLE", "PLAINTEXT"),),
    "build-with-empty-key": (("AWS_ACCESS_KEY_ID", "", "PLAINTEXT"),),
}
_CLEAN = "https://github.com/example/app.git"
SOURCES = {
    "build-clean": _CLEAN,
    "build-no-variables": "https://user:s3cr3t-Passw0rd@bitbucket.org/example/app.git",
    "build-with-parameter": "https://x-token-auth:abcdef0123456789@bitbucket.org/example/app.git",
}


def seed(aws: Seeding) -> None:
    """Make them."""
    _functions(aws)
    _projects(aws)
    _documents(aws)


def _functions(aws: Seeding) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    role = aws.client("iam").create_role(
        RoleName="function",
        AssumeRolePolicyDocument=document({**trust, "Action": "sts:AssumeRole"}),
    )["Role"]["Arn"]
    client, code = aws.client("lambda"), _code()
    for name, permissions in FUNCTIONS.items():
        client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role,
            Handler="app.handler",
            Code={"ZipFile": code},
        )
        for number, permission in enumerate(permissions):
            client.add_permission(FunctionName=name, StatementId=f"s{number}", **permission)
        aws.made += 1
    for name, kind in URLS.items():
        client.create_function_url_config(FunctionName=name, AuthType=kind)
        aws.made += 1


def _code() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return event\n")
    return packed.getvalue()


def _projects(aws: Seeding) -> None:
    for name, variables in PROJECTS.items():
        location = SOURCES.get(name, _CLEAN)
        said = [dict(zip(("name", "value", "type"), one, strict=True)) for one in variables]
        aws.client("codebuild").create_project(
            name=name,
            source={"type": _kind_of(location), "location": location},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
                "environmentVariables": said,
            },
            serviceRole=f"arn:aws:iam::{ACCOUNT}:role/service-role/build",
        )
        aws.made += 1


def _kind_of(location: str) -> str:
    return "BITBUCKET" if "bitbucket" in location else "GITHUB"


def _documents(aws: Seeding) -> None:
    ssm = aws.client("ssm")
    content = json.dumps({"schemaVersion": "2.2", "description": "sample", "mainSteps": []})
    for name, shared in (("private", None), ("shared", STRANGER), ("public", "all")):
        ssm.create_document(Name=f"document-{name}", Content=content, DocumentType="Command")
        if shared:
            ssm.modify_document_permission(
                Name=f"document-{name}", PermissionType="Share", AccountIdsToAdd=[shared]
            )
        aws.made += 1
