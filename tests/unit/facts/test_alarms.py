"""How far the news of an event gets, link by link, and what an unread link leaves open."""

from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from chalicelib.facts._watched_events import WATCHED
from chalicelib.facts.alarms import (
    ALARM_FACTS,
    WAYS_SCHEMA,
    every_way_is_read,
    fact_name,
    ways_to_a_person,
)
from chalicelib.model import ConfigurationItem, ResourceRef

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ACCOUNT = "123456789012"
TRAIL = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/main"
GROUP = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/trail"
ALARM = f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:changed"
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:security"
GROUP_AT = f"/observed/TrailLogGroups/{GROUP.replace('/', '~1')}/MetricFilters"

SLUG = "cloudtrail-changes"
EVENTS = ("CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging")

Row = dict[str, Any]


def pattern_of(names: tuple[str, ...]) -> str:
    return "{" + " || ".join(f"($.eventName = {name})" for name in names) + "}"


def trail(**changes: Any) -> Row:
    return {
        "Name": "main",
        "HomeRegion": "eu-west-1",
        "IsMultiRegionTrail": True,
        "IsOrganizationTrail": False,
        "HasCustomEventSelectors": False,
        "IsLogging": True,
        "LatestDeliveryError": None,
        "EventSelectors": [],
        "AdvancedEventSelectors": [],
        **changes,
    }


def metric_filter(**changes: Any) -> Row:
    return {
        "FilterName": "changes",
        "FilterPattern": pattern_of(EVENTS),
        "IsNarrowed": False,
        "Metrics": [{"Namespace": "Security", "MetricName": "changes"}],
        **changes,
    }


def group(*filters: Row, **changes: Any) -> Row:
    return {
        "Region": "eu-west-1",
        "Trails": [TRAIL],
        "MetricFilters": list(filters) or [metric_filter()],
        **changes,
    }


def alarm(**changes: Any) -> Row:
    return {
        "AlarmName": "changed",
        "Region": "eu-west-1",
        "Metrics": [{"Namespace": "Security", "MetricName": "changes"}],
        "ActionsEnabled": True,
        "Topics": [TOPIC],
        **changes,
    }


def account(**observed: Any) -> ConfigurationItem:
    """Build an account in which the news gets to a person, with changes."""
    return ConfigurationItem(
        ref=ResourceRef(
            account_id=ACCOUNT, region="global", type="Observed::Account::Global", id=ACCOUNT
        ),
        properties={},
        observed={
            "Trails": {TRAIL: trail()},
            "TrailLogGroups": {GROUP: group()},
            "FilterAlarms": {ALARM: alarm()},
            "AlarmTopics": {TOPIC: {"ConfirmedSubscriptions": 1}},
            **observed,
        },
        started_at=NOON,
        ended_at=NOON,
    )


def ends(item: ConfigurationItem, slug: str = SLUG) -> list[tuple[str, list[str]]]:
    rows = ways_to_a_person(slug, item)
    assert Draft202012Validator(dict(WAYS_SCHEMA)).is_valid(rows)
    return [(row["Reaches"], row["Because"]) for row in rows]


def test_the_news_gets_to_a_person() -> None:
    item = account()

    assert ways_to_a_person(SLUG, item) == [
        {
            "Filter": "changes",
            "Alarm": "changed",
            "Reaches": "person",
            "Because": [f"/observed/AlarmTopics/{TOPIC}/ConfirmedSubscriptions"],
        }
    ]
    assert every_way_is_read(SLUG, item)


OTHER = f"{TOPIC}-2"

BROKEN: dict[str, tuple[Row, str, str]] = {
    "no trail sends to a log group": (
        {"TrailLogGroups": {}},
        "nowhere",
        "/observed/TrailLogGroups",
    ),
    "the trail was stopped": (
        {"Trails": {TRAIL: trail(IsLogging=False)}},
        "nowhere",
        "/observed/TrailLogGroups",
    ),
    "the trail sees one Region": (
        {"Trails": {TRAIL: trail(IsMultiRegionTrail=False)}},
        "nowhere",
        "/observed/TrailLogGroups",
    ),
    "the trail leaves writes out": (
        {"Trails": {TRAIL: trail(HasCustomEventSelectors=True)}},
        "nowhere",
        "/observed/TrailLogGroups",
    ),
    "the trail is gone": ({"Trails": {}}, "nowhere", "/observed/TrailLogGroups"),
    "no filter": ({"TrailLogGroups": {GROUP: group(MetricFilters=[])}}, "log-group", GROUP_AT),
    "a filter for something else": (
        {"TrailLogGroups": {GROUP: group(metric_filter(FilterPattern="{ $.eventName = A }"))}},
        "log-group",
        GROUP_AT,
    ),
    "a pattern that is not understood": (
        {"TrailLogGroups": {GROUP: group(metric_filter(FilterPattern="DeleteTrail"))}},
        "unclear",
        f"{GROUP_AT}/0",
    ),
    "a filter of transformed or selected events": (
        {"TrailLogGroups": {GROUP: group(metric_filter(IsNarrowed=True))}},
        "unclear",
        f"{GROUP_AT}/0",
    ),
    "no alarm": ({"FilterAlarms": {}}, "metric", f"{GROUP_AT}/0"),
    "an alarm on a metric of that name in another namespace": (
        {"FilterAlarms": {ALARM: alarm(Metrics=[{"Namespace": "Shop", "MetricName": "changes"}])}},
        "metric",
        f"{GROUP_AT}/0",
    ),
    "an alarm in another Region": (
        {"FilterAlarms": {ALARM: alarm(Region="us-east-1")}},
        "metric",
        f"{GROUP_AT}/0",
    ),
    "actions that are switched off": (
        {"FilterAlarms": {ALARM: alarm(ActionsEnabled=False)}},
        "alarm",
        f"/observed/FilterAlarms/{ALARM}/ActionsEnabled",
    ),
    "an alarm without a topic": (
        {"FilterAlarms": {ALARM: alarm(Topics=[])}},
        "alarm",
        f"/observed/FilterAlarms/{ALARM}/Topics",
    ),
    "a topic to which nobody said yes": (
        {"AlarmTopics": {TOPIC: {"ConfirmedSubscriptions": 0}}},
        "topic",
        f"/observed/AlarmTopics/{TOPIC}/ConfirmedSubscriptions",
    ),
}


@pytest.mark.parametrize(("observed", "reaches", "because"), BROKEN.values(), ids=BROKEN.keys())
def test_the_way_ends_at_the_missing_link(observed: Row, reaches: str, because: str) -> None:
    item = account(**observed)

    assert ends(item) == [(reaches, [because])]
    assert every_way_is_read(SLUG, item)


UNREAD: dict[str, Row] = {
    "trails": {"Trails": None},
    "whether the trail records": {"Trails": {TRAIL: trail(IsLogging=None)}},
    "what the trail records": {"Trails": {TRAIL: trail(EventSelectors=None)}},
    "log groups": {"TrailLogGroups": None},
    "filters of the group": {"TrailLogGroups": {GROUP: group(MetricFilters=None)}},
    "alarms": {"FilterAlarms": None},
    "all topics": {"AlarmTopics": None},
    "the topic": {"AlarmTopics": {TOPIC: {"ConfirmedSubscriptions": None}}},
    "one topic of two, the other has nobody": {
        "FilterAlarms": {ALARM: alarm(Topics=[TOPIC, OTHER])},
        "AlarmTopics": {
            TOPIC: {"ConfirmedSubscriptions": None},
            OTHER: {"ConfirmedSubscriptions": 0},
        },
    },
}


@pytest.mark.parametrize("observed", UNREAD.values(), ids=UNREAD.keys())
def test_an_unread_link_leaves_open_where_the_way_ends(observed: Row) -> None:
    item = account(**observed)

    assert ends(item) == []
    assert not every_way_is_read(SLUG, item)


def test_an_unread_topic_hides_nothing_of_events_that_no_filter_matches() -> None:
    item = account(AlarmTopics={TOPIC: {"ConfirmedSubscriptions": None}})

    assert ends(item, "nacl-changes") == [("log-group", [GROUP_AT])]
    assert every_way_is_read("nacl-changes", item)


def test_one_topic_with_a_person_is_enough() -> None:
    item = account(
        FilterAlarms={ALARM: alarm(Topics=[TOPIC, OTHER])},
        AlarmTopics={
            TOPIC: {"ConfirmedSubscriptions": None},
            OTHER: {"ConfirmedSubscriptions": 2},
        },
    )

    assert ends(item) == [("person", [f"/observed/AlarmTopics/{OTHER}/ConfirmedSubscriptions"])]


def test_every_filter_and_every_alarm_on_it_is_a_way_of_its_own() -> None:
    second = metric_filter(
        FilterName="again", Metrics=[{"Namespace": "Security", "MetricName": "more"}]
    )
    item = account(
        TrailLogGroups={GROUP: group(metric_filter(), second)},
        FilterAlarms={ALARM: alarm(), f"{ALARM}-2": alarm(ActionsEnabled=False)},
    )

    assert [reaches for reaches, _ in ends(item)] == ["person", "alarm", "metric"]


def test_a_log_group_fed_by_a_stopped_and_a_running_trail_counts() -> None:
    old = f"{TRAIL}-old"
    item = account(
        Trails={TRAIL: trail(), old: trail(IsLogging=False)},
        TrailLogGroups={GROUP: group(Trails=[old, TRAIL])},
    )

    assert [reaches for reaches, _ in ends(item)] == ["person"]


LISTED = [slug for slug, events in WATCHED.items() if len({e["eventName"] for e in events}) > 1]


def names_of(slug: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(event["eventName"] for event in WATCHED[slug]))


@pytest.mark.parametrize("slug", [slug for slug in LISTED if slug != "root-usage"])
def test_a_pattern_that_leaves_one_event_out_does_not_watch(slug: str) -> None:
    names = names_of(slug)
    whole = account(TrailLogGroups={GROUP: group(metric_filter(FilterPattern=pattern_of(names)))})

    assert [reaches for reaches, _ in ends(whole, slug)] == ["person"]
    for left_out in names:
        rest = pattern_of(tuple(name for name in names if name != left_out))
        item = account(TrailLogGroups={GROUP: group(metric_filter(FilterPattern=rest))})
        assert ends(item, slug) == [("log-group", [GROUP_AT])], left_out


@pytest.mark.parametrize("slug", WATCHED)
def test_a_pattern_for_another_event_does_not_watch(slug: str) -> None:
    item = account(
        TrailLogGroups={GROUP: group(metric_filter(FilterPattern='{ $.eventName = "Other" }'))}
    )

    assert ends(item, slug) == [("log-group", [GROUP_AT])]


@pytest.mark.parametrize("slug", WATCHED)
def test_a_pattern_confined_to_one_region_does_not_watch(slug: str) -> None:
    pattern = "{ $.awsRegion = ap-south-1 }"
    item = account(TrailLogGroups={GROUP: group(metric_filter(FilterPattern=pattern))})

    assert [reaches for reaches, _ in ends(item, slug)] == ["log-group"]


@pytest.mark.parametrize("slug", WATCHED)
def test_the_empty_pattern_watches_everything(slug: str) -> None:
    item = account(TrailLogGroups={GROUP: group(metric_filter(FilterPattern=""))})

    assert [reaches for reaches, _ in ends(item, slug)] == ["person"]


def test_every_control_has_a_fact_of_its_own() -> None:
    assert [fact.name for fact in ALARM_FACTS] == [fact_name(slug) for slug in WATCHED]
    assert fact_name("console-login-without-mfa") == "ConsoleLoginWithoutMfaAlarms"
