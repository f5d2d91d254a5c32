"""Rate rules: what they count, for whom, and when there were too many."""

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import RuleDocumentError
from chalicelib.evaluate.bundle import bundle_from, rules_from
from chalicelib.evaluate.engine import burst_of, judge_change, occurrences
from chalicelib.evaluate.rulebook import refused_with
from chalicelib.model import Change, Detection, Outcome, Rate
from tests.ratekit import ERRORS, RATE, counted, document, named, refused
from tests.rulekit import NOW, book, rule
from tests.unit.findings.given import actor

MINUTE = timedelta(minutes=1)
BOOK = book(document())


def burst_at(last: Change, *others: Change) -> Detection | None:
    one = counted(last)
    return burst_of(one, [one.mark, *(counted(other).mark for other in others)])


def minutes(*times: float) -> list[Change]:
    return [refused(n, after=time * MINUTE) for n, time in enumerate(times)]


def test_a_rate_rule_objects_to_no_single_call() -> None:
    assert judge_change(refused(), BOOK, named) == ()


def test_enough_calls_in_time_are_a_burst_of_the_account() -> None:
    first, second, third = minutes(0, 2, 5)

    burst = burst_at(third, first, second)

    assert burst is not None
    assert burst.message == "mallory: 3 in 5: OpenDoor (AccessDenied)"
    assert burst.subject.ref.type == "Observed::Account::Global"
    assert burst.burst is not None
    assert burst.burst.count == 3


@pytest.mark.parametrize(
    "times",
    [(0, 1), (0, 2, 5.001), (0, 4, 8, 12), ()],
    ids=["too few", "a moment too late", "too slow", "alone"],
)
def test_fewer_or_slower_calls_are_none(times: tuple[float, ...]) -> None:
    calls = minutes(*times, 5.001)[:-1] or [refused()]

    assert burst_at(calls[-1], *calls[:-1]) is None


def test_records_count_once_however_often_they_come() -> None:
    first, second = minutes(0, 1)

    assert burst_at(second, first, first, second, second) is None


def test_a_call_is_no_part_of_a_burst_that_was_over_before() -> None:
    calls = minutes(0, 1, 2, 20)

    assert burst_at(calls[3], *calls[:3]) is None
    assert burst_at(calls[1], *calls) is not None


def test_the_message_names_what_was_called_in_the_order_of_time() -> None:
    names = ["Third", "First", "Second"]
    calls = [
        refused(n, after=after * MINUTE, action=name, error_code=f"AccessDenied{name}")
        for n, (name, after) in enumerate(zip(names, (3, 1, 2), strict=True))
    ]

    burst = burst_at(calls[0], *calls)

    assert burst is not None
    assert "First, Second, Third (AccessDeniedFirst, AccessDeniedSecond" in burst.message


def test_what_a_caller_wrote_is_kept_short() -> None:
    long = refused(action="x" * 10_000, error_code="AccessDenied" + "y" * 10_000)

    assert len(counted(long).mark) < 300


ALICE = actor("alice")
SAME = {
    "another session of the role": replace(ALICE, session_name="two", name="two"),
    "another address": replace(ALICE, source_ip="203.0.113.1"),
}
OTHERS = {
    "another principal": replace(ALICE, principal_id="AIDAOTHER"),
    "only an ARN": replace(ALICE, principal_id=None, arn="arn:x"),
    "only an address": replace(ALICE, principal_id=None, arn=None, source_ip="203.0.113.1"),
    "nothing but a name": replace(ALICE, principal_id=None, arn=None, source_ip=None),
}


@pytest.mark.parametrize("by", SAME.values(), ids=SAME)
def test_one_principal_is_one_actor(by: Any) -> None:
    alice = replace(ALICE, principal_id="AIDAALICE")
    same = replace(by, principal_id="AIDAALICE")

    assert counted(refused(actor=alice)).key == counted(refused(actor=same)).key


@pytest.mark.parametrize("by", OTHERS.values(), ids=OTHERS)
def test_others_are_counted_apart(by: Any) -> None:
    alice = replace(ALICE, principal_id="AIDAALICE")

    assert counted(refused(actor=alice)).key != counted(refused(actor=by)).key


def test_accounts_are_counted_apart() -> None:
    assert counted(refused()).key != counted(refused(account_id="444455556666")).key


@pytest.mark.parametrize(
    ("code", "matches"),
    [
        ("AccessDenied", True),
        ("AccessDeniedException", True),
        ("Client.UnauthorizedOperation", True),
        ("Blocked", True),
        ("BlockedAgain", False),
        ("XAccessDenied", False),
        ("Throttling", False),
        (None, False),
        ("", False),
    ],
    ids=str,
)
def test_error_codes_are_matched_by_beginning_or_end(code: str | None, *, matches: bool) -> None:
    assert refused_with(code, tuple(ERRORS)) is matches


def test_a_refused_read_counts_and_a_call_that_went_through_does_not() -> None:
    succeeded = refused(outcome=Outcome.SUCCEEDED, error_code=None)

    assert len(occurrences(refused(read_only=True), BOOK, named)) == 1
    assert occurrences(succeeded, BOOK, named) == ()


def test_what_is_harmless_is_not_counted() -> None:
    rules = book(document(harmless_when={"action": {"const": "HeadBucket"}}))

    assert occurrences(refused(action="HeadBucket"), rules, named) == ()
    assert len(occurrences(refused(), rules, named)) == 1


OLDEST = datetime(1, 1, 1, tzinfo=UTC)
NEWEST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("instant", [OLDEST, NEWEST, NOW], ids=["oldest", "newest", "now"])
def test_any_time_that_an_event_claims_lies_in_its_stretch(instant: datetime) -> None:
    one = counted(refused(event_time=instant))

    assert one.stretch <= instant
    assert instant - one.stretch < timedelta(seconds=one.rate.stretch_seconds)


def naive(times: list[int], own: int, rate: Rate) -> bool:
    """Tell by trying every start whether enough calls, the own among them, are close together."""
    reach = rate.minutes * 60
    return any(
        start <= own <= start + reach
        and sum(start <= time <= start + reach for time in times) >= rate.count
        for start in times
    )


@given(times=st.lists(st.integers(0, 1700), min_size=1, max_size=12), seed=st.integers(0, 99))
def test_a_burst_is_found_exactly_where_counting_by_hand_finds_it(
    times: list[int], seed: int
) -> None:
    calls = [refused(n, after=timedelta(seconds=time)) for n, time in enumerate(times)]
    shuffled = random.Random(seed).sample(calls, len(calls))

    for own in range(len(calls)):
        found = burst_at(calls[own], *shuffled) is not None
        assert found is naive(times, times[own], Rate(count=3, minutes=5))


@given(times=st.lists(st.integers(0, 1799), min_size=13, max_size=13, unique=True))
def test_a_full_stretch_always_held_a_burst(times: list[int]) -> None:
    rate = Rate(count=3, minutes=5)
    assert rate.kept == len(times)

    assert any(naive(times, own, rate) for own in times)


def refusal(**overrides: Any) -> str:
    with pytest.raises(RuleDocumentError) as caught:
        rule(document(**overrides))
    return str(caught.value)


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        ({**RATE, "count": 1}, "rate/count: expected a whole number from 2 to 50"),
        ({**RATE, "count": 51}, "rate/count"),
        ({**RATE, "count": True}, "rate/count"),
        ({**RATE, "within_minutes": 61}, "rate/within_minutes: expected a whole number from 1"),
        ({**RATE, "count": {"parameter": "calls"}}, "unknown parameter 'calls'"),
    ],
    ids=["one", "very many", "true", "hours", "a parameter that is none"],
)
def test_a_rate_out_of_bounds_is_refused(rate: Any, said: str) -> None:
    assert said in refusal(rate=rate)


def test_only_rate_rules_look_up_counts() -> None:
    assert "unknown look-up {rate.calls}" in refusal(rate=None)


def test_every_entry_of_a_rule_names_the_same_errors() -> None:
    entries: Iterable[Any] = [{"names": ["*"], "errors": [e]} for e in ERRORS[:2]]

    assert "every entry must give the same errors" in refusal(change=entries)


def test_a_rate_may_be_set_by_parameters_and_survives_the_bundle() -> None:
    rate = {"count": {"parameter": "calls"}, "within_minutes": 7, "per": "actor"}

    compiled = rule(document(rate=rate, parameters={"calls": 10}), calls=12)

    assert compiled.rate == Rate(count=12, minutes=7)
    assert rules_from(bundle_from([compiled])) == (compiled,)
