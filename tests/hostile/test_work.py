"""Twice the input is about twice the work: nobody slows Vigil down by writing much.

Work is counted in calls, not seconds, so that a busy machine changes nothing.
"""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.model import ConfigurationItem, LookRequest, Reason, message_from
from tests.builders import envelope, record
from tests.hostile.mutations import as_bytes
from tests.hostile.way import exposed_items, way

#: Of the work for twice as much to the work: 2 is linear, 4 is quadratic.
GROWTH_LIMIT = 2.5
SIZE = 40
#: Quadratic patterns, of which a few are searched for where they are only matched, end in time.
PROBE_SECONDS = 120
ROOT = Path(__file__).parents[2]

ITEMS = {item.ref.type: item for item in exposed_items()}
GROUP, BUCKET = ITEMS["AWS::EC2::SecurityGroup"], ITEMS["AWS::S3::Bucket"]

Input = tuple[bytes, ConfigurationItem | None]


def calls_of(action: Callable[[], Any]) -> int:
    """Return how many calls, of Python and of C functions, an action makes."""
    count = 0

    def note(*_: Any) -> None:
        nonlocal count
        count += 1

    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
    return count


def process(given: Input) -> None:
    """Take a message all the way."""
    body, item = given
    done = way(item)
    assert done.process(body)
    done.everything()


def _permissions(count: int) -> Any:
    items = [
        {
            "ipProtocol": "tcp",
            "fromPort": number,
            "toPort": number + 1,
            "ipRanges": {"items": [{"cidrIp": f"10.{number // 250}.{number % 250}.0/24"}]},
        }
        for number in range(count)
    ]
    return record(
        eventSource="ec2.amazonaws.com",
        eventName="AuthorizeSecurityGroupIngress",
        requestParameters={"groupId": "sg-1", "ipPermissions": {"items": items}},
    )


def _group(count: int) -> ConfigurationItem:
    rule = GROUP.properties["SecurityGroupIngress"][0]
    rules = [
        {**rule, "FromPort": number, "ToPort": number + 1, "CidrIp": "0.0.0.0/0"}
        for number in range(count)
    ]
    return replace(GROUP, properties={**GROUP.properties, "SecurityGroupIngress": rules})


def _policy(count: int, *shapes: tuple[str, str, str, Any]) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": f"s{number}",
                "Effect": effect,
                "Principal": {"AWS": ["*"]},
                "Action": [action],
                "Resource": [f"{resource}{number}*"],
                **({"Condition": condition} if condition else {}),
            }
            for number in range(count)
            for effect, action, resource, condition in shapes
        ],
    }


def _bucket(policy: dict[str, Any]) -> Input:
    item = replace(BUCKET, observed={**BUCKET.observed, "BucketPolicy": policy})
    return message_from(LookRequest(ref=item.ref, reason=Reason.TIME)).encode(), item


def _batch(count: int) -> Any:
    listed = {"items": [{"groupId": f"sg-{number}"} for number in range(count)]}
    return record(
        eventSource="ec2.amazonaws.com",
        eventName="RunInstances",
        responseElements={"groupSet": listed, "instancesSet": {"items": [{"groupSet": listed}]}},
    )


ANY_OBJECT = "arn:aws:s3:::example/"
STARS = "*a" * 40
TAGS = {"StringLike": {f"aws:PrincipalTag/{number}": ["*a" * 20] for number in range(10)}}
VPC_ENDPOINT = {"StringEquals": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}}
NETWORKS = {"IpAddress": {"aws:SourceIp": [f"{n}.0.0.0/16" for n in range(20)]}}

SHAPES: dict[str, Callable[[int], Input]] = {
    "permissions": lambda n: (as_bytes(envelope(_permissions(n))), None),
    "permissions of a large group": lambda n: (as_bytes(envelope(_permissions(n))), _group(n)),
    "ids": lambda n: (as_bytes(envelope(_batch(n))), None),
    "keys that differ in case": lambda n: (
        as_bytes(
            envelope(
                record(
                    eventName="PutBucketAcl",
                    requestParameters={f"BUCKETNAME{number}": 1 for number in range(n * 10)},
                )
            )
        ),
        None,
    ),
    "named resources": lambda n: (
        as_bytes(envelope(record(resources=[{"accountId": "1", "ARN": "arn:x"}] * n * 10))),
        None,
    ),
    "statements": lambda n: _bucket(
        _policy(
            n,
            ("Allow", "s3:Get*", ANY_OBJECT, None),
            ("Deny", "s3:GetObject", ANY_OBJECT, VPC_ENDPOINT),
        )
    ),
    "stars": lambda n: _bucket(_policy(n, ("Allow", f"s3:{STARS}", ANY_OBJECT + STARS, None))),
    "conditions": lambda n: _bucket(_policy(n, ("Allow", "s3:*", ANY_OBJECT, TAGS))),
    "networks": lambda n: _bucket(_policy(n, ("Allow", "s3:GetObject", ANY_OBJECT, NETWORKS))),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_work_grows_with_the_input_and_no_faster(shape: Callable[[int], Input]) -> None:
    process(shape(1))
    one, two = shape(SIZE), shape(SIZE * 2)

    growth = calls_of(lambda: process(two)) / calls_of(lambda: process(one))

    assert growth < GROWTH_LIMIT


def test_a_star_pattern_costs_its_length_times_the_texts() -> None:
    def policy(stars: int) -> Input:
        return _bucket(_policy(1, ("Allow", "s3:*", ANY_OBJECT + "*a" * stars, None)))

    process(policy(1))
    growth = calls_of(lambda: process(policy(400))) / calls_of(lambda: process(policy(200)))

    assert growth < GROWTH_LIMIT


#: What a backtracking pattern is slow on: long runs that match until their very end fails.
PROBES = (
    "a",
    "*",
    "_",
    "`",
    "<",
    "*a",
    "_ ",
    "`a",
    "~",
    "{a.",
    "arn:",
    ".",
    "A9",
    "aws-cli/",
    "\\",
)
#: Every module that compiles a pattern: strangers' texts may meet any of them.
PATTERN_MODULES = frozenset(
    ".".join(file.relative_to(ROOT).with_suffix("").parts)
    for folder in ("chalicelib", "vigil")
    for file in ROOT.glob(f"{folder}/**/*.py")
    if "re.compile(" in file.read_text()
)
#: Notes who compiles what, then lets every pattern of ours meet every probe.
PROBING = """
import importlib, re, sys
size, modules, *probes = sys.argv[1:]
compile, found = re.compile, []
def noted(*args, **flags):
    found.append((sys._getframe(1).f_globals.get("__name__"), compile(*args, **flags)))
    return found[-1][1]
re.compile = noted
for module in modules.split():
    importlib.import_module(module)
for module, pattern in found:
    if module not in modules.split():
        continue
    print(module, flush=True)
    for text in [(p * int(size))[: int(size)] + end for p in probes for end in "\\n!*`"]:
        given = text.encode() if isinstance(pattern.pattern, bytes) else text
        pattern.search(given), pattern.fullmatch(given)
"""


@pytest.mark.parametrize("size", [1_000, pytest.param(5_000, marks=pytest.mark.slow)])
def test_no_pattern_backtracks_for_long(size: int) -> None:
    probed = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", PROBING, str(size), " ".join(sorted(PATTERN_MODULES)), *PROBES],
        capture_output=True,
        timeout=PROBE_SECONDS,
        check=False,
        text=True,
    )

    assert not probed.stderr
    assert set(probed.stdout.split()) == PATTERN_MODULES
