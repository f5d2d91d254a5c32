"""The account as a whole: its S3 public access block and its trails."""

from typing import Any

import pytest

from chalicelib.model import GapReason, Page, ResourceRef, Route
from chalicelib.resources import _frame
from chalicelib.resources.account_global import RESOURCE_TYPE
from tests.integration.resources.recorded_aws import (
    ACCOUNT,
    RecordedAws,
    StoppedClock,
    aws_on_moto,
)

REF = ResourceRef(account_id=ACCOUNT, region="global", type="Observed::Account::Global", id=ACCOUNT)
BLOCK = "/observed/PublicAccessBlockConfiguration"
WANTED = frozenset({BLOCK})
OFF = {
    "BlockPublicAcls": False,
    "IgnorePublicAcls": False,
    "BlockPublicPolicy": False,
    "RestrictPublicBuckets": False,
}


def observed(aws: RecordedAws, pointers: frozenset[str] = WANTED) -> dict[str, Any]:
    item = _frame.describe(aws, RESOURCE_TYPE, REF, pointers, StoppedClock())
    assert item is not None
    return dict(item.observed)


def test_an_account_without_a_public_access_block_has_every_flag_off() -> None:
    with aws_on_moto() as aws:
        assert observed(aws) == {"PublicAccessBlockConfiguration": OFF}


def test_the_flags_are_read_one_by_one() -> None:
    with aws_on_moto() as aws:
        aws.client("s3control", region="us-east-1").put_public_access_block(
            AccountId=ACCOUNT,
            PublicAccessBlockConfiguration={**OFF, "RestrictPublicBuckets": True},
        )

        read = observed(aws)

    assert read == {"PublicAccessBlockConfiguration": {**OFF, "RestrictPublicBuckets": True}}


def test_no_trail_is_asked_for_where_only_the_block_is_wanted() -> None:
    with aws_on_moto() as aws:
        observed(aws)

    assert aws.calls == ["s3control:GetPublicAccessBlock"]


def test_an_unreadable_block_is_a_gap_and_not_an_absent_block() -> None:
    with aws_on_moto() as aws:
        aws.deny("s3control:GetPublicAccessBlock")
        item = _frame.describe(aws, RESOURCE_TYPE, REF, WANTED, StoppedClock())

    assert item is not None
    assert item.observed == {"PublicAccessBlockConfiguration": None}
    assert [(gap.pointer, gap.reason) for gap in item.gaps] == [(BLOCK, GapReason.DENIED)]


def test_trails_are_seen_in_the_account() -> None:
    with aws_on_moto() as aws:
        aws.client("s3", region="us-east-1").create_bucket(Bucket="logs-of-ours")
        cloudtrail = aws.client("cloudtrail", region="us-east-1")
        arn = cloudtrail.create_trail(
            Name="main", S3BucketName="logs-of-ours", IsMultiRegionTrail=True
        )["TrailARN"]

        read = observed(aws, frozenset({"/observed/Trails"}))

    assert list(read["Trails"]) == [arn]


def test_an_account_lists_itself() -> None:
    page = RESOURCE_TYPE.list(None, ACCOUNT, "global", None)

    assert page == Page(refs=(REF,))


def _route(action: str) -> Route:
    (route,) = (route for route in RESOURCE_TYPE.routes if action in route.actions)
    return route


def _record(**parameters: Any) -> dict[str, Any]:
    return {"eventSource": "s3.amazonaws.com", "requestParameters": parameters}


@pytest.mark.parametrize("action", ["PutAccountPublicAccessBlock", "PutPublicAccessBlock"])
def test_switching_the_block_proposes_the_flags_of_the_payload(action: str) -> None:
    route = _route(action)
    flags = {"xmlns": "x", "blockPublicAcls": "TRUE", "RestrictPublicBuckets": True}

    assert route.propose is not None
    proposed = route.propose(_record(PublicAccessBlockConfiguration=flags))

    on = {**OFF, "BlockPublicAcls": True, "RestrictPublicBuckets": True}
    assert (route.ids, route.writes) == ((), (BLOCK,))
    assert proposed == {BLOCK: on}


@pytest.mark.parametrize(
    "record",
    [{}, {"requestParameters": None}, _record(), _record(PublicAccessBlockConfiguration="")],
    ids=["nothing", "null", "no flags", "text"],
)
def test_a_payload_without_flags_proposes_nothing(record: dict[str, Any]) -> None:
    route = _route("PutAccountPublicAccessBlock")

    assert route.propose is not None
    assert route.propose(record) == {}


@pytest.mark.parametrize("action", ["DeleteAccountPublicAccessBlock", "DeletePublicAccessBlock"])
def test_removing_the_block_proposes_every_flag_off(action: str) -> None:
    route = _route(action)

    assert route.propose is not None
    assert route.propose(_record()) == {BLOCK: OFF}
