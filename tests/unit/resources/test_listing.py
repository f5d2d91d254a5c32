"""Rows of a listing: an odd one becomes a reference or a count, the others stay."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.errors import PermanentError
from chalicelib.model import FacetReading, ResourceRef
from chalicelib.resources._errors import MalformedAnswerError, member, text_member
from chalicelib.resources._listing import Listed, beneath, gathered, page_of, whole

ACCOUNT, REGION, TYPE = "111122223333", "eu-west-1", "Test::Shop::Door"
GOOD = {"Id": "d-1", "Colour": "red"}


def ref_of(name: Any) -> ResourceRef:
    return ResourceRef(account_id=ACCOUNT, region=REGION, type=TYPE, id=name)


def door(row: Mapping[str, Any]) -> Listed:
    ref = ref_of(row["Id"])
    return whole(ref, lambda: FacetReading(properties={"Colour": member(row, "Colour")}))


def test_a_row_is_an_item() -> None:
    page = page_of([GOOD], door, "next")

    assert [(item.ref, item.properties) for item in page.items] == [
        (ref_of("d-1"), {"Colour": "red"})
    ]
    assert (page.refs, page.nameless, page.next_token) == ((), 0, "next")


@pytest.mark.parametrize("odd", [{"Id": "d-2"}, {"Id": "d-2", "Colour": None}])
def test_a_row_that_says_who_it_is_and_no_more_is_a_reference(odd: Any) -> None:
    page = page_of([odd, GOOD], door)

    assert [item.ref.id for item in page.items] == ["d-1"]
    assert page.refs == (ref_of("d-2"),)
    assert page.nameless == 0


@pytest.mark.parametrize("odd", [None, 7, "door", [], {}, {"Id": None}, {"Id": 7}, {"Id": ""}])
def test_a_row_that_does_not_say_who_it_is_is_counted(odd: Any) -> None:
    page = page_of([odd, GOOD], door)

    assert [item.ref.id for item in page.items] == ["d-1"]
    assert (page.refs, page.nameless) == ((), 1)


def test_what_is_not_ours_is_left_out_and_is_not_odd() -> None:
    page = page_of([GOOD], lambda _row: None)

    assert (page.items, page.refs, page.nameless) == ((), (), 0)


def test_a_refusal_of_aws_is_no_odd_row() -> None:
    def refused(_row: Any) -> Listed:
        raise PermanentError("no")

    with pytest.raises(PermanentError):
        page_of([GOOD], refused)


def test_rows_beneath_an_odd_row_are_counted_as_one() -> None:
    houses = [{"Doors": [{"Id": "d-1", "Colour": "red"}]}, {"Windows": []}, None]

    rows = beneath(houses, lambda house: member(house, "Doors"))
    page = page_of(rows, lambda row: door(row[1]))

    assert [item.ref.id for item in page.items] == ["d-1"]
    assert page.nameless == 2


def test_what_is_asked_of_all_rows_at_once_leaves_odd_ones_out() -> None:
    rows = [{"Id": "a"}, None, {"Id": 7}, {"Id": "b"}]

    assert gathered(rows, lambda row: [text_member(row, "Id")]) == ["a", "b"]


@pytest.mark.parametrize("answer", [None, 7, "text", [], {}, {"Name": None}])
def test_an_answer_without_a_member_is_malformed_whatever_it_is(answer: Any) -> None:
    with pytest.raises(MalformedAnswerError):
        member(answer, "Name")
