"""No record, whatever is written into it, ends otherwise than as a row, and nothing in it acts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import envelope, record
from tests.hostile.corpus import BODIES, HUGE_TEXT, nested, records
from tests.hostile.mutations import (
    Path,
    as_bytes,
    json_values,
    paths,
    replaced,
    spoilt,
    text_paths,
    texts,
)
from tests.hostile.reach import (
    LONG,
    QUICK,
    ROUTING_KEYS,
    after,
    delivered,
    each_share,
    each_text,
    share_of,
    told,
)

#: Messages must be reached, or the tests prove nothing.
TOLD_AT_LEAST = 12


def _own_texts(detail: Any) -> list[Path]:
    return [path for path in text_paths(detail) if path[-1] not in ROUTING_KEYS]


def test_enough_records_lead_to_messages() -> None:
    assert len(told()) >= TOLD_AT_LEAST


@each_share
@each_text
def test_a_record_in_which_every_text_is_hostile_does_no_harm(text: str, share: int) -> None:
    for detail in share_of(told(), text, share):
        spoilt_detail = detail
        for path in _own_texts(detail):
            spoilt_detail = replaced(spoilt_detail, path, text)
        delivered(spoilt_detail)
    for key in ("eventName", "eventSource", "awsRegion", "errorCode"):
        delivered({**told()[0], key: text})


@QUICK
@given(st.data())
def test_a_message_with_a_hostile_name_in_it_does_no_harm(data: st.DataObject) -> None:
    _spoil_a_told_record(data)


@pytest.mark.slow
@LONG
@given(st.data())
def test_any_message_with_a_hostile_name_in_it_does_no_harm(data: st.DataObject) -> None:
    _spoil_a_told_record(data)


def _spoil_a_told_record(data: st.DataObject) -> None:
    detail = data.draw(st.sampled_from(told()))
    for path in data.draw(st.lists(st.sampled_from(_own_texts(detail)), min_size=1, max_size=4)):
        detail = replaced(detail, path, data.draw(texts | st.text(st.characters(), max_size=300)))
    delivered(detail)


@QUICK
@given(st.deferred(lambda: spoilt(records())))
def test_a_record_with_any_value_anywhere_is_a_row(detail: Any) -> None:
    delivered(detail)


@pytest.mark.slow
@LONG
@given(st.deferred(lambda: spoilt(records())))
def test_any_record_with_any_value_anywhere_is_a_row(detail: Any) -> None:
    delivered(detail)


@QUICK
@given(st.deferred(lambda: spoilt((envelope(told()[0]), envelope(record())))))
def test_an_envelope_with_any_value_anywhere_is_a_row(event: Any) -> None:
    after(as_bytes(event))


@QUICK
@given(json_values)
def test_any_json_is_a_row(value: Any) -> None:
    after(as_bytes(value))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_broken_body_is_a_row_or_refused(body: bytes) -> None:
    after(body.replace(b"%s", as_bytes(envelope(told()[0]))))


@QUICK
@given(
    st.deferred(lambda: st.sampled_from(told()[:4])),
    st.lists(st.tuples(st.integers(0, 2_000), st.binary(max_size=6)), min_size=1, max_size=4),
)
def test_bytes_written_anywhere_into_a_body_make_a_row(
    detail: Any, edits: list[tuple[int, bytes]]
) -> None:
    body = as_bytes(envelope(detail))
    for place, new in edits:
        body = body[:place] + new + body[place + len(new) // 2 :]
    after(body)


@pytest.mark.parametrize("depth", [60, 250, 450, 700, 950, 5_000])
@pytest.mark.parametrize("key", ["requestParameters", "userIdentity", "errorCode", "resources"])
def test_nesting_of_any_depth_is_a_row(key: str, depth: int) -> None:
    deep = as_bytes(nested(min(depth, 950)))
    body = as_bytes(envelope(told()[0] | {key: "HERE"}))
    wrapped = b"[" * (depth - 950) + deep + b"]" * (depth - 950)

    after(body.replace(b'"HERE"', wrapped))


def test_a_body_above_the_limit_is_refused_unread() -> None:
    done = delivered(record(userAgent=HUGE_TEXT))

    (row,) = done.store.rows
    assert row.disposition == "invalid"
    assert len(row.detail or "") < 100


@pytest.mark.parametrize("twice", ["detail", "account", "source", "detail-type"])
def test_a_key_written_twice_is_read_once(twice: str) -> None:
    """What is believed and what is judged must be the same reading of the same bytes."""
    event = envelope(told()[0])
    spoofed = {"account": "999999999999", "source": "mine", "detail-type": "x", "detail": {}}
    body = as_bytes({twice: spoofed[twice]})[:-1] + b"," + as_bytes(event)[1:]

    done = after(body)

    assert done.store.rows[0].account_id in {event["account"], "unknown"}


def test_what_is_bounded_stays_bounded_when_all_of_it_is_long() -> None:
    detail = told()[0]
    for path in _own_texts(detail):
        detail = replaced(detail, path, "y" * 20_000)

    assert len(delivered(detail).everything()) < 200_000


def test_every_place_of_a_told_record_can_be_null() -> None:
    for detail in told()[::4]:
        for path in paths(detail):
            delivered(replaced(detail, path, None))
