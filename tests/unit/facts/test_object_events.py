"""Which trails record what is done to S3 objects."""

from datetime import UTC, datetime
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from chalicelib.facts._selectors import advanced_selectors_from, event_selectors_from
from chalicelib.facts.object_events import (
    OBJECT_EVENT_TRAILS_SCHEMA,
    every_object_trail_is_judged,
    object_event_trails,
)
from chalicelib.model import ConfigurationItem, ResourceRef

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ACCOUNT = "123456789012"
ARN = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/main"
POINTER = f"/observed/Trails/{ARN.replace('/', '~1')}"
OBJECTS = "AWS::S3::Object"

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


def basic(*values: str, kind: str = "All", of: str = OBJECTS) -> list[Row]:
    resources = [{"Type": of, "Values": list(values)}]
    return event_selectors_from([{"ReadWriteType": kind, "DataResources": resources}])


def advanced(**fields: Any) -> list[Row]:
    """Return one advanced selector; an underscore in a field's name stands for its dot."""
    rows = [{"Field": name.replace("_", "."), **operators} for name, operators in fields.items()]
    return advanced_selectors_from([{"Name": "mine", "FieldSelectors": rows}])


DATA = {"eventCategory": {"Equals": ["Data"]}, "resources_type": {"Equals": [OBJECTS]}}
MANAGEMENT = {"eventCategory": {"Equals": ["Management"]}}


def trail(**changes: Any) -> Row:
    return {
        "Name": "main",
        "HomeRegion": "eu-west-1",
        "IsMultiRegionTrail": True,
        "IsOrganizationTrail": False,
        "HasCustomEventSelectors": True,
        "IsLogging": True,
        "LatestDeliveryError": None,
        "EventSelectors": [],
        "AdvancedEventSelectors": [],
        **changes,
    }


def recordings(**changes: Any) -> dict[str, str]:
    found = item({ARN: trail(**changes)})
    rows = {kind: object_event_trails(found, kind) for kind in ("read", "write")}
    return {kind: row["Recording"] for kind, (row,) in rows.items()}


def both(recording: str) -> dict[str, str]:
    return {"read": recording, "write": recording}


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        pytest.param(basic("arn:aws:s3"), both("complete"), id="all buckets"),
        pytest.param(basic("arn:aws:s3:::"), both("complete"), id="all buckets, old spelling"),
        pytest.param(basic("arn:aws-us-gov:s3"), both("complete"), id="all buckets of GovCloud"),
        pytest.param(
            basic("arn:aws:s3:::orders/", "arn:aws:s3"), both("complete"), id="one and all buckets"
        ),
        pytest.param(
            basic("arn:aws:s3", kind="ReadOnly"),
            {"read": "complete", "write": "unrecorded"},
            id="reads",
        ),
        pytest.param(
            basic("arn:aws:s3", kind="WriteOnly") + basic("arn:aws:s3:::orders/"),
            {"read": "narrowed", "write": "complete"},
            id="all writes, and reads of one bucket",
        ),
        pytest.param(basic("arn:aws:s3:::orders/"), both("narrowed"), id="one bucket"),
        pytest.param(basic("arn:aws:s3:::*"), both("narrowed"), id="a star, which means nothing"),
        pytest.param(basic(), both("unrecorded"), id="no values"),
        pytest.param(
            basic("arn:aws:lambda", of="AWS::Lambda::Function"), both("unrecorded"), id="functions"
        ),
        pytest.param(event_selectors_from([{}]), both("unrecorded"), id="management events only"),
        pytest.param([], both("unrecorded"), id="no selectors"),
    ],
)
def test_a_basic_selector_records_what_its_resources_cover(
    selectors: list[Row], expected: dict[str, str]
) -> None:
    assert recordings(EventSelectors=selectors) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(DATA, both("complete"), id="every object"),
        pytest.param(
            {**DATA, "readOnly": {"Equals": ["true"]}},
            {"read": "complete", "write": "unrecorded"},
            id="reads",
        ),
        pytest.param(
            {**DATA, "readOnly": {"Equals": ["false"]}},
            {"read": "unrecorded", "write": "complete"},
            id="writes",
        ),
        pytest.param(
            {**DATA, "resources_ARN": {"StartsWith": ["arn:aws:s3:::"]}},
            both("complete"),
            id="an ARN that every object begins with",
        ),
        pytest.param(
            {**DATA, "resources_ARN": {"StartsWith": ["arn:aws:s3:::orders/"]}},
            both("narrowed"),
            id="one bucket",
        ),
        pytest.param(
            {**DATA, "resources_ARN": {"NotStartsWith": ["arn:aws:s3:::logs/"]}},
            both("narrowed"),
            id="all but one bucket",
        ),
        pytest.param(
            {**DATA, "eventName": {"Equals": ["DeleteObject"]}}, both("narrowed"), id="one call"
        ),
        pytest.param(
            {**DATA, "userIdentity_arn": {"NotEquals": ["arn:aws:iam::1:role/x"]}},
            both("narrowed"),
            id="all but one caller",
        ),
        pytest.param(
            {**DATA, "resources_type": {"Equals": ["AWS::DynamoDB::Table"]}},
            both("unrecorded"),
            id="tables",
        ),
        pytest.param(MANAGEMENT, both("unrecorded"), id="management events"),
        pytest.param(
            {"resources_type": {"Equals": [OBJECTS]}}, both("unrecorded"), id="no category"
        ),
        pytest.param(
            {**DATA, "readOnly": {"Equals": ["true"], "NotEquals": ["true"]}},
            both("unrecorded"),
            id="contradicting operators",
        ),
    ],
)
def test_an_advanced_selector_records_what_its_fields_leave(
    fields: Row, expected: dict[str, str]
) -> None:
    assert recordings(AdvancedEventSelectors=advanced(**fields)) == expected


@pytest.mark.parametrize(
    ("changes", "recording", "attribute"),
    [
        pytest.param(
            {"IsMultiRegionTrail": False}, "single-region", "IsMultiRegionTrail", id="one Region"
        ),
        pytest.param({"IsLogging": False}, "stopped", "IsLogging", id="stopped"),
        pytest.param(
            {"LatestDeliveryError": "AccessDenied"},
            "delivery-failing",
            "LatestDeliveryError",
            id="last delivery failed",
        ),
        pytest.param({"EventSelectors": []}, "unrecorded", "EventSelectors", id="emptied"),
        pytest.param(
            {"EventSelectors": [], "AdvancedEventSelectors": advanced(**MANAGEMENT)},
            "unrecorded",
            "AdvancedEventSelectors",
            id="advanced",
        ),
    ],
)
def test_the_worst_shortfall_is_told_with_its_reason(
    changes: Row, recording: str, attribute: str
) -> None:
    complete = trail(EventSelectors=basic("arn:aws:s3"))

    (row,) = object_event_trails(item({ARN: {**complete, **changes}}), "read")

    assert (row["Recording"], row["Because"]) == (recording, [f"{POINTER}/{attribute}"])


def test_an_account_without_a_trail_gets_a_row_that_rests_on_the_list() -> None:
    (row,) = object_event_trails(item({}), "write")

    assert (row["Trail"], row["Recording"], row["Because"]) == (
        None,
        "absent",
        ["/observed/Trails"],
    )
    assert every_object_trail_is_judged(item({}), "write")


UNREAD_STATUS = {"IsLogging": None, "LatestDeliveryError": None}
UNREAD_SELECTORS = {"EventSelectors": None, "AdvancedEventSelectors": None}


@pytest.mark.parametrize(
    ("changes", "rows"),
    [
        pytest.param({**UNREAD_STATUS, "EventSelectors": basic("arn:aws:s3")}, 0, id="status"),
        pytest.param(UNREAD_SELECTORS, 0, id="selectors"),
        pytest.param({**UNREAD_STATUS, "EventSelectors": []}, 1, id="status, nothing recorded"),
        pytest.param({**UNREAD_SELECTORS, "IsLogging": False}, 1, id="selectors, stopped"),
    ],
)
def test_a_partly_unread_trail_appears_only_where_it_cannot_count(changes: Row, rows: int) -> None:
    found = item({ARN: trail(**changes)})

    told = object_event_trails(found, "read")

    assert len(told) == rows
    assert every_object_trail_is_judged(found, "read") is bool(rows)
    assert not any(row["Recording"] == "complete" for row in told)


def test_unread_trails_are_no_missing_trails() -> None:
    assert object_event_trails(item(None), "read") == []
    assert not every_object_trail_is_judged(item(None), "read")


# The oracle: what CloudTrail would log of a handful of calls, selector by selector.
CALLS = [
    (bucket, name, read)
    for bucket, (name, read) in product(
        ["orders", "logs"], [("GetObject", "true"), ("PutObject", "false")]
    )
]
FIELDS = st.fixed_dictionaries(
    {"eventCategory": st.sampled_from(["Data", "Management"])},
    optional={
        "resources.type": st.sampled_from([OBJECTS, "AWS::Lambda::Function"]),
        "readOnly": st.sampled_from(["true", "false"]),
        "eventName": st.sampled_from(["GetObject", "PutObject"]),
        "resources.ARN": st.sampled_from(["arn:aws:s3:::", "arn:aws:s3:::orders/"]),
    },
)


def logged(fields: dict[str, str], call: tuple[str, str, str]) -> bool:
    bucket, name, read = call
    truth = {
        "eventCategory": "Data",
        "resources.type": OBJECTS,
        "readOnly": read,
        "eventName": name,
    }
    arn = f"arn:aws:s3:::{bucket}/key"
    if "resources.type" not in fields:
        return False  # CloudTrail refuses a selector of data events without a type
    return all(
        arn.startswith(value) if field == "resources.ARN" else truth[field] == value
        for field, value in fields.items()
    )


@given(st.lists(FIELDS, max_size=3))
def test_a_complete_trail_logs_every_call_of_its_kind(selectors: list[dict[str, str]]) -> None:
    rows = [
        {
            "Field": field,
            ("StartsWith" if field == "resources.ARN" else "Equals"): [value],
        }
        for fields in selectors
        for field, value in fields.items()
    ]
    sizes = [len(fields) for fields in selectors]
    cuts = [sum(sizes[:index]) for index in range(len(sizes) + 1)]
    raw = [{"FieldSelectors": rows[a:b]} for a, b in pairwise(cuts)]

    found = recordings(AdvancedEventSelectors=advanced_selectors_from(raw))

    for kind, read in (("read", "true"), ("write", "false")):
        calls = [call for call in CALLS if call[2] == read]
        seen = [call for call in calls if any(logged(fields, call) for fields in selectors)]
        if found[kind] == "complete":
            assert seen == calls
        if found[kind] == "unrecorded":
            assert seen == []


@given(
    st.fixed_dictionaries(
        {
            "IsMultiRegionTrail": st.booleans(),
            "IsLogging": st.sampled_from([True, False, None]),
            "LatestDeliveryError": st.sampled_from([None, "AccessDenied"]),
            "EventSelectors": st.sampled_from([None, [], basic("arn:aws:s3")]),
            "AdvancedEventSelectors": st.sampled_from([None, [], advanced(**DATA)]),
        }
    )
)
def test_rows_have_the_declared_shape(changes: Row) -> None:
    rows = object_event_trails(item({ARN: trail(**changes)}), "write")

    assert Draft202012Validator(dict(OBJECT_EVENT_TRAILS_SCHEMA)).is_valid(rows)
