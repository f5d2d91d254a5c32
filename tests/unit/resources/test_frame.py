"""The frame: readings become items, failures become gaps, facts come only from sound values."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
)
from botocore.parsers import ResponseParserError
from jsonschema_rs import Draft202012Validator

from chalicelib.errors import PermanentError, RetryableError
from chalicelib.model import (
    ConfigurationItem,
    Facet,
    FacetReading,
    Fact,
    Gap,
    GapReason,
    Page,
    ResourceRef,
    ResourceType,
    SweepRequest,
)
from chalicelib.resources import _frame
from chalicelib.resources._plain import DEPTH_LIMIT, plain

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
REF = ResourceRef(account_id="111122223333", region="eu-west-1", type="Test::Shop::Door", id="d-1")
OTHER = replace(REF, id="d-2")
ALL = frozenset({"/properties/Colour", "/observed/Visitors", "/derived/Guests"})
SWEEP = SweepRequest(account_id="111122223333", region="eu-west-1", type=REF.type)

VISITORS_SHAPE = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["Name"],
        "properties": {"Name": {"type": "string"}},
    },
}


class Ticks:
    """A clock that moves a second with every question."""

    def __init__(self) -> None:
        self._next = NOON

    def now(self) -> datetime:
        """Return an instant, each a second after the one before."""
        instant = self._next
        self._next += timedelta(seconds=1)
        return instant


def refusal(code: str, message: str = "", *, status: int = 400, call: str = "GetDoor") -> Exception:
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},  # type: ignore[typeddict-item]  # reason: the rest is never read
        },
        call,
    )


def door(_aws: Any, _ref: ResourceRef) -> FacetReading | None:
    return FacetReading(properties={"Colour": "red"}, unique_id="door-7", companions=("b", "a"))


def visitors(_aws: Any, _ref: ResourceRef) -> FacetReading | None:
    return FacetReading(observed={"Visitors": [{"Name": "ann"}, {"Name": "bob"}]})


def raising(error: Exception) -> Callable[[Any, ResourceRef], FacetReading | None]:
    def read(_aws: Any, _ref: ResourceRef) -> FacetReading | None:
        raise error

    return read


def no_page(_aws: Any, _account: str, _region: str, _token: str | None) -> Page:
    return Page()


def guests(item: ConfigurationItem) -> list[str]:
    return [visitor["Name"] for visitor in item.observed["Visitors"]]


def door_type(
    *,
    read_door: Callable[[Any, ResourceRef], FacetReading | None] = door,
    read_visitors: Callable[[Any, ResourceRef], FacetReading | None] = visitors,
    **overrides: Any,
) -> ResourceType:
    shape = {
        "type": "object",
        "properties": {
            "properties": {"type": "object", "properties": {"Colour": {"type": "string"}}},
            "observed": {"type": "object", "properties": {"Visitors": VISITORS_SHAPE}},
        },
    }
    fields: dict[str, Any] = {
        "type": REF.type,
        "service": "shop",
        "noun": "door",
        "schema": shape,
        "routes": (),
        "facets": (
            Facet(
                name="visitors",
                calls=("shop:ListVisitors", "shop:GetVisitor"),
                permissions=("shop:ListVisitors",),
                pointers=("/observed/Visitors",),
                read=read_visitors,
            ),
            Facet(
                name="door",
                calls=("shop:GetDoor",),
                permissions=("shop:GetDoor",),
                pointers=("/properties/Colour",),
                read=read_door,
                existence=True,
            ),
        ),
        "facts": (
            Fact(
                name="Guests",
                inputs=("/observed/Visitors",),
                compute=guests,
                schema={"type": "array", "items": {"type": "string"}},
            ),
        ),
        "list": no_page,
        "list_calls": ("shop:ListDoors",),
        "list_permissions": ("shop:ListDoors",),
        "defaults": {"properties": {}, "observed": {}},
    }
    return ResourceType(**{**fields, **overrides})


def described(
    resource_type: ResourceType, pointers: frozenset[str] = ALL, ref: ResourceRef = REF
) -> ConfigurationItem:
    item = _frame.describe(None, resource_type, ref, pointers, Ticks())
    assert item is not None
    return item


def test_an_item_carries_what_was_read_and_when_reading_began_and_ended() -> None:
    item = described(door_type())

    assert item.properties == {"Colour": "red"}
    assert item.observed == {"Visitors": [{"Name": "ann"}, {"Name": "bob"}]}
    assert item.derived == {"Guests": ["ann", "bob"]}
    assert (item.started_at, item.ended_at) == (NOON, NOON + timedelta(seconds=1))
    assert item.ref.unique_id == "door-7"
    assert item.companions == ("a", "b")
    assert item.gaps == ()


@pytest.mark.parametrize(
    ("pointers", "names"),
    [
        pytest.param(frozenset(), {"Colour"}, id="nothing wanted: existence alone"),
        pytest.param(frozenset({"/properties/Colour/Hue"}), {"Colour"}, id="below a facet"),
        pytest.param(frozenset({"/observed/Visitors/*/Name"}), {"Colour", "Visitors"}, id="each"),
        pytest.param(frozenset({"/derived/Guests/*"}), {"Colour", "Visitors"}, id="fact's input"),
    ],
)
def test_only_facets_that_somebody_wants_are_read(
    pointers: frozenset[str], names: set[str]
) -> None:
    item = described(door_type(), pointers)

    assert {*item.properties, *item.observed} == names


def test_existence_is_asked_first_and_its_no_ends_the_look() -> None:
    gone = door_type(read_door=lambda _aws, _ref: None, read_visitors=raising(AssertionError()))

    assert _frame.describe(None, gone, REF, ALL, Ticks()) is None


def test_a_resource_that_vanishes_between_two_reads_is_gone() -> None:
    vanishing = door_type(read_visitors=lambda _aws, _ref: None)

    assert _frame.describe(None, vanishing, REF, ALL, Ticks()) is None


def test_an_unread_facet_leaves_none_under_a_gap_and_its_fact_a_gap_of_its_own() -> None:
    denied = refusal(
        "AccessDenied",
        "User: arn:aws:sts::111122223333:assumed-role/vigil/x is not authorized to perform: y",
        call="GetVisitor",
    )

    item = described(door_type(read_visitors=raising(denied)))

    gap = Gap(
        pointer="/observed/Visitors",
        reason=GapReason.DENIED,
        call="shop:GetVisitor",
        error="AccessDenied",
        principal="arn:aws:sts::111122223333:assumed-role/vigil/x",
    )
    assert item.observed == {"Visitors": None}
    assert item.derived == {"Guests": None}
    assert item.gaps == (gap, replace(gap, pointer="/derived/Guests"))


@pytest.mark.parametrize(
    ("error", "reason", "name"),
    [
        (refusal("AccessDeniedException"), GapReason.DENIED, "AccessDeniedException"),
        (refusal("UnauthorizedOperation"), GapReason.DENIED, "UnauthorizedOperation"),
        (refusal("ThrottlingException"), GapReason.THROTTLED, "ThrottlingException"),
        (refusal("RequestLimitExceeded", status=503), GapReason.THROTTLED, "RequestLimitExceeded"),
        (refusal("SlowDown", status=503), GapReason.THROTTLED, "SlowDown"),
        (refusal("NotImplemented", status=501), GapReason.UNSUPPORTED, "NotImplemented"),
        (refusal("500", status=500), GapReason.UNAVAILABLE, "500"),
        (refusal("404", status=404), GapReason.UNSUPPORTED, "404"),
        (refusal("OptInRequired", status=403), GapReason.UNSUPPORTED, "OptInRequired"),
        (refusal("PermanentRedirect", status=301), GapReason.UNSUPPORTED, "PermanentRedirect"),
        (refusal("InternalError", status=500), GapReason.UNAVAILABLE, "InternalError"),
        (refusal("Odd", status=502), GapReason.UNAVAILABLE, "Odd"),
        (refusal("Odd", status=400), GapReason.UNSUPPORTED, "Odd"),
        (refusal(""), GapReason.UNSUPPORTED, "ClientError"),
        (
            EndpointConnectionError(endpoint_url="https://x"),
            GapReason.UNAVAILABLE,
            "EndpointConnectionError",
        ),
        (
            ConnectTimeoutError(endpoint_url="https://x"),
            GapReason.UNAVAILABLE,
            "ConnectTimeoutError",
        ),
        (ParamValidationError(report="x"), GapReason.UNSUPPORTED, "ParamValidationError"),
        (ResponseParserError("<html>"), GapReason.MALFORMED, "ResponseParserError"),
        (ValueError("no policy"), GapReason.MALFORMED, "ValueError"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_failed_read_becomes_a_gap_with_its_reason(
    error: Exception, reason: GapReason, name: str
) -> None:
    item = described(door_type(read_visitors=raising(error)))

    assert (item.gaps[0].reason, item.gaps[0].error) == (reason, name)


def test_a_role_that_cannot_be_assumed_is_named_as_the_call_that_failed() -> None:
    denied = refusal("AccessDenied", call="AssumeRole")

    item = described(door_type(read_visitors=raising(denied)))

    assert item.gaps[0].call == "sts:AssumeRole"


def test_a_defect_in_a_resource_type_is_not_mistaken_for_a_gap() -> None:
    with pytest.raises(KeyError):
        described(door_type(read_visitors=raising(KeyError("Visitors"))))


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        pytest.param("a\ud800b", "a?b", id="lone surrogate"),
        pytest.param("größe 🚪", "größe 🚪", id="honest unicode"),
        pytest.param(
            datetime(2026, 1, 1, 1, 2, 3, 4567, UTC), "2026-01-01T01:02:03.004Z", id="time"
        ),
        pytest.param(("x", 1, 1.5, True, None), ["x", 1, 1.5, True, None], id="tuple"),
        pytest.param(float("nan"), "nan", id="not a number"),
        pytest.param({"k\udfff": {"deep": ["\ud800"]}}, {"k?": {"deep": ["?"]}}, id="nested"),
    ],
)
def test_described_values_are_plain_json(read: Any, expected: Any) -> None:
    painted = door_type(read_door=lambda _aws, _ref: FacetReading(properties={"Colour": read}))

    assert described(painted).properties["Colour"] == expected


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param({}, id="missing"),
        pytest.param({"Visitors": None}, id="null"),
        pytest.param({"Visitors": "ann"}, id="wrong type"),
        pytest.param({"Visitors": [{"Name": "ann"}, {"name": "bob"}]}, id="wrong case"),
        pytest.param({"visitors": []}, id="wrong case of the name"),
    ],
)
def test_a_fact_never_sees_an_input_that_breaks_the_schema(observed: dict[str, Any]) -> None:
    item = replace(described(door_type()), observed=observed)

    derived = _frame.derive(door_type(), item, ALL)

    assert derived.derived == {"Guests": None}
    assert derived.gaps == (
        Gap(
            pointer="/derived/Guests",
            reason=GapReason.MALFORMED,
            call="shop:ListVisitors",
            error="UnexpectedShape",
        ),
    )


def with_partial_guests() -> ResourceType:
    fact = replace(
        door_type().facts[0],
        partial=True,
        compute=lambda item: [v["Name"] for v in item.observed["Visitors"] or [] if v["Name"]],
    )
    return door_type(facts=(fact,))


def test_a_partial_fact_says_what_is_proven_in_spite_of_a_gap_and_keeps_the_gap() -> None:
    gap = Gap(
        pointer="/observed/Visitors/0/Name",
        reason=GapReason.DENIED,
        call="shop:GetVisitor",
        error="AccessDenied",
    )
    item = replace(
        described(door_type()),
        observed={"Visitors": [{"Name": None}, {"Name": "bob"}]},
        gaps=(gap,),
    )

    derived = _frame.derive(with_partial_guests(), item, ALL)

    assert derived.derived == {"Guests": ["bob"]}
    assert derived.gaps == (gap, replace(gap, pointer="/derived/Guests"))


@pytest.mark.parametrize("settled", [True, False], ids=["moot", "decisive"])
def test_a_gap_that_cannot_change_a_partial_fact_is_none_of_its_own(*, settled: bool) -> None:
    fact = replace(with_partial_guests().facts[0], settled=lambda _item: settled)
    denied = raising(refusal("AccessDenied"))

    item = described(door_type(facts=(fact,), read_visitors=denied))

    assert ("/derived/Guests" in {gap.pointer for gap in item.gaps}) is not settled


def test_a_gap_does_not_excuse_a_misshapen_value_beside_it() -> None:
    gap = Gap(
        pointer="/observed/Visitors/0/Name", reason=GapReason.DENIED, call="c:C", error="Denied"
    )
    item = replace(described(door_type()), observed={"Visitors": [{"Name": None}, 7]}, gaps=(gap,))

    derived = _frame.derive(with_partial_guests(), item, ALL)

    assert derived.derived == {"Guests": None}


def test_deriving_twice_changes_nothing() -> None:
    once = described(door_type(read_visitors=raising(refusal("AccessDenied"))))

    assert _frame.derive(door_type(), once, ALL) == once


@pytest.mark.parametrize(
    "pointers",
    [ALL, frozenset({"/properties/Colour"}), frozenset({"/derived/Guests"}), frozenset[str]()],
    ids=["all", "raw", "derived", "none"],
)
def test_the_schema_accepts_exactly_what_the_same_pointers_describe(
    pointers: frozenset[str],
) -> None:
    item = described(door_type(), pointers)
    validator = Draft202012Validator(_frame.schema_for(door_type(), pointers))

    more = {**item.document(), "properties": {**item.properties, "Extra": 1}}
    less = {**item.document(), "properties": {}}

    assert validator.is_valid(item.document())
    assert not validator.is_valid(more)
    assert not validator.is_valid(less)


def test_the_fingerprint_ignores_volatile_and_unread_parts_and_nothing_else() -> None:
    stable = door_type(volatile=("/observed/Visitors/*/Name",))
    item = described(stable)

    other_names = replace(item, observed={"Visitors": [{"Name": "x"}, {"Name": "y"}]})
    other_number = replace(item, observed={"Visitors": [{"Name": "x"}]})
    other_colour = replace(item, properties={"Colour": "blue"})

    assert _frame.fingerprint(stable, other_names) == _frame.fingerprint(stable, item)
    assert _frame.fingerprint(stable, other_number) != _frame.fingerprint(stable, item)
    assert _frame.fingerprint(stable, other_colour) != _frame.fingerprint(stable, item)
    assert _frame.fingerprint(door_type(), other_names) != _frame.fingerprint(door_type(), item)


def test_a_value_under_a_gap_is_no_part_of_the_fingerprint() -> None:
    gap = Gap(pointer="/properties/Colour", reason=GapReason.DENIED, call="c:C", error="Denied")
    item = replace(described(door_type()), gaps=(gap,))

    unread = replace(item, properties={"Colour": None})

    assert _frame.fingerprint(door_type(), unread) == _frame.fingerprint(door_type(), item)


@pytest.mark.parametrize(
    ("tags", "owner"),
    [
        ([{"Key": "Team", "Value": "shop"}, {"Key": "owner", "Value": "ann"}], "ann"),
        ([{"Key": "Team", "Value": "shop"}, {"Key": "owner", "Value": "  "}], "shop"),
        ([{"Key": "owner", "Value": "x" * 999}], "x" * 256),
        ([{"Key": "owner", "Value": "a\ud800"}], "a?"),
        ([{"Key": "owner", "Value": 7}], None),
        (["owner", None, {}], None),
        ([], None),
        (None, None),
        ("owner", None),
    ],
    ids=["precedence", "blank", "long", "surrogate", "number", "odd", "none", "gap", "text"],
)
def test_the_owner_is_who_the_tags_name(tags: Any, owner: str | None) -> None:
    item = replace(described(door_type()), properties={"Tags": tags})

    assert _frame.owner_of(item) == owner


def listing(*items: ConfigurationItem) -> Callable[[Any, str, str, str | None], Page]:
    def list_doors(_aws: Any, _account: str, _region: str, token: str | None) -> Page:
        return Page(items=items, refs=(REF,), next_token=f"after {token}")

    return list_doors


def listed_door(**sections: Any) -> ConfigurationItem:
    return _frame.listed(REF, FacetReading(**sections))


def test_a_listed_item_becomes_what_describing_it_would_have_given() -> None:
    whole = listed_door(
        properties={"Colour": "red", "Handle": "brass"},
        observed={"Visitors": [{"Name": "ann"}, {"Name": "bob"}]},
        companions=("a", "b"),
        unique_id="door-7",
    )
    untouched = raising(AssertionError("the list had it all"))
    lister = door_type(list=listing(whole), read_door=untouched, read_visitors=untouched)

    page = _frame.page(None, lister, SWEEP, ALL, Ticks())

    assert page.items == (described(door_type()),)
    assert (page.refs, page.next_token) == ((REF,), "after None")


def test_facets_that_a_listing_does_not_give_are_read_one_by_one() -> None:
    part = listed_door(properties={"Colour": "red"}, companions=("a", "b"), unique_id="door-7")
    lister = door_type(list=listing(part), read_door=raising(AssertionError("listed already")))

    page = _frame.page(None, lister, SWEEP, ALL, Ticks())

    assert [(item.observed, item.derived) for item in page.items] == [
        ({"Visitors": [{"Name": "ann"}, {"Name": "bob"}]}, {"Guests": ["ann", "bob"]})
    ]


def test_a_listed_item_that_is_gone_when_completed_is_left_out() -> None:
    part = listed_door(properties={"Colour": "red"})
    lister = door_type(list=listing(part), read_visitors=lambda _aws, _ref: None)

    assert _frame.page(None, lister, SWEEP, ALL, Ticks()).items == ()


def test_a_listed_item_that_cannot_be_completed_is_left_to_a_look_of_its_own() -> None:
    odd = listed_door(properties={"Colour": "red"})
    fine = replace(listed_door(properties={"Colour": "red"}, observed={"Visitors": []}), ref=OTHER)
    lister = door_type(list=listing(odd, fine), read_visitors=raising(KeyError("Visitors")))

    page = _frame.page(None, lister, replace(SWEEP, partition="aws-cn"), ALL, Ticks())

    assert [item.ref.id for item in page.items] == [OTHER.id]
    assert page.refs == (replace(REF, partition="aws-cn"),) * 2


def nested(levels: int) -> Any:
    value: Any = "bottom"
    for _ in range(levels):
        value = [value]
    return value


def test_what_nests_deeper_than_any_judge_follows_is_a_gap_of_its_facet_alone() -> None:
    deep = FacetReading(properties={"Colour": nested(500)}, unique_id="door-7")

    item = described(door_type(read_door=lambda _aws, _ref: deep))

    (gap,) = item.gaps
    assert (gap.pointer, gap.reason) == ("/properties/Colour", GapReason.MALFORMED)
    assert item.properties == {"Colour": None}
    assert item.derived == {"Guests": ["ann", "bob"]}
    assert item.ref.unique_id == "door-7"


@pytest.mark.parametrize("levels", [DEPTH_LIMIT, 500, 100_000])
def test_a_listed_item_that_nests_too_deep_is_left_to_a_look_of_its_own(levels: int) -> None:
    deep = listed_door(properties={"Colour": nested(levels + 1)}, observed={"Visitors": []})

    page = _frame.page(None, door_type(list=listing(deep)), SWEEP, ALL, Ticks())

    assert (page.items, len(page.refs)) == ((), 2)


def test_a_value_may_nest_as_deep_as_the_limit_says() -> None:
    assert plain(nested(DEPTH_LIMIT)) == nested(DEPTH_LIMIT)


def test_a_page_is_of_the_partition_that_was_asked_for() -> None:
    whole = listed_door(properties={"Colour": "red"}, observed={"Visitors": []})
    request = replace(SWEEP, partition="aws-cn")

    page = _frame.page(None, door_type(list=listing(whole)), request, ALL, Ticks())

    refs = [*page.refs, *(item.ref for item in page.items)]
    assert [ref.partition for ref in refs] == ["aws-cn", "aws-cn"]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (refusal("ThrottlingException"), RetryableError),
        (refusal("ServiceUnavailable", status=503), RetryableError),
        (refusal("AccessDenied"), PermanentError),
    ],
    ids=["throttled", "away", "denied"],
)
def test_an_unreadable_listing_is_an_error_and_never_an_empty_page(
    error: Exception, raised: type[Exception]
) -> None:
    def refuse(_aws: Any, _account: str, _region: str, _token: str | None) -> Page:
        raise error

    with pytest.raises(raised, match=r"Test::Shop::Door in 111122223333 eu-west-1"):
        _frame.page(None, door_type(list=refuse), SWEEP, ALL, Ticks())
