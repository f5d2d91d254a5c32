"""The ledger by time, newest first: every record received and what became of it.

The ledger is kept by place and hour and, within one, by event id. An hour is therefore read whole
and put in order, unless it is so large that it is read in stretches: then only each stretch is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from chalicelib.errors import InvalidRequestError
from chalicelib.findings._items import key_of, row_from, stamp
from chalicelib.findings.cursors import cursor_of, position_in
from chalicelib.findings.paging import STAMP, Page, fits
from chalicelib.model import LedgerRow

#: What one request may read: hours, and queries in all of them.
HOURS_LIMIT = 48
QUERIES_LIMIT = 200
#: Further pages of one hour, of up to 1 MB each, that are put in order together.
STRETCH_PAGES = 10
_HOUR_SECONDS = 3_600

#: Account and Region of a part of the ledger.
Place = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesQuestion:
    """Which changes are wanted.

    Attributes:
        start: Inclusive.
        end: Exclusive.
        places: Where they were received, in the order in which an hour is read.
        said: What was asked, before anything was filled in: a cursor belongs to that.
    """

    start: datetime
    end: datetime
    places: tuple[Place, ...]
    said: tuple[str | None, ...] = ()


class ChangePosition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the feed goes on.

    Attributes:
        hour: Hours since 1970.
        place: Number of the place where the stretch begins.
        sk: Key after which it begins there; empty at the hour's beginning.
        time: Of the last row that was shown of it; empty before the first.
        row: That row's key.
    """

    hour: int
    place: int = 0
    sk: str = ""
    time: str = ""
    row: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A row, and what orders it."""

    time: str
    key: str
    row: LedgerRow


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """Rows of an hour, newest first, and where the next ones begin."""

    rows: tuple[_Row, ...]
    next: ChangePosition


@dataclass(frozen=True, slots=True)
class DynamoChanges:
    """Reads the ledger over a boto3 DynamoDB client."""

    client: Any
    ledger_table: str

    def page(self, question: ChangesQuestion, cursor: str | None, limit: int) -> Page[LedgerRow]:
        """Return a page of changes, newest first.

        Raises:
            InvalidRequestError: The cursor is none of this list.
        """
        at = _start(question, cursor)
        found: list[LedgerRow] = []
        for _ in range(_stretches(question)):
            if at.hour < _hour(question.start):
                return Page(items=tuple(found), next=None)
            stretch = self._stretch(question, at)
            shown = stretch.rows[: limit - len(found)]
            found += (one.row for one in shown)
            if len(shown) < len(stretch.rows):
                return Page(items=tuple(found), next=cursor_of(_past(at, shown), question.said))
            at = stretch.next
        return Page(items=tuple(found), next=cursor_of(at, question.said))

    def _stretch(self, question: ChangesQuestion, at: ChangePosition) -> _Stretch:
        rows: list[_Row] = []
        end = ChangePosition(at.hour - 1)
        budget = len(question.places) + STRETCH_PAGES
        for number, (place, page) in enumerate(self._pages(question, at), start=1):
            rows += map(_row, page["Items"])
            if number >= budget and "LastEvaluatedKey" in page:
                end = ChangePosition(at.hour, place, page["LastEvaluatedKey"]["sk"]["S"])
                break
        left = (one for one in rows if _is_wanted(one, question, at))
        ordered = sorted(left, key=lambda one: (one.time, one.key), reverse=True)
        return _Stretch(rows=tuple(ordered), next=end)

    def _pages(
        self, question: ChangesQuestion, at: ChangePosition
    ) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Yield the pages of an hour, each with the number of its place."""
        hour = f"{datetime.fromtimestamp(at.hour * _HOUR_SECONDS, UTC):%Y-%m-%dT%H}"
        for number, place in enumerate(question.places[at.place :], start=at.place):
            pk = "#".join((*place, hour))
            start = at.sk if number == at.place else ""
            while True:
                page = self._page(pk, start)
                yield number, page
                if "LastEvaluatedKey" not in page:
                    break
                start = page["LastEvaluatedKey"]["sk"]["S"]

    def _page(self, pk: str, start: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.client.query(
            TableName=self.ledger_table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
            **({"ExclusiveStartKey": key_of(pk, start)} if start else {}),
        )
        return found


def _stretches(question: ChangesQuestion) -> int:
    return max(1, min(HOURS_LIMIT, QUERIES_LIMIT // max(1, len(question.places))))


def _hour(instant: datetime) -> int:
    return int(instant.timestamp() // _HOUR_SECONDS)


def _start(question: ChangesQuestion, cursor: str | None) -> ChangePosition:
    newest = _hour(question.end - timedelta(milliseconds=1))
    if cursor is None:
        return ChangePosition(newest)
    at = position_in(cursor, ChangePosition, question.said)
    in_window = 0 <= at.hour <= newest
    in_place = 0 <= at.place < max(1, len(question.places))
    begins = not at.sk or fits("-", at.sk)
    if not (in_window and in_place and begins and (not at.time or STAMP.fullmatch(at.time))):
        raise InvalidRequestError("the cursor names no position of this list")
    return at


def _past(at: ChangePosition, shown: tuple[_Row, ...]) -> ChangePosition:
    """Return the position after the rows of a stretch that were shown."""
    if not shown:
        return at
    return ChangePosition(at.hour, at.place, at.sk, shown[-1].time, shown[-1].key)


def _row(item: Mapping[str, Any]) -> _Row:
    row = row_from(item)
    return _Row(time=stamp(row.event_time), key=f"{item['sk']['S']}#{item['pk']['S']}", row=row)


def _is_wanted(one: _Row, question: ChangesQuestion, at: ChangePosition) -> bool:
    after = not at.time or (one.time, one.key) < (at.time, at.row)
    return after and question.start <= one.row.event_time < question.end
