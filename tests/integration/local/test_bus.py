"""The loop between the services delivers what matches, retries what fails, and ends cleanly."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from tests import builders
from tests.integration.local.conftest import ClientFactory
from vigil.local.bus import LocalBus, envelope
from vigil.local.moto_server import EmbeddedAws

IDLE_SECONDS = 30
ONLY_QUEUES = {"source": ["aws.sqs"], "detail": {"eventName": ["CreateQueue"]}}


@pytest.fixture
def bus(aws: EmbeddedAws, client: ClientFactory) -> Iterator[LocalBus]:
    local = LocalBus(client("sqs"), aws.trail)
    yield local
    local.stop()


@pytest.fixture
def make_queue(aws: EmbeddedAws, client: ClientFactory) -> Callable[..., str]:
    def make(name: str, **attributes: str) -> str:
        made = client("sqs").create_queue(QueueName=name, Attributes=attributes)
        # Its own record is written before a rule could match it.
        assert aws.trail.wait_until_written(30)
        return str(made["QueueUrl"])

    return make


def test_only_what_matches_arrives_and_as_eventbridge_sends_it(
    bus: LocalBus, client: ClientFactory, make_queue: Callable[..., str]
) -> None:
    events: list[dict[str, Any]] = []
    queue = make_queue("changes")
    bus.add_function("evaluate", lambda event, _: events.append(event))
    bus.add_rule(ONLY_QUEUES, queue)
    bus.consume_queue(queue, "evaluate")
    bus.start()

    client("sns").create_topic(Name="not-wanted")
    client("sqs").create_queue(QueueName="wanted")

    assert bus.idle(IDLE_SECONDS)
    records = [record for event in events for record in event["Records"]]
    bodies = [json.loads(record["body"]) for record in records]
    assert [body["detail"]["requestParameters"]["queueName"] for body in bodies] == ["wanted"]
    assert bodies[0]["detail-type"] == "AWS API Call via CloudTrail"
    assert bodies[0]["account"] == bodies[0]["detail"]["recipientAccountId"]
    assert bodies[0]["region"] == "eu-west-1"
    assert bodies[0]["id"] != bodies[0]["detail"]["eventID"]
    assert records[0]["eventSourceARN"] == "arn:aws:sqs:eu-west-1:123456789012:changes"
    assert records[0]["attributes"]["ApproximateReceiveCount"] == "1"


def test_two_rules_that_match_send_one_message(
    bus: LocalBus, client: ClientFactory, make_queue: Callable[..., str]
) -> None:
    queue = make_queue("changes")
    bus.add_rule(ONLY_QUEUES, queue)
    bus.add_rule({"source": [{"prefix": "aws."}]}, queue)

    client("sqs").create_queue(QueueName="wanted")

    assert bus.idle(IDLE_SECONDS)
    messages = client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert len(messages) == 1


@pytest.mark.parametrize(
    "change",
    [{"readOnly": True}, {"requestParameters": {"text": "x" * 262_144}}],
    ids=["read-only", "too large"],
)
def test_some_events_reach_no_rule(
    bus: LocalBus,
    client: ClientFactory,
    aws: EmbeddedAws,
    make_queue: Callable[..., str],
    change: dict[str, Any],
) -> None:
    queue = make_queue("changes")
    assert aws.trail.wait_until_written(30)
    record = aws.trail.history[-1]
    bus.add_rule({"source": ["aws.sqs"]}, queue)

    bus.publish(record)
    bus.publish(record | change)

    messages = client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert len(messages) == 1


@pytest.mark.parametrize(
    ("event_type", "detail_type"),
    [
        ("AwsApiCall", "AWS API Call via CloudTrail"),
        ("AwsConsoleSignIn", "AWS Console Sign In via CloudTrail"),
        ("AwsServiceEvent", "AWS Service Event via CloudTrail"),
    ],
)
def test_the_envelope_tells_kinds_of_records_apart(event_type: str, detail_type: str) -> None:
    record = {
        "eventType": event_type,
        "eventSource": "signin.amazonaws.com",
        "recipientAccountId": "123456789012",
        "eventTime": "2026-01-01T00:00:00Z",
        "awsRegion": "us-east-1",
    }

    event = envelope(record)

    assert (event["detail-type"], event["source"]) == (detail_type, "aws.signin")


def test_a_message_that_keeps_failing_ends_in_the_dead_letter_queue(
    bus: LocalBus, client: ClientFactory, make_queue: Callable[..., str]
) -> None:
    dead = make_queue("dead")
    redrive = {
        "deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:dead",
        "maxReceiveCount": 2,
    }
    queue = make_queue("q", VisibilityTimeout="1", RedrivePolicy=json.dumps(redrive))
    attempts: list[str] = []

    def fail(event: dict[str, Any], _: Any) -> None:
        attempts.append(event["Records"][0]["body"])
        raise ZeroDivisionError

    bus.add_function("broken", fail)
    bus.consume_queue(queue, "broken")
    bus.start()
    client("sqs").send_message(QueueUrl=queue, MessageBody="poison")

    assert bus.idle(IDLE_SECONDS)
    assert attempts == ["poison", "poison"]
    assert [type(failure.error) for failure in bus.failures] == [ZeroDivisionError] * 2
    messages = client("sqs").receive_message(QueueUrl=dead)["Messages"]
    assert [message["Body"] for message in messages] == ["poison"]


def test_only_the_refused_messages_of_a_batch_come_back(
    bus: LocalBus, client: ClientFactory, make_queue: Callable[..., str]
) -> None:
    queue = make_queue("q", VisibilityTimeout="1")
    seen: list[str] = []

    def refuse_first_time(event: dict[str, Any], _: Any) -> dict[str, Any]:
        failures = []
        for record in event["Records"]:
            if record["body"] == "bad" and "bad" not in seen:
                failures.append({"itemIdentifier": record["messageId"]})
            seen.append(record["body"])
        return {"batchItemFailures": failures}

    client("sqs").send_message(QueueUrl=queue, MessageBody="good")
    client("sqs").send_message(QueueUrl=queue, MessageBody="bad")
    bus.add_function("picky", refuse_first_time)
    bus.consume_queue(queue, "picky")
    bus.start()

    assert bus.idle(IDLE_SECONDS)
    assert sorted(seen) == ["bad", "bad", "good"]


def test_idle_waits_for_delayed_messages(
    bus: LocalBus, client: ClientFactory, make_queue: Callable[..., str]
) -> None:
    queue = make_queue("q")
    seen: list[Any] = []
    bus.add_function("look", lambda event, _: seen.append(event))
    bus.consume_queue(queue, "look")
    bus.start()
    client("sqs").send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=1)

    assert not bus.idle(0.1)
    assert bus.idle(IDLE_SECONDS)
    assert len(seen) == 1


def test_a_message_that_becomes_visible_between_two_counts_is_not_overlooked(
    aws: EmbeddedAws, client: ClientFactory, make_queue: Callable[..., str]
) -> None:
    queue = make_queue("q")
    sqs = client("sqs")
    passing = LocalBus(sqs, aws.trail)
    passing.add_function("look", lambda _event, _context: None)
    passing.consume_queue(queue, "look")

    with Stubber(sqs) as answers:
        for visible in ("0", "1", "0", "0"):
            answers.add_response(
                "get_queue_attributes", {"Attributes": {"ApproximateNumberOfMessages": visible}}
            )
        assert passing.idle(IDLE_SECONDS)

        answers.assert_no_pending_responses()


def test_a_schedule_runs_by_itself_and_on_demand(bus: LocalBus) -> None:
    ticks: list[dict[str, Any]] = []
    twice = threading.Event()

    def tick(event: dict[str, Any], context: Any) -> int:
        ticks.append(event)
        if len(ticks) > 1:
            twice.set()
        return int(context.get_remaining_time_in_millis())

    bus.add_function("due", tick)
    bus.add_schedule("due", every_seconds=0.05)
    bus.start()

    assert twice.wait(10)
    assert bus.run_schedule("due") > 0
    assert ticks[0]["detail-type"] == "Scheduled Event"


@pytest.mark.parametrize("even_reads", [False, True])
def test_reads_reach_only_rules_that_ask_for_them(
    bus: LocalBus, make_queue: Callable[..., str], *, even_reads: bool
) -> None:
    bodies: list[Any] = []
    queue = make_queue("refused")
    bus.add_function("evaluate", lambda event, _: bodies.extend(event["Records"]))
    refused = {"detail": {"errorCode": [{"prefix": "AccessDenied"}]}}
    bus.add_rule(refused, queue, even_reads=even_reads)
    bus.consume_queue(queue, "evaluate")
    bus.start()

    bus.publish(builders.record(eventName="ListBuckets", readOnly=True, errorCode="AccessDenied"))

    assert bus.idle(IDLE_SECONDS)
    assert len(bodies) == even_reads


def test_everything_stops_within_two_seconds(bus: LocalBus, make_queue: Callable[..., str]) -> None:
    for name in ("one", "two", "three"):
        bus.add_function(name, lambda _event, _context: None)
        bus.consume_queue(make_queue(name), name)
        bus.add_schedule(name, every_seconds=60)
    bus.start()

    began = time.monotonic()
    bus.stop()

    assert time.monotonic() - began < 2
    alive = [thread.name for thread in threading.enumerate()]
    assert not [name for name in alive if name.startswith(("poll-", "schedule-", "stream-"))]
