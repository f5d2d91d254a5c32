"""AWS::CloudTrail::Trail and the account's trails, described on moto."""

from typing import Any

import pytest

from chalicelib.model import ConfigurationItem, FacetReading, GapReason, ResourceRef, SweepRequest
from chalicelib.resources import _frame
from chalicelib.resources._trails import read_trails
from chalicelib.resources.cloudtrail_trail import RESOURCE_TYPE, TYPE
from tests.integration.resources.recorded_aws import (
    ACCOUNT,
    RecordedAws,
    StoppedClock,
    aws_on_moto,
)

HOME = "eu-west-1"
ARN = f"arn:aws:cloudtrail:{HOME}:{ACCOUNT}:trail/main"
STATUS = frozenset({"/properties/IsLogging"})
VALIDATION = frozenset({"/properties/EnableLogFileValidation"})
EVERYTHING = frozenset(pointer for facet in RESOURCE_TYPE.facets for pointer in facet.pointers)

MAIN = ResourceRef(account_id=ACCOUNT, region=HOME, type=TYPE, id="main")
THE_ACCOUNT = ResourceRef(
    account_id=ACCOUNT, region="global", type="Observed::Account::Global", id=ACCOUNT
)


def with_trail(aws: RecordedAws, name: str = "main", *, region: str = HOME, **given: Any) -> None:
    aws.client("s3", region="us-east-1").create_bucket(Bucket="vigil-trail-logs")
    aws.client("cloudtrail", region=region).create_trail(
        Name=name, S3BucketName="vigil-trail-logs", **given
    )


def look(
    aws: RecordedAws, pointers: frozenset[str], ref: ResourceRef = MAIN
) -> ConfigurationItem | None:
    return _frame.describe(aws, RESOURCE_TYPE, ref, pointers, StoppedClock())


def trails(aws: RecordedAws) -> FacetReading:
    aws.calls.clear()
    return read_trails(aws, THE_ACCOUNT)


def test_a_trail_is_described_with_the_names_of_cloudformation() -> None:
    with aws_on_moto() as aws:
        with_trail(
            aws,
            EnableLogFileValidation=True,
            IsMultiRegionTrail=True,
            KmsKeyId="alias/logs",
            TagsList=[{"Key": "owner", "Value": "platform"}],
        )
        aws.client("cloudtrail", region=HOME).start_logging(Name="main")
        item = look(aws, EVERYTHING)

    assert item is not None
    assert item.gaps == ()
    assert dict(item.properties) == {
        "TrailName": "main",
        "S3BucketName": "vigil-trail-logs",
        "S3KeyPrefix": None,
        "SnsTopicName": None,
        "KMSKeyId": "alias/logs",
        "CloudWatchLogsLogGroupArn": None,
        "CloudWatchLogsRoleArn": None,
        "IsMultiRegionTrail": True,
        "IncludeGlobalServiceEvents": True,
        "EnableLogFileValidation": True,
        "IsOrganizationTrail": False,
        "IsLogging": True,
        "EventSelectors": [],
        "AdvancedEventSelectors": [],
        "Tags": [{"Key": "owner", "Value": "platform"}],
    }
    assert _frame.owner_of(item) == "platform"


def test_a_rule_about_validation_costs_one_call() -> None:
    with aws_on_moto() as aws:
        with_trail(aws)
        aws.calls.clear()
        look(aws, VALIDATION)

    assert aws.calls == ["cloudtrail:GetTrail"]


def test_a_deleted_trail_does_not_exist() -> None:
    with aws_on_moto() as aws:
        with_trail(aws)
        aws.client("cloudtrail", region=HOME).delete_trail(Name="main")

        assert look(aws, STATUS) is None


def test_a_denied_status_is_a_gap_and_nothing_else_is_lost() -> None:
    with aws_on_moto() as aws:
        with_trail(aws)
        aws.deny("cloudtrail:GetTrailStatus")
        item = look(aws, STATUS | VALIDATION)

    assert item is not None
    assert {gap.pointer for gap in item.gaps} == {
        "/properties/IsLogging",
        "/observed/LatestDeliveryError",
    }
    assert {gap.reason for gap in item.gaps} == {GapReason.DENIED}
    assert item.properties["EnableLogFileValidation"] is False


@pytest.mark.parametrize(
    ("region", "ids"), [pytest.param(HOME, ["main"], id="home"), ("us-east-1", [])]
)
def test_a_multi_region_trail_is_listed_at_home_only(region: str, ids: list[str]) -> None:
    with aws_on_moto() as aws:
        with_trail(aws, IsMultiRegionTrail=True)
        request = SweepRequest(account_id=ACCOUNT, region=region, type=TYPE)
        page = _frame.page(aws, RESOURCE_TYPE, request, VALIDATION, StoppedClock())

    assert ([item.ref.id for item in page.items], page.refs) == (ids, ())


def test_listing_trails_for_a_rule_about_them_costs_one_call() -> None:
    with aws_on_moto() as aws:
        with_trail(aws)
        aws.calls.clear()
        request = SweepRequest(account_id=ACCOUNT, region=HOME, type=TYPE)
        page = _frame.page(aws, RESOURCE_TYPE, request, VALIDATION, StoppedClock())

    assert [item.properties["EnableLogFileValidation"] for item in page.items] == [False]
    assert aws.calls == ["cloudtrail:DescribeTrails"]


def test_the_account_sees_a_trail_of_another_region_once() -> None:
    with aws_on_moto() as aws:
        with_trail(aws, IsMultiRegionTrail=True)
        aws.client("cloudtrail", region=HOME).start_logging(Name="main")
        reading = trails(aws)

    assert list(reading.observed["Trails"]) == [ARN]
    assert reading.observed["Trails"][ARN]["HomeRegion"] == HOME
    assert reading.observed["Trails"][ARN]["IsLogging"] is True
    assert reading.gaps == ()


def test_a_trail_of_one_region_is_not_asked_for_what_cannot_matter() -> None:
    with aws_on_moto() as aws:
        with_trail(aws, region="us-east-1")
        reading = trails(aws)

    (trail,) = reading.observed["Trails"].values()
    assert (trail["IsMultiRegionTrail"], trail["IsLogging"]) == (False, None)
    assert aws.calls == ["cloudtrail:DescribeTrails"]


def test_an_unreadable_trail_is_a_gap_below_it_and_leaves_the_others_known() -> None:
    with aws_on_moto() as aws:
        with_trail(aws, IsMultiRegionTrail=True)
        aws.deny("cloudtrail:GetEventSelectors")
        reading = trails(aws)

    place = f"/observed/Trails/{ARN.replace('/', '~1')}"
    assert [gap.pointer for gap in reading.gaps] == [
        f"{place}/EventSelectors",
        f"{place}/AdvancedEventSelectors",
    ]
    assert {gap.call for gap in reading.gaps} == {"cloudtrail:GetEventSelectors"}
    assert reading.observed["Trails"][ARN]["IsLogging"] is False


def test_a_trail_deleted_while_we_look_is_no_trail() -> None:
    with aws_on_moto() as aws:
        with_trail(aws, IsMultiRegionTrail=True)
        aws.refused["cloudtrail:GetTrailStatus"] = "TrailNotFoundException"
        reading = trails(aws)

    assert (reading.observed, reading.gaps) == ({"Trails": {}}, ())


def test_a_stopped_trail_shows_as_stopped_at_once() -> None:
    with aws_on_moto() as aws:
        with_trail(aws, IsMultiRegionTrail=True)
        client = aws.client("cloudtrail", region=HOME)
        client.start_logging(Name="main")
        before = look(aws, STATUS)
        client.stop_logging(Name="main")
        after = look(aws, STATUS)

    assert before is not None
    assert after is not None
    assert (before.properties["IsLogging"], after.properties["IsLogging"]) == (True, False)
    assert _frame.fingerprint(RESOURCE_TYPE, before) != _frame.fingerprint(RESOURCE_TYPE, after)


class _ScriptedTrails:
    """Answers as AWS does where moto does not: shadows and an organisation's trails."""

    def client(self, *_: Any, **__: Any) -> "_ScriptedTrails":
        return self

    def describe_trails(self, **_: Any) -> dict[str, Any]:
        return {
            "trailList": [
                {"Name": "main", "TrailARN": ARN},
                {"Name": "org", "TrailARN": ARN.replace(ACCOUNT, "999999999999")},
                {"Name": "away", "TrailARN": ARN.replace(HOME, "us-east-1")},
            ]
        }

    def get_trail(self, **_: Any) -> dict[str, Any]:
        return {"Trail": {"Name": "main", "S3BucketName": "logs", "HomeRegion": "us-east-1"}}


def test_trails_of_the_organisation_and_of_other_regions_are_listed_by_their_owners() -> None:
    page = RESOURCE_TYPE.list(_ScriptedTrails(), ACCOUNT, HOME, None)

    assert ([item.ref for item in page.items], page.refs) == ([MAIN], ())


def test_the_shadow_of_a_trail_is_not_the_trail() -> None:
    (facet,) = [facet for facet in RESOURCE_TYPE.facets if facet.existence]

    assert facet.read(_ScriptedTrails(), MAIN) is None
