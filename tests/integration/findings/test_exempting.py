"""People and exemptions on a real store: what two persons agree on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.errors import ConflictError, InvalidRequestError, NotAllowedError
from chalicelib.findings.history import transition_from
from chalicelib.model import (
    Scope,
)
from tests.integration.conftest import Database
from tests.integration.findings.accepting import ACCOUNT, THE_DOOR, Office, key_of
from tests.integration.findings.tricks import (
    Behind,
    Crowded,
)
from tests.unit.findings.exempting import (
    ANA,
    BEN,
    MEG,
)

DAY = timedelta(days=1)


@pytest.fixture
def office(fast_database: Database) -> Office:
    """Ana, Ben and Meg, and a door that stands open."""
    office = Office(fast_database).staff()
    office.open_the_door()
    return office


def test_two_persons_make_an_exemption_and_the_finding_stays_a_failure(office: Office) -> None:
    exemption_id = office.accepted()

    assert office.is_exempt()
    assert office.door().status.value == "OPEN"
    assert office.door().exemption_id == exemption_id
    assert office.kinds() == ["opened", "exempted"]
    assert office.kinds(key_of(exemption_id)) == ["exemption-requested", "exemption-approved"]


def test_every_entry_names_who_did_it(office: Office) -> None:
    exemption_id = office.accepted()

    acts = [transition_from(e.body).act for e in office.register.history(key_of(exemption_id))]

    assert [act.by.person for act in acts if act] == ["meg", "ben"]


def test_a_request_counts_what_it_is_about(office: Office) -> None:
    assert office.service().preview(THE_DOOR).matched == 1
    assert office.service().preview(Scope(rule_id="window-closed")).matched == 0
    assert office.service().exemption(office.ask()).matched == 1


def test_of_two_who_decide_at_once_one_is_told_so(office: Office) -> None:
    exemption_id = office.ask()
    late = office.service()
    seen = late.register.exemption(exemption_id)
    late = replace(late, register=Behind(late.register, seen))
    office.service().refuse(exemption_id, ANA)

    with pytest.raises(ConflictError):
        late.approve(exemption_id, BEN)

    assert not office.is_exempt()


def test_of_two_changes_of_the_list_one_is_told_so(office: Office) -> None:
    stale = office.register.roster(ACCOUNT)
    office.service().enrol("new", "New", ["slack:T0TEAM/U0NEW"], by=ANA)
    service = replace(office.service(), register=Behind(office.register, stale))

    with pytest.raises(ConflictError):
        service.remove("meg", by=ANA)


def test_a_person_removed_cannot_decide_what_waits(office: Office) -> None:
    exemption_id = office.ask()
    office.service().remove("ben", by=ANA)

    with pytest.raises(NotAllowedError):
        office.service().approve(exemption_id, BEN)


def test_a_revocation_shows_the_failure_again(office: Office) -> None:
    exemption_id = office.accepted()
    office.clock.wait(DAY)

    office.service().revoke(exemption_id, MEG, "we fixed it elsewhere")

    assert not office.is_exempt()
    assert office.door().exemption_id is None
    assert office.kinds() == ["opened", "exempted", "exemption-ended"]


def test_another_exemption_takes_a_finding_over(office: Office) -> None:
    first = office.accepted()
    second = office.ask(ANA, days=60)
    office.service().approve(second, BEN)

    office.service().revoke(first, ANA)

    assert office.door().exemption_id == second
    assert "exemption-ended" not in office.kinds()


def test_too_many_requests_are_refused(office: Office) -> None:
    service = office.service()
    waiting = replace(service, register=Crowded(service.register))

    with pytest.raises(InvalidRequestError):
        waiting.request(THE_DOOR, "The door is open on purpose.", office.clock.now() + DAY, MEG)
