"""EventBridge is asked for exactly the calls that somebody judges."""

import json
from typing import Any

import pytest

from chalicelib.ingest.routing import patterns as delivered
from chalicelib.model import TransitionKind
from chalicelib.model.notice import TOLD_KINDS
from vigil.local._patterns import matches
from vigil.package.catalogue import Catalogue
from vigil.package.patterns import (
    ANY,
    EVEN_READS,
    LIMIT_CHARS,
    TOLD_ENTRIES,
    event_patterns,
    state_of,
)

CATALOGUE = Catalogue.read()
PATTERNS = event_patterns(CATALOGUE.types, CATALOGUE.rulebook)
NAMED = [p for p in delivered(CATALOGUE.types, CATALOGUE.rulebook.matches) if ANY not in p]


def event(source: str, name: str, **overrides: Any) -> dict[str, Any]:
    return {
        "source": f"aws.{source.removesuffix('.amazonaws.com')}",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {"eventSource": source, "eventName": name, "userIdentity": {"type": "IAMUser"}},
        **overrides,
    }


def is_delivered(candidate: dict[str, Any]) -> bool:
    return any(matches(pattern, candidate) for pattern in PATTERNS)


def test_every_pattern_is_within_eventbridges_limit() -> None:
    assert PATTERNS
    assert max(len(json.dumps(pattern)) for pattern in PATTERNS) <= LIMIT_CHARS


@pytest.mark.parametrize(("source", "name"), NAMED, ids=lambda part: part.split(".")[0])
def test_every_event_that_is_followed_or_judged_is_delivered(source: str, name: str) -> None:
    assert is_delivered(event(source, name))


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("s3.amazonaws.com", "GetObject"),
        ("s3.amazonaws.com", "PutObject"),
        ("s3.amazonaws.com", "GetBucketAcl"),
        ("ec2.amazonaws.com", "DescribeSecurityGroups"),
        ("ec2.amazonaws.com", "PutBucketPolicy"),
        ("s3.amazonaws.com", "CreateRole"),
        ("dynamodb.amazonaws.com", "PutItem"),
    ],
    ids=lambda part: part.split(".")[0],
)
def test_nothing_else_is_delivered(source: str, name: str) -> None:
    assert not is_delivered(event(source, name))


def test_a_custom_event_that_imitates_aws_is_not_delivered() -> None:
    genuine = event("s3.amazonaws.com", "PutBucketPolicy")

    assert is_delivered(genuine)
    assert not is_delivered({**genuine, "source": "evil.aws.s3"})


def test_whatever_root_does_is_delivered() -> None:
    root = {"eventSource": "mediaconvert.amazonaws.com", "eventName": "CreateJob"}

    by_root = {**root, "userIdentity": {"type": "Root"}}
    by_user = {**root, "userIdentity": {"type": "IAMUser"}}

    assert is_delivered(event("mediaconvert.amazonaws.com", "CreateJob", detail=by_root))
    assert not is_delivered(event("mediaconvert.amazonaws.com", "CreateJob", detail=by_user))


@pytest.mark.parametrize(
    ("code", "delivered_"),
    [
        ("AccessDenied", True),
        ("AccessDeniedException", True),
        ("Client.UnauthorizedOperation", True),
        ("Client.RequestLimitExceeded", False),
        ("ValidationException", False),
    ],
)
def test_whatever_is_refused_is_delivered_and_nothing_else_that_fails(
    code: str, *, delivered_: bool
) -> None:
    failed = {
        "eventSource": "secretsmanager.amazonaws.com",
        "eventName": "GetSecretValue",
        "errorCode": code,
    }

    candidate = event("secretsmanager.amazonaws.com", "GetSecretValue", detail=failed)

    assert is_delivered(candidate) is delivered_


def test_only_the_rule_of_what_is_refused_asks_for_reads() -> None:
    (asking,) = [pattern for pattern in PATTERNS if state_of(pattern) == EVEN_READS]

    assert asking["detail"] == {
        "errorCode": [{"prefix": "AccessDenied"}, {"suffix": "UnauthorizedOperation"}]
    }


def test_only_new_entries_that_somebody_is_told_of_are_announced() -> None:
    called_for = {
        (verb, kind)
        for verb in ("INSERT", "MODIFY", "REMOVE")
        for kind in TransitionKind
        if matches(TOLD_ENTRIES, stream_record(verb, kind))
    }

    assert called_for == {("INSERT", kind) for kind in TOLD_KINDS}
    assert ("INSERT", TransitionKind.RECORDED) not in called_for


def stream_record(verb: str, kind: TransitionKind) -> dict[str, Any]:
    return {"eventName": verb, "dynamodb": {"NewImage": {"kind": {"S": kind.value}}}}
