"""What a replay costs above the least it could: gunzip and `orjson.loads` of the same log files.

Two trails, as large as a busy hour: one of calls that nothing judges, one of calls that change
rules look at, made in turn by a hundred sessions.
"""

import gc
import gzip
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any
from uuid import UUID

import msgspec
import orjson

from benchmarks.report import Line, Wanted
from chalicelib.evaluate.bundle import bundle_from
from tests.builders import assumed_role, record
from vigil.replay.counting import Plan, Tally
from vigil.replay.running import replayed
from vigil.replay.sources import Source
from vigil.rulefiles import RULES, load_rules, resource_types

IGNORED_MICROSECONDS = 2.0
JUDGED_MICROSECONDS = 40.0
FILES = 8
RECORDS_PER_FILE = 2_000
SESSIONS = 100
ROUNDS = 7
NOW = datetime(2026, 1, 1, tzinfo=UTC)
EC2, S3, SIGN_IN = "ec2.amazonaws.com", "s3.amazonaws.com", "signin.amazonaws.com"

_RANGES = {"items": [{"cidrIp": "203.0.113.0/24", "description": "office"}]}
_PERMISSION = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "ipRanges": _RANGES}
_STATEMENT = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:role/reader"},
    "Action": ["s3:GetObject", "s3:ListBucket"],
    "Resource": ["arn:aws:s3:::records", "arn:aws:s3:::records/*"],
}
_POLICY = {"Version": "2012-10-17", "Statement": [_STATEMENT]}
_READS: tuple[Mapping[str, Any], ...] = (
    {"eventSource": EC2, "eventName": "DescribeInstances", "readOnly": True},
    {"eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "readOnly": True},
    {"eventSource": S3, "eventName": "GetBucketAcl", "readOnly": True},
    {"eventSource": "logs.amazonaws.com", "eventName": "CreateLogStream"},
)
_NAMED: tuple[Mapping[str, Any], ...] = (
    {
        "eventSource": EC2,
        "eventName": "AuthorizeSecurityGroupIngress",
        "requestParameters": {"groupId": "sg-0aa1", "ipPermissions": {"items": [_PERMISSION]}},
    },
    {
        "eventSource": S3,
        "eventName": "PutBucketPolicy",
        "requestParameters": {"bucketName": "records", "bucketPolicy": _POLICY, "policy": ""},
    },
    {
        "eventSource": S3,
        "eventName": "CreateBucket",
        "requestParameters": {"bucketName": "records", "x-amz-acl": "private"},
    },
    {
        "eventSource": SIGN_IN,
        "eventName": "ConsoleLogin",
        "eventType": "AwsConsoleSignIn",
        "responseElements": {"ConsoleLogin": "Success"},
        "additionalEventData": {"MFAUsed": "Yes"},
    },
)


def lines() -> Iterator[Line]:
    """Measure both trails."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundle = folder / "bundle"
        bundle.write_bytes(bundle_from(load_rules((RULES,), resource_types()).rules))
        plan = Plan(bundle=bundle, everything=False, now=NOW)
        kinds = (
            ("ignored", _READS, IGNORED_MICROSECONDS),
            ("judged", _NAMED, JUDGED_MICROSECONDS),
        )
        for kind, calls, target in kinds:
            yield _measured(kind, _trail(folder, kind, calls), plan, target)


def _measured(kind: str, trail: list[Source], plan: Plan, target: float) -> Line:
    ours, least = _in_turn(lambda: _replay(trail, plan), lambda: _read(trail))
    count = FILES * RECORDS_PER_FILE
    above = [(own - bare) / count * 1e6 for own, bare in zip(ours, least, strict=True)]
    return Line(
        name=f"replay of an {kind} record" if kind == "ignored" else f"replay of a {kind} record",
        value=median(above),
        unit="µs above gunzip and orjson",
        wanted=Wanted.AT_MOST,
        target=target,
        note=f"median of {ROUNDS} rounds; bare {median(least) / count * 1e6:.1f}",
    )


def _in_turn(*works: Callable[[], None]) -> list[list[float]]:
    """Return the seconds of each work in each round, rounds in turn; the first one warms up."""
    seconds: list[list[float]] = [[] for _ in works]
    for number in range(ROUNDS + 1):
        for spent, work in zip(seconds, works, strict=True):
            gc.collect()
            started = process_time()
            work()
            if number:
                spent.append(process_time() - started)
    return seconds


def _replay(trail: list[Source], plan: Plan) -> None:
    for _ in replayed(trail, plan, Tally(), jobs=1):
        pass


def _read(trail: list[Source]) -> None:
    for source in trail:
        for _ in orjson.loads(gzip.decompress(source.path.read_bytes()))["Records"]:
            pass


def _trail(folder: Path, kind: str, calls: tuple[Mapping[str, Any], ...]) -> list[Source]:
    endless = cycle(
        record(userIdentity=assumed_role(session=f"deploy-{number}"), **call)
        for number in range(SESSIONS)
        for call in calls
    )
    return [
        _log_file(folder / f"{kind}{number}.json.gz", islice(endless, RECORDS_PER_FILE), number)
        for number in range(FILES)
    ]


def _log_file(path: Path, records: Iterator[dict[str, Any]], number: int) -> Source:
    first = number * RECORDS_PER_FILE + (0xA1B2C3D4 << 96)
    own = [one | {"eventID": str(UUID(int=first + at))} for at, one in enumerate(records)]
    path.write_bytes(gzip.compress(msgspec.json.encode({"Records": own}), 6))
    return Source(name=path.name, path=path)
