"""A stream's batch that fails is halved until one record is to blame; order is kept."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from vigil.local._functions import Activity, Function, failures_kept
from vigil.local._streams import StreamPoller

POISON = "3"
DRAIN_SECONDS = 20


class OneShard:
    """A stream whose only shard gives as much as it is asked for."""

    def __init__(self, numbers: str) -> None:
        self._left = [record(number) for number in numbers]

    def describe_stream(self, **_: Any) -> dict[str, Any]:
        """Name the shard."""
        return {"StreamDescription": {"Shards": [{"ShardId": "shard"}]}}

    def get_shard_iterator(self, **_: Any) -> dict[str, Any]:
        """Begin at its start."""
        return {"ShardIterator": "iterator"}

    def get_records(self, **asked: Any) -> dict[str, Any]:
        """Give what is left."""
        batch, self._left = self._left[: asked["Limit"]], self._left[asked["Limit"] :]
        return {"Records": batch, "NextShardIterator": "iterator"}


def record(number: str) -> dict[str, Any]:
    return {
        "eventName": "REMOVE" if number == "9" else "INSERT",
        "dynamodb": {"SequenceNumber": number, "NewImage": {"raw": {"B": b"\x01"}}},
    }


def numbers_of(event: dict[str, Any]) -> list[str]:
    return [entry["dynamodb"]["SequenceNumber"] for entry in event["Records"]]


Start = Callable[..., StreamPoller]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[tuple[StreamPoller, Function]] = []

    def begin(numbers: str, handler: Any, **settings: Any) -> StreamPoller:
        function = Function("announce", handler, failures_kept())
        poller = StreamPoller(OneShard(numbers), "arn", function, Activity(), **settings)
        started.append((poller, function))
        poller.start()
        return poller

    yield begin
    for poller, function in started:
        poller.stop()
        poller.join(5)
        function.close()


def test_one_bad_record_is_set_aside_and_the_others_arrive_in_order(start: Start) -> None:
    done: list[str] = []

    def handle(event: dict[str, Any], _: Any) -> None:
        if POISON in numbers_of(event):
            raise ZeroDivisionError
        done.extend(numbers_of(event))

    poller = start("12345", handle)

    assert poller.is_drained(DRAIN_SECONDS)
    assert done == ["1", "2", "4", "5"]
    assert numbers_of({"Records": list(poller.set_aside)}) == [POISON]


def test_a_reported_failure_brings_back_the_rest_from_there_on(start: Start) -> None:
    batches: list[list[str]] = []

    def handle(event: dict[str, Any], _: Any) -> dict[str, Any]:
        batches.append(numbers_of(event))
        failed = [{"itemIdentifier": POISON}] if len(batches) == 1 else []
        return {"batchItemFailures": failed}

    poller = start("12345", handle)

    assert poller.is_drained(DRAIN_SECONDS)
    assert batches == [["1", "2", "3", "4", "5"], ["3", "4", "5"]]


def test_filters_keep_what_the_function_need_not_see(start: Start) -> None:
    batches: list[list[str]] = []

    poller = start(
        "192",
        lambda event, _: batches.append(numbers_of(event)),
        filters=[{"eventName": ["INSERT"]}],
    )

    assert poller.is_drained(DRAIN_SECONDS)
    assert batches == [["1", "2"]]


def test_a_batch_is_no_larger_than_the_mapping_says(start: Start) -> None:
    batches: list[list[str]] = []

    poller = start("12345", lambda event, _: batches.append(numbers_of(event)), batch_size=2)

    assert poller.is_drained(DRAIN_SECONDS)
    assert batches == [["1", "2"], ["3", "4"], ["5"]]


def test_records_have_lambdas_form(start: Start) -> None:
    seen: list[dict[str, Any]] = []

    poller = start("1", lambda event, _: seen.extend(event["Records"]))

    assert poller.is_drained(DRAIN_SECONDS)
    assert seen[0]["dynamodb"]["NewImage"]["raw"] == {"B": "AQ=="}
    assert seen[0]["eventSourceARN"] == "arn"


def test_stopping_interrupts_retries(start: Start) -> None:
    tried = threading.Event()

    def fail(_event: Any, _context: Any) -> None:
        tried.set()
        raise ZeroDivisionError

    poller = start("1", fail)
    assert tried.wait(DRAIN_SECONDS)

    began = time.monotonic()
    poller.stop()
    poller.join(5)

    assert time.monotonic() - began < 2
    assert not poller.set_aside
