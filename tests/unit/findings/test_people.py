"""Who is one human, and who may say so."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.errors import InvalidRequestError, NotAllowedError
from chalicelib.findings import people
from chalicelib.findings.people import NOT_CONFIRMED_BY_ANYONE, person_of
from chalicelib.model import Act, Identity, Person, Transition
from tests.unit.findings.exempting import (
    ACCOUNT,
    ANA,
    BEN,
    DECIDED,
    MEG,
    MEG_AS_ADMIN,
    MEG_IN_SLACK,
    MEGS_PUPPET,
    PEOPLE,
    ROOT,
    of,
    person,
)

NEW = "slack:T0TEAM/U0NEW"


def enrol(
    person_id: str = "new",
    keys: Sequence[str] = (NEW,),
    *,
    by: Identity = ANA,
    among: Sequence[Person] = PEOPLE,
    firsts: int = 2,
    name: str = "Somebody",
) -> Transition:
    return people.enrolled(
        person_id,
        name,
        keys,
        people=among,
        firsts=firsts,
        act=Act(by=by),
        account_id=ACCOUNT,
        now=DECIDED,
    )


def after(transition: Transition) -> Person:
    assert transition.person is not None
    return transition.person


def change(move: Any, one: Person, by: Identity, among: Sequence[Person] = PEOPLE) -> Person:
    return after(move(one, people=among, act=Act(by=by), account_id=ACCOUNT, now=DECIDED))


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        (ANA, "ana"),
        (MEG_IN_SLACK, "meg"),
        (MEG_AS_ADMIN, None),
        (MEGS_PUPPET, None),
        (ROOT, None),
    ],
    ids=["user", "slack", "session", "unknown user", "root"],
)
def test_an_identity_is_whose_key_it_is(identity: Identity, expected: str | None) -> None:
    found = person_of(identity, PEOPLE)

    assert (found.id if found else None) == expected


@pytest.mark.parametrize("identity", [MEG_AS_ADMIN, ROOT], ids=["session", "root"])
def test_not_even_a_list_that_says_so_makes_a_session_a_person(identity: Identity) -> None:
    assert person_of(identity, [person("meg", identity)]) is None


def test_what_two_persons_claim_is_nobodys() -> None:
    assert person_of(ANA, [person("ana", ANA), person("meg", ANA)]) is None


@pytest.mark.parametrize("state", [{"confirmed": False}, {"removed": True}], ids=str)
def test_who_is_not_confirmed_or_removed_does_not_count(state: dict[str, bool]) -> None:
    assert person_of(ANA, [person("ana", ANA, **state)]) is None


def test_the_first_two_persons_need_nobody_and_the_history_says_so() -> None:
    first = enrol("ana", [ANA.key], by=ROOT, among=(), firsts=0)
    second = enrol("ben", [BEN.key], by=ANA, among=(after(first),), firsts=1)

    assert after(first).confirmed
    assert after(second).confirmed
    assert [t.act.note for t in (first, second) if t.act] == [NOT_CONFIRMED_BY_ANYONE] * 2


def test_the_third_waits_for_another_person() -> None:
    assert not after(enrol()).confirmed


@pytest.mark.parametrize("among", [(), PEOPLE[:1]], ids=["an emptied list", "one left"])
def test_an_emptied_list_makes_nobody_one_of_the_first_again(among: tuple[Person, ...]) -> None:
    with pytest.raises(NotAllowedError):
        enrol(by=MEGS_PUPPET, among=among, firsts=2)


@pytest.mark.parametrize("by", [ROOT, MEG_AS_ADMIN, MEGS_PUPPET], ids=lambda i: i.kind.value)
def test_whom_nobody_knows_enrols_nobody(by: Identity) -> None:
    with pytest.raises(NotAllowedError):
        enrol(by=by)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"keys": ()}, id="no identity"),
        pytest.param({"keys": tuple(f"slack:T0TEAM/U{n:05}" for n in range(21))}, id="21"),
        pytest.param({"keys": (MEG_AS_ADMIN.key,)}, id="role session"),
        pytest.param({"keys": (ROOT.key,)}, id="root"),
        pytest.param({"keys": ("nonsense",)}, id="nonsense"),
        pytest.param({"keys": (BEN.key,)}, id="somebody else's"),
        pytest.param({"person_id": "Ana"}, id="upper case"),
        pytest.param({"person_id": "first persons"}, id="the list of the first"),
        pytest.param({"person_id": ""}, id="no id"),
        pytest.param({"name": " "}, id="no name"),
        pytest.param({"name": "x" * 101}, id="a long name"),
    ],
)
def test_an_enrolment_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError):
        enrol(**wrong)


def test_another_person_confirms() -> None:
    waiting = after(enrol(by=ANA))

    assert change(people.confirmed, waiting, BEN).confirmed


@pytest.mark.parametrize(
    ("enroller", "confirmer"),
    [
        pytest.param(MEG, MEG, id="who enrolled"),
        pytest.param(MEG, MEG_IN_SLACK, id="who enrolled, in Slack"),
        pytest.param(MEG_IN_SLACK, MEG, id="who enrolled in Slack"),
        pytest.param(MEG, MEG_AS_ADMIN, id="a session"),
        pytest.param(MEG, ROOT, id="root"),
        pytest.param(MEG, MEGS_PUPPET, id="a user nobody knows"),
    ],
)
def test_nobody_makes_a_second_self(enroller: Identity, confirmer: Identity) -> None:
    waiting = after(enrol("puppet", [MEGS_PUPPET.key], by=enroller))

    with pytest.raises(NotAllowedError):
        change(people.confirmed, waiting, confirmer, (*PEOPLE, waiting))


def test_who_waits_for_confirmation_does_not_confirm_himself() -> None:
    four = (*PEOPLE, person("new", MEGS_PUPPET))
    again = after(enrol("meg", [MEG.key, NEW], by=ANA, among=four))

    with pytest.raises(NotAllowedError):
        change(people.confirmed, again, MEG, (*four[:2], again, four[3]))


def test_an_enrolment_of_nobody_known_is_never_confirmed() -> None:
    waiting = replace(after(enrol()), enrolled_by=MEGS_PUPPET)

    with pytest.raises(NotAllowedError):
        change(people.confirmed, waiting, BEN)


@pytest.mark.parametrize("state", [{"confirmed": True}, {"removed": True}], ids=str)
def test_only_what_waits_is_confirmed(state: dict[str, bool]) -> None:
    with pytest.raises(InvalidRequestError):
        change(people.confirmed, replace(after(enrol()), **state), BEN)


def test_other_identities_have_to_be_confirmed_again() -> None:
    changed = after(enrol("meg", [MEG.key, NEW]))

    assert (changed.confirmed, changed.revision) == (False, 2)


def test_what_somebody_may_just_be_confirming_cannot_be_changed() -> None:
    waiting = after(enrol())

    with pytest.raises(InvalidRequestError):
        enrol(keys=[MEGS_PUPPET.key], among=(*PEOPLE, waiting))


def test_two_who_count_are_always_left() -> None:
    two = PEOPLE[:2]

    for act in (
        lambda: change(people.removed, two[0], BEN, two),
        lambda: enrol("ben", [BEN.key, NEW], among=two),
    ):
        with pytest.raises(InvalidRequestError):
            act()


@pytest.mark.parametrize("by", [MEG, ANA], ids=["oneself", "somebody else"])
def test_a_person_is_removed_and_counts_no_more(by: Identity) -> None:
    gone = change(people.removed, PEOPLE[2], by)

    assert person_of(MEG, (*PEOPLE[:2], gone)) is None


def test_a_removed_persons_id_is_never_used_again() -> None:
    gone = change(people.removed, PEOPLE[2], ANA)

    with pytest.raises(InvalidRequestError):
        enrol("meg", [MEG.key], among=(*PEOPLE[:2], gone))


def test_a_removed_persons_identities_can_be_enrolled_again() -> None:
    gone = change(people.removed, PEOPLE[2], ANA)

    assert after(enrol("meg-again", [MEG.key], among=(*PEOPLE[:2], gone))).identities == (MEG.key,)


def test_whom_nobody_knows_removes_nobody() -> None:
    with pytest.raises(NotAllowedError):
        change(people.removed, PEOPLE[2], MEG_AS_ADMIN)


def test_who_did_it_stands_in_the_history() -> None:
    made = enrol(by=ANA)

    assert made.act == Act(by=of("ana", ANA))
    assert after(made).enrolled_by == of("ana", ANA)


def test_whose_own_identity_is_enrolled_for_another_cannot_confirm_that() -> None:
    waiting = replace(after(enrol()), identities=(BEN.key,))

    with pytest.raises(NotAllowedError):
        change(people.confirmed, waiting, BEN)
