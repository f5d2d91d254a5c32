"""Messages say whose a finding is, by when it is due and who sees to it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.model import (
    Act,
    Finding,
    Identity,
    IdentityKind,
    OwnerFrom,
    Severity,
    Subject,
    Transition,
    TransitionKind,
)
from chalicelib.model.notice import ACT_KINDS, Level, Notice
from chalicelib.notify import slack, sns
from chalicelib.notify._care import act_text, care, owner
from chalicelib.notify.notices import notices_from
from tests.unit.notify.told import BUCKET, FINDING, NOW, entry, resolved, transition

ANN = Identity(kind=IdentityKind.IAM_USER, id="AIDAANN", name="ann")
DUE = replace(FINDING, due_at=NOW + timedelta(days=1))
HOUR = timedelta(hours=1)


def shown(payload: slack.Payload) -> str:
    parts = [part for block in payload["blocks"] for part in (block, *block.get("elements", ()))]
    texts = [part["text"] for part in parts if "text" in part]
    return "\n".join(text["text"] if isinstance(text, dict) else text for text in texts)


def acted(
    kind: TransitionKind, finding: Finding = FINDING, note: str | None = None, **more: Any
) -> Transition:
    return transition(kind, finding, act=Act(by=ANN, note=note), **more)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (OwnerFrom.TAG, "data (by its tag)"),
        (OwnerFrom.ACCOUNT, "data (of the account)"),
        (OwnerFrom.DEFAULT, "data (by default)"),
        (None, "data"),
    ],
)
def test_an_owner_is_named_with_how_it_was_found(how: OwnerFrom | None, said: str) -> None:
    assert owner(Subject(ref=BUCKET, owner="data", owner_from=how)) == said
    assert owner(Subject(ref=BUCKET)) == "unassigned"


@pytest.mark.parametrize(
    ("finding", "after", "said"),
    [
        (DUE, HOUR, ["Due: 2 Jan, 12:00 UTC"]),
        (DUE, 25 * HOUR, ["Overdue: was due 2 Jan, 12:00 UTC"]),
        (replace(DUE, due_at=NOW + timedelta(days=400)), HOUR, ["Due: 5 Feb 2027, 12:00 UTC"]),
        (replace(DUE, exemption_id="ex-1"), 25 * HOUR, []),
        (resolved(DUE), 25 * HOUR, []),
        (FINDING, HOUR, []),
        (replace(FINDING, acknowledged_by="ann"), HOUR, ["Seen to: acknowledged by ann"]),
        (
            replace(DUE, acknowledged_by="ann", assignee="bob"),
            HOUR,
            ["Due: 2 Jan, 12:00 UTC", "Seen to: acknowledged by ann, assigned to bob"],
        ),
    ],
    ids=["due", "overdue", "next-year", "exempt", "resolved", "never", "seen", "both"],
)
def test_a_finding_says_by_when_and_by_whom(
    finding: Finding, after: timedelta, said: list[str]
) -> None:
    assert care(finding, NOW + after) == said


def test_a_message_shows_owner_and_due_date_on_its_first_screen() -> None:
    finding = replace(DUE, subject=replace(DUE.subject, owner_from=OwnerFrom.TAG))

    text = shown(slack.payload([finding], now=NOW + 25 * HOUR))

    assert "\nOverdue: was due 2 Jan, 12:00 UTC" in text
    assert text.endswith("owner data (by its tag)")
    assert "Due: 2 Jan, 12:00 UTC" in shown(slack.payload([finding]))


def test_an_email_says_the_same() -> None:
    (notice,) = notices_from([entry(transition(told=DUE))])

    assert "\nOwner: data\nDue: 2 Jan, 12:00 UTC\n" in sns.email_text(notice)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (acted(TransitionKind.ACKNOWLEDGED), "Acknowledged by ann"),
        (acted(TransitionKind.NOTED, note="a\nb"), "Noted by ann: “a b”"),
        (
            acted(TransitionKind.ASSIGNED, replace(FINDING, assignee="bob"), "after lunch"),
            "Assigned to bob by ann: “after lunch”",
        ),
        (acted(TransitionKind.ASSIGNED), "Assigned to nobody by ann"),
        (transition(TransitionKind.ACKNOWLEDGED), "Acknowledged"),
    ],
    ids=["acknowledged", "noted", "assigned", "given-back", "by-nobody"],
)
def test_what_somebody_did_is_one_sentence(told: Transition, said: str) -> None:
    assert act_text(told) == said
    assert said in shown(slack.reply(told))
    assert said in slack.line_of(told)
    assert said in sns.email_text(notice_of(told))


def notice_of(told: Transition) -> Notice:
    (notice,) = notices_from([entry(told)])
    return notice


@pytest.mark.parametrize("kind", sorted(ACT_KINDS))
def test_an_act_wakes_nobody(kind: TransitionKind) -> None:
    notice = notice_of(acted(kind, replace(FINDING, severity=Severity.CRITICAL)))

    assert (notice.level, notice.severity) == (Level.LOG, Severity.CRITICAL)


def test_the_longest_note_fits_a_reply() -> None:
    reply = slack.reply(acted(TransitionKind.NOTED, note="<!channel> " * 181))

    assert sum(len(block["text"]["text"]) for block in reply["blocks"]) < 2_100
    assert reply["blocks"][0]["text"]["type"] == "plain_text"
    assert "<!channel>" not in reply["text"]
