"""Who is named when, whichever event comes first."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.model import Known, Reason
from tests.unit.findings.deciding import after, decided, known_after
from tests.unit.findings.given import (
    OPEN_POINTER,
    at,
    change,
    closed,
    evaluation,
    evidence,
    item,
    opened,
    opening,
    request,
    sighting,
    tagging,
    touch,
)

RULES_POINTER = "/properties/Rules"
POLICY = "/observed/Policy"
BLOCK = "/properties/Block"


def row(port: int = 22, source: str = "0.0.0.0/0", **more: Any) -> dict[str, Any]:
    return {"Port": port, "Source": source, "Description": None} | more


def group(*rows: dict[str, Any]) -> Any:
    return item({"Rules": list(rows)})


# Time


EVENT_TIMES = {
    "in the interval": (12, True),
    "in the second in which the last look began": (9.5, True),
    "a second before the last look began": (8, False),
    "long before": (-100, False),
    "after the look that saw it": (22, False),
}


@pytest.mark.parametrize(("time", "guilty"), EVENT_TIMES.values(), ids=EVENT_TIMES)
def test_only_an_event_between_the_two_looks_is_a_cause(time: float, guilty: bool) -> None:
    known = after(closed(9.5))

    found = known_after(decided(known, opened(20), opening(time=time))).findings[0]

    assert (found.cause is not None) is guilty
    assert found.seen_by == "e-1"


# Two people, two orders


def moved(known: Known, *steps: tuple[Any, Any]) -> Known:
    for seen, asked in steps:
        known = known_after(decided(known, seen, asked))
    return known


def test_the_one_who_tagged_is_never_named_whichever_event_comes_first() -> None:
    before = after(closed(-100))
    opens, tags = opening("e-open", time=-5, by="opener"), tagging("e-tag", time=-3, by="tagger")

    opened_first = moved(before, (opened(0), opens), (opened(10), tags)).findings[0]
    tagged_first = moved(before, (opened(0), tags), (opened(10), opens)).findings[0]

    for finding in (opened_first, tagged_first):
        assert finding.cause is not None
        assert finding.cause.actor.name == "opener"


def test_a_late_event_is_added_by_an_attribution_of_its_own() -> None:
    known = after(closed(-100), (opened(0), tagging()))
    assert known.findings[0].cause is None

    outcome = decided(known, opened(10), opening(time=-5))

    assert outcome.commit is not None
    (transition,) = outcome.commit.transitions
    assert transition.kind.value == "attributed"
    assert transition.finding is not None
    assert (transition.seq, transition.finding.revision) == (2, 2)
    assert transition.finding.reason is known.findings[0].reason
    assert not outcome.confirm


def test_an_event_of_an_earlier_episode_does_not_explain_this_one() -> None:
    known = after(closed(-100), (opened(0), tagging()), closed(20), (opened(30), tagging()))

    outcome = decided(known, opened(40), opening("e-old", time=-5, by="old"))

    assert known_after(outcome).findings[0].cause is None


def test_an_event_after_the_opening_look_does_not_explain_it() -> None:
    known = after(closed(-100), (opened(0), tagging()))

    outcome = decided(known, opened(10), opening(time=5))

    assert known_after(outcome).findings[0].cause is None


def test_a_known_cause_is_not_replaced() -> None:
    known = after(closed(-100), (opened(0), opening("first", time=-5, by="first")))

    outcome = decided(known, opened(10), opening("second", time=-4, by="second"))

    assert outcome.commit is not None
    assert outcome.commit.transitions == ()


def rules_open(*ports: int, start: float) -> Any:
    rows = [row(port) for port in ports]
    places = tuple(
        evidence(r, path=f"/derived/Ingress/{n}", because=(f"{RULES_POINTER}/{n}",))
        for n, r in enumerate(rows)
    )
    verdict = evaluation(evidence=places)
    return sighting(verdict, start=start, fingerprint=f"f-{ports}", seen=group(*rows))


def adding(port: int, *, time: float, by: str) -> Any:
    wrote = touch(RULES_POINTER, proposed={RULES_POINTER: [row(port)]})
    return request(change(f"e-{by}", time=time, by=by), wrote)


FIRST = (rules_open(22, start=0), adding(22, time=-2, by="first"))


def test_the_second_hole_names_the_second_person() -> None:
    known = after(closed(-100), FIRST, (rules_open(22, 80, start=10), adding(80, time=5, by="b")))

    assert known.findings[0].cause.actor.name == "b"  # type: ignore[union-attr] # proven


def test_the_first_person_is_not_shown_beside_a_second_hole_of_unknown_origin() -> None:
    known = after(closed(-100), FIRST, (rules_open(22, 80, start=10), tagging(time=5)))
    assert known.findings[0].cause is None

    late = adding(80, time=5, by="second")
    found = known_after(decided(known, rules_open(22, 80, start=20), late)).findings[0]

    assert found.cause is not None
    assert found.cause.actor.name == "second"


def test_whoever_repeats_the_first_hole_is_not_shown_beside_the_second() -> None:
    known = after(closed(-100), FIRST)

    repeated = (rules_open(22, 80, start=10), adding(22, time=5, by="repeater"))
    found = known_after(decided(known, *repeated)).findings[0]

    assert found.cause is None


def test_whoever_closes_one_hole_of_two_is_not_named() -> None:
    known = after(closed(-100), (rules_open(22, 80, start=0), tagging()))
    revoking = request(
        change("e-fix", time=5, by="fixer"), touch(RULES_POINTER, proposed={RULES_POINTER: []})
    )

    found = known_after(decided(known, rules_open(22, start=10), revoking)).findings[0]

    assert (found.revision, found.cause) == (2, None)


def test_a_hole_that_closed_leaves_the_known_cause() -> None:
    known = after(closed(-100), FIRST, (rules_open(22, 80, start=10), adding(80, time=5, by="b")))

    found = known_after(decided(known, rules_open(80, start=20), tagging(time=15))).findings[0]

    assert found.cause is not None
    assert found.cause.actor.name == "b"


def test_a_cause_goes_with_the_hole_it_made() -> None:
    known = after(closed(-100), FIRST, (rules_open(22, 80, start=10), adding(80, time=5, by="b")))

    found = known_after(decided(known, rules_open(22, start=20), tagging(time=15))).findings[0]

    assert found.cause is None


def test_the_evidence_says_which_hole_the_cause_made() -> None:
    known = after(closed(-100), FIRST, (rules_open(22, 80, start=10), adding(80, time=5, by="b")))

    assert [e.caused for e in known.findings[0].evidence] == [False, True]


def test_a_companions_change_is_blamed_like_any_other() -> None:
    wrote = touch(OPEN_POINTER, proposed={OPEN_POINTER: True})
    asked = request(change("e-pl", time=-2, by="editor"), wrote, reason=Reason.COMPANION)

    found = known_after(decided(after(closed(-100)), opened(0), asked)).findings[0]

    assert (found.reason, found.cause is not None) == (Reason.COMPANION, True)


def test_a_creator_is_named_also_where_the_old_bearer_of_the_name_was_known() -> None:
    known = after(closed(0, seen=item({"Open": False}, unique_id="A")))
    new = opened(20, seen=item(unique_id="B"))

    burying = decided(known, new, opening(time=15))
    found = known_after(
        decided(known_after(burying), replace(new, started_at=at(22), ended_at=at(23)),
                opening(time=15))
    ).findings[0]  # fmt: skip

    assert found.cause is not None
