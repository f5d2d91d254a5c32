"""Samples of functions, access points, documents, distributions and build projects."""

import json
from collections.abc import Callable

from chalicelib.model import ResourceRef
from tests.integration.resources.recorded_aws import ACCOUNT, RecordedAws

REGION = "eu-west-1"
SERVICE = "lambda.amazonaws.com"


def document(aws: RecordedAws) -> ResourceRef:
    """Share a document of the account with another."""
    ssm = aws.client("ssm", region=REGION)
    content = {"schemaVersion": "2.2", "description": "sample", "mainSteps": []}
    ssm.create_document(
        Name="sample-runbook",
        Content=json.dumps(content),
        DocumentType="Command",
        Tags=[{"Key": "owner", "Value": "shop"}],
    )
    ssm.modify_document_permission(
        Name="sample-runbook", PermissionType="Share", AccountIdsToAdd=["111122223333"]
    )
    return ResourceRef(
        account_id=ACCOUNT, region=REGION, type="AWS::SSM::Document", id="sample-runbook"
    )


def project(aws: RecordedAws) -> ResourceRef:
    codebuild = aws.client("codebuild", region=REGION)
    codebuild.create_project(
        name="sample",
        source={"type": "GITHUB", "location": "https://github.com/example/app.git"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{"name": "STAGE", "value": "test", "type": "PLAINTEXT"}],
        },
        serviceRole=f"arn:aws:iam::{ACCOUNT}:role/service-role/build",
        tags=[{"key": "owner", "value": "shop"}],
    )
    return ResourceRef(
        account_id=ACCOUNT, region=REGION, type="AWS::CodeBuild::Project", id="sample"
    )


def function(aws: RecordedAws) -> ResourceRef:
    """Make a function with an alias, each with a policy."""
    trust = {"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole"}
    role = aws.client("iam", region="us-east-1").create_role(
        RoleName="function",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}),
    )["Role"]["Arn"]
    client = aws.client("lambda", region=REGION)
    client.create_function(
        FunctionName="sample",
        Runtime="python3.13",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": b"no code"},
        Publish=True,
    )
    client.create_alias(FunctionName="sample", Name="live", FunctionVersion="1")
    for given in ({}, {"Qualifier": "live"}):
        client.add_permission(
            FunctionName="sample",
            StatementId="events",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=f"arn:aws:events:{REGION}:{ACCOUNT}:rule/hourly",
            **given,
        )
    return ResourceRef(account_id=ACCOUNT, region=REGION, type="AWS::Lambda::Function", id="sample")


def function_url(aws: RecordedAws) -> ResourceRef:
    """Give the function a URL; moto cannot list those, so the listing is answered for it."""
    function(aws)
    client = aws.client("lambda", region=REGION)
    client.create_function_url_config(FunctionName="sample", AuthType="AWS_IAM")
    url = client.get_function_url_config(FunctionName="sample")
    url.pop("ResponseMetadata")
    aws.answer("lambda:ListFunctionUrlConfigs", {"FunctionUrlConfigs": [url]}, region=REGION)
    return ResourceRef(account_id=ACCOUNT, region=REGION, type="AWS::Lambda::Url", id="sample")


def access_point(aws: RecordedAws) -> ResourceRef:
    bucket = {"LocationConstraint": REGION}
    aws.client("s3", region=REGION).create_bucket(
        Bucket="vigil-sample", CreateBucketConfiguration=bucket
    )
    s3control = aws.client("s3control", region=REGION)
    flags = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3control.create_access_point(
        AccountId=ACCOUNT,
        Name="sample",
        Bucket="vigil-sample",
        PublicAccessBlockConfiguration=dict.fromkeys(flags, True),
    )
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/sample/object/*",
    }
    policy = {"Version": "2012-10-17", "Statement": statement}
    s3control.put_access_point_policy(AccountId=ACCOUNT, Name="sample", Policy=json.dumps(policy))
    return ResourceRef(account_id=ACCOUNT, region=REGION, type="AWS::S3::AccessPoint", id="sample")


def distribution(aws: RecordedAws) -> ResourceRef:
    """Make a distribution whose logs CloudWatch Logs delivers."""
    created = aws.client("cloudfront", region="us-east-1").create_distribution(
        DistributionConfig={
            "CallerReference": "sample",
            "Comment": "",
            "Enabled": True,
            "DefaultRootObject": "index.html",
            "Origins": {
                "Quantity": 1,
                "Items": [
                    {
                        "Id": "site",
                        "DomainName": "site.example.com",
                        "CustomOriginConfig": {
                            "HTTPPort": 80,
                            "HTTPSPort": 443,
                            "OriginProtocolPolicy": "https-only",
                        },
                    }
                ],
            },
            "DefaultCacheBehavior": {
                "TargetOriginId": "site",
                "ViewerProtocolPolicy": "https-only",
            },
        }
    )["Distribution"]
    logs = aws.client("logs", region="us-east-1")
    logs.put_delivery_source(name="site", resourceArn=created["ARN"], logType="ACCESS_LOGS")
    bucket = {"destinationResourceArn": "arn:aws:s3:::vigil-sample-logs"}
    target = logs.put_delivery_destination(
        name="logs", deliveryDestinationConfiguration=bucket, outputFormat="json"
    )["deliveryDestination"]["arn"]
    logs.create_delivery(deliverySourceName="site", deliveryDestinationArn=target)
    return ResourceRef(
        account_id=ACCOUNT,
        region="global",
        type="AWS::CloudFront::Distribution",
        id=created["Id"],
    )


CREATORS: dict[str, Callable[[RecordedAws], ResourceRef]] = {
    "AWS::CloudFront::Distribution": distribution,
    "AWS::Lambda::Function": function,
    "AWS::Lambda::Url": function_url,
    "AWS::S3::AccessPoint": access_point,
    "AWS::SSM::Document": document,
    "AWS::CodeBuild::Project": project,
}
