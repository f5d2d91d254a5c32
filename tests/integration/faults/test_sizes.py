"""The largest things that AWS allows fit into what Vigil writes and sends."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.evaluate.engine import judge_item
from chalicelib.facts.policy import normalise_policy
from chalicelib.findings._transactions import Tables, transactions
from chalicelib.findings.lifecycle import reconcile
from chalicelib.model import (
    Compliance,
    ConfigurationItem,
    FacetReading,
    Known,
    LookRequest,
    Reason,
    ResourceRef,
    Sighting,
    Subject,
)
from chalicelib.resources import _frame
from tests.integration.faults.test_reads import TYPES, everything, rulebook
from tests.integration.resources.recorded_aws import ACCOUNT, NOON

#: DynamoDB's limit for an item, names of attributes included.
ITEM_LIMIT_BYTES = 400 * 1024
ROOM_BYTES = 20 * 1024
TABLES = Tables(findings="findings", history="history", ledger="ledger")
TAGS = [{"Key": f"{n:03}" + "k" * 125, "Value": "v" * 256} for n in range(50)]


def ingress(number: int) -> dict[str, Any]:
    """Return one of a thousand rules that let the world in."""
    return {
        "IpProtocol": "tcp",
        "FromPort": number,
        "ToPort": 65535,
        "CidrIp": "0.0.0.0/0",
        "CidrIpv6": None,
        "SourcePrefixListId": None,
        "SourceSecurityGroupId": None,
        "SourceSecurityGroupOwnerId": None,
        "Description": "d" * 255,
    }


def group() -> dict[str, Any]:
    rows = [ingress(number) for number in range(1000)]
    return {"properties": {"SecurityGroupIngress": rows, "Tags": TAGS}}


def policy(*statements: dict[str, Any]) -> Any:
    return normalise_policy({"Version": "2012-10-17", "Statement": list(statements)})


def bucket() -> dict[str, Any]:
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    statements: list[dict[str, Any]] = []
    while len(json.dumps(statements)) < 20_000:
        number = len(statements)
        statements.append(
            {**allow, "Sid": f"s{number}", "Resource": f"arn:aws:s3:::largest/{number}"}
        )
    off = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False
    )
    return {
        "properties": {"PublicAccessBlockConfiguration": off, "Tags": TAGS},
        "observed": {"BucketPolicy": policy(*statements)},
    }


def role() -> dict[str, Any]:
    anyone = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    statements = [{**anyone, "Sid": f"s{number}"} for number in range(100)]
    inline = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "x" * 10_000}
    return {
        "properties": {
            "AssumeRolePolicyDocument": policy(*statements),
            "Policies": [{"PolicyName": "p" * 128, "PolicyDocument": policy(inline)}],
            "Tags": TAGS,
        }
    }


LARGEST = {"AWS::EC2::SecurityGroup": group, "AWS::S3::Bucket": bucket, "AWS::IAM::Role": role}


def described(type_name: str) -> ConfigurationItem:
    kind = TYPES[type_name]
    given = LARGEST[type_name]()
    ref = ResourceRef(account_id=ACCOUNT, region="eu-west-1", type=type_name, id="largest")
    whole: dict[str, Any] = {
        s: {**kind.defaults[s], **given.get(s, {})} for s in ("properties", "observed")
    }
    item = replace(_frame.listed(ref, FacetReading(**whole)), started_at=NOON, ended_at=NOON)
    return _frame.derive(kind, item, everything(kind))


@pytest.mark.parametrize("type_name", LARGEST)
def test_what_is_written_about_the_largest_resources_fits_into_dynamodbs_items(
    type_name: str,
) -> None:
    item = described(type_name)
    evaluations = judge_item(item, rulebook(), now=NOON)
    sighting = Sighting(
        subject=Subject(ref=item.ref),
        item=item,
        evaluations=evaluations,
        fingerprint="f",
        started_at=NOON,
        ended_at=NOON,
    )
    request = LookRequest(ref=item.ref, reason=Reason.TIME)

    outcome = reconcile(Known(), sighting, request, rulebook().by_id, now=NOON)

    assert outcome.commit is not None
    sizes = [action.size for part in transactions(outcome.commit, TABLES) for action in part]
    assert Compliance.NON_COMPLIANT in {e.compliance for e in evaluations}
    assert max(sizes) <= ITEM_LIMIT_BYTES - ROOM_BYTES
