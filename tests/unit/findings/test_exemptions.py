"""Accepted risks: who may move one, when it holds, and which one of several."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.errors import InvalidRequestError, NotAllowedError
from chalicelib.findings import exemptions
from chalicelib.findings.exemptions import exemption_for, is_in_force
from chalicelib.model import (
    Act,
    Exemption,
    ExemptionStatus,
    Identity,
    Scope,
    Transition,
    TransitionKind,
)
from tests.unit.findings.exempting import (
    ACCOUNT,
    ANA,
    ASKED,
    BEN,
    DECIDED,
    END,
    FINDING,
    MEG,
    MEG_AS_ADMIN,
    MEG_AS_CI,
    MEG_IN_SLACK,
    MEGS_PUPPET,
    PEOPLE,
    REASON,
    ROOT,
    asked,
    exemption,
    of,
    person,
)
from tests.unit.findings.given import RULE_ID

MILLISECOND = timedelta(milliseconds=1)
NINETY_DAYS = timedelta(days=90)


def request(by: Identity = MEG, **changes: Any) -> Transition:
    fields: dict[str, Any] = {
        "exemption_id": "ex-1",
        "scope": Scope(rule_id=RULE_ID),
        "reason": REASON,
        "expires_at": END,
        "matched": [FINDING.id],
        "longest": NINETY_DAYS,
        "act": Act(by=by),
        "account_id": ACCOUNT,
        "now": ASKED,
    }
    return exemptions.requested(**fields | changes)


def decide(
    move: Callable[..., Transition], one: Exemption, by: Identity, now: datetime = DECIDED
) -> Transition:
    return move(one, people=PEOPLE, act=Act(by=by), account_id=ACCOUNT, now=now)


def after(transition: Transition) -> Exemption:
    assert transition.exemption is not None
    return transition.exemption


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(DECIDED - MILLISECOND, False, id="before the approval"),
        pytest.param(DECIDED, True, id="from the approval on"),
        pytest.param(END - MILLISECOND, True, id="to the last moment"),
        pytest.param(END, False, id="not at its end"),
    ],
)
def test_it_holds_from_the_approval_to_its_end(at: datetime, expected: bool) -> None:
    assert is_in_force(exemption(), at) is expected


@pytest.mark.parametrize(
    "changes",
    [
        *(
            pytest.param({"status": status}, id=status.value)
            for status in ExemptionStatus
            if status is not ExemptionStatus.APPROVED
        ),
        pytest.param({"ended_at": DECIDED}, id="ended"),
        pytest.param({"decided_at": None}, id="no approval"),
        pytest.param({"decided_by": None}, id="nobody approved"),
        pytest.param({"decided_by": of("meg", MEG_IN_SLACK)}, id="one person in two places"),
        pytest.param({"decided_by": BEN}, id="nobody known approved"),
        pytest.param({"requested_by": MEG}, id="nobody known asked"),
        pytest.param({"requested_by": of("meg", MEG_AS_ADMIN)}, id="a session asked"),
        pytest.param({"decided_by": of("ben", ROOT)}, id="root approved"),
    ],
)
def test_nothing_else_holds_whatever_a_row_says(changes: dict[str, Any]) -> None:
    assert not is_in_force(exemption(**changes), DECIDED)


def test_of_several_the_one_that_ends_last_holds() -> None:
    short, long = exemption(id="ex-2", expires_at=END - MILLISECOND), exemption(id="ex-1")
    over = exemption(id="ex-3", expires_at=END + NINETY_DAYS, ended_at=DECIDED)

    assert exemption_for(FINDING, [short, long, over], DECIDED) == long


def test_a_finding_that_none_covers_is_not_exempt() -> None:
    other = exemption(scope=Scope(rule_id="window-closed"))

    assert exemption_for(FINDING, [other], DECIDED) is None


def test_a_request_says_who_what_why_and_until_when() -> None:
    made = request(of("meg", MEG))

    assert made.kind is TransitionKind.EXEMPTION_REQUESTED
    assert (made.seq, made.prev) == (1, None)
    assert after(made) == replace(asked(), head=None)


def test_a_request_with_tags_is_confined_to_what_it_matched() -> None:
    made = request(scope=Scope(rule_id=RULE_ID, tags={"stage": "dev"}), matched=["b", "a"])

    assert after(made).pinned == ("a", "b")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"reason": "too short"}, id="9 characters"),
        pytest.param({"reason": " " * 20}, id="blanks"),
        pytest.param({"reason": "x" * 2_001}, id="2,001 characters"),
        pytest.param({"reason": "half a character \ud800"}, id="surrogate"),
        pytest.param({"expires_at": ASKED}, id="over at once"),
        pytest.param({"expires_at": ASKED + NINETY_DAYS + MILLISECOND}, id="too long"),
        pytest.param({"expires_at": END.replace(tzinfo=None)}, id="no time zone"),
        pytest.param({"scope": Scope(rule_id="*")}, id="everything"),
        pytest.param(
            {"scope": Scope(rule_id=RULE_ID, tags={"a": "b"}), "matched": []}, id="tags, nothing"
        ),
        pytest.param(
            {"scope": Scope(rule_id=RULE_ID, tags={"a": "b"}), "matched": ["x"] * 1_001},
            id="tags, too much",
        ),
    ],
)
def test_a_request_out_of_bounds_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError):
        request(**changes)


@pytest.mark.parametrize("by", [MEG, MEG_AS_CI, MEGS_PUPPET, ROOT], ids=lambda i: i.kind.value)
def test_anybody_may_ask(by: Identity) -> None:
    assert after(request(by)).requested_by == by


def test_another_person_approves() -> None:
    approved = after(decide(exemptions.approved, asked(), BEN))

    assert is_in_force(approved, DECIDED)


def test_nobody_says_of_himself_which_person_he_is() -> None:
    with pytest.raises(NotAllowedError):
        decide(exemptions.approved, asked(), of("ben", MEGS_PUPPET))
    moved = decide(exemptions.revoked, exemption(), of("ben", ANA))

    assert moved.act == Act(by=of("ana", ANA))


def test_a_request_from_before_the_asker_was_enrolled_can_be_approved() -> None:
    approved = after(decide(exemptions.approved, asked(requested_by=MEG), BEN))

    assert approved.requested_by.person == "meg"


@pytest.mark.parametrize(
    ("requester", "approver"),
    [
        pytest.param(MEG, MEG, id="herself"),
        pytest.param(MEG, MEG_IN_SLACK, id="asked by CLI, approved in Slack"),
        pytest.param(MEG_IN_SLACK, MEG, id="asked in Slack, approved by CLI"),
        pytest.param(MEG, MEG_AS_ADMIN, id="approved by a role session"),
        pytest.param(MEG_AS_ADMIN, MEG, id="asked by a role session"),
        pytest.param(MEG_AS_ADMIN, MEG_AS_CI, id="two role sessions"),
        pytest.param(MEG_AS_CI, MEG_IN_SLACK, id="asked by a session, approved in Slack"),
        pytest.param(MEGS_PUPPET, MEG, id="asked by a user nobody knows"),
        pytest.param(MEG, MEGS_PUPPET, id="approved by a user nobody knows"),
        pytest.param(ROOT, MEG, id="asked by root"),
        pytest.param(MEG, ROOT, id="approved by root"),
    ],
)
def test_one_human_never_asks_and_approves(requester: Identity, approver: Identity) -> None:
    for known in (True, False):
        by = of("meg", requester) if known and requester in (MEG, MEG_IN_SLACK) else requester
        with pytest.raises(NotAllowedError):
            decide(exemptions.approved, asked(requested_by=by), approver)


def test_who_asked_as_another_person_before_cannot_approve_now() -> None:
    moved = (person("ana", ANA), person("meg", MEG_IN_SLACK), person("new", MEG))

    with pytest.raises(NotAllowedError):
        exemptions.approved(
            asked(), people=moved, act=Act(by=MEG_IN_SLACK), account_id=ACCOUNT, now=DECIDED
        )


@pytest.mark.parametrize("state", [{"confirmed": False}, {"removed": True}], ids=str)
def test_a_person_who_does_not_count_cannot_approve(state: dict[str, bool]) -> None:
    people = (person("meg", MEG), person("ben", BEN, **state))

    with pytest.raises(NotAllowedError):
        exemptions.approved(
            asked(), people=people, act=Act(by=BEN), account_id=ACCOUNT, now=DECIDED
        )


MOVES: dict[str, Callable[[Exemption, datetime], Transition]] = {
    "approve": lambda one, now: decide(exemptions.approved, one, BEN, now),
    "refuse": lambda one, now: decide(exemptions.refused, one, BEN, now),
    "revoke": lambda one, now: decide(exemptions.revoked, one, BEN, now),
    "expire": lambda one, now: exemptions.expired(one, account_id=ACCOUNT, now=now),
    "remind": lambda one, now: exemptions.reminded(one, account_id=ACCOUNT, now=now),
}
POSSIBLE = {
    (ExemptionStatus.REQUESTED, "approve"): ExemptionStatus.APPROVED,
    (ExemptionStatus.REQUESTED, "refuse"): ExemptionStatus.REFUSED,
    (ExemptionStatus.REQUESTED, "expire"): ExemptionStatus.EXPIRED,
    (ExemptionStatus.APPROVED, "revoke"): ExemptionStatus.REVOKED,
    (ExemptionStatus.APPROVED, "expire"): ExemptionStatus.EXPIRED,
    (ExemptionStatus.APPROVED, "remind"): ExemptionStatus.APPROVED,
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("status", ExemptionStatus)
def test_only_what_makes_sense_in_its_state_happens(status: ExemptionStatus, move: str) -> None:
    one = exemption(status=status)
    now = END if move == "expire" else DECIDED
    expected = POSSIBLE.get((status, move))
    if expected is None:
        with pytest.raises(InvalidRequestError):
            MOVES[move](one, now)
    else:
        assert after(MOVES[move](one, now)).status is expected


def test_what_is_over_cannot_be_approved() -> None:
    with pytest.raises(InvalidRequestError):
        decide(exemptions.approved, asked(), BEN, END)


@pytest.mark.parametrize("move", ["refuse", "revoke"])
def test_whom_nobody_knows_decides_nothing(move: str) -> None:
    one = asked() if move == "refuse" else exemption()
    decided = exemptions.refused if move == "refuse" else exemptions.revoked

    with pytest.raises(NotAllowedError):
        decide(decided, one, MEG_AS_ADMIN)


def test_an_end_is_announced_once() -> None:
    reminded = after(exemptions.reminded(exemption(), account_id=ACCOUNT, now=DECIDED))

    with pytest.raises(InvalidRequestError):
        exemptions.reminded(reminded, account_id=ACCOUNT, now=DECIDED)


def test_every_move_follows_the_one_before() -> None:
    moved = decide(exemptions.revoked, exemption(), MEG)

    assert (moved.seq, moved.prev) == (3, exemption().head)
    assert after(moved).head is None


def test_nothing_ends_before_its_end() -> None:
    with pytest.raises(InvalidRequestError):
        exemptions.expired(exemption(), account_id=ACCOUNT, now=END - MILLISECOND)
