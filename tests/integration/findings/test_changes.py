"""The feed of changes: newest first, whole, within what one request may read."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest

from chalicelib.errors import InvalidRequestError
from chalicelib.findings import changes
from chalicelib.findings.changes import ChangePosition, ChangesQuestion, DynamoChanges
from chalicelib.findings.cursors import cursor_of
from chalicelib.model import LedgerRow
from tests.integration.conftest import Database
from tests.integration.findings.seeding import put_rows
from tests.unit.findings.given import REF, at, ledger_row

HOME = (REF.account_id, REF.region)
AWAY = (REF.account_id, "us-east-1")
DAY = ChangesQuestion(
    start=at(0) - timedelta(hours=12), end=at(0) + timedelta(hours=1), places=(HOME, AWAY)
)


@pytest.fixture
def ledger(fast_database: Database) -> DynamoChanges:
    return DynamoChanges(fast_database.client(), fast_database.table("ledger"))


def row(name: str, minutes: float, **overrides: Any) -> LedgerRow:
    when = at(minutes * 60)
    return ledger_row(name, event_time=when, received_at=when, **overrides)


def put(ledger: DynamoChanges, *rows: LedgerRow) -> None:
    put_rows(ledger.client, ledger.ledger_table, *rows)


def walk(ledger: DynamoChanges, question: ChangesQuestion, limit: int) -> Iterator[list[str]]:
    cursor: str | None = None
    for _ in range(200):
        page = ledger.page(question, cursor, limit)
        yield [str(one.event_id) for one in page.items]
        cursor = page.next
        if cursor is None:
            return
    pytest.fail("the feed has no end")


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_changes_come_newest_first_from_all_places(ledger: DynamoChanges, limit: int) -> None:
    put(
        ledger,
        row("z-old", -600),
        row("b", 1),
        row("a", 3),
        row("c", 2, region=AWAY[1]),
        row("late", 61),
    )

    assert list(chain.from_iterable(walk(ledger, DAY, limit))) == ["a", "c", "b", "z-old"]


def test_a_row_is_read_back_as_it_was_written(ledger: DynamoChanges) -> None:
    put(ledger, row("e-1", 1, actor="mallory"), row("e-2", 0, detail="why"))

    newest, oldest = ledger.page(DAY, None, 9).items

    assert newest == row("e-1", 1, actor="mallory")
    assert oldest == row("e-2", 0, detail="why")


def test_a_record_without_an_event_id_has_none(ledger: DynamoChanges) -> None:
    put(ledger, replace(row("x", 1), event_id=None))

    (found,) = ledger.page(DAY, None, 9).items

    assert found.event_id is None


def test_an_hour_that_is_too_large_is_read_in_stretches_and_loses_nothing(
    ledger: DynamoChanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "STRETCH_PAGES", 0)
    small = DynamoChanges(_Small(ledger.client), ledger.ledger_table)
    names = {f"e-{number}" for number in range(12)}
    put(ledger, *(row(name, number) for number, name in enumerate(sorted(names))))

    found = list(chain.from_iterable(walk(small, DAY, 2)))

    assert sorted(found) == sorted(names)


class _Small:
    """A client whose pages hold three items."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def query(self, **query: Any) -> Any:
        return self._client.query(**query, Limit=3)


def test_a_request_reads_so_many_hours_and_the_next_one_goes_on(ledger: DynamoChanges) -> None:
    put(ledger, row("old", -60 * 100))
    week = replace(DAY, start=at(0) - timedelta(days=7))

    pages = list(walk(ledger, week, 9))

    assert pages[0] == []
    assert list(chain.from_iterable(pages)) == ["old"]
    assert len(pages) < 6


@pytest.mark.parametrize(
    "position",
    [
        ChangePosition(10**9),
        ChangePosition(-5),
        ChangePosition(1, 2),
        ChangePosition(1, -1),
        ChangePosition(1, 0, "x" * 1_100),
        ChangePosition(1, 0, "", "noon"),
    ],
    ids=["the future", "before time", "no place", "a negative place", "too long", "no time"],
)
def test_a_forged_cursor_is_refused(ledger: DynamoChanges, position: ChangePosition) -> None:
    with pytest.raises(InvalidRequestError):
        ledger.page(DAY, cursor_of(position, DAY.said), 9)


def test_a_cursor_of_another_question_is_refused(ledger: DynamoChanges) -> None:
    with pytest.raises(InvalidRequestError):
        ledger.page(DAY, cursor_of(ChangePosition(1), ("other",)), 9)
