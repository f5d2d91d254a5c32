"""What is told of exemptions and people, and how loudly."""

from dataclasses import replace

import pytest

from chalicelib.findings import exemptions, people
from chalicelib.model import Act, Reason, Transition, TransitionKind
from chalicelib.model.notice import Entry, Level, is_told
from chalicelib.notify import accepted, slack, sns
from chalicelib.notify.notices import notices_from
from tests.unit.findings.exempting import (
    ACCOUNT,
    ANA,
    BEN,
    DECIDED,
    END,
    MEG,
    PEOPLE,
    REASON,
    ROOT,
    asked,
    exemption,
    of,
)
from tests.unit.notify.told import entry, transition

PERSON = people.enrolled(
    "new",
    "<!channel>",
    ["slack:T0TEAM/U0NEW"],
    people=PEOPLE,
    firsts=2,
    act=Act(by=of("ana", ANA)),
    account_id=ACCOUNT,
    now=DECIDED,
)
APPROVED = exemptions.approved(
    asked(), people=PEOPLE, act=Act(by=BEN, note="fine *by* me"), account_id=ACCOUNT, now=DECIDED
)
REQUESTED = replace(
    APPROVED, kind=TransitionKind.EXEMPTION_REQUESTED, exemption=asked(), act=Act(by=MEG)
)
ENDED = exemptions.expired(exemption(), account_id=ACCOUNT, now=END)
ENDING = exemptions.reminded(exemption(), account_id=ACCOUNT, now=DECIDED)
REVOKED = exemptions.revoked(
    exemption(), people=PEOPLE, act=Act(by=MEG), account_id=ACCOUNT, now=DECIDED
)
REFUSED = exemptions.refused(
    asked(), people=PEOPLE, act=Act(by=BEN), account_id=ACCOUNT, now=DECIDED
)
MOVES = (REQUESTED, APPROVED, REFUSED, REVOKED, ENDED, ENDING, PERSON)


def noticed(one: Transition, exemption_id: str | None = None) -> Entry:
    return replace(entry(one), exemption_id=exemption_id)


@pytest.mark.parametrize("move", MOVES, ids=lambda m: m.kind.value)
def test_people_are_told_of_every_move(move: Transition) -> None:
    (notice,) = notices_from([noticed(move)])

    said = str(accepted.payload(move)) + sns.email_text(notice)
    assert accepted.title_of(move) in said
    assert sns.payload(notice, "arn:topic")["Subject"].startswith(move.kind.value)
    assert slack.line_of(move) == accepted.title_of(move)


@pytest.mark.parametrize(
    ("move", "level"),
    [
        (REQUESTED, Level.TICKET),
        (ENDING, Level.TICKET),
        (PERSON, Level.TICKET),
        (APPROVED, Level.LOG),
        (REFUSED, Level.LOG),
        (REVOKED, Level.LOG),
        (ENDED, Level.LOG),
    ],
    ids=lambda v: v.kind.value if isinstance(v, Transition) else str(v),
)
def test_what_waits_for_somebody_is_a_ticket(move: Transition, level: Level) -> None:
    (notice,) = notices_from([noticed(move)])

    assert notice.level is level


def test_a_request_says_who_what_why_how_many_and_until_when() -> None:
    lines = "\n".join(accepted.lines_of(REQUESTED))

    for expected in ("meg", REASON, "Findings: 1", "2026-01-31T12:00:00.000Z", "Another person"):
        assert expected in lines
    assert "door-closed" in accepted.title_of(REQUESTED)


def test_an_approval_says_by_whom_and_what_they_said() -> None:
    lines = "\n".join(accepted.lines_of(APPROVED))

    assert "By: ben (iam-user, person ben)" in lines
    assert "Note: fine *by* me" in lines


def test_nothing_that_people_wrote_is_parsed_by_slack() -> None:
    payload = accepted.payload(PERSON)

    assert "<!channel>" not in payload["text"]
    types = {
        text["type"]
        for block in payload["blocks"]
        for text in (block.get("elements") or [block["text"]])
    }
    assert types == {"plain_text"}


def test_the_count_of_the_first_persons_is_not_told_beside_their_own_entry() -> None:
    first = people.enrolled(
        "ana",
        "Ana",
        [ANA.key],
        people=(),
        firsts=0,
        act=Act(by=ROOT),
        account_id=ACCOUNT,
        now=DECIDED,
    )

    assert is_told(first)
    assert not is_told(people.first_person(first, 0, None))


def test_a_finding_under_an_exemption_is_written_down_and_wakes_nobody() -> None:
    (loud,) = notices_from([noticed(transition())])
    (quiet,) = notices_from([noticed(transition(), "ex-1")])

    assert (loud.level, quiet.level) == (Level.PAGE, Level.LOG)
    assert "exemption ex-1" in sns.email_text(quiet)


def test_beside_an_exempt_finding_another_one_is_as_loud_as_ever() -> None:
    other = replace(entry(transition()), sk="other")

    (notice,) = notices_from([noticed(transition(), "ex-1"), other])

    assert notice.level is Level.PAGE


def test_the_end_of_an_exemption_is_as_loud_as_the_finding() -> None:
    ended = transition(TransitionKind.EXEMPTION_ENDED, reason=Reason.PERSON)

    (notice,) = notices_from([noticed(ended)])

    assert notice.level is Level.PAGE
    assert "No longer exempt" in sns.email_text(notice)
    assert "No longer exempt" in str(slack.reply(ended))


def test_a_notice_of_keys_alone_still_says_what_is_exempt() -> None:
    long = "x" * 300_000
    (notice,) = notices_from([noticed(transition(seen_by=long), "ex-1")])

    message = sns.payload(notice, "arn:topic")["Message"]

    assert len(message) < 250_000
    assert 'exemption_id\\":\\"ex-1' in message
