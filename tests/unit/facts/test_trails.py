"""Which trails count: edge cases of `cloudtrail-multi-region-trail-active`, and gaps."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from chalicelib.facts._selectors import advanced_selectors_from, event_selectors_from
from chalicelib.facts.trails import (
    MANAGEMENT_EVENT_TRAILS_SCHEMA,
    every_trail_is_judged,
    management_event_trails,
)
from chalicelib.model import ConfigurationItem, ResourceRef

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ACCOUNT = "123456789012"
ARN = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/main"
POINTER = f"/observed/Trails/{ARN.replace('/', '~1')}"

Row = dict[str, Any]


def item(trails: Any) -> ConfigurationItem:
    return ConfigurationItem(
        ref=ResourceRef(
            account_id=ACCOUNT, region="global", type="Observed::Account::Global", id=ACCOUNT
        ),
        properties={},
        observed={"Trails": trails},
        started_at=NOON,
        ended_at=NOON,
    )


def basic(**changes: Any) -> list[Row]:
    return event_selectors_from([changes])


def advanced(**fields: Any) -> list[Row]:
    rows = [{"Field": name, **operators} for name, operators in fields.items()]
    return advanced_selectors_from([{"Name": "mine", "FieldSelectors": rows}])


MANAGEMENT = {"Equals": ["Management"]}


def trail(**changes: Any) -> Row:
    return {
        "Name": "main",
        "HomeRegion": "eu-west-1",
        "IsMultiRegionTrail": True,
        "IsOrganizationTrail": False,
        "HasCustomEventSelectors": True,
        "IsLogging": True,
        "LatestDeliveryError": None,
        "EventSelectors": basic(),
        "AdvancedEventSelectors": [],
        **changes,
    }


def only_row(**changes: Any) -> Row:
    (row,) = management_event_trails(item({ARN: trail(**changes)}))
    return row


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="reads and writes"),
        pytest.param({"IsOrganizationTrail": True}, id="organisation trail seen by a member"),
        pytest.param(
            {"EventSelectors": [], "HasCustomEventSelectors": False}, id="never got selectors"
        ),
        pytest.param(
            {"EventSelectors": basic(ReadWriteType="ReadOnly") + basic(ReadWriteType="WriteOnly")},
            id="two selectors of one trail together",
        ),
        pytest.param(
            {"EventSelectors": basic(ExcludeManagementEventSources=["kms.amazonaws.com"])},
            id="without KMS",
        ),
        pytest.param(
            {"EventSelectors": [], "AdvancedEventSelectors": advanced(eventCategory=MANAGEMENT)},
            id="advanced, category only",
        ),
        pytest.param(
            {
                "EventSelectors": [],
                "AdvancedEventSelectors": advanced(
                    eventCategory=MANAGEMENT, eventSource={"NotEquals": ["rdsdata.amazonaws.com"]}
                ),
            },
            id="advanced, without RDS Data",
        ),
        pytest.param(
            {
                "EventSelectors": [],
                "AdvancedEventSelectors": advanced(
                    eventCategory=MANAGEMENT, readOnly={"Equals": ["true"]}
                )
                + advanced(eventCategory=MANAGEMENT, readOnly={"Equals": ["false"]}),
            },
            id="advanced, reads and writes apart",
        ),
    ],
)
def test_a_trail_that_records_everything_counts(changes: Row) -> None:
    row = only_row(**changes)

    assert (row["Recording"], row["Because"]) == ("complete", [POINTER])


@pytest.mark.parametrize(
    ("changes", "recording", "attribute"),
    [
        pytest.param(
            {"IsMultiRegionTrail": False}, "single-region", "IsMultiRegionTrail", id="one Region"
        ),
        pytest.param({"IsLogging": False}, "stopped", "IsLogging", id="multi-Region but stopped"),
        pytest.param(
            {"LatestDeliveryError": "AccessDenied"},
            "delivery-failing",
            "LatestDeliveryError",
            id="last delivery failed",
        ),
        pytest.param(
            {"EventSelectors": basic(ReadWriteType="WriteOnly")},
            "reads-unrecorded",
            "EventSelectors",
            id="writes only",
        ),
        pytest.param(
            {"EventSelectors": basic(ReadWriteType="ReadOnly")},
            "writes-unrecorded",
            "EventSelectors",
            id="reads only",
        ),
        pytest.param(
            {"EventSelectors": basic(IncludeManagementEvents=False)},
            "reads-unrecorded",
            "EventSelectors",
            id="management events excluded",
        ),
        pytest.param(
            {"EventSelectors": basic(ExcludeManagementEventSources=["iam.amazonaws.com"])},
            "reads-unrecorded",
            "EventSelectors",
            id="a source that may not be left out",
        ),
        pytest.param(
            {"EventSelectors": []}, "reads-unrecorded", "EventSelectors", id="emptied selectors"
        ),
        pytest.param(
            {
                "EventSelectors": [],
                "AdvancedEventSelectors": advanced(
                    eventCategory=MANAGEMENT, readOnly={"Equals": ["false"]}
                ),
            },
            "reads-unrecorded",
            "AdvancedEventSelectors",
            id="advanced, writes only",
        ),
        pytest.param(
            {
                "EventSelectors": [],
                "AdvancedEventSelectors": advanced(eventCategory={"Equals": ["Data"]}),
            },
            "reads-unrecorded",
            "AdvancedEventSelectors",
            id="advanced, data events only",
        ),
        pytest.param(
            {
                "EventSelectors": [],
                "AdvancedEventSelectors": advanced(
                    eventCategory=MANAGEMENT, eventName={"NotEquals": ["StopLogging"]}
                ),
            },
            "reads-unrecorded",
            "AdvancedEventSelectors",
            id="advanced, a filter of another kind",
        ),
        pytest.param(
            {
                "EventSelectors": [],
                "AdvancedEventSelectors": advanced(
                    eventCategory=MANAGEMENT, eventSource={"NotEquals": ["iam.amazonaws.com"]}
                ),
            },
            "reads-unrecorded",
            "AdvancedEventSelectors",
            id="advanced, without IAM",
        ),
        pytest.param(
            {
                "EventSelectors": [],
                "AdvancedEventSelectors": advanced(
                    eventCategory=MANAGEMENT, eventSource={"Equals": ["kms.amazonaws.com"]}
                ),
            },
            "reads-unrecorded",
            "AdvancedEventSelectors",
            id="advanced, KMS alone",
        ),
        pytest.param(
            {
                "EventSelectors": [],
                "AdvancedEventSelectors": advanced(
                    eventCategory={**MANAGEMENT, "NotEquals": ["Management"]}
                ),
            },
            "reads-unrecorded",
            "AdvancedEventSelectors",
            id="advanced, contradicting operators",
        ),
    ],
)
def test_a_trail_that_leaves_something_out_does_not_count(
    changes: Row, recording: str, attribute: str
) -> None:
    row = only_row(**changes)

    assert row["Recording"] == recording
    assert row["Because"] == [f"{POINTER}/{attribute}"]


def test_what_a_trail_may_leave_out_is_noted() -> None:
    row = only_row(EventSelectors=basic(ExcludeManagementEventSources=["kms.amazonaws.com"]))

    assert row["Excluded"] == ["kms.amazonaws.com"]


def test_two_halves_are_no_whole() -> None:
    halves = {
        f"{ARN}-reads": trail(EventSelectors=basic(ReadWriteType="ReadOnly")),
        f"{ARN}-writes": trail(EventSelectors=basic(ReadWriteType="WriteOnly")),
    }

    recordings = [row["Recording"] for row in management_event_trails(item(halves))]

    assert recordings == ["writes-unrecorded", "reads-unrecorded"]


def test_an_account_without_a_trail_gets_a_row_that_rests_on_the_list() -> None:
    (row,) = management_event_trails(item({}))

    assert (row["Trail"], row["Recording"], row["Because"]) == (
        None,
        "absent",
        ["/observed/Trails"],
    )


UNREAD_STATUS = {"IsLogging": None, "LatestDeliveryError": None}
UNREAD_SELECTORS = {"EventSelectors": None, "AdvancedEventSelectors": None}


@pytest.mark.parametrize(
    ("trails", "recordings", "judged"),
    [
        pytest.param(None, [], False, id="trails unread"),
        pytest.param({}, ["absent"], True, id="no trails"),
        pytest.param({ARN: trail(**UNREAD_STATUS)}, [], False, id="status unread"),
        pytest.param({ARN: trail(**UNREAD_SELECTORS)}, [], False, id="selectors unread"),
        pytest.param(
            {ARN: trail(**UNREAD_SELECTORS, IsLogging=False)},
            ["stopped"],
            True,
            id="stopped, selectors unread",
        ),
        pytest.param(
            {ARN: trail(**{**UNREAD_STATUS, "EventSelectors": basic(ReadWriteType="ReadOnly")})},
            ["writes-unrecorded"],
            True,
            id="reads only, status unread",
        ),
        pytest.param(
            {ARN: trail(), f"{ARN}-2": trail(**UNREAD_STATUS)},
            ["complete"],
            False,
            id="one complete, one unread",
        ),
    ],
)
def test_only_what_is_proven_is_listed(trails: Any, recordings: list[str], *, judged: bool) -> None:
    seen = item(trails)

    assert [row["Recording"] for row in management_event_trails(seen)] == recordings
    assert every_trail_is_judged(seen) is judged


FLAGS = st.sampled_from([True, False])
SELECTORS = st.lists(
    st.fixed_dictionaries(
        {
            "ReadWriteType": st.sampled_from(["All", "ReadOnly", "WriteOnly"]),
            "IncludeManagementEvents": FLAGS,
            "ExcludeManagementEventSources": st.lists(
                st.sampled_from(["kms.amazonaws.com", "iam.amazonaws.com"]), max_size=2
            ),
        }
    ),
    min_size=1,
    max_size=4,
).map(event_selectors_from)
TRAILS = st.dictionaries(
    st.sampled_from([f"{ARN}-{index}" for index in range(4)]),
    st.builds(trail, IsMultiRegionTrail=FLAGS, IsLogging=FLAGS, EventSelectors=SELECTORS),
    max_size=4,
)


def records(trail_: Row, kind: str, source: str) -> bool:
    """Decide one event the slow way: does any selector let it through?"""
    types = {"read": ("All", "ReadOnly"), "write": ("All", "WriteOnly")}[kind]
    return any(
        selector["IncludeManagementEvents"]
        and selector["ReadWriteType"] in types
        and source not in selector["ExcludeManagementEventSources"]
        for selector in trail_["EventSelectors"]
    )


@given(TRAILS)
def test_a_complete_trail_records_every_event_and_an_incomplete_one_misses_some(
    trails: dict[str, Row],
) -> None:
    rows = {row["Trail"]: row["Recording"] for row in management_event_trails(item(trails))}

    for arn, one in trails.items():
        whole = one["IsMultiRegionTrail"] and one["IsLogging"]
        per_selector = all(records(one, kind, "iam.amazonaws.com") for kind in ("read", "write"))
        assert (rows[arn] == "complete") == (whole and per_selector)


@given(TRAILS)
def test_rows_keep_to_their_schema(trails: dict[str, Row]) -> None:
    rows = management_event_trails(item(trails))

    assert Draft202012Validator(dict(MANAGEMENT_EVENT_TRAILS_SCHEMA)).is_valid(rows)


@pytest.mark.parametrize(
    "spelled",
    [
        pytest.param(
            {"readWriteType": "ReadOnly", "includeManagementEvents": False}, id="CloudTrail record"
        ),
        pytest.param(
            {"ReadWriteType": "ReadOnly", "IncludeManagementEvents": "false"}, id="flag as text"
        ),
        pytest.param(
            [{"readwritetype": "ReadOnly", "includemanagementevents": False}], id="list, lower case"
        ),
    ],
)
def test_selectors_have_one_normal_form(spelled: Any) -> None:
    assert event_selectors_from(spelled) == [
        {
            "ReadWriteType": "ReadOnly",
            "IncludeManagementEvents": False,
            "DataResources": [],
            "ExcludeManagementEventSources": [],
        }
    ]


@pytest.mark.parametrize("hostile", ["text", ["text"], [1], 7], ids=repr)
def test_what_is_no_selector_is_refused(hostile: Any) -> None:
    with pytest.raises(ValueError, match="an object"):
        event_selectors_from(hostile)
