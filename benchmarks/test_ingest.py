"""What one record costs on its way to a `Change`.

Floors, so that a regression fails instead of fading in: records per second on one slow core, taken
from the best round because a busy machine says nothing about the code.
"""

from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from chalicelib.ingest.cloudtrail import change_from
from chalicelib.ingest.envelope import read
from chalicelib.ingest.routing import Origin, Routing
from chalicelib.model.plugin import Route
from tests.builders import (
    ACCOUNT,
    RECEIVED_AT,
    REGION,
    assumed_role,
    envelope,
    record,
    resource_type,
    sqs_message,
)

ORIGIN = Origin(account_id=ACCOUNT, region=REGION, partition="aws")
EC2 = "ec2.amazonaws.com"
ROUTING = Routing.of(
    [
        resource_type(
            "AWS::EC2::SecurityGroup",
            Route(
                source=EC2,
                actions=("AuthorizeSecurityGroupIngress",),
                ids=("requestParameters.groupId",),
                writes=("/properties/SecurityGroupIngress",),
            ),
        )
    ]
)
RANGES = {"items": [{"cidrIp": "203.0.113.0/24", "description": "office"}]}
OPENED = record(
    userIdentity=assumed_role(),
    eventSource=EC2,
    eventName="AuthorizeSecurityGroupIngress",
    requestParameters={
        "groupId": "sg-0aa1",
        "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 443, "ipRanges": RANGES}]},
    },
)

IRRELEVANT_PER_SECOND = 500_000
RELEVANT_PER_SECOND = 100_000
CHANGES_PER_SECOND = 20_000


def _at_least(per_second: int, benchmark: BenchmarkFixture) -> None:
    if benchmark.stats is not None:
        assert benchmark.stats.stats.min < 1 / per_second


def test_a_record_that_no_route_names(benchmark: BenchmarkFixture) -> None:
    benchmark(ROUTING.written, record(), ("s3.amazonaws.com", "PutObject"), ORIGIN)

    _at_least(IRRELEVANT_PER_SECOND, benchmark)


def test_a_record_that_a_route_names(benchmark: BenchmarkFixture) -> None:
    key = (EC2, "AuthorizeSecurityGroupIngress")

    trace = benchmark(ROUTING.written, OPENED, key, ORIGIN)

    assert trace.touches[0].ref.id == "sg-0aa1"
    _at_least(RELEVANT_PER_SECOND, benchmark)


@pytest.mark.parametrize(
    "detail", [pytest.param(record(), id="irrelevant"), pytest.param(OPENED, id="relevant")]
)
def test_a_whole_change(benchmark: BenchmarkFixture, detail: dict[str, Any]) -> None:
    benchmark(change_from, detail, ROUTING, received_at=RECEIVED_AT)

    _at_least(CHANGES_PER_SECOND, benchmark)


def test_an_envelope(benchmark: BenchmarkFixture) -> None:
    body = sqs_message(envelope(OPENED))["body"]

    benchmark(read, body, received_at=RECEIVED_AT)

    _at_least(CHANGES_PER_SECOND, benchmark)


def test_a_thousand_ids_in_one_record(benchmark: BenchmarkFixture) -> None:
    tags = Route(
        source=EC2, actions=("CreateTags",), ids=("requestParameters.set.items[].resourceId",)
    )
    routing = Routing.of([resource_type("AWS::EC2::SecurityGroup", tags)])
    items = [{"resourceId": f"sg-{number:04}"} for number in range(1000)]
    tagged = record(
        eventSource=EC2, eventName="CreateTags", requestParameters={"set": {"items": items}}
    )

    change = benchmark(change_from, tagged, routing, received_at=RECEIVED_AT)

    assert len(change.touches) == len(items)
