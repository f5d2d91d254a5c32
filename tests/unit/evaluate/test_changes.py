"""Change rules: which changes they look at, and what they say about them."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.evaluate.engine import judge_change
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import (
    Actor,
    Change,
    Detection,
    DetectionStatus,
    Outcome,
    ResourceRef,
    Severity,
    Subject,
    Touch,
    Via,
)
from tests.rulekit import ACCOUNT, NOW, THING, book, change_document, opening

SOURCE = "unit.amazonaws.com"
ALICE = Actor(type="IAMUser", name="alice", via=Via.CONSOLE, mfa=False, source_ip="198.51.100.7")
ONE = ResourceRef(account_id=ACCOUNT, region="us-east-1", type=THING.type, id="one")
TWO = replace(ONE, id="two")
MADE_PUBLIC = Change(
    event_id="e-1",
    record_hash="0",
    event_time=NOW,
    received_at=NOW,
    partition="aws",
    account_id=ACCOUNT,
    region="us-east-1",
    event_source=SOURCE,
    event_name="MakePublic20250101",
    action="MakePublic",
    kind="api-call",
    outcome=Outcome.SUCCEEDED,
    error_code=None,
    read_only=False,
    actor=ALICE,
    touches=(Touch(ref=ONE),),
)
ROOT = replace(MADE_PUBLIC, actor=replace(ALICE, type="Root"))


def named(ref: ResourceRef, _: Any) -> Subject:
    return Subject(ref=ref, arn=f"arn:{ref.id}", owner="team-a")


def seen(change: Change, rules: Rulebook) -> tuple[Detection, ...]:
    return judge_change(change, rules, named)


PUBLISHING = book(change_document())


def test_a_change_that_is_not_harmless_is_told_with_its_cause() -> None:
    (detection,) = seen(MADE_PUBLIC, PUBLISHING)

    assert detection.message == "alice made one public"
    assert detection.subject == Subject(ref=ONE, arn="arn:one", owner="team-a")
    assert (detection.cause.event_id, detection.cause.actor) == ("e-1", ALICE)
    assert (detection.status, detection.seen_at) == (DetectionStatus.TOLD, NOW)


def test_a_harmless_change_is_not_told() -> None:
    service = replace(MADE_PUBLIC, actor=replace(ALICE, type="AWSService"))

    assert seen(service, PUBLISHING) == ()


def test_every_touched_resource_of_the_type_is_a_subject_once() -> None:
    other = replace(TWO, type="Test::Unit::Other")
    change = replace(MADE_PUBLIC, touches=tuple(Touch(ref=r) for r in (ONE, TWO, ONE, other)))

    assert [d.subject.ref for d in seen(change, PUBLISHING)] == [ONE, TWO]


@pytest.mark.parametrize("resource", [THING.type, None], ids=["none touched", "no type named"])
def test_without_a_touched_resource_the_account_is_the_subject(resource: str | None) -> None:
    rules = book(change_document(resource=resource))

    (detection,) = seen(replace(MADE_PUBLIC, touches=()), rules)

    assert detection.subject.ref.type == "Observed::Account::Global"
    assert (detection.subject.ref.id, detection.subject.ref.region) == (ACCOUNT, "global")


def test_a_detection_that_a_finding_may_explain_waits() -> None:
    rules = book(change_document(explained_by=["thing-not-public"]))

    (touched,) = seen(MADE_PUBLIC, rules)
    (untouched,) = seen(replace(MADE_PUBLIC, touches=()), rules)

    assert touched.explained_by == ("thing-not-public",)
    assert touched.status is DetectionStatus.PENDING
    assert untouched.status is DetectionStatus.TOLD


FAILED = replace(MADE_PUBLIC, outcome=Outcome.FAILED, error_code="AccessDenied")


def test_a_failed_call_is_not_looked_at() -> None:
    assert seen(FAILED, PUBLISHING) == ()


def test_a_rule_about_outcomes_looks_at_failed_calls() -> None:
    rules = book(change_document(harmless_when={"outcome": {"const": "succeeded"}}))

    assert seen(MADE_PUBLIC, rules) == ()
    assert len(seen(FAILED, rules)) == 1


def test_a_rule_without_harmless_when_objects_to_every_such_change() -> None:
    assert len(seen(MADE_PUBLIC, book(change_document(harmless_when=None)))) == 1


TRIGGERS: dict[str, tuple[Any, Change, bool]] = {
    "source and name": ({"source": SOURCE, "names": ["MakePublic"]}, MADE_PUBLIC, True),
    "another name": ({"source": SOURCE, "names": ["Make"]}, MADE_PUBLIC, False),
    "another source": ({"source": "s3.amazonaws.com", "names": ["MakePublic"]}, MADE_PUBLIC, False),
    "several sources": ({"sources": ["a.b", SOURCE], "names": ["MakePublic"]}, MADE_PUBLIC, True),
    "any name of a source": ({"source": SOURCE, "names": ["*"]}, MADE_PUBLIC, True),
    "anything of a kind": ({"kind": "api-call", "names": ["*"]}, MADE_PUBLIC, True),
    "another kind": ({"kind": "sign-in", "names": ["*"]}, MADE_PUBLIC, False),
    "anything by root": ({"actor": "Root", "names": ["*"]}, ROOT, True),
    "somebody else": ({"actor": ["Root"], "names": ["*"]}, MADE_PUBLIC, False),
    "a read by wildcard": (
        {"source": SOURCE, "names": ["*"]},
        replace(MADE_PUBLIC, read_only=True),
        False,
    ),
    "a read by name": (
        {"source": SOURCE, "names": ["MakePublic"]},
        replace(MADE_PUBLIC, read_only=True),
        True,
    ),
}


@pytest.mark.parametrize(("entry", "change", "looked_at"), TRIGGERS.values(), ids=TRIGGERS)
def test_rules_look_at_the_changes_they_name(
    entry: Any, change: Change, *, looked_at: bool
) -> None:
    rules = book(change_document(change=[entry]))

    assert bool(seen(change, rules)) is looked_at


def test_the_rulebook_says_which_events_it_wants() -> None:
    rules = book(
        change_document(change=[{"source": SOURCE, "names": ["MakePublic"]}]),
        change_document(id="any-a", change=[{"source": "a.b", "names": ["*"]}]),
    )

    assert rules.matches == {(SOURCE, "MakePublic"), ("a.b", "*")}


OPENS = book(
    change_document(
        harmless_when={"derived": {"Openings": {"maxItems": 0}}},
        message="{actor.name} from {source_ip} opened port {actual.FromPort}",
    )
)


def test_what_the_payload_means_is_the_evidence() -> None:
    change = replace(MADE_PUBLIC, derived={"Openings": [opening(22, 22)]})

    (detection,) = seen(change, OPENS)

    assert detection.message == "alice from 198.51.100.7 opened port 22"
    assert detection.evidence[0].path == "/derived/Openings/0"
    assert detection.evidence[0].because == ("/properties/Public",)


def test_a_payload_that_opens_nothing_is_harmless() -> None:
    assert seen(replace(MADE_PUBLIC, derived={"Openings": []}), OPENS) == ()


def test_a_payload_that_says_nothing_leaves_it_to_the_described_state() -> None:
    assert seen(MADE_PUBLIC, OPENS) == ()


def test_what_is_proven_without_the_payload_is_told_without_it() -> None:
    conditions = {"derived": {"Openings": {"maxItems": 0}}, "actor": {"mfa": {"const": True}}}
    rules = book(change_document(harmless_when=conditions))

    (detection,) = seen(MADE_PUBLIC, rules)

    assert [evidence.path for evidence in detection.evidence] == ["/actor/mfa"]


def test_either_of_several_excuses_makes_a_change_harmless() -> None:
    excuses = [{"actor": {"mfa": {"const": True}}}, {"actor": {"type": {"const": "IAMUser"}}}]
    rules = book(change_document(harmless_when={"anyOf": excuses}))

    assert seen(MADE_PUBLIC, rules) == ()
    assert len(seen(ROOT, rules)) == 1


def test_who_did_it_may_change_the_severity() -> None:
    by_root = {"when": {"actor": {"type": {"const": "Root"}}}, "severity": "critical"}
    rules = book(change_document(severity_when=[{**by_root, "because": "root did it"}]))

    assert seen(MADE_PUBLIC, rules)[0].severity is Severity.HIGH
    assert seen(ROOT, rules)[0].severity is Severity.CRITICAL
