"""As of a moment means: what had been decided by then, in the order in which it was decided."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given as each_of
from hypothesis import settings
from hypothesis import strategies as st

from chalicelib.findings.history import Entry, body_of, hash_of, transition_from
from chalicelib.findings.timeline import (
    chain,
    finding_as_of,
    findings_as_of,
    first_break,
    item_as_of,
    recording_as_of,
    recordings,
)
from chalicelib.model import (
    ItemRef,
    Known,
    Reason,
    Times,
    Transition,
    TransitionKind,
)
from tests.unit.findings.deciding import decided, known_after, transitions
from tests.unit.findings.given import REF, RULES, SUBJECT, at, closed, evaluation, opened, rule

HALF = timedelta(seconds=0.5)
BEFORE = at(-1)
EVER = at(10_000)
SECOND_RULE = "door-locked"
BOTH_RULES = {**RULES, SECOND_RULE: rule(SECOND_RULE)}


def entry_of(transition: Transition) -> Entry:
    return Entry(
        pk=transition.subject.ref.key,
        sk="",
        kind=transition.kind,
        seq=transition.seq,
        prev=transition.prev,
        body=body_of(transition),
    )


def told(flips: Sequence[bool]) -> tuple[list[Entry], list[tuple[datetime, Known]]]:
    """Return the history of a door that is seen open or closed, and what stood after each look."""
    known, entries, stood = Known(), [], []
    for number, is_open in enumerate(flips):
        seen = (opened if is_open else closed)(number * 10)
        outcome = decided(known, seen)
        known = known_after(outcome)
        entries += [entry_of(t) for t in transitions(outcome)]
        stood.append((seen.ended_at + HALF, known))
    return entries, stood


def shifted(entry: Entry, seconds: float) -> Entry:
    """Return an entry as a function would have written it whose clock is wrong."""
    transition = transition_from(entry.body)
    times = replace(transition.times, decided=transition.times.decided + timedelta(seconds=seconds))
    return entry_of(replace(transition, times=times))


def recording(decided_at: float, name: str | None, *, looked: float | None = None) -> Entry:
    return entry_of(
        Transition(
            kind=TransitionKind.RECORDED,
            reason=Reason.CHANGE,
            account_id=REF.account_id,
            subject=SUBJECT,
            rule_id="",
            seq=1,
            prev=None,
            times=Times(event=None, received=None, decided=at(decided_at)),
            look_started_at=at(decided_at - 2 if looked is None else looked),
            item=ItemRef(hash=name, size=1) if name else None,
        )
    )


@settings(max_examples=60)
@each_of(st.lists(st.booleans(), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_a_finding_as_of_any_moment_is_what_stood_then(
    flips: list[bool], rng: random.Random
) -> None:
    entries, stood = told(flips)
    rng.shuffle(entries)
    entries += entries[:2]

    for moment, known in stood:
        finding = next(iter(known.findings), None)
        assert finding_as_of(entries, moment) == finding
        assert findings_as_of(entries, moment) == known.findings
    assert finding_as_of(entries, BEFORE) is None
    assert findings_as_of(entries, BEFORE) == ()


@settings(max_examples=60)
@each_of(
    st.lists(st.floats(-40, 40), min_size=6, max_size=6),
    st.lists(st.integers(-50, 120), min_size=2, max_size=8),
)
def test_a_later_moment_never_shows_an_earlier_revision_whatever_the_clocks(
    skews: list[float], moments: list[int]
) -> None:
    entries, _ = told([True, False, True, False, True, False])
    skewed = [shifted(e, round(s)) for e, s in zip(entries, skews, strict=True)]

    shown = [finding_as_of(skewed, at(moment)) for moment in sorted(moments)]

    revisions = [finding.revision if finding else 0 for finding in shown]
    assert revisions == sorted(revisions)
    last = finding_as_of(skewed, EVER)
    assert last is not None
    assert last.revision == len(entries)


def test_the_very_millisecond_of_a_decision_counts() -> None:
    entries, ((moment, _),) = told([True])

    assert finding_as_of(entries, moment) is not None
    assert finding_as_of(entries, moment - timedelta(milliseconds=1)) is None


def test_a_finding_as_of_now_is_the_stored_one_with_its_head() -> None:
    entries, stood = told([True, False])

    finding = finding_as_of(entries, EVER)

    assert finding == stood[-1][1].findings[0]
    assert finding is not None
    assert finding.head == hash_of(entries[-1].body)


def test_findings_of_one_resource_are_told_apart_by_id() -> None:
    seen = opened(0)
    both = replace(seen, evaluations=(evaluation(), evaluation(rule_id=SECOND_RULE)))
    entries = [entry_of(t) for t in transitions(decided(Known(), both, rules=BOTH_RULES))]

    found = {f.rule_id: f for f in findings_as_of(entries, EVER)}

    assert found.keys() == BOTH_RULES.keys()
    wanted = found[SECOND_RULE]
    assert finding_as_of(entries, EVER, wanted.id) == wanted
    assert finding_as_of(entries, EVER, "another") is None
    with pytest.raises(ValueError, match="2 findings"):
        finding_as_of(entries, EVER)


def test_entries_about_no_finding_are_no_state_of_one() -> None:
    entries, _ = told([True])
    others = [recording(0, "a"), recording(50, None)]

    assert findings_as_of([*entries, *others], EVER) == findings_as_of(entries, EVER)
    assert finding_as_of(others, EVER) is None


def test_a_configuration_stands_until_the_next_one_is_recorded() -> None:
    entries = [recording(30, None), recording(10, "a"), recording(20, "b"), recording(10, "a")]

    shown = [item_as_of(entries, at(moment)) for moment in (9, 10, 19, 20, 29, 30, 99)]

    assert [ref.hash if ref else None for ref in shown] == [None, "a", "a", "b", "b", None, None]
    assert recording_as_of(entries, at(9)) is None
    gone = recording_as_of(entries, at(30))
    assert gone is not None
    assert gone.item is None
    assert [r.times.decided for r in recordings(entries)] == [at(10), at(20), at(30)]


def test_the_order_of_looks_outweighs_the_clocks_that_decided() -> None:
    entries = [recording(10.2, "older", looked=1), recording(10.1, "newer", looked=5)]

    ref = item_as_of(entries, at(11))

    assert ref is not None
    assert ref.hash == "newer"


def test_moves_of_findings_are_no_recordings() -> None:
    entries, _ = told([True, False])

    assert recordings(entries) == ()
    assert item_as_of(entries, EVER) is None


def test_a_chain_is_in_order_and_whole() -> None:
    entries, _ = told([True, False, True])

    assert chain(reversed(entries)) == tuple(entries)
    assert first_break(chain(entries)) is None
    assert first_break(()) is None


#: How a chain was tampered with, and where that shows.
BROKEN: Mapping[str, tuple[Callable[[list[Entry]], list[Entry]], int]] = {
    "the first is missing": (lambda e: e[1:], 0),
    "one in between is missing": (lambda e: [e[0], e[2]], 1),
    "one says something else": (lambda e: [replace(e[0], body=e[0].body + b" "), *e[1:]], 1),
    "one is there twice": (lambda e: [e[0], *e], 1),
    "the first names one before it": (lambda e: [replace(e[0], prev="0"), *e[1:]], 0),
    "numbering begins late": (lambda e: [replace(one, seq=one.seq + 1) for one in e], 0),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_chain_is_named_where_it_breaks(how: str) -> None:
    tamper, place = BROKEN[how]
    entries, _ = told([True, False, True])

    broken = tamper(entries)

    assert first_break(broken) is broken[place]
