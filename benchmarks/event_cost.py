"""What one security-group event costs, from the queue to SNS, through the deployed handlers.

The group is really there (moto over HTTP), the findings really stored (dynoxide where the platform
has it). Left out is only the time inside botocore's ``_make_api_call``: AWS's, the network's, and
botocore's own work. Own CPU is that of the handler's thread outside of it.
"""

import gc
import io
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import boto3
from botocore.client import BaseClient

from benchmarks.report import Line, Wanted
from chalicelib.evaluate.bundle import bundle_from
from tests.builders import envelope, iam_user, record, sqs_message
from vigil.local._patterns import matches
from vigil.local.environment import LocalVigil
from vigil.local.moto_server import EmbeddedAws
from vigil.package.patterns import TOLD_ENTRIES
from vigil.rulefiles import RULES, load_rules, resource_types

REGION = "us-east-1"
EVENTS = 25
WARM_UP = 3
WALL_LIMIT_MS = 40.0
CPU_LIMIT_MS = 2.0
Handler = Callable[[Any, Any], Any]

#: Where our code ends: what botocore does in there is counted as AWS's.
_BORDER = "_make_api_call"
_WORLD_SSH = {
    "IpProtocol": "tcp",
    "FromPort": 22,
    "ToPort": 22,
    "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
}


@dataclass(slots=True)
class Meter:
    """Calls of AWS and the time they took, as one thread sees it."""

    calls: list[str] = field(default_factory=list)
    wall: float = 0.0
    cpu: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One invocation, in milliseconds, less what AWS's calls took."""

    wall: float
    cpu: float
    calls: int


class Context:
    """Lambda's context object, as far as Powertools reads it."""

    function_name = "benchmark"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:benchmark"
    aws_request_id = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        """Return more than any invocation takes."""
        return 300_000


def lines(events: int = EVENTS) -> Iterator[Line]:
    """Measure `evaluate` and `announce`."""
    with tempfile.TemporaryDirectory() as folder, _account(Path(folder)) as aws:
        handlers = _handlers()
        for _ in range(WARM_UP):
            _one_event(aws, *handlers)
        # As in Lambda: what was loaded is nothing the collector walks through. Here that is moto.
        gc.freeze()
        costs = [_one_event(aws, *handlers) for _ in range(events)]
        gc.unfreeze()
    evaluated, announced = zip(*costs, strict=True)
    yield from _lines("evaluate", evaluated)
    yield from _lines("announce", announced)
    whole = [one.wall + other.wall for one, other in costs]
    yield Line(
        name="group event → stored and announced, less AWS's time",
        value=median(whole),
        unit="ms",
        wanted=Wanted.AT_MOST,
        target=WALL_LIMIT_MS,
        note=f"wall, median of {len(whole)}; least {min(whole):.2f}",
    )
    own = [one.cpu + other.cpu for one, other in costs]
    yield Line(
        name="group event → stored and announced, own CPU",
        value=median(own),
        unit="ms",
        wanted=Wanted.AT_MOST,
        target=CPU_LIMIT_MS,
        note=f"thread CPU outside botocore's calls, median of {len(own)}; least {min(own):.2f}",
    )


def _lines(name: str, costs: tuple[Cost, ...]) -> Iterator[Line]:
    yield Line(
        name=f"{name}: own CPU of one event",
        value=median(cost.cpu for cost in costs),
        unit="ms",
        note=f"median of {len(costs)}; least {min(cost.cpu for cost in costs):.2f}; "
        f"{max(cost.calls for cost in costs)} AWS calls",
    )


@contextmanager
def _account(folder: Path) -> Iterator[EmbeddedAws]:
    bundle = folder / "bundle.json"
    bundle.write_bytes(bundle_from(load_rules([RULES], resource_types()).rules))
    with EmbeddedAws() as aws, LocalVigil(aws, {}, (), {"VIGIL_BUNDLE": str(bundle)}):
        yield aws


def _handlers() -> tuple[Handler, Handler]:
    """Import the functions as Lambda does: when the environment is there."""
    # Their loggers keep the standard output of that moment; log lines would garble the table.
    with redirect_stdout(io.StringIO()):
        from chalicelib.functions.announce import announce  # noqa: PLC0415
        from chalicelib.functions.evaluate import evaluate  # noqa: PLC0415
    return evaluate, announce


def _one_event(aws: EmbeddedAws, evaluate: Handler, announce: Handler) -> tuple[Cost, Cost]:
    group = _open_group(aws)
    evaluated = _cost(evaluate, {"Records": [_message(aws, group)]})
    announced = _cost(announce, {"Records": _entries_of(group)})
    return evaluated, announced


def _cost(handler: Handler, event: Any) -> Cost:
    with _metered() as meter:
        wall, cpu = time.perf_counter(), time.thread_time()
        answer = handler(event, Context())
        wall, cpu = time.perf_counter() - wall, time.thread_time() - cpu
    if answer.get("batchItemFailures"):
        raise RuntimeError("the event was not processed")
    return Cost(
        wall=(wall - meter.wall) * 1000, cpu=(cpu - meter.cpu) * 1000, calls=len(meter.calls)
    )


@contextmanager
def _metered() -> Iterator[Meter]:
    meter = Meter()
    real = getattr(BaseClient, _BORDER)

    def timed(client: Any, operation: str, parameters: Any) -> Any:
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            return real(client, operation, parameters)
        finally:
            meter.calls.append(operation)
            meter.wall += time.perf_counter() - wall
            meter.cpu += time.thread_time() - cpu

    setattr(BaseClient, _BORDER, timed)
    try:
        yield meter
    finally:
        setattr(BaseClient, _BORDER, real)


def _open_group(aws: EmbeddedAws) -> str:
    ec2 = boto3.client(
        "ec2",
        endpoint_url=aws.url,
        region_name=REGION,
        aws_access_key_id="benchmark",
        aws_secret_access_key="benchmark",  # noqa: S106 - moto takes any
    )
    made = ec2.create_security_group(GroupName=f"web-{uuid.uuid4()}", Description="web")
    group: str = made["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[_WORLD_SSH])
    return group


def _message(aws: EmbeddedAws, group: str) -> dict[str, Any]:
    ranges = {"items": [{"cidrIp": "0.0.0.0/0"}]}
    opened = {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": ranges}
    opening = record(
        userIdentity=iam_user(accountId=aws.account_id),
        eventTime=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        eventSource="ec2.amazonaws.com",
        eventName="AuthorizeSecurityGroupIngress",
        awsRegion=REGION,
        requestParameters={"groupId": group, "ipPermissions": {"items": [opened]}},
        responseElements={"_return": True},
        eventID=str(uuid.uuid4()),
        recipientAccountId=aws.account_id,
    )
    sent = str(int(time.time() * 1000))
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": sent}
    return sqs_message(envelope(opening), messageId=str(uuid.uuid4()), attributes=attributes)


def _entries_of(group: str) -> list[dict[str, Any]]:
    """Return the history of a group as its stream delivers it."""
    from chalicelib.aws import Clients  # noqa: PLC0415 - reads the environment
    from chalicelib.settings import Settings  # noqa: PLC0415

    pages = Clients().client("dynamodb").get_paginator("scan")
    found = pages.paginate(TableName=Settings.from_env().history_table)
    items = [item for page in found for item in page["Items"] if group in item["pk"]["S"]]
    records = [{"eventName": "INSERT", "dynamodb": {"NewImage": item}} for item in items]
    return [record for record in records if matches(TOLD_ENTRIES, record)]
