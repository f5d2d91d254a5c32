"""Announcements: JSON for machines, text for people, attributes to route by."""

from dataclasses import replace

import msgspec
import pytest

from chalicelib.model import Difference, RuleCount, Severity, Summary, TransitionKind
from chalicelib.model.notice import Notice
from chalicelib.notify import sns
from chalicelib.notify.notices import notices_from
from tests.unit.notify.told import FINDING, entry, resolved, transition

TOPIC = "arn:aws:sns:eu-west-1:111122223333:vigil"


def published(*entries: object) -> dict[str, str]:
    (notice,) = notices_from(entries or [entry()])  # type: ignore[arg-type] # entries only
    arguments = sns.payload(notice, TOPIC)
    return {**msgspec.json.decode(arguments["Message"]), "arguments": arguments}


def test_a_subscribed_queue_reads_back_the_notice() -> None:
    (notice,) = notices_from([entry()])

    assert msgspec.json.decode(published()["default"], type=Notice) == notice


def test_attributes_say_severity_level_account_service_reason_and_owner() -> None:
    attributes = published()["arguments"]["MessageAttributes"]

    assert {name: value["StringValue"] for name, value in attributes.items()} == {
        "severity": "critical",
        "level": "page",
        "account": "111122223333",
        "service": "s3",
        "reason": "change",
        "owner": "data",
    }


def test_the_subject_is_short_printable_ascii() -> None:
    finding = replace(FINDING, rule_id="règle-\n" + "x" * 200)

    subject = published(entry(transition(told=finding)))["arguments"]["Subject"]

    assert subject.isascii()
    assert subject.isprintable()
    assert len(subject) < 100
    assert subject.endswith(" critical")


def test_an_email_reads_like_a_letter() -> None:
    text = published()["email"]

    assert text.startswith("Found: reports can be read by anyone (critical)\nRule: Nobody")
    assert "How to fix: Remove the statement." in text


@pytest.mark.parametrize(
    "kind", [TransitionKind.REOPENED, TransitionKind.UPDATED, TransitionKind.RESOLVED]
)
def test_an_email_shows_before_and_after_of_whatever_moved(kind: TransitionKind) -> None:
    finding = resolved() if kind is TransitionKind.RESOLVED else replace(FINDING, revision=3)
    changes = tuple(
        Difference(pointer=f"/observed/{name}", before="open\nwide", after="shut") for name in "ab"
    )

    text = published(entry(transition(kind, finding, differences=changes)))["email"]

    for name in "ab":
        assert f"\nChanged: /observed/{name}: open wide → shut\n" in text


def test_an_email_does_not_say_that_what_a_first_look_found_has_changed() -> None:
    there = Difference(pointer="/observed/Acl", before=None, after="read")

    text = published(entry(transition(differences=(there,))))["email"]

    assert "\nSeen: /observed/Acl: read\n" in text
    assert "Changed" not in text


def test_an_email_about_a_sweep_names_the_worst_rules_and_machines_get_all() -> None:
    counts = tuple(
        RuleCount(
            rule_id=f"rule-{n}",
            title=f"Title {n}.",
            severity=Severity.HIGH if n < 2 else Severity.LOW,
            count=3,
            examples=("a",),
        )
        for n in range(11)
    )
    summary = Summary(sweep_id="s", bundle="b", first=True, counts=counts)
    summed = transition(
        TransitionKind.SUMMARISED, FINDING, finding=None, cause=None, summary=summary
    )

    sent = published(entry(summed))

    assert "high: not met by 3: Title 1. (a)\nlow: 9 more rules not met by 27\n" in sent["email"]
    assert sent["email"].endswith("vigil scan lists them all")
    (read,) = msgspec.json.decode(sent["default"], type=Notice).entries
    assert read.transition.summary == summary


def test_an_email_about_a_fix_says_how_long_it_was_open() -> None:
    finding = resolved()

    text = published(entry(transition(TransitionKind.RESOLVED, finding)))["email"]

    assert "Open for: 5 min" in text


@pytest.mark.parametrize("size", [300_000, 2_000_000])
def test_a_notice_too_large_for_sns_goes_out_as_keys(size: int) -> None:
    change = Difference(pointer="/x", before=None, after="y" * size)

    message = published(entry(transition(differences=(change,))))

    assert len(message["default"]) < 1000
    assert msgspec.json.decode(message["default"])["keys"][0]["pk"].endswith("reports")


@pytest.mark.parametrize("text", ["y" * 150_000, '"' * 70_000, "é" * 60_000])
def test_a_message_is_never_larger_than_sns_takes(text: str) -> None:
    change = Difference(pointer="/x", before=None, after=text)
    (notice,) = notices_from([entry(transition(differences=(change,)))])

    arguments = sns.payload(notice, TOPIC)

    assert len(arguments["Message"].encode()) < 262_144 - 4_096


def test_an_email_says_how_many_findings_it_has_no_room_for() -> None:
    wordy = [replace(FINDING, rule_id=f"rule-{n:02d}", message="y" * 900) for n in range(30)]

    text = published(*(entry(transition(told=one)) for one in wordy))["email"]

    shown = text.count("Found: ")
    assert text.endswith(f"… and {30 - shown} more")
    assert len(text) < 9_000


def test_what_may_have_been_sent_before_says_so() -> None:
    (notice,) = notices_from([entry()])

    assert sns.email_text(replace(notice, repeated=True)).startswith("Repeated: ")
    assert not sns.email_text(notice).startswith("Repeated: ")
