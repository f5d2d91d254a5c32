"""What faults happen to: resources that become bad, and what Vigil wrote about them."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec

from chalicelib.model import ConfigurationItem, ResourceRef, Transition
from tests.integration.pipeline.world import World
from vigil.local._principals import client_for

BUCKET, GROUP, ROLE = "AWS::S3::Bucket", "AWS::EC2::SecurityGroup", "AWS::IAM::Role"
PUBLIC_READ = "s3-bucket-no-public-read"
PUBLIC_SSH = "ec2-sg-no-public-ssh"


def make_buckets(world: World, *names: str) -> None:
    """Create buckets and let Vigil see them."""
    for name in names:
        world.client("s3").create_bucket(Bucket=name)
    world.deliver_all()


def open_bucket(world: World, name: str) -> dict[str, Any]:
    """Let everybody read a bucket; return the record of it."""
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    statement = {**allow, "Resource": f"arn:aws:s3:::{name}/*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    world.client("s3").put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    return next(r for r in world.take_records() if r["eventName"] == "PutBucketPolicy")


def make_group(world: World) -> str:
    """Create a group that Vigil has not seen yet."""
    ec2 = world.client("ec2")
    vpc = next(v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"] if v["IsDefault"])
    group = ec2.create_security_group(GroupName="web", Description="w", VpcId=vpc)["GroupId"]
    return str(group)


def ssh() -> dict[str, Any]:
    """Return the rule that lets everybody in."""
    world = [{"CidrIp": "0.0.0.0/0"}]
    return {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": world}


def history(world: World, rule_id: str) -> list[Transition]:
    """Return what the history says of a rule, oldest first."""
    items = client_for(world.aws.url, "dynamodb").scan(TableName="vigil-history")["Items"]
    entries = [msgspec.json.decode(item["body"]["S"], type=Transition) for item in items]
    told = [entry for entry in entries if entry.rule_id == rule_id]
    return sorted(told, key=lambda entry: (entry.times.decided, entry.seq))


def kinds(world: World, rule_id: str) -> list[str]:
    """Return what became of a rule's findings, oldest first."""
    return [entry.kind.value for entry in history(world, rule_id)]


def ledger(world: World) -> Counter[str]:
    """Count ledger rows by event id."""
    items = client_for(world.aws.url, "dynamodb").scan(TableName="vigil-ledger")["Items"]
    return Counter(item["sk"]["S"].partition("#")[0] for item in items)


@contextmanager
def crashing_on(world: World, resource_id: str) -> Iterator[None]:
    """Let every look at a resource meet a defect."""
    kept = world.ports

    class Odd:
        def __getattr__(self, name: str) -> Any:
            return getattr(kept.observer, name)

        def describe(self, ref: ResourceRef, observes: Any) -> ConfigurationItem | None:
            if ref.id == resource_id:
                raise KeyError(resource_id)
            return kept.observer.describe(ref, observes)

    world.ports = replace(kept, observer=Odd())
    try:
        yield
    finally:
        world.ports = kept
