"""What belongs to a window, to the millisecond."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.export._windows import Standing, stood_within, was_in_force
from chalicelib.model import ExemptionStatus
from tests.unit.export.given import EXEMPTION, at

START, STOP = 1_000, 2_000
OPEN, CLOSED = True, False


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([(500, OPEN)], True, id="open since before, for ever"),
        pytest.param([(500, OPEN), (1_000, CLOSED)], False, id="closed as the window begins"),
        pytest.param([(500, OPEN), (1_001, CLOSED)], True, id="closed just after it began"),
        pytest.param([(1_999, OPEN)], True, id="opened in its last instant"),
        pytest.param([(2_000, OPEN)], False, id="opened as it ends"),
        pytest.param([(1_500, OPEN), (1_500, CLOSED)], True, id="open for no time within it"),
        pytest.param([(1_000, OPEN), (1_000, CLOSED)], True, id="open for no time as it begins"),
        pytest.param(
            [(100, OPEN), (200, CLOSED), (2_500, OPEN)], False, id="open before and after only"
        ),
        pytest.param(
            [(100, OPEN), (200, CLOSED), (1_200, OPEN), (1_300, CLOSED)], True, id="a second time"
        ),
        pytest.param([], False, id="never"),
    ],
)
def test_a_finding_belongs_where_it_was_open_at_any_moment(
    steps: list[tuple[int, bool]], expected: bool
) -> None:
    standings = [Standing(since=since, is_open=is_open) for since, is_open in steps]

    assert stood_within(standings, START, STOP) is expected


@pytest.mark.parametrize(
    ("changes", "start", "end", "expected"),
    [
        pytest.param({}, 100, 200, True, id="within its time"),
        pytest.param({}, 0, 90, False, id="before its approval"),
        pytest.param({}, 0, 91, True, id="approved in the last minute"),
        pytest.param({"expires_at": at(100)}, 100, 200, False, id="over as the window begins"),
        pytest.param({"expires_at": at(101)}, 100, 200, True, id="over a minute later"),
        pytest.param(
            {"status": ExemptionStatus.REVOKED, "ended_at": at(95)}, 100, 200, False, id="revoked"
        ),
        pytest.param(
            {"status": ExemptionStatus.REVOKED, "ended_at": at(150)}, 100, 200, True, id="ended in"
        ),
        pytest.param({"status": ExemptionStatus.REFUSED}, 0, 200, False, id="refused"),
        pytest.param(
            {"status": ExemptionStatus.REQUESTED, "decided_at": None}, 0, 200, False, id="asked for"
        ),
        pytest.param(
            {"status": ExemptionStatus.EXPIRED, "expires_at": at(150), "ended_at": at(151)},
            100,
            200,
            True,
            id="ran out within",
        ),
    ],
)
def test_an_exemption_belongs_where_it_was_in_force_at_any_moment(
    changes: dict[str, object], start: float, end: float, expected: bool
) -> None:
    exemption = replace(EXEMPTION, **changes)  # type: ignore[arg-type] # a table of fields

    assert was_in_force(exemption, at(start), at(end)) is expected


def test_the_unit_of_a_window_is_the_millisecond() -> None:
    approved = EXEMPTION.decided_at
    assert approved is not None

    assert was_in_force(EXEMPTION, at(0), approved + timedelta(milliseconds=1))
    assert not was_in_force(EXEMPTION, at(0), approved)
