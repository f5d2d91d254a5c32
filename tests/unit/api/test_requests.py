"""Requests are read strictly: whatever is unknown, doubled, unbounded or malformed is refused."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec
import pytest

from chalicelib.api._problems import BAD_REQUEST, TOO_LARGE, UNPROCESSABLE, WrongRequestError
from chalicelib.api._requests import (
    BODY_LIMIT_BYTES,
    AsOfQuery,
    ChangesQuery,
    ExemptionBody,
    FindingsQuery,
    NoteBody,
    PostureQuery,
    body_from,
    flag,
    query_from,
)

Parameters = Mapping[str, Sequence[str]]


def test_a_query_is_read_into_what_it_says() -> None:
    given = {"status": ["resolved"], "severity": ["high,low"], "limit": ["7"], "exempt": ["false"]}

    read = query_from(given, FindingsQuery)

    assert (read.status, read.severity, read.limit, flag(read.exempt)) == (
        "resolved",
        "high,low",
        7,
        False,
    )
    assert flag(read.overdue) is None


def test_nothing_said_is_everything_open() -> None:
    assert query_from(None, FindingsQuery) == FindingsQuery(status="open", limit=50)


def test_an_instant_is_read_with_its_zone() -> None:
    read = query_from({"from": ["2026-01-01T12:00:00+02:00"]}, ChangesQuery)

    assert read.start == datetime(2026, 1, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "given", "place"),
    [
        (FindingsQuery, {"colour": ["red"]}, "colour"),
        (FindingsQuery, {"limit": ["5", "6"]}, "limit"),
        (FindingsQuery, {"limit": ["0"]}, "limit"),
        (FindingsQuery, {"limit": ["101"]}, "limit"),
        (FindingsQuery, {"limit": ["5.0"]}, "limit"),
        (FindingsQuery, {"limit": ["٣"]}, "limit"),
        (FindingsQuery, {"limit": [" 5"]}, "limit"),
        (FindingsQuery, {"status": ["OPEN"]}, "status"),
        (FindingsQuery, {"severity": ["high,,low"]}, "severity"),
        (FindingsQuery, {"severity": ["awful"]}, "severity"),
        (FindingsQuery, {"exempt": ["1"]}, "exempt"),
        (FindingsQuery, {"q": [""]}, "q"),
        (FindingsQuery, {"q": ["x" * 257]}, "q"),
        (FindingsQuery, {"q": ["\ud800"]}, ""),
        (FindingsQuery, {"cursor": ["x" * 9_000]}, "cursor"),
        (AsOfQuery, {"as_of": ["2026-01-01T12:00:00"]}, "as_of"),
        (AsOfQuery, {"as_of": ["1767268800"]}, "as_of"),
        (AsOfQuery, {"as_of": ["yesterday"]}, "as_of"),
        (PostureQuery, {"days": ["401"]}, "days"),
        (PostureQuery, {"days": ["-1"]}, "days"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else None,
)
def test_a_query_that_is_not_understood_is_refused(
    kind: type[msgspec.Struct], given: Parameters, place: str
) -> None:
    with pytest.raises(WrongRequestError) as refusal:
        query_from(given, kind)

    assert refusal.value.status == BAD_REQUEST
    (wrong,) = refusal.value.errors
    assert place in wrong.at + wrong.detail


def test_no_body_says_nothing() -> None:
    assert body_from(b"", NoteBody) == NoteBody()


SCOPE = b'"scope":{"rule_id":"r"}'
UNTIL = b'"expires_at":"2026-02-01T00:00:00Z"'


@pytest.mark.parametrize(
    ("body", "status", "place"),
    [
        (b"{", BAD_REQUEST, None),
        (b"\xff", BAD_REQUEST, None),
        (b"[" * 3_000, UNPROCESSABLE, ""),
        (b'{"scope":{"tags":' + b'{"a":' * 20_000, TOO_LARGE, None),
        (b" " * (BODY_LIMIT_BYTES + 1), TOO_LARGE, None),
        (b"null", UNPROCESSABLE, ""),
        (b"[]", UNPROCESSABLE, ""),
        (b"{}", UNPROCESSABLE, ""),
        (b"{" + SCOPE + b"," + UNTIL + b',"reason":7}', UNPROCESSABLE, "reason"),
        (b"{" + SCOPE + b"," + UNTIL + b',"reason":"x","by":"me"}', UNPROCESSABLE, ""),
        (b'{"scope":{"rule_id":""},"reason":"x",' + UNTIL + b"}", UNPROCESSABLE, "scope.rule_id"),
        (b"{" + SCOPE + b',"reason":"x","expires_at":"soon"}', UNPROCESSABLE, "expires_at"),
    ],
    ids=[
        "cut off",
        "no UTF-8",
        "deep",
        "deep and long",
        "long",
        "null",
        "a list",
        "empty",
        "a number for a text",
        "an unknown key",
        "nothing in a place",
        "no instant",
    ],
)
def test_a_body_that_is_not_understood_is_refused(
    body: bytes, status: int, place: str | None
) -> None:
    with pytest.raises(WrongRequestError) as refusal:
        body_from(body, ExemptionBody)

    assert refusal.value.status == status
    assert [one.at for one in refusal.value.errors] == ([] if place is None else [place])
