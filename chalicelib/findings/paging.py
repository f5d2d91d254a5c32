"""Parts of a list: what they hold, how much of DynamoDB one of them may cost, where they go on."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from chalicelib.findings.cursors import cursor_of, position_in

#: Pages of DynamoDB that one request may read, and items on each.
PAGES_LIMIT = 10
PAGE_SIZE = 200
SKIPPED_LIMIT = 1_000_000
PK_LIMIT_BYTES = 2_048
SK_LIMIT_BYTES = 1_024
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """A part of a list, and the cursor with which it goes on; None at its end."""

    items: tuple[T, ...]
    next: str | None


def page_of(
    steps: Iterable[tuple[msgspec.Struct | None, T | None]], question: Any, limit: int
) -> Page[T]:
    """Take what a page holds; one more is looked for, so that the last page has no next."""
    found: list[T] = []
    at: msgspec.Struct | None = None
    last: msgspec.Struct | None = None
    for at, one in steps:
        if one is None:
            continue
        if len(found) == limit:
            return Page(items=tuple(found), next=cursor_of(last, question) if last else None)
        found.append(one)
        last = at
    return Page(items=tuple(found), next=cursor_of(at, question) if at else None)


class Skipped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of a short list the pages before held."""

    count: Annotated[int, msgspec.Meta(ge=1, le=SKIPPED_LIMIT)]


def part_of(items: Sequence[T], question: Any, cursor: str | None, limit: int) -> Page[T]:
    """Return a page of a list that is short enough to be read as a whole.

    Raises:
        InvalidRequestError: The cursor is none of this list.
    """
    start = position_in(cursor, Skipped, question).count if cursor else 0
    end = start + limit
    more = cursor_of(Skipped(end), question) if end < len(items) else None
    return Page(items=tuple(items[start:end]), next=more)


def fits(pk: str, sk: str) -> bool:
    """Tell whether DynamoDB takes a key of this size."""
    return 0 < len(pk.encode()) <= PK_LIMIT_BYTES and 0 < len(sk.encode()) <= SK_LIMIT_BYTES


def pages_of(client: Any, query: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the pages of a query, each asked for when it is wanted."""
    asked = dict(query)
    while True:
        page = client.query(**asked)
        yield page
        if "LastEvaluatedKey" not in page:
            return
        asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]
