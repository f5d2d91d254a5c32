"""What CloudTrail's own events propose and derive: whom a stopped trail may be blamed on."""

from typing import Any

import pytest

from chalicelib.findings._matching import carries, find
from chalicelib.model.plugin import Route
from chalicelib.resources._trail_events import TRAIL_ROUTES, UNWRITTEN, trail_name
from chalicelib.resources.cloudtrail_trail import RESOURCE_TYPE

ACCOUNT = "123456789012"
ARN = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/main"

Record = dict[str, Any]


def record(action: str, **parameters: Any) -> Record:
    return {
        "eventSource": "cloudtrail.amazonaws.com",
        "eventName": action,
        "awsRegion": "eu-west-1",
        "recipientAccountId": ACCOUNT,
        "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT},
        "requestParameters": parameters,
    }


def route(routes: tuple[Route, ...], action: str) -> Route:
    (found,) = [each for each in routes if action in each.actions]
    return found


def proposed(routes: tuple[Route, ...], event: Record) -> dict[str, Any]:
    propose = route(routes, event["eventName"]).propose
    return dict(propose(event)) if propose else {}


def narrowings(event: Record) -> list[str]:
    derive = route(RESOURCE_TYPE.routes, event["eventName"]).derive
    assert derive is not None
    return [row["Narrowing"] for row in derive(event)["TrailNarrowings"]]


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        pytest.param("main", "main", id="name"),
        pytest.param(ARN, "main", id="ARN"),
        pytest.param(ARN.replace("arn:aws:", "arn:aws-us-gov:"), "main", id="ARN in GovCloud"),
        pytest.param(ARN.replace(ACCOUNT, "999999999999"), None, id="another account's trail"),
        pytest.param(
            f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:eventdatastore/1", None, id="event data store"
        ),
        pytest.param("x", None, id="too short"),
        pytest.param("main\n", None, id="line break"),
        pytest.param("a" * 200, None, id="too long"),
    ],
)
def test_a_trail_is_named_by_name_or_arn(raw: str, name: str | None) -> None:
    assert trail_name(raw, record("StopLogging")) == name


@pytest.mark.parametrize("name", ["main", ARN])
def test_a_stopped_trail_is_proposed_as_the_one_that_does_not_log(name: str) -> None:
    event = record("StopLogging", name=name)

    assert proposed(TRAIL_ROUTES, event) == {"/observed/Trails": {ARN: {"IsLogging": False}}}
    assert proposed(RESOURCE_TYPE.routes, event) == {"/properties/IsLogging": False}


def test_a_trail_in_china_is_named_by_its_partition() -> None:
    event = {**record("StopLogging", name="main"), "awsRegion": "cn-north-1"}

    (arn,) = proposed(TRAIL_ROUTES, event)["/observed/Trails"]

    assert arn == f"arn:aws-cn:cloudtrail:cn-north-1:{ACCOUNT}:trail/main"


STOPPED = {ARN: {"IsLogging": False, "IsMultiRegionTrail": True}}


@pytest.mark.parametrize(
    ("event", "explains"),
    [
        pytest.param(record("StopLogging", name="main"), True, id="stopping this trail"),
        pytest.param(record("StopLogging", name="other"), False, id="stopping another trail"),
        pytest.param(record("StartLogging", name="main"), False, id="starting it"),
        pytest.param(record("UpdateTrail", name="main", s3KeyPrefix="x"), False, id="updating it"),
        pytest.param(record("DeleteTrail", name="other"), False, id="deleting another trail"),
    ],
)
def test_only_who_stopped_the_trail_explains_that_it_is_stopped(
    event: Record, *, explains: bool
) -> None:
    value = proposed(TRAIL_ROUTES, event)["/observed/Trails"]

    assert carries(value, (ARN, "IsLogging"), STOPPED) is explains


def test_deleting_the_last_trail_explains_that_there_is_none() -> None:
    value = proposed(TRAIL_ROUTES, record("DeleteTrail", name="main"))["/observed/Trails"]

    assert carries(value, (), {})
    assert not carries(value, (), STOPPED)


def test_an_update_explains_only_the_attributes_it_carries() -> None:
    values = proposed(RESOURCE_TYPE.routes, record("UpdateTrail", name="main", s3KeyPrefix="x"))
    properties = {"EnableLogFileValidation": False, "S3KeyPrefix": "x"}

    explained = {
        name for name in properties if carries(values[f"/properties/{name}"], (), properties[name])
    }

    assert explained == {"S3KeyPrefix"}
    assert values["/properties/EnableLogFileValidation"] == UNWRITTEN
    assert find(values, ("/properties/S3KeyPrefix",)) == "x"


def test_a_flag_that_became_text_is_a_flag_again() -> None:
    event = record("UpdateTrail", name="main", enableLogFileValidation="false")

    values = proposed(RESOURCE_TYPE.routes, event)

    assert values["/properties/EnableLogFileValidation"] is False


@pytest.mark.parametrize(
    ("event", "lost"),
    [
        pytest.param(record("StopLogging", name="main"), ["stopped"], id="stop"),
        pytest.param(record("DeleteTrail", name="main"), ["deleted"], id="delete"),
        pytest.param(
            record("UpdateTrail", name="main", isMultiRegionTrail=False, kMSKeyId="x"),
            ["single-region"],
            id="confined to one Region",
        ),
        pytest.param(
            record(
                "UpdateTrail",
                name="main",
                isMultiRegionTrail=True,
                enableLogFileValidation="false",
                isOrganizationTrail=False,
            ),
            ["organization-off", "validation-off"],
            id="several at once",
        ),
        pytest.param(record("UpdateTrail", name="main", s3BucketName="b"), [], id="another bucket"),
        pytest.param(
            record("PutEventSelectors", trailName="main", eventSelectors=[{}]), [], id="defaults"
        ),
        pytest.param(
            record("PutEventSelectors", trailName="main", eventSelectors=[]),
            ["reads-unrecorded", "writes-unrecorded"],
            id="no selectors left",
        ),
        pytest.param(
            record(
                "PutEventSelectors",
                trailName="main",
                eventSelectors=[{"readWriteType": "ReadOnly", "includeManagementEvents": True}],
            ),
            ["writes-unrecorded"],
            id="reads only",
        ),
        pytest.param(
            record(
                "PutEventSelectors",
                trailName="main",
                advancedEventSelectors=[
                    {"fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}]}
                ],
            ),
            [],
            id="advanced selectors for everything",
        ),
    ],
)
def test_a_call_says_what_it_makes_a_trail_lose(event: Record, lost: list[str]) -> None:
    assert narrowings(event) == lost


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(record("PutEventSelectors", trailName="main"), id="selectors cut off"),
        pytest.param({**record("StopLogging"), "requestParameters": None}, id="no parameters"),
        pytest.param({**record("StopLogging"), "requestParameters": "omitted"}, id="omitted"),
        pytest.param(record("StopLogging", name={"a": 1}), id="name of another type"),
        pytest.param(
            record("PutEventSelectors", trailName="main", eventSelectors=["x"]), id="hostile rows"
        ),
    ],
)
def test_a_payload_that_cannot_be_read_is_refused_as_a_value_error(event: Record) -> None:
    with pytest.raises(ValueError, match=r"."):
        narrowings(event)
