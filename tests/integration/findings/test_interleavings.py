"""Looks that overlap, lag, repeat and come in disorder never make the store say what is not so.

Every seed is one deterministic interleaving of up to three looks over one scripted world, run by
the real pipeline on a real store.
"""

from dataclasses import dataclass
from itertools import pairwise

import pytest

from chalicelib.findings.history import Entry, hash_of, transition_from
from chalicelib.model import Evidence, Reason, Status, Transition, TransitionKind
from tests.integration.conftest import fresh
from tests.integration.findings.stage import LAG, MAX_LAG_SECONDS, THE_RULE, Stage
from tests.integration.findings.world import State
from tests.unit.findings.given import REF, T0

OPENING = frozenset({TransitionKind.OPENED, TransitionKind.REOPENED})
BATCH = 25
BATCHES = 8
SLOW_BATCHES = 400


@dataclass(frozen=True)
class Told:
    """The rule's history after a play."""

    entries: list[Entry]
    transitions: list[Transition]


def told_by(stage: Stage) -> Told:
    entries = list(stage.store.history_of(REF))
    pairs = [(e, transition_from(e.body)) for e in entries]
    own = [(e, t) for e, t in pairs if t.rule_id == THE_RULE]
    own.sort(key=lambda pair: pair[0].seq)
    return Told([e for e, _ in own], [t for _, t in own])


def check_chain(told: Told) -> None:
    assert [e.seq for e in told.entries] == list(range(1, len(told.entries) + 1))
    for before, after in pairwise(told.entries):
        assert after.prev == hash_of(before.body)


def check_alternation(told: Told) -> None:
    kinds = [t.kind for t in told.transitions]
    moves = [k for k in kinds if k in OPENING or k is TransitionKind.RESOLVED]
    assert all((k in OPENING) is (n % 2 == 0) for n, k in enumerate(moves))


def check_final_state(stage: Stage, told: Told) -> None:
    finding = stage.store.finding(REF, THE_RULE)
    stands = finding is not None and finding.status is Status.OPEN
    world = stage.world.at(stage.time)
    assert stands is world.violates
    if finding is not None:
        told_last = told.transitions[-1].finding
        assert told_last is not None
        assert (told_last.status, told_last.revision) == (finding.status, finding.revision)
        if stands:
            assert ports_in(finding.evidence) == set(world.holes)


def check_no_phantom(stage: Stage, told: Told) -> None:
    generation = 0
    for transition in told.transitions:
        states = states_behind(stage, transition)
        if transition.kind in OPENING:
            assert any(s.violates for s in states), "opened what never was"
            generation = min(s.generation for s in states)
        elif transition.reason is Reason.RESOURCE_DELETED:
            assert any(not s.exists or s.generation > generation for s in states), "buried alive"
        elif transition.kind is TransitionKind.RESOLVED:
            assert any(not s.violates for s in states), "closed what never was closed"


def check_nothing_unread_passed(stage: Stage, told: Told) -> None:
    for transition in told.transitions:
        if transition.kind is not TransitionKind.RESOLVED:
            continue
        if transition.reason is not Reason.RESOURCE_DELETED:
            assert transition.look_started_at is not None
            assert not stage.looks[transition.look_started_at]


def check_no_innocent(stage: Stage, told: Told) -> None:
    ops = {op.by: op for op in stage.ops}
    for transition in told.transitions:
        finding = transition.finding
        assert finding is not None
        assert transition.cause in (None, finding.cause)
        if finding.cause is None:
            assert not any(e.caused for e in finding.evidence)
        elif finding.status is Status.OPEN:
            op = ops[finding.cause.actor.name]
            assert op.name == "open"
            assert ports_in(tuple(e for e in finding.evidence if e.caused)) == {op.port}


def ports_in(evidence: tuple[Evidence, ...]) -> set[int]:
    return {e.actual["Port"] for e in evidence}


def states_behind(stage: Stage, transition: Transition) -> list[State]:
    """Every state that the look behind a transition can have read."""
    start, end = transition.look_started_at, transition.look_ended_at
    assert start is not None
    assert end is not None
    seconds = [(instant - T0).total_seconds() for instant in (start - LAG, end)]
    return stage.world.during(*seconds)


def check(stage: Stage) -> None:
    stage.play()
    stage.sweep()
    told = told_by(stage)
    check_chain(told)
    check_alternation(told)
    check_final_state(stage, told)
    check_no_phantom(stage, told)
    check_nothing_unread_passed(stage, told)
    check_no_innocent(stage, told)


def play_batch(url: str, batch: int) -> list[Stage]:
    stages = []
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        stage = Stage(fresh(url).store(), seed, lag=MAX_LAG_SECONDS, denials=True)
        try:
            check(stage)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        stages.append(stage)
    return stages


@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_interleaving_makes_the_store_lie(fast_database_url: str, batch: int) -> None:
    stages = play_batch(fast_database_url, batch)

    assert sum(stage.conflicts for stage in stages) >= 3, "the looks never met: nothing was tested"


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES, SLOW_BATCHES))
def test_no_interleaving_of_very_many_makes_the_store_lie(
    fast_database_url: str, batch: int
) -> None:
    play_batch(fast_database_url, batch)


@pytest.mark.parametrize("batch", range(2))
def test_without_lag_events_alone_lead_to_the_truth(fast_database_url: str, batch: int) -> None:
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        stage = Stage(fresh(fast_database_url).store(), seed, lag=0.0, denials=False)

        stage.play()

        check_final_state(stage, told_by(stage))


def test_names_are_found_and_not_only_withheld(fast_database_url: str) -> None:
    named = 0
    for seed in range(BATCH):
        stage = Stage(fresh(fast_database_url).store(), seed, lag=0.0, denials=False)
        stage.play()
        named += sum(t.cause is not None for t in told_by(stage).transitions)

    assert named >= 5
