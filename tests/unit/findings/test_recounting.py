"""Which hours are counted when, and what counts as agreement."""

from datetime import timedelta

import pytest

from chalicelib.findings.integrity import Key
from chalicelib.findings.recounting import (
    GRACE,
    Cursor,
    Entered,
    HourCount,
    compared,
    hour_of,
    hours_between,
    moved,
    start_of,
)
from tests.unit.findings.given import T0, at

NOW = T0 + timedelta(hours=1)
ONE, OTHER = Key(pk="p", sk="1"), Key(pk="p", sk="2")
OLD = Entered(hash="a", decided=T0)
YOUNG = Entered(hash="a", decided=NOW - GRACE + timedelta(milliseconds=1))
EDGE = Entered(hash="a", decided=NOW - GRACE)
BEGIN = Cursor(hour="2026-01-01T10", manifest=1)
CHANGED = Entered(hash="b", decided=T0)


@pytest.mark.parametrize(
    ("stored", "sealed", "found"),
    [
        ({ONE: OLD}, {ONE: OLD}, ((), (), ())),
        ({}, {ONE: OLD}, ((ONE,), (), ())),
        ({ONE: OLD}, {}, ((), (ONE,), ())),
        ({ONE: CHANGED}, {ONE: OLD}, ((), (), (ONE,))),
        ({ONE: YOUNG}, {}, ((), (), ())),
        ({ONE: EDGE}, {}, ((), (ONE,), ())),
        ({}, {ONE: YOUNG}, ((), (), ())),
        ({ONE: OLD}, {OTHER: OLD}, ((OTHER,), (ONE,), ())),
    ],
    ids=[
        "the same",
        "removed",
        "never sealed",
        "exchanged",
        "on its way to the seal",
        "too long on its way",
        "on its way to the index",
        "one for another: the counts agree",
    ],
)
def test_both_sides_are_compared_entry_by_entry(
    stored: dict[Key, Entered],
    sealed: dict[Key, Entered],
    found: tuple[tuple[Key, ...], ...],
) -> None:
    count = compared("2026-01-01T12", stored, sealed, NOW)

    assert (count.missing, count.unsealed, count.different) == found
    assert count.agrees is (found == ((), (), ()))


def test_hours_are_counted_up_to_the_present_one() -> None:
    assert hours_between("2026-01-01T10", T0, 9) == [f"2026-01-01T{h}" for h in (10, 11, 12)]
    assert hours_between("2026-01-01T10", T0, 2) == ["2026-01-01T10", "2026-01-01T11"]
    assert hours_between("2026-01-01T13", T0, 9) == []
    assert start_of(hour_of(at(1))) == T0


def _count(hour: str, *, agrees: bool) -> HourCount:
    return HourCount(hour=hour, stored=1, sealed=1, missing=() if agrees else (ONE,))


def test_an_hour_is_counted_for_good_once_it_is_over_and_settled() -> None:
    hours = ["2026-01-01T10", "2026-01-01T11", "2026-01-01T12"]
    begins = {"2026-01-01T10": 1, "2026-01-01T11": 2, "2026-01-01T12": 3}
    counts = [_count(hour, agrees=hour[-2:] != "10") for hour in hours]

    early = moved(BEGIN, hours, counts, begins, T0 + timedelta(minutes=9))
    later = moved(BEGIN, hours, counts, begins, T0 + timedelta(minutes=10))

    wrong = {"2026-01-01T10": 1}
    assert early == Cursor(hour="2026-01-01T11", manifest=2, wrong=wrong)
    assert later == Cursor(hour="2026-01-01T12", manifest=3, wrong=wrong)


def test_an_hour_that_never_agrees_is_not_counted_for_ever() -> None:
    counts = [_count("2026-01-01T10", agrees=False), _count("2026-01-09T10", agrees=True)]
    begins = {"2026-01-01T10": 1, "2026-01-09T10": 700}

    cursor = moved(BEGIN, ["2026-01-09T10"], counts, begins, T0 + timedelta(days=8))

    assert cursor == Cursor(hour="2026-01-09T11", manifest=700, wrong={})


def test_a_clock_that_went_back_moves_nothing() -> None:
    assert moved(BEGIN, [], [], {}, T0) == BEGIN
