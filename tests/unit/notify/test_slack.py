"""Slack messages: what a person reads, within Slack's limits, whatever a name holds."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.model import Difference, ResourceRef, RuleCount, Severity, Subject, Summary
from chalicelib.model import TransitionKind as Kind
from chalicelib.notify import slack
from chalicelib.notify._blocks import plainly
from tests.unit.notify.told import ACTOR, CAUSE, DETECTION, FINDING, NOW, resolved, transition

LOOKED_BEFORE = NOW - timedelta(days=1)
HOSTILE = "<!channel> <@U123> *bold* `code` <https://evil.example|click> \u202e\x00\x1b[31m&amp;"


def texts(payload: slack.Payload) -> list[dict[str, Any]]:
    found = []
    for block in payload["blocks"]:
        found += [block["text"]] if "text" in block else block.get("elements", [])
    return found


def shown(payload: slack.Payload) -> str:
    return "\n".join(element["text"] for element in texts(payload))


def test_a_message_says_what_where_who_why_and_how_to_fix() -> None:
    change = Difference(pointer="/observed/BucketPolicy", before=None, after={"Effect": "Allow"})
    finding = replace(FINDING, seen_from=LOOKED_BEFORE)

    text = shown(slack.payload([finding], [transition(told=finding, differences=(change,))]))

    for part in (
        "CRITICAL · reports can be read by anyone",
        "Rule: Nobody outside can read the bucket",
        "AWS::S3::Bucket reports in account 111122223333, eu-west-1",
        "release (role deployer) by PutBucketPolicy from 198.51.100.7 via Terraform/1.11.4",
        'Changed: /observed/BucketPolicy: nothing → {"Effect":"Allow"}',
        "Anyone can download what lies in it.",
        "Remove the statement.",
    ):
        assert part in text


def test_what_a_first_look_found_is_not_said_to_have_changed() -> None:
    there = Difference(pointer="/observed/BucketPolicy", before=None, after={"Effect": "Allow"})

    text = shown(slack.payload([FINDING], [transition(differences=(there,))]))

    assert 'Seen: /observed/BucketPolicy: {"Effect":"Allow"}' in text
    assert "nothing →" not in text


@pytest.mark.parametrize("kind", [Kind.REOPENED, Kind.UPDATED, Kind.RESOLVED])
def test_whatever_moved_shows_before_and_after_in_its_message(kind: Kind) -> None:
    finding = resolved() if kind is Kind.RESOLVED else replace(FINDING, revision=3, episode=2)
    change = Difference(pointer="/observed/Acl", before="read", after="<!channel>")
    moved = transition(kind, finding, differences=(change,))

    for payload in (slack.payload([finding], [moved]), slack.reply(moved)):
        (element,) = [e for e in texts(payload) if "/observed/Acl: read → <!channel>" in e["text"]]
        assert element["type"] == "plain_text"


def test_an_unknown_actor_is_said_to_be_unknown() -> None:
    assert "Unknown who" in shown(slack.payload([replace(FINDING, cause=None)]))


def test_a_resolved_finding_says_how_long_it_was_open() -> None:
    finding = resolved(after=timedelta(hours=3, minutes=4))

    text = shown(slack.payload([finding], [transition(Kind.RESOLVED, finding)]))

    assert "✅ RESOLVED" in text
    assert "Open for 3 h 4 min." in text


def test_the_reply_to_a_resolved_finding_says_how_long_it_was_open() -> None:
    finding = resolved(after=timedelta(seconds=90))

    assert "Resolved after 1 min 30 s" in shown(slack.reply(transition(Kind.RESOLVED, finding)))


def test_a_transient_exposure_is_called_one() -> None:
    text = shown(slack.payload([DETECTION], [transition(Kind.DETECTED, DETECTION, transient=True)]))

    assert "Transient" in text


def test_a_repeated_message_says_so() -> None:
    assert "repeated" in shown(slack.payload([FINDING], repeated=True))
    assert "repeated" not in shown(slack.payload([FINDING]))


@pytest.mark.parametrize("field", ["message", "id", "actor"])
def test_hostile_names_stand_only_where_slack_parses_nothing(field: str) -> None:
    finding = {
        "message": replace(FINDING, message=HOSTILE),
        "id": replace(
            FINDING,
            subject=Subject(
                ref=ResourceRef(account_id="1", region="r", type="AWS::S3::Bucket", id=HOSTILE)
            ),
        ),
        "actor": replace(FINDING, cause=replace(CAUSE, actor=replace(ACTOR, name=HOSTILE))),
    }[field]

    payload = slack.payload([finding], [transition(told=finding)])

    parsed = [e["text"] for e in texts(payload) if e["type"] == "mrkdwn"] + [payload["text"]]
    assert not any("<!channel>" in text or "<@U123>" in text for text in parsed)
    assert not any(c in shown(payload) for c in "\u202e\x00\x1b")


def test_the_summary_lists_every_rule_with_its_count() -> None:
    counts = (
        RuleCount(
            rule_id="iam-role-not-stale",
            title="Roles unused for 90 days are reported",
            severity=Severity.MEDIUM,
            count=3,
            examples=("etl", "old"),
        ),
    )
    summary = Summary(sweep_id="s", bundle="b", first=True, counts=counts)

    text = shown(slack.summary_payload(summary, "111122223333"))

    assert "First sweep of account 111122223333: 3 finding(s)" in text
    assert "not met by 3: Roles unused for 90 days are reported (etl, old)" in text


def summed(*severities: Severity) -> str:
    counts = tuple(
        RuleCount(
            rule_id=f"rule-{n}", title=f"Title {n}.", severity=severity, count=2, examples=("a",)
        )
        for n, severity in enumerate(severities)
    )
    summary = Summary(sweep_id="s", bundle="b", first=True, counts=counts)
    return shown(slack.summary_payload(summary, "111122223333"))


def test_a_short_summary_names_every_rule_however_low() -> None:
    text = summed(*[Severity.HIGH] * 4, *[Severity.LOW] * 6)

    assert all(f"Title {n}." in text for n in range(10))
    assert "more" not in text


def test_a_long_summary_names_the_ten_worst_rules_and_counts_the_rest_by_severity() -> None:
    text = summed(*[Severity.HIGH] * 4, *[Severity.MEDIUM] * 9, Severity.LOW, Severity.LOW)

    assert [f"Title {n}." in text for n in range(15)] == [True] * 10 + [False] * 5
    assert "🟨 medium · 3 more rules not met by 6" in text
    assert "🟦 low · 2 more rules not met by 4" in text
    assert "111122223333: 30 finding(s)" in text
    assert "… vigil scan lists them all" in text


def test_a_long_summary_only_counts_what_is_low_or_informational() -> None:
    text = summed(Severity.MEDIUM, *[Severity.LOW] * 9, Severity.INFORMATIONAL)

    assert text.count("Title ") == 1
    assert "🟦 low · 9 more rules not met by 18" in text
    assert "⬜ informational · 1 more rule not met by 2" in text


def test_a_digest_lists_what_was_held_back_and_counts_the_rest() -> None:
    payload = slack.digest_payload([f"line {n}" for n in range(80)])

    assert "80 more in the last minute" in shown(payload)
    assert len(payload["blocks"]) <= 50


def test_a_digest_counts_exactly_what_it_has_no_room_for() -> None:
    lines = [f"line {n:03d} " + "x" * 190 for n in range(100)]

    text = shown(slack.digest_payload(lines))

    listed = text.count("line ")
    assert 20 < listed < 100
    assert f"… and {100 - listed} more" in text


def test_what_a_message_has_no_room_for_is_not_dropped_in_silence() -> None:
    wordy = replace(FINDING, message="y" * 5_000)

    payload = slack.payload([wordy] * 6)

    assert "more than one message can hold" in shown(payload)
    assert shown(payload).endswith("owner data")


def test_what_is_open_and_worst_names_the_message() -> None:
    payload = slack.payload([FINDING, resolved()])

    assert payload["text"].startswith("critical: ")
    assert slack.payload([resolved()])["text"].startswith("resolved: ")


@settings(max_examples=200, deadline=None)
@given(
    message=st.text(max_size=5000),
    name=st.text(max_size=3000),
    before=st.recursive(
        st.none() | st.booleans() | st.text(max_size=500),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
        max_leaves=20,
    ),
    count=st.integers(min_value=1, max_value=20),
)
def test_whatever_is_told_fits_slacks_limits(
    message: str, name: str, before: Any, count: int
) -> None:
    finding = replace(
        FINDING, message=message, cause=replace(CAUSE, actor=replace(ACTOR, name=name))
    )
    change = Difference(pointer="/observed/X", before=before, after=name)
    moved = transition(told=finding, differences=(change,) * 10)

    for payload in (slack.payload([finding] * count, [moved]), slack.reply(moved)):
        assert 1 <= len(payload["blocks"]) <= 50
        assert all(0 < len(element["text"]) <= 3000 for element in texts(payload))
        assert all(
            len(block["text"]["text"]) <= 150
            for block in payload["blocks"]
            if block["type"] == "header"
        )
        assert len(str(payload)) < 12_000


def test_a_message_without_blocks_says_the_same_and_that_it_is_short() -> None:
    said = plainly(slack.payload([FINDING]))

    assert said["blocks"] == []
    assert all(part in said["text"] for part in ("reports can be read by anyone", FINDING.risk))
    assert said["text"].endswith("shortened: Slack refused the full message")


def test_a_message_without_blocks_parses_nothing_a_stranger_wrote() -> None:
    said = plainly(slack.payload([replace(FINDING, message=HOSTILE)]))

    assert "<" not in said["text"]
    assert (said["parse"], said["mrkdwn"]) == ("none", False)


def test_a_message_without_blocks_is_short_whatever_it_says() -> None:
    lines = [f"{n} " + "&" * 300 for n in range(100)]

    assert len(plainly(slack.digest_payload(lines))["text"]) < 4_000


def test_a_retired_message_names_the_finding_and_no_state() -> None:
    said = shown(slack.retired_payload(transition()))

    assert f"{FINDING.title}: told in another message" in said
    assert "CRITICAL" not in said
