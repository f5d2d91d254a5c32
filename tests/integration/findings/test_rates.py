"""The counting of rate rules is the same in every DynamoDB there is, and in memory."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.findings.rates import KEEP, DynamoRates
from chalicelib.model import Occurrence
from chalicelib.ports import Rates
from tests.integration.conftest import Database
from tests.ratekit import counted, refused
from vigil.rates import MemoryRates

FULL = 13


def mark(number: int) -> Occurrence:
    return counted(refused(number))


@pytest.fixture
def stored(database: Database) -> DynamoRates:
    return DynamoRates(database.client(), database.table("work"))


KINDS: dict[str, Callable[[DynamoRates], Rates]] = {
    "stored": lambda stored: stored,
    "in memory": lambda _: MemoryRates(),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_counting_is_the_same_wherever_it_is_kept(
    stored: DynamoRates, kind: Callable[[DynamoRates], Rates]
) -> None:
    rates = kind(stored)
    one, two, other = mark(1), mark(2), replace(mark(3), actor="somebody-else")

    assert rates.count(one) == (one.mark,)
    assert set(rates.count(two)) == {one.mark, two.mark}
    # A redelivered message counts no second time.
    assert set(rates.count(one)) == {one.mark, two.mark}
    assert rates.count(other) == (other.mark,)
    later = replace(mark(4), stretch=one.stretch + timedelta(minutes=30))
    assert rates.count(later) == (later.mark,)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_nothing_is_counted_once_the_burst_is_told(
    stored: DynamoRates, kind: Callable[[DynamoRates], Rates]
) -> None:
    rates = kind(stored)
    rates.count(mark(1))

    rates.settle(mark(1))

    assert rates.count(mark(1)) == rates.count(mark(2)) == ()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_is_kept_is_bounded_and_a_retry_still_sees_it(
    stored: DynamoRates, kind: Callable[[DynamoRates], Rates]
) -> None:
    rates = kind(stored)
    kept = [len(rates.count(mark(number))) for number in range(FULL)]

    assert kept == list(range(1, FULL + 1))
    assert mark(0).rate.kept == FULL
    assert rates.count(mark(FULL)) == ()
    assert len(rates.count(mark(0))) == FULL


def test_items_expire_by_when_they_came_not_by_what_the_event_claims(
    database: Database, stored: DynamoRates
) -> None:
    one = counted(refused(event_time=refused().event_time.replace(year=1971)))

    stored.count(one)

    (item,) = database.client().scan(TableName=database.table("work"))["Items"]
    assert int(item["expires"]["N"]) == int((one.detection.seen_at + KEEP).timestamp())


def test_of_many_workers_at_once_the_last_one_sees_all(database: Database) -> None:
    def count(number: int) -> int:
        # boto3's clients may be shared; what races is the item.
        return len(DynamoRates(client, database.table("work")).count(mark(number)))

    client = database.client()
    with ThreadPoolExecutor(8) as workers:
        seen = list(workers.map(count, range(8)))

    assert sorted(seen) == list(range(1, 9))
