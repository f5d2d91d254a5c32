"""Ages: exact bounds, exact flips, and an item that stays as it was described."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.evaluate._time import parse_instant
from chalicelib.evaluate.engine import judge_item
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import Compliance
from tests.rulekit import NOW, book, document, item

DAY = timedelta(days=1)
MILLISECOND = timedelta(milliseconds=1)


def aging(schema: Any, name: str = "Created") -> Rulebook:
    return book(document(compliant_when={"properties": {name: schema}}))


def text_of(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("age", "compliance"),
    [
        (90 * DAY - MILLISECOND, Compliance.COMPLIANT),
        (90 * DAY, Compliance.COMPLIANT),
        (90 * DAY + MILLISECOND, Compliance.NON_COMPLIANT),
        (-DAY, Compliance.COMPLIANT),
    ],
    ids=["just before", "exactly 90 days", "one millisecond later", "in the future"],
)
def test_an_age_is_compliant_up_to_and_including_its_limit(
    age: timedelta, compliance: Compliance
) -> None:
    (verdict,) = judge_item(item(Created=text_of(NOW - age)), aging({"maxAgeDays": 90}), NOW)

    assert verdict.compliance is compliance


@pytest.mark.parametrize(
    ("left", "compliance"),
    [(30 * DAY, Compliance.COMPLIANT), (30 * DAY - MILLISECOND, Compliance.NON_COMPLIANT)],
)
def test_days_left_count_up_to_the_instant(left: timedelta, compliance: Compliance) -> None:
    (verdict,) = judge_item(item(Created=text_of(NOW + left)), aging({"minDaysLeft": 30}), NOW)

    assert verdict.compliance is compliance


def test_the_flip_is_one_millisecond_after_the_limit() -> None:
    (verdict,) = judge_item(item(Created=text_of(NOW)), aging({"maxAgeDays": 90}), NOW)

    assert verdict.flips_at == NOW + 90 * DAY + MILLISECOND


def test_a_limit_that_is_past_never_flips_back() -> None:
    (verdict,) = judge_item(item(Created=text_of(NOW - 91 * DAY)), aging({"maxAgeDays": 90}), NOW)

    assert (verdict.compliance, verdict.flips_at) == (Compliance.NON_COMPLIANT, None)


def test_an_instant_that_changes_only_the_severity_is_a_flip() -> None:
    old = {"properties": {"Created": {"not": {"maxAgeDays": 10}}}}
    rules = book(
        document(severity_when=[{"when": old, "severity": "critical", "because": "it is old"}])
    )

    (verdict,) = judge_item(item(Public=True, Created=text_of(NOW)), rules, NOW)

    assert verdict.flips_at == NOW + 10 * DAY + MILLISECOND


OFFSETS = st.integers(-200 * 86_400_000, 20 * 86_400_000).map(lambda ms: ms * MILLISECOND)
CONDITIONS: dict[str, Any] = {
    "none too old": {"items": {"properties": {"Created": {"maxAgeDays": 90}}}},
    "not all too old": {"not": {"items": {"properties": {"Created": {"not": {"maxAgeDays": 9}}}}}},
    "neither young nor old": {
        "items": {
            "properties": {"Created": {"anyOf": [{"maxAgeDays": 5}, {"not": {"maxAgeDays": 50}}]}}
        }
    },
}


@pytest.mark.parametrize("condition", CONDITIONS.values(), ids=CONDITIONS)
@given(offsets=st.lists(OFFSETS, min_size=1, max_size=4))
@settings(deadline=None)
def test_the_verdict_is_constant_until_the_flip_and_different_at_it(
    condition: Any, offsets: list[timedelta]
) -> None:
    rules = aging(condition, "Keys")
    keys = [{"Id": "k", "Created": text_of(NOW + offset)} for offset in offsets]

    def at(instant: datetime) -> Compliance:
        return judge_item(item(Keys=keys), rules, instant)[0].compliance

    (verdict,) = judge_item(item(Keys=keys), rules, NOW)
    end = verdict.flips_at or NOW + 400 * DAY
    before = [NOW + (end - NOW) * share / 50 for share in range(50)]
    assert {at(instant) for instant in [*before, end - MILLISECOND]} == {verdict.compliance}
    assert (at(end) != verdict.compliance) == (verdict.flips_at is not None)


def test_many_instants_are_due_again_instead_of_tried_without_end() -> None:
    keys = [{"Id": "k", "Created": text_of(NOW + n * DAY)} for n in range(600)]
    rules = aging(
        {"not": {"items": {"properties": {"Created": {"not": {"maxAgeDays": 0}}}}}}, "Keys"
    )

    (verdict,) = judge_item(item(Keys=keys), rules, NOW)

    assert verdict.flips_at == NOW + 511 * DAY + MILLISECOND


def test_judging_leaves_the_item_as_it_was() -> None:
    described = item(Keys=[{"Id": "k", "Created": text_of(NOW)}])

    judge_item(described, aging(CONDITIONS["none too old"], "Keys"), NOW)

    assert described == item(Keys=[{"Id": "k", "Created": text_of(NOW)}])


def test_evidence_shows_the_instant_and_wants_days() -> None:
    (verdict,) = judge_item(item(Created="2025-01-01T00:00:00Z"), aging({"maxAgeDays": 90}), NOW)

    (evidence,) = verdict.evidence
    assert evidence.actual == "2025-01-01T00:00:00Z"
    assert evidence.expected == "at most 90 days ago"


@pytest.mark.parametrize("text", ["yesterday", "", "2025-01-01", "2025-01-01T00:00:00"])
def test_a_text_that_is_no_instant_is_insufficient_data(text: str) -> None:
    (verdict,) = judge_item(item(Created=text), aging({"maxAgeDays": 90}), NOW)

    assert verdict.compliance is Compliance.INSUFFICIENT_DATA
    assert [gap.pointer for gap in verdict.gaps] == ["/properties/Created"]


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_instants_beyond_the_calendar_are_none(text: str) -> None:
    assert parse_instant(text) is None


def test_the_last_instant_of_the_calendar_never_flips() -> None:
    described = item(Created="9999-12-31T23:59:59Z")

    (verdict,) = judge_item(described, aging({"maxAgeDays": 90}), NOW)

    assert (verdict.compliance, verdict.flips_at) == (Compliance.COMPLIANT, None)


def test_instants_are_truncated_to_milliseconds() -> None:
    assert parse_instant("2026-01-01T00:00:00.123999+01:00") == datetime(
        2025, 12, 31, 23, 0, 0, 123_000, tzinfo=UTC
    )
