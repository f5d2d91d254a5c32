"""Whatever is seen in whatever order, the lifecycle keeps its promises."""

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.findings.history import body_of, hash_of
from chalicelib.findings.lifecycle import Outcome, OutcomeKind
from chalicelib.findings.unreadable import UNREADABLE_RULE
from chalicelib.model import Compliance, Finding, Known, Reason, Status, Transition, TransitionKind
from tests.unit.findings.deciding import decided, known_after
from tests.unit.findings.given import (
    RULE_ID,
    Evaluation,
    LookRequest,
    Sighting,
    absent,
    change,
    detection,
    evaluation,
    gap,
    item,
    opening,
    request,
    sighting,
    tagging,
    touch,
)

OPENING = frozenset({TransitionKind.OPENED, TransitionKind.REOPENED})


@dataclass(frozen=True)
class Step:
    """One look of a story."""

    verdict: Compliance | None
    wait: float
    length: float
    asker: str
    unique_id: str | None

    def asked(self, start: float) -> LookRequest:
        """Return the request behind it."""
        askers = {
            "opening": lambda: opening(f"e-{start}", time=start - 1),
            "tagging": lambda: tagging(f"e-{start}", time=start - 1),
            "deleting": lambda: request(change(time=start - 1), touch(deletes=True)),
            "confirming": lambda: opening(f"e-{start}", time=start - 1, confirmation=1),
            "sweeping": lambda: request(reason=Reason.TIME),
            "first": lambda: request(reason=Reason.FIRST_LOOK),
        }
        return askers[self.asker]()

    def seen(self, start: float) -> Sighting:
        """Return what it saw."""
        end = start + self.length
        if self.verdict is None:
            return absent(start, end)
        hidden = self.verdict is Compliance.INSUFFICIENT_DATA
        door = item(
            {"Open": None if hidden else self.verdict is Compliance.NON_COMPLIANT},
            unique_id=self.unique_id,
            gaps=(gap(),) if hidden else (),
        )
        return sighting(
            verdict_of(self.verdict),
            start=start,
            end=end,
            fingerprint=f"{self.verdict}-{self.unique_id}",
            seen=door,
        )


def verdict_of(compliance: Compliance) -> Evaluation:
    return evaluation(compliance)


STEPS = st.builds(
    Step,
    verdict=st.sampled_from([*Compliance, Compliance.NON_COMPLIANT, None]),
    wait=st.sampled_from([-3.0, -0.5, 0.0, 1.0, 30.0, 300.0]),
    length=st.sampled_from([0.0, 0.5, 2.0]),
    asker=st.sampled_from(["opening", "tagging", "deleting", "confirming", "sweeping", "first"]),
    unique_id=st.sampled_from([None, None, "A", "B"]),
)
STORIES = st.lists(STEPS, max_size=12)


@dataclass(frozen=True)
class Chapter:
    """A step with what was known and what was decided."""

    step: Step
    known: Known
    outcome: Outcome
    start: float


def told(story: list[Step]) -> list[Chapter]:
    known, time, chapters = Known(), 0.0, []
    for step in story:
        time += step.wait
        asked = step.asked(time)
        new = (detection(f"e-{time}", time=time - 1),) if step.asker == "opening" else ()
        outcome = decided(known, step.seen(time), asked, detections=new)
        chapters.append(Chapter(step, known, outcome, time))
        if outcome.commit is not None:
            known = known_after(outcome)
        time = max(time, time + step.length)
    return chapters


def transitions(chapters: list[Chapter], rule_id: str) -> list[Transition]:
    commits = [c.outcome.commit for c in chapters if c.outcome.commit]
    return [t for commit in commits for t in commit.transitions if t.rule_id == rule_id]


def finding_of(transition: Transition) -> Finding:
    assert transition.finding is not None
    return transition.finding


@given(STORIES)
def test_each_finding_has_one_gapless_chain_that_alternates(story: list[Step]) -> None:
    chapters = told(story)

    for rule_id in (RULE_ID, UNREADABLE_RULE.id):
        entries = transitions(chapters, rule_id)
        assert [t.seq for t in entries] == list(range(1, len(entries) + 1))
        for before, after in pairwise(entries):
            assert after.prev == hash_of(body_of(before))
        moves = [t for t in entries if t.kind in OPENING or t.kind is TransitionKind.RESOLVED]
        assert all((t.kind in OPENING) is (n % 2 == 0) for n, t in enumerate(moves))
        episodes = [finding_of(t).episode for t in moves if t.kind in OPENING]
        assert episodes == list(range(1, len(episodes) + 1))


@given(STORIES)
def test_only_knowledge_closes(story: list[Step]) -> None:
    for chapter in told(story):
        closing = [
            t
            for t in transitions([chapter], RULE_ID)
            if t.kind is TransitionKind.RESOLVED and t.reason is not Reason.RESOURCE_DELETED
        ]
        passed = chapter.step.verdict in (Compliance.COMPLIANT, Compliance.NOT_APPLICABLE)
        assert passed or not closing


@given(STORIES)
def test_looks_only_ever_move_forward(story: list[Step]) -> None:
    looks = [c.outcome.commit.look for c in told(story) if c.outcome.commit]
    written = [look for look in looks if look is not None]

    assert [look.rev for look in written] == list(range(1, len(written) + 1))
    for before, after in pairwise(written):
        assert after.ended_at >= before.ended_at


@given(STORIES)
def test_after_an_accepted_look_the_finding_is_what_was_seen(story: list[Step]) -> None:
    for chapter in told(story):
        if chapter.outcome.kind is not OutcomeKind.ACCEPTED or chapter.step.verdict is None:
            continue
        standing = {f.rule_id for f in known_after(chapter.outcome).findings
                    if f.status is Status.OPEN}  # fmt: skip
        expected = {Compliance.NON_COMPLIANT: True, Compliance.INSUFFICIENT_DATA: None}
        wanted = expected.get(chapter.step.verdict, False)
        assert wanted is None or (RULE_ID in standing) is wanted


@given(STORIES)
def test_a_gone_resource_has_no_open_finding(story: list[Step]) -> None:
    for chapter in told(story):
        if chapter.outcome.commit is None:
            continue
        known = known_after(chapter.outcome)
        if known.look is not None and known.look.gone:
            assert all(f.status is Status.RESOLVED for f in known.findings)


@given(STORIES)
@settings(max_examples=200)
def test_only_the_opener_is_ever_a_cause(story: list[Step]) -> None:
    for chapter in told(story):
        for transition in transitions([chapter], RULE_ID):
            if transition.cause is not None:
                assert chapter.step.asker in ("opening", "confirming")
                assert transition.cause.event_id == f"e-{chapter.start}"
