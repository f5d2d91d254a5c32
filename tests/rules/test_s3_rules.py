"""The S3 rules as they ship: strict counting of blocks, and evidence by which a cause is found."""

from functools import cache
from typing import Any

import pytest

from chalicelib.evaluate.compiler import compile_rule
from chalicelib.evaluate.engine import judge_item
from chalicelib.model import Compliance, Evaluation, Evidence
from chalicelib.model.pointer import is_below, tokens_of
from chalicelib.resources.s3_bucket import RESOURCE_TYPE
from vigil.examples import NOW, Bench, item_of
from vigil.rulefiles import RULES, RuleFile, load_rules, resource_types

OFF = {
    "BlockPublicAcls": False,
    "IgnorePublicAcls": False,
    "BlockPublicPolicy": False,
    "RestrictPublicBuckets": False,
}
ON = dict.fromkeys(OFF, True)
OPEN = {
    "PublicAccessBlockConfiguration": OFF,
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
}
READ_BY_ALL = {
    "GranteeType": "Group",
    "Grantee": "http://acs.amazonaws.com/groups/global/AllUsers",
    "Permission": "READ",
}
READ_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": ["*"]},
            "Action": ["s3:GetObject"],
            "Resource": ["arn:aws:s3:::example/*"],
        }
    ],
}


@cache
def file_of(rule_id: str) -> RuleFile:
    (file,) = load_rules((RULES / "s3" / f"{rule_id}.yaml",), resource_types()).files
    return file


def judged(bench: Bench, **example: Any) -> Evaluation:
    item = item_of(bench, {"expect": "INSUFFICIENT_DATA", **example})
    (verdict,) = judge_item(item, bench.book, NOW)
    return verdict


def strict_bench() -> Bench:
    file = file_of("s3-bucket-public-access-blocked")
    rule = compile_rule(
        file.document,
        source=file.source,
        line_of=file.line_of,
        types=resource_types(),
        parameters={"accept_account_level": False},
    )
    return Bench.of(rule, resource_types())


@pytest.mark.parametrize(
    ("own", "account", "expected"),
    [
        pytest.param(ON, OFF, Compliance.COMPLIANT, id="the bucket's own"),
        pytest.param(OFF, ON, Compliance.NON_COMPLIANT, id="only the account's"),
        pytest.param(
            {**ON, "BlockPublicAcls": False}, ON, Compliance.NON_COMPLIANT, id="three of four"
        ),
        pytest.param(OFF, OFF, Compliance.NON_COMPLIANT, id="none"),
    ],
)
def test_strictly_counted_the_accounts_blocks_do_not_stand_in(
    own: dict[str, bool], account: dict[str, bool], expected: Compliance
) -> None:
    verdict = judged(
        strict_bench(),
        configuration={"PublicAccessBlockConfiguration": own},
        observed={"AccountPublicAccessBlock": account},
    )

    assert verdict.compliance is expected


def test_strictly_counted_unread_account_blocks_do_not_excuse_the_bucket() -> None:
    verdict = judged(
        strict_bench(),
        configuration={"PublicAccessBlockConfiguration": OFF},
        gaps=["/observed/AccountPublicAccessBlock"],
    )

    assert verdict.compliance is Compliance.NON_COMPLIANT


BY_POLICY = {"configuration": OPEN, "observed": {"BucketPolicy": READ_POLICY}}
BY_ACL = {"configuration": OPEN, "observed": {"Grants": [READ_BY_ALL]}}


@pytest.mark.parametrize(
    ("action", "opened"),
    [
        ("PutBucketPolicy", BY_POLICY),
        ("PutBucketPublicAccessBlock", BY_POLICY),
        ("DeleteBucketPublicAccessBlock", BY_POLICY),
        ("PutAccountPublicAccessBlock", BY_POLICY),
        ("DeleteAccountPublicAccessBlock", BY_POLICY),
        ("PutBucketAcl", BY_ACL),
        ("PutBucketOwnershipControls", BY_ACL),
        ("DeleteBucketOwnershipControls", BY_ACL),
        ("DeleteBucketPublicAccessBlock", BY_ACL),
        ("DeleteAccountPublicAccessBlock", BY_ACL),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_whoever_opened_a_bucket_wrote_what_its_evidence_rests_on(
    action: str, opened: dict[str, Any]
) -> None:
    bench = Bench.of(file_of("s3-bucket-no-public-read").rule, resource_types())
    verdict = judged(bench, **opened)

    assert _rests_on(verdict, action)


@pytest.mark.parametrize("action", ["PutBucketTagging", "PutBucketAcl", "DeleteBucketTagging"])
def test_whoever_wrote_something_else_is_not_to_blame_for_an_open_policy(action: str) -> None:
    bench = Bench.of(file_of("s3-bucket-no-public-read").rule, resource_types())
    verdict = judged(bench, **BY_POLICY)

    assert not _rests_on(verdict, action)


def _rests_on(verdict: Evaluation, action: str) -> bool:
    routes = (*RESOURCE_TYPE.routes, *RESOURCE_TYPE.companions[0].routes)
    (route,) = (route for route in routes if action in route.actions)
    written = [tokens_of(pointer) for pointer in route.writes]
    reasons = [tokens_of(place) for one in verdict.evidence for place in _places(one)]
    return any(is_below(reason, pointer) for reason in reasons for pointer in written)


def _places(evidence: Evidence) -> list[str]:
    return [*evidence.because, *(switch.pointer for switch in evidence.despite)]


UNREAD_FLAG = {**OFF, "IgnorePublicAcls": None}


@pytest.mark.parametrize(
    ("pointer", "configuration", "account"),
    [
        (
            "/properties/PublicAccessBlockConfiguration/IgnorePublicAcls",
            {**OPEN, "PublicAccessBlockConfiguration": UNREAD_FLAG},
            OFF,
        ),
        ("/observed/AccountPublicAccessBlock/IgnorePublicAcls", OPEN, UNREAD_FLAG),
    ],
    ids=["the bucket's", "the account's"],
)
def test_a_gap_inside_what_decides_is_not_overlooked(
    pointer: str, configuration: dict[str, Any], account: dict[str, Any]
) -> None:
    bench = Bench.of(file_of("s3-bucket-no-public-read").rule, resource_types())
    observed = {"Grants": [READ_BY_ALL], "AccountPublicAccessBlock": account}

    verdict = judged(bench, configuration=configuration, observed=observed, gaps=[pointer])

    assert verdict.compliance is Compliance.INSUFFICIENT_DATA
