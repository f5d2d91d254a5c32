"""From a CloudTrail record to the ids of the resources it touched: our routes against jmespath.

What is compared is what Cloud Custodian compiles from the ``ids`` of a policy's mode: one jmespath
expression, searched in the event.
"""

from collections.abc import Callable, Iterator
from statistics import median
from time import process_time
from typing import Any

import jmespath  # type: ignore[import-untyped]  # reason: it has no stubs

from benchmarks.report import Line, Wanted
from chalicelib.ingest.paths import compiled, ids_at
from chalicelib.ingest.routing import Origin, Routing
from tests.builders import ACCOUNT, REGION, assumed_role, record
from vigil.rulefiles import resource_types

ROUTED_PER_SECOND = 500_000
CALLS = 5_000
ROUNDS = 41
ORIGIN = Origin(account_id=ACCOUNT, region=REGION, partition="aws")
KEY = ("ec2.amazonaws.com", "AuthorizeSecurityGroupIngress")


def lines() -> Iterator[Line]:
    """Measure the search of ids, and the whole of routing beside it."""
    opened = _opened()
    paths = [compiled(path) for path in ("requestParameters.groupId",)]
    search = jmespath.compile("detail.requestParameters.groupId").search
    event = {"detail": opened}
    routing = Routing.of(resource_types())
    ours, theirs, whole = _in_turn(
        lambda: ids_at(opened, paths[0]),
        lambda: search(event),
        lambda: routing.written(opened, KEY, ORIGIN),
    )
    yield Line(
        name="routing to resource ids",
        value=CALLS / min(ours),
        unit="/s",
        wanted=Wanted.AT_LEAST,
        target=ROUTED_PER_SECOND,
        note=f"median {CALLS / median(ours):,.0f}/s; jmespath {CALLS / min(theirs):,.0f}/s",
    )
    yield Line(
        name="routing to touches, payload read for blame and change rules",
        value=CALLS / min(whole),
        unit="/s",
        note=f"median {CALLS / median(whole):,.0f}/s",
    )


def _in_turn(*works: Callable[[], object]) -> list[list[float]]:
    """Return the seconds of each work in each round, rounds in turn."""
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for spent, work in zip(seconds, works, strict=True):
            started = process_time()
            for _ in range(CALLS):
                work()
            spent.append(process_time() - started)
    return seconds


def _opened() -> dict[str, Any]:
    ranges = {"items": [{"cidrIp": "203.0.113.0/24", "description": "office"}]}
    permission = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "ipRanges": ranges}
    return record(
        userIdentity=assumed_role(),
        eventSource=KEY[0],
        eventName=KEY[1],
        requestParameters={"groupId": "sg-0aa1", "ipPermissions": {"items": [permission]}},
    )
