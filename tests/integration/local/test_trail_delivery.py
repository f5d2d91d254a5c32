"""Events are heard only while a trail logs, as in AWS."""

from collections.abc import Iterator

import pytest

from tests.integration.local.conftest import ClientFactory, clients_of
from vigil.local.moto_server import EmbeddedAws


@pytest.fixture
def strict() -> Iterator[tuple[EmbeddedAws, ClientFactory, list[str]]]:
    with EmbeddedAws(managed_policies=False) as aws:
        heard: list[str] = []
        aws.on_record(lambda record: heard.append(record["eventName"]))
        client = clients_of(aws)
        client("s3", region_name="us-east-1").create_bucket(Bucket="logs")
        yield aws, client, heard


def start(client: ClientFactory, *, everywhere: bool, region: str = "us-east-1") -> None:
    trails = client("cloudtrail", region_name=region)
    trails.create_trail(Name="main", S3BucketName="logs", IsMultiRegionTrail=everywhere)
    trails.start_logging(Name="main")


def change(client: ClientFactory, region: str) -> None:
    client("sqs", region_name=region).create_queue(QueueName="q")


Strict = tuple[EmbeddedAws, ClientFactory, list[str]]


def test_without_a_trail_nothing_is_heard_but_the_history_knows(strict: Strict) -> None:
    aws, client, heard = strict

    change(client, "eu-west-1")

    assert aws.trail.wait_until_written(30)
    assert heard == []
    assert aws.trail.history[-1]["eventName"] == "CreateQueue"


def test_a_trail_hears_from_its_own_start_on(strict: Strict) -> None:
    aws, client, heard = strict

    start(client, everywhere=True)
    change(client, "eu-west-1")

    assert aws.trail.wait_until_written(30)
    assert heard == ["StartLogging", "CreateQueue"]


def test_stopping_the_last_trail_is_the_last_thing_heard(strict: Strict) -> None:
    aws, client, heard = strict
    start(client, everywhere=True)

    client("cloudtrail", region_name="us-east-1").stop_logging(Name="main")
    change(client, "eu-west-1")

    assert aws.trail.wait_until_written(30)
    assert heard == ["StartLogging", "StopLogging"]


def test_deleting_the_last_trail_is_heard(strict: Strict) -> None:
    aws, client, heard = strict
    start(client, everywhere=True)

    client("cloudtrail", region_name="us-east-1").delete_trail(Name="main")
    change(client, "us-east-1")

    assert aws.trail.wait_until_written(30)
    assert heard[-1] == "DeleteTrail"


def test_a_trail_of_one_region_hears_that_region_only(strict: Strict) -> None:
    aws, client, heard = strict
    start(client, everywhere=False)

    change(client, "eu-west-1")
    change(client, "us-east-1")

    assert aws.trail.wait_until_written(30)
    assert heard == ["StartLogging", "CreateQueue"]


def test_a_sign_in_is_heard_through_a_trail_too(strict: Strict) -> None:
    aws, client, heard = strict
    aws.sign_in("alice")
    start(client, everywhere=True)

    aws.sign_in("bob")

    assert aws.trail.wait_until_written(30)
    assert heard == ["StartLogging", "ConsoleLogin"]


def test_a_sink_that_raises_is_seen_and_stops_nothing() -> None:
    with EmbeddedAws(require_trail=False, managed_policies=False) as aws:
        aws.on_record(lambda record: record["no such key"])
        change(clients_of(aws), "eu-west-1")
        change(clients_of(aws), "us-east-1")

        assert aws.trail.wait_until_written(30)
        assert [type(error) for error in aws.trail.failures] == [KeyError, KeyError]
