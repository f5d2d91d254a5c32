"""Distributions, load balancers and API stages, with and without logs."""

from collections.abc import Mapping
from typing import Any

from tests.prowler.account.seeding import Seeding

#: Distribution → default root object, bucket of its logs.
DISTRIBUTIONS: Mapping[str, tuple[str, str | None]] = {
    "site-good": ("index.html", "the-good-01.s3.amazonaws.com"),
    "site-no-logs": ("index.html", None),
    "site-no-root": ("", "the-good-01.s3.amazonaws.com"),
    "site-neither": ("", None),
}
BALANCERS = {"balancer-logged": "true", "balancer-unlogged": "false"}


def seed(aws: Seeding) -> None:
    """Make them."""
    for name, (root, logs) in DISTRIBUTIONS.items():
        made = aws.client("cloudfront").create_distribution(
            DistributionConfig=_configuration(name, root, logs)
        )
        aws.call(name, made["Distribution"]["Id"])
    _balancers(aws)
    _rest_stages(aws)
    _http_stages(aws)


def _configuration(name: str, root: str, logs: str | None) -> dict[str, Any]:
    origin = {
        "Id": "site",
        "DomainName": "site.example.com",
        "CustomOriginConfig": {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "https-only",
        },
    }
    logging = {
        "Enabled": bool(logs),
        "IncludeCookies": False,
        "Bucket": logs or "",
        "Prefix": "",
    }
    return {
        "CallerReference": name,
        "Comment": name,
        "Enabled": True,
        "DefaultRootObject": root,
        "Logging": logging,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "site",
            "ViewerProtocolPolicy": "https-only",
        },
    }


def _balancers(aws: Seeding) -> None:
    ec2, elb = aws.client("ec2"), aws.client("elbv2")
    only = [{"Name": "default-for-az", "Values": ["true"]}]
    subnets = ec2.describe_subnets(Filters=only)["Subnets"][:2]
    for name, logged in BALANCERS.items():
        made = elb.create_load_balancer(Name=name, Subnets=[one["SubnetId"] for one in subnets])
        arn = aws.call(name, made["LoadBalancers"][0]["LoadBalancerArn"])
        elb.modify_load_balancer_attributes(
            LoadBalancerArn=arn,
            Attributes=[
                {"Key": "access_logs.s3.enabled", "Value": logged},
                {"Key": "access_logs.s3.bucket", "Value": "the-good-01"},
            ],
        )


def _rest_stages(aws: Seeding) -> None:
    client = aws.client("apigateway")
    api = aws.call("rest-api", client.create_rest_api(name="rest-api")["id"])
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    where = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    client.put_method(**where, authorizationType="NONE")
    client.put_integration(**where, type="MOCK")
    for stage, level in (("errors", "ERROR"), ("silent", "OFF")):
        client.create_deployment(restApiId=api, stageName=stage)
        change = {"op": "replace", "path": "/*/*/logging/loglevel", "value": level}
        client.update_stage(restApiId=api, stageName=stage, patchOperations=[change])
        aws.made += 1
    client.create_deployment(restApiId=api, stageName="as-made")
    aws.made += 1


def _http_stages(aws: Seeding) -> None:
    client = aws.client("apigatewayv2")
    api = aws.call("http-api", client.create_api(Name="http-api", ProtocolType="HTTP")["ApiId"])
    destination = "arn:aws:logs:us-east-1:123456789012:log-group:http-api"
    logged = {"AccessLogSettings": {"DestinationArn": destination, "Format": "$context.requestId"}}
    client.create_stage(ApiId=api, StageName="logged", **logged)
    client.create_stage(ApiId=api, StageName="silent")
    aws.made += 2
