"""What time does to exemptions, and what a death leaves to the next run."""

from datetime import timedelta

import pytest

from chalicelib.findings.exemptions import exemption_ref
from chalicelib.findings.history import hash_of, transition_from
from chalicelib.findings.people import FIRST_PERSONS_ID, person_ref
from chalicelib.model import (
    ExemptionStatus,
)
from tests.integration.conftest import Database
from tests.integration.findings.accepting import ACCOUNT, Office, key_of
from tests.integration.findings.looking import look
from tests.integration.findings.tricks import Dead, Empty, Killed, Moving
from tests.unit.findings.exempting import (
    ANA,
    BEN,
    MEG,
)
from tests.unit.findings.given import REF, closed

DAY = timedelta(days=1)


MINUTE = timedelta(minutes=1)


@pytest.fixture
def office(fast_database: Database) -> Office:
    """Ana, Ben and Meg, and a door that stands open."""
    office = Office(fast_database).staff()
    office.open_the_door()
    return office


def test_an_end_is_an_entry_and_told_of_each_open_finding(office: Office) -> None:
    exemption_id = office.accepted()
    office.clock.wait(30 * DAY)
    assert not office.is_exempt()

    first, second = office.service().tick(), office.service().tick()

    assert (first.expired, first.marked) == (1, 1)
    assert (second.expired, second.marked) == (0, 0)
    assert office.kinds() == ["opened", "exempted", "exemption-ended"]
    assert office.kinds(key_of(exemption_id))[-1] == "exemption-expired"
    assert office.service().exemption(exemption_id).status is ExemptionStatus.EXPIRED


def test_a_request_that_nobody_decided_ends_without_a_word_about_findings(office: Office) -> None:
    office.ask()
    office.clock.wait(30 * DAY)

    assert office.service().tick().expired == 1
    assert office.kinds() == ["opened"]


def test_a_resolved_finding_is_not_told_of_an_end(office: Office) -> None:
    office.accepted()
    look(office.store, closed(60))
    office.clock.wait(30 * DAY)

    assert office.service().tick().marked == 0


def test_what_opened_under_an_exemption_is_told_when_that_ends(fast_database: Database) -> None:
    office = Office(fast_database).staff()
    office.clock.instant -= timedelta(hours=2)
    exemption_id = office.accepted()
    office.open_the_door()
    office.clock.wait(30 * DAY)

    office.service().tick()

    assert office.kinds() == ["opened", "exemption-ended"]
    (entry,) = [e for e in office.register.history(REF.key) if e.kind.value == "exemption-ended"]
    assert transition_from(entry.body).finding is not None
    assert office.service().exemption(exemption_id).status is ExemptionStatus.EXPIRED


def test_people_are_reminded_once(office: Office) -> None:
    exemption_id = office.accepted()
    reminded = []
    for _ in range(4):
        office.clock.wait(7 * DAY)
        reminded.append(office.service().tick().reminded)

    assert reminded == [0, 0, 1, 0]
    assert office.kinds(key_of(exemption_id)).count("exemption-ending") == 1
    assert office.is_exempt()


@pytest.mark.parametrize("ended_by", ["time", "a person"])
def test_who_dies_before_the_findings_know_is_completed_by_the_next_run(
    office: Office, ended_by: str
) -> None:
    exemption_id = office.accepted()
    office.clock.wait(30 * DAY if ended_by == "time" else DAY)
    dying = office.service(store=Dead())

    with pytest.raises(Killed):
        dying.tick() if ended_by == "time" else dying.revoke(exemption_id, MEG)

    assert office.kinds() == ["opened", "exempted"]
    assert office.service().tick().marked == 1
    assert office.service().tick().marked == 0
    assert office.kinds() == ["opened", "exempted", "exemption-ended"]


def test_who_dies_after_the_approval_is_completed_by_the_next_run(office: Office) -> None:
    exemption_id = office.ask()

    with pytest.raises(Killed):
        office.service(store=Dead()).approve(exemption_id, BEN)

    assert office.is_exempt()
    office.service().tick()
    assert office.kinds() == ["opened", "exempted"]


def test_a_finding_that_moves_meanwhile_is_marked_as_it_is_by_then(office: Office) -> None:
    exemption_id = office.ask()
    moving = Moving(office)

    office.service(store=moving).approve(exemption_id, BEN)

    assert moving.conflicts == 1
    assert office.door().exemption_id == exemption_id


def test_what_the_list_of_findings_lacked_is_marked_a_minute_later(office: Office) -> None:
    exemption_id = office.ask()
    office.service(store=Empty(office)).approve(exemption_id, BEN)
    assert office.door().exemption_id is None

    office.clock.wait(2 * MINUTE)
    office.service().tick()

    assert office.door().exemption_id == exemption_id


def test_every_chain_of_the_register_holds_together(office: Office) -> None:
    exemption_id = office.accepted()
    office.service().revoke(exemption_id, ANA)
    refs = [exemption_ref(exemption_id, ACCOUNT)]
    refs += [person_ref(name, ACCOUNT) for name in ("ana", "ben", "meg", FIRST_PERSONS_ID)]

    for ref in refs:
        entries = office.register.history(ref.key)
        hashes = [None, *(hash_of(entry.body) for entry in entries)]
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        assert [entry.prev for entry in entries] == hashes[:-1]
    assert office.service().tampered() == ()
