"""Lists come by the page, whole and in order; a cursor leads nowhere but on in its own list."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

import msgspec
import pytest

from chalicelib.errors import InvalidRequestError
from chalicelib.findings import paging, reading
from chalicelib.findings.cursors import cursor_of
from chalicelib.findings.filters import FindingFilter, Listed
from chalicelib.findings.history import transition_from
from chalicelib.findings.past import EntryPosition
from chalicelib.findings.reading import DynamoReader, FindingPosition
from chalicelib.model import Finding, Severity, Status, TransitionKind
from tests.integration.conftest import Database
from tests.integration.findings.seeding import entry, finding, put_entries, put_findings
from tests.unit.findings.given import REF, at

ANYTHING = FindingFilter()
STRANGER = "999999999999"


def judge(one: Finding) -> Listed:
    return Listed(finding=one, exemption=None, overdue=False)


@pytest.fixture
def client(fast_database: Database) -> Any:
    return fast_database.client()


@pytest.fixture
def reader(fast_database: Database, client: Any) -> DynamoReader:
    findings, history = fast_database.table("findings"), fast_database.table("history")
    return DynamoReader(client, findings, history, REF.account_id)


def put(reader: DynamoReader, *found: Finding) -> None:
    put_findings(reader.client, reader.findings_table, reader.history_table, *found)


def walk(
    reader: DynamoReader, wanted: FindingFilter = ANYTHING, limit: int = 2
) -> Iterator[list[str]]:
    """Yield the resource ids of page after page."""
    cursor: str | None = None
    for _ in range(100):
        page = reader.findings(wanted, judge, cursor, limit)
        yield [one.finding.subject.ref.id for one in page.items]
        cursor = page.next
        if cursor is None:
            return
    pytest.fail("the list has no end")


def house() -> tuple[Finding, ...]:
    grades = (Severity.LOW, Severity.CRITICAL, Severity.HIGH)
    return tuple(
        finding(f"{grade.value}-{age}", severity=grade, opened_at=at(-age), changed_at=at(-age))
        for grade in grades
        for age in range(3)
    )


def test_a_finding_is_found_by_its_id(reader: DynamoReader) -> None:
    put(reader, finding("front"), finding("back"))

    found = reader.finding(finding("back").id)

    assert found is not None
    assert found.subject.ref.id == "back"
    assert reader.finding("0" * 32) is None


def test_pages_hold_every_open_finding_once_the_worst_and_newest_first(
    reader: DynamoReader,
) -> None:
    put(reader, *house(), finding("shut", status=Status.RESOLVED, resolved_at=at(9)))

    pages = list(walk(reader))

    assert list(chain.from_iterable(pages)) == [
        f"{grade}-{age}" for grade in ("critical", "high", "low") for age in range(3)
    ]
    assert [len(page) for page in pages] == [2, 2, 2, 2, 1]


def test_a_last_page_that_is_full_has_no_next(reader: DynamoReader) -> None:
    put(reader, finding("a"), finding("b"))

    assert reader.findings(ANYTHING, judge, None, 2).next is None


def test_resolved_findings_are_a_list_of_their_own(reader: DynamoReader) -> None:
    put(
        reader,
        finding("open"),
        finding("first", status=Status.RESOLVED, resolved_at=at(5)),
        finding("last", status=Status.RESOLVED, resolved_at=at(9)),
    )

    assert list(walk(reader, FindingFilter(status=Status.RESOLVED))) == [["last", "first"]]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (FindingFilter(severities=frozenset({Severity.LOW})), {"low-0", "low-1", "low-2"}),
        (FindingFilter(text="CRITICAL-1"), {"critical-1"}),
        (FindingFilter(account=STRANGER), set()),
        (FindingFilter(region="mars-1"), set()),
        (FindingFilter(overdue=True), set()),
        (FindingFilter(exempt=False, text="high"), {"high-0", "high-1", "high-2"}),
    ],
    ids=["severity", "text", "another account", "another Region", "overdue", "not exempt"],
)
def test_a_filter_shows_what_it_admits(
    reader: DynamoReader, wanted: FindingFilter, ids: set[str]
) -> None:
    put(reader, *house())

    assert {one for page in walk(reader, wanted) for one in page} == ids


def test_a_request_reads_no_more_than_it_may_and_goes_on_where_it_stopped(
    reader: DynamoReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE_SIZE", 1)
    monkeypatch.setattr(reading, "PAGES_LIMIT", 3)
    put(reader, *house())

    first = reader.findings(FindingFilter(text="low-2"), judge, None, 2)

    assert (first.items, first.next is None) == ((), False)
    assert [one for page in walk(reader, FindingFilter(text="low-2")) for one in page] == ["low-2"]


def forged(at: Any, question: Any = ANYTHING) -> str:
    return cursor_of(at, question)


FIRST = FindingPosition(0, f"{REF.account_id}#r#t#i", "finding#x", "2026-01-01T00:00:00.000Z")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "!!!!",
        base64.urlsafe_b64encode(b'["",{"part":0}]').decode(),
        base64.urlsafe_b64encode(b"[" * 5_000).decode(),
        forged(FIRST, FindingFilter(text="other")),
        forged(msgspec.structs.replace(FIRST, part=5)),
        forged(msgspec.structs.replace(FIRST, part=-1)),
        forged(msgspec.structs.replace(FIRST, pk=f"{STRANGER}#r#t#i")),
        forged(msgspec.structs.replace(FIRST, pk=f"{REF.account_id}#{'x' * 2_100}")),
        forged(msgspec.structs.replace(FIRST, sk="look")),
        forged(msgspec.structs.replace(FIRST, sk="finding#" + "x" * 1_100)),
        forged(msgspec.structs.replace(FIRST, opened_at="yesterday")),
        forged(msgspec.structs.replace(FIRST, pk="")),
        forged(EntryPosition("2026")),
    ],
    ids=[
        "nonsense",
        "no base64",
        "another digest",
        "deeply nested",
        "another list",
        "no such part",
        "a negative part",
        "another account",
        "too long a key",
        "no finding",
        "too long a sort key",
        "no time",
        "half a position",
        "of another kind",
    ],
)
def test_a_forged_cursor_is_refused(reader: DynamoReader, cursor: str) -> None:
    with pytest.raises(InvalidRequestError):
        reader.findings(ANYTHING, judge, cursor, 2)


def test_a_cursor_that_fits_the_list_goes_on_wherever_it_points(reader: DynamoReader) -> None:
    put(reader, *house())

    page = reader.findings(ANYTHING, judge, forged(replace_part(FIRST, 4)), 9)

    assert page.items == ()


def replace_part(position: FindingPosition, part: int) -> FindingPosition:
    return msgspec.structs.replace(position, part=part)


# History


def stages(reader: DynamoReader) -> Finding:
    """Store a finding with four entries, among those of another rule on the same resource."""
    other = finding("front", rule_id="door-locked")
    moves = (
        (TransitionKind.OPENED, 1, 1),
        (TransitionKind.RESOLVED, 1, 2),
        (TransitionKind.REOPENED, 2, 3),
        (TransitionKind.ACKNOWLEDGED, 2, 4),
    )
    found = finding("front")
    for kind, episode, number in moves:
        found = replace(found, episode=episode, revision=number, changed_at=at(number))
        put_entries(
            reader.client,
            reader.history_table,
            entry(found, kind),
            entry(replace(other, revision=number, changed_at=at(number))),
        )
    return found


def test_a_history_is_read_by_the_page_oldest_first_without_that_of_others(
    reader: DynamoReader,
) -> None:
    found = stages(reader)

    first = reader.past.history(found, None, 3)
    second = reader.past.history(found, first.next, 3)

    entries = [transition_from(one.body) for one in (*first.items, *second.items)]
    assert [one.seq for one in entries] == [1, 2, 3, 4]
    assert {one.rule_id for one in entries} == {found.rule_id}
    assert second.next is None


@pytest.mark.parametrize(
    ("seconds", "numbers"),
    [(0, []), (1, [1]), (2.5, [1, 2]), (3, [3]), (99, [3, 4])],
    ids=["before", "opened", "resolved", "reopened", "now"],
)
def test_an_episode_is_read_as_it_was_at_an_instant(
    reader: DynamoReader, seconds: float, numbers: list[int]
) -> None:
    found = stages(reader)

    assert [one.seq for one in reader.past.episode(found, at(seconds))] == numbers


@pytest.mark.parametrize(
    "sk", ["x", "2026-01-01T12:00:00.000Z#" + "x" * 1_100], ids=["no time", "too long"]
)
def test_a_forged_cursor_of_a_history_is_refused(reader: DynamoReader, sk: str) -> None:
    found = finding("front")

    with pytest.raises(InvalidRequestError):
        reader.past.history(found, cursor_of(EntryPosition(sk), found.id), 3)


def test_entries_since_an_instant_are_counted_over_the_hour(reader: DynamoReader) -> None:
    stages(reader)

    assert reader.past.written(at(2), at(10)) == 4
    assert reader.past.written(at(4), at(3_700)) == 0
    assert reader.past.written(at(-7_200), at(3_500)) == 8


def test_a_page_of_dynamodb_is_asked_for_only_when_it_is_wanted(reader: DynamoReader) -> None:
    put(reader, *house())
    query = {
        "TableName": reader.findings_table,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": finding("low-0").subject.ref.key}},
    }

    assert len(list(paging.pages_of(reader.client, query))) == 1
