"""What people do to a finding moves it by one revision, and only where it makes sense."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.errors import InvalidRequestError
from chalicelib.findings import acts
from chalicelib.findings.history import body_of, transition_from
from chalicelib.model import Finding, Identity, IdentityKind, Reason, Transition, TransitionKind
from tests.unit.findings.acting import ANN, NOON, act, settled, standing

Acted = Callable[[Finding], Transition]

ON_OPEN: dict[str, Acted] = {
    "acknowledged": lambda f: acts.acknowledged(f, act(), NOON),
    "assigned": lambda f: acts.assigned(f, "bob", act(), NOON),
    "exempted": lambda f: acts.exempted(f, "ex-1", act(), NOON),
    "exemption-ended": lambda f: acts.exemption_ended(replace(f, exemption_id="x"), act(), NOON),
}
ON_ANY: dict[str, Acted] = {**ON_OPEN, "noted": lambda f: acts.noted(f, act("seen"), NOON)}


def after(transition: Transition) -> Finding:
    assert transition.finding is not None
    return transition.finding


@pytest.mark.parametrize("kind", ON_ANY)
def test_an_act_is_the_next_entry_of_the_findings_chain(kind: str) -> None:
    before = standing(head="h" * 64)

    entry = ON_ANY[kind](before)

    assert entry.kind == TransitionKind(kind)
    assert (entry.seq, entry.prev) == (before.revision + 1, before.head)
    assert (entry.reason, entry.act) == (Reason.PERSON, entry.act)
    assert entry.act is not None
    assert entry.act.by == ANN
    assert (entry.times.decided, entry.times.event) == (NOON, None)
    assert after(entry).revision == entry.seq
    assert after(entry).changed_at == NOON
    assert after(entry).head is None


@pytest.mark.parametrize("kind", ON_ANY)
def test_an_act_says_nothing_about_why_the_finding_stands(kind: str) -> None:
    before = standing()

    entry = after(ON_ANY[kind](before))

    kept = ("reason", "cause", "evidence", "status", "seen_at", "opened_at", "due_at", "episode")
    assert [getattr(entry, name) for name in kept] == [getattr(before, name) for name in kept]


@pytest.mark.parametrize("kind", ON_OPEN)
def test_a_resolved_finding_is_nothing_to_act_on(kind: str) -> None:
    with pytest.raises(InvalidRequestError, match="resolved"):
        ON_OPEN[kind](settled())


def test_a_resolved_finding_can_be_remarked_on_and_keeps_why_it_was_resolved() -> None:
    gone = settled(reason=Reason.RESOURCE_DELETED)

    entry = acts.noted(gone, act("it was the old one"), NOON)

    assert after(entry).reason is Reason.RESOURCE_DELETED
    assert after(entry).resolved_at == gone.resolved_at


def test_an_acknowledgement_names_who_and_when() -> None:
    entry = after(acts.acknowledged(standing(), act(), NOON))

    assert (entry.acknowledged_by, entry.acknowledged_at) == ("ann", NOON)


def test_a_finding_can_be_handed_on_and_given_back() -> None:
    handed = after(acts.assigned(standing(), " bob ", act(), NOON))
    back = after(acts.assigned(handed, None, act(), NOON))

    assert (handed.assignee, back.assignee) == ("bob", None)


def test_an_exemption_is_named_until_it_ends() -> None:
    exempt = after(acts.exempted(standing(), "ex-1", act(), NOON))
    other = after(acts.exempted(exempt, "ex-2", act(), NOON))

    assert (exempt.exemption_id, other.exemption_id) == ("ex-1", "ex-2")
    assert after(acts.exemption_ended(other, act(), NOON)).exemption_id is None


@pytest.mark.parametrize(
    "again",
    [
        lambda: acts.acknowledged(standing(acknowledged_by="bob"), act(), NOON),
        lambda: acts.assigned(standing(assignee="bob"), "bob", act(), NOON),
        lambda: acts.assigned(standing(), None, act(), NOON),
        lambda: acts.exempted(standing(exemption_id="ex-1"), "ex-1", act(), NOON),
        lambda: acts.exemption_ended(standing(), act(), NOON),
    ],
    ids=["acknowledged", "assigned", "given-back", "exempted", "not-exempt"],
)
def test_what_is_so_already_cannot_be_done_again(again: Callable[[], Transition]) -> None:
    with pytest.raises(InvalidRequestError):
        again()


@pytest.mark.parametrize("written", [None, "", " \n\t"])
def test_a_remark_says_something(written: str | None) -> None:
    with pytest.raises(InvalidRequestError, match="expected a note"):
        acts.noted(standing(), act(written), NOON)


def test_a_note_is_bounded() -> None:
    longest = "x" * acts.NOTE_LIMIT_CHARS

    entry = acts.noted(standing(), act(longest), NOON)

    assert entry.act == act(longest)
    with pytest.raises(InvalidRequestError, match="at most 2000"):
        acts.acknowledged(standing(), act(longest + "x"), NOON)


@pytest.mark.parametrize("name", ["", "  ", "x" * 257], ids=["empty", "blank", "long"])
def test_an_assignee_has_a_name_of_some_length(name: str) -> None:
    with pytest.raises(InvalidRequestError, match="1 to 256"):
        acts.assigned(standing(), name, act(), NOON)


def test_nothing_that_acts_gets_into_the_history() -> None:
    evil = "a\u202eb\x1b[2J\ud800\r\nsecond\u2028third"
    shady = Identity(kind=IdentityKind.ROLE_SESSION, id="AROA:x", name=evil + "y" * 999)

    noted = acts.noted(standing(), act(evil), NOON)
    assigned = acts.assigned(standing(), evil, act(), NOON)
    named = acts.acknowledged(standing(), act(by=shady), NOON)

    assert noted.act is not None
    assert noted.act.note == "a\ufffdb\ufffd[2J\ufffd\nsecond\nthird"
    assert (after(assigned).assignee or "").isprintable()
    assert len(after(named).acknowledged_by or "") == acts.NAME_LIMIT_CHARS
    assert (after(named).acknowledged_by or "").isprintable()
    assert transition_from(body_of(noted)) == noted


def test_an_act_by_a_slow_clock_does_not_precede_what_it_follows() -> None:
    before = standing()
    behind = before.changed_at - timedelta(seconds=3)

    entry = acts.acknowledged(before, act(), behind)

    assert entry.times.decided == before.changed_at
    assert after(entry).acknowledged_at == before.changed_at


def test_the_commit_of_an_act_holds_nothing_but_its_entry() -> None:
    entry = acts.acknowledged(standing(), act(), NOON)

    commit = acts.commit_of_act(entry)

    assert (commit.transitions, commit.look, commit.detections) == ((entry,), None, ())
