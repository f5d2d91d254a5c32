"""JSON answers of the right form with a value of the wrong kind in them, wherever it may be."""

import copy
import functools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.model import GapReason
from tests.integration.faults.test_reads import READS, scene, turned
from tests.integration.faults.wire import Raw

#: Type, call, and what its answer always holds, be it empty; as it is called on the wire.
ALWAYS_SENT = [
    ("AWS::EC2::SecurityGroup", "ec2:DescribeSecurityGroups", "securityGroupInfo"),
    ("AWS::EC2::SecurityGroup", "ec2:DescribeSecurityGroups", "ipPermissions"),
    ("AWS::EC2::SecurityGroup", "ec2:DescribeSecurityGroups", "ipPermissionsEgress"),
    ("AWS::EC2::SecurityGroup", "ec2:DescribeNetworkInterfaces", "networkInterfaceSet"),
    ("AWS::EC2::SecurityGroup", "ec2:GetManagedPrefixListEntries", "entrySet"),
    ("AWS::IAM::Role", "iam:GetRole", "AssumeRolePolicyDocument"),
    ("AWS::IAM::Role", "iam:GetRole", "Role"),
    ("AWS::IAM::Role", "iam:GetRolePolicy", "PolicyDocument"),
    ("AWS::IAM::Role", "iam:ListAttachedRolePolicies", "AttachedPolicies"),
    ("AWS::IAM::Role", "iam:ListRolePolicies", "PolicyNames"),
    ("AWS::S3::Bucket", "s3:GetBucketAcl", "AccessControlList"),
    ("AWS::CloudTrail::Trail", "cloudtrail:GetTrail", "Trail"),
    ("AWS::CloudTrail::Trail", "cloudtrail:GetTrailStatus", "IsLogging"),
    ("AWS::CloudTrail::Trail", "cloudtrail:ListTags", "ResourceTagList"),
    ("Observed::Account::Global", "cloudtrail:DescribeTrails", "trailList"),
    ("Observed::Account::Global", "cloudtrail:DescribeTrails", "IsMultiRegionTrail"),
    ("Observed::Account::Global", "cloudtrail:GetTrailStatus", "IsLogging"),
]
JSON_READS = [param for param in READS if "cloudtrail:" in str(param.id)]
WRONG_KINDS: tuple[Any, ...] = ("x", 7, [7], {"x": 7})


@pytest.mark.parametrize(("type_name", "call", "name"), ALWAYS_SENT)
def test_an_answer_without_what_aws_always_sends_is_a_gap(
    type_name: str, call: str, name: str
) -> None:
    given = scene(type_name)

    item = given.look(**{call: lambda good: without(good, name)})

    assert item is not None
    assert {gap.reason for gap in item.gaps} == {GapReason.MALFORMED}
    assert turned(given, item) == {}


@pytest.mark.slow
@pytest.mark.parametrize(("type_name", "call"), JSON_READS)
def test_a_value_of_another_kind_anywhere_in_an_answer_turns_no_verdict(
    type_name: str, call: str
) -> None:
    given = scene(type_name)
    good = next(a for key, a in given.aws.answers.items() if key[0] == call)
    unread = 0

    for body in garbled(json.loads(good.body)):
        item = given.look(**{call: lambda good, body=body: Raw(200, {}, body, good.protocol)})

        assert item is not None
        assert turned(given, item) == {}
        unread += bool(item.gaps)

    assert unread


def without(good: Raw, name: str) -> Raw:
    """Give a part of an answer a name that nobody knows."""
    body = re.sub(rb'(</?|")' + name.encode() + rb"\b", rb"\1Other", good.body)
    assert body != good.body
    return Raw(good.status, {}, body, good.protocol)


def garbled(answer: Any) -> Iterator[bytes]:
    """Yield an answer with each of its values, one at a time, of every other kind."""
    for path in paths(answer):
        for wrong in WRONG_KINDS:
            damaged = copy.deepcopy(answer)
            place = functools.reduce(lambda at, step: at[step], path[:-1], damaged)
            if type(place[path[-1]]) is not type(wrong):
                place[path[-1]] = wrong
                yield json.dumps(damaged).encode()


def paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value."""
    inner = enumerate(value) if isinstance(value, list) else ()
    for step, part in value.items() if isinstance(value, dict) else inner:
        yield (*above, step)
        yield from paths(part, (*above, step))
