"""One person asks and approves, by whatever way; and whoever may write the tables."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.errors import NotAllowedError, NotFoundError
from chalicelib.findings.tampering import subject_of
from chalicelib.model import (
    TransitionKind,
)
from tests.integration.conftest import Database
from tests.integration.findings.accepting import ACCOUNT, Office, key_of
from tests.integration.findings.tricks import (
    approved_by,
    forge,
    put_row,
    raw_row,
)
from tests.unit.findings.exempting import (
    ANA,
    BEN,
    MEG,
    MEG_AS_ADMIN,
    MEG_AS_CI,
    MEG_IN_SLACK,
    MEGS_PUPPET,
    ROOT,
    of,
)


@pytest.fixture
def office(fast_database: Database) -> Office:
    """Ana, Ben and Meg, and a door that stands open."""
    office = Office(fast_database).staff()
    office.open_the_door()
    return office


#: How one human might ask and approve: (asks as, approves as).
ONE_HUMAN = {
    "asks by CLI, approves in Slack": (MEG, MEG_IN_SLACK),
    "asks in Slack, approves by CLI": (MEG_IN_SLACK, MEG),
    "asks by CLI, approves by a second role session": (MEG, MEG_AS_ADMIN),
    "asks by a role session, approves in Slack": (MEG_AS_ADMIN, MEG_IN_SLACK),
    "asks by one role session, approves by another": (MEG_AS_CI, MEG_AS_ADMIN),
    "asks as a user of her own making, approves in Slack": (MEGS_PUPPET, MEG_IN_SLACK),
    "asks by CLI, approves as a user of her own making": (MEG, MEGS_PUPPET),
    "asks by CLI, approves as root": (MEG, ROOT),
}


@pytest.mark.parametrize("path", ONE_HUMAN)
def test_one_person_asking_by_cli_and_approving_otherwise_is_refused(
    office: Office, path: str
) -> None:
    asking, approving = ONE_HUMAN[path]
    exemption_id = office.ask(asking)

    with pytest.raises(NotAllowedError):
        office.service().approve(exemption_id, approving)

    assert not office.is_exempt()
    assert office.kinds(key_of(exemption_id)) == ["exemption-requested"]


def test_one_person_approving_by_editing_the_table_is_not_believed_and_named(
    office: Office,
) -> None:
    exemption_id = office.ask()
    before = office.service().exemption(exemption_id)

    put_row(office, approved_by(before, of("ben", BEN), office))

    assert not office.is_exempt()
    assert office.service().tampered() == (
        f"exemption {exemption_id}: it is not what its history says",
    )
    with pytest.raises(NotFoundError):
        office.service().exemption(exemption_id)


def test_one_person_forging_an_approval_of_her_own_with_its_entry_is_not_believed_and_named(
    office: Office,
) -> None:
    exemption_id = office.ask()
    before = office.service().exemption(exemption_id)

    forge(office, before, approved_by(before, of("meg", MEG_IN_SLACK), office))

    assert not office.is_exempt()
    assert office.service().tampered() == (
        f"exemption {exemption_id}: its history says exemption-approved where that cannot be",
    )


def test_a_whole_forgery_in_another_persons_name_is_believed_but_tells_itself(
    office: Office,
) -> None:
    """What is not caught here: who may write the history may write anybody's name.

    The forgery enters the stream like every entry: it is announced in the name of the person who
    did nothing, and sealed for good.
    """
    exemption_id = office.ask()
    before = office.service().exemption(exemption_id)

    forge(office, before, approved_by(before, of("ben", BEN), office))

    assert office.is_exempt()
    newest = office.register.history(key_of(exemption_id))[-1]
    assert newest.kind is TransitionKind.EXEMPTION_APPROVED
    assert b'"person":"ben"' in newest.body


def test_an_older_row_put_back_is_not_believed(office: Office) -> None:
    exemption_id = office.accepted()
    before = raw_row(office, "exemption", exemption_id)
    office.service().revoke(exemption_id, ANA)

    office.client.put_item(TableName=office.database.table("work"), Item=before)

    assert not office.is_exempt()
    assert len(office.service().tampered()) == 1


def test_an_identity_written_into_somebodys_row_is_nobodys(office: Office) -> None:
    ben = next(p for p in office.service().people() if p.id == "ben")
    exemption_id = office.ask()

    put_row(office, replace(ben, identities=(*ben.identities, MEGS_PUPPET.key)))

    with pytest.raises(NotAllowedError):
        office.service().approve(exemption_id, MEGS_PUPPET)
    assert office.service().tampered() == ("person ben: it is not what its history says",)


def test_an_emptied_list_of_people_makes_nobody_the_first_again(office: Office) -> None:
    for person in office.service().people():
        work = office.database.table("work")
        key = {"pk": {"S": "person"}, "sk": {"S": person.id}}
        office.client.delete_item(TableName=work, Key=key)
    office.client.delete_item(TableName=work, Key={"pk": {"S": "people"}, "sk": {"S": "revision"}})

    with pytest.raises(NotAllowedError):
        office.service().enrol("puppet", "Puppet", [MEGS_PUPPET.key], by=MEGS_PUPPET)


@pytest.mark.parametrize("row", [{}, {"document": {"S": "{"}}, {"document": {"N": "1"}}], ids=str)
def test_a_row_of_nonsense_stops_no_other(office: Office, row: dict[str, Any]) -> None:
    exemption_id = office.accepted()
    item = {"pk": {"S": "exemption"}, "sk": {"S": "x"}, **row}
    office.client.put_item(TableName=office.database.table("work"), Item=item)

    assert [e.id for e in office.service().exemptions()] == [exemption_id]
    assert office.service().tampered() == ("exemption x: it is no row of Vigil's",)


def test_an_entry_of_nonsense_stops_no_other(office: Office) -> None:
    good, bad = office.accepted(), office.ask(ANA)
    item = {"pk": {"S": key_of(bad)}, "sk": {"S": "zzz"}}
    office.client.put_item(TableName=office.database.table("history"), Item=item)

    assert [e.id for e in office.service().exemptions()] == [good]
    assert office.service().tampered() == (f"exemption {bad}: its history cannot be read",)


def test_an_altered_row_is_a_critical_finding_until_it_is_put_right(office: Office) -> None:
    table = subject_of(office.database.table("work"), ACCOUNT, "eu-west-1", "aws")
    service = office.service(subject=table)
    exemption_id = office.ask()
    genuine = raw_row(office, "exemption", exemption_id)
    put_row(office, approved_by(service.exemption(exemption_id), of("ben", BEN), office))

    service.tick()
    service.tick()
    office.client.put_item(TableName=office.database.table("work"), Item=genuine)
    service.tick()

    assert office.kinds(table.ref.key) == ["opened", "resolved"]
    (finding,) = office.store.known(table.ref).findings
    assert (finding.rule_id, finding.severity.value) == ("vigil-register-altered", "critical")
    assert exemption_id in str(finding.evidence)
