"""The way of an alarm as AWS describes it: pages, links gone or kept back, other accounts."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.facts.alarms import ALARM_FACTS, ALARMS_POINTER, LOG_GROUPS_POINTER, TOPICS_POINTER
from chalicelib.findings.blame import explains
from chalicelib.model import (
    ConfigurationItem,
    Evidence,
    GapReason,
    Relation,
    ResourceRef,
    Route,
    Touch,
)
from chalicelib.resources import _frame
from chalicelib.resources._account_alarms import METRIC_ALARMS
from chalicelib.resources.account_global import RESOURCE_TYPE
from tests.integration.resources.paged_aws import Answer, PagedAws, refusal
from tests.integration.resources.recorded_aws import (
    ACCOUNT,
    NOON,
    RecordedAws,
    StoppedClock,
    aws_on_moto,
)
from tests.integration.resources.samples.alarms import (
    GROUP_ARN,
    HOME,
    NAMESPACE,
    TOPIC,
    add_alarms,
)

REF = ResourceRef(account_id=ACCOUNT, region="global", type="Observed::Account::Global", id=ACCOUNT)
WANTED = frozenset({LOG_GROUPS_POINTER, ALARMS_POINTER, TOPICS_POINTER})
TRAIL = f"arn:aws:cloudtrail:{HOME}:{ACCOUNT}:trail/alarmed"
ALARM = f"arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:nacl changed"
FILTERS = "logs:DescribeMetricFilters"
ALARMS = "cloudwatch:DescribeAlarms"
SUBSCRIPTIONS = "sns:ListSubscriptionsByTopic"


def trail(**changes: Any) -> Answer:
    return {
        "Name": "alarmed",
        "TrailARN": TRAIL,
        "HomeRegion": HOME,
        "IsMultiRegionTrail": True,
        "CloudWatchLogsLogGroupArn": f"{GROUP_ARN}:*",
        **changes,
    }


def metric_filter(name: str = "nacl", **changes: Any) -> Answer:
    metric = {"metricName": name, "metricNamespace": NAMESPACE, "metricValue": "1"}
    return {
        "filterName": name,
        "filterPattern": "{ $.a = b }",
        "metricTransformations": [metric],
        **changes,
    }


def alarm(**changes: Any) -> Answer:
    return {
        "AlarmName": "nacl changed",
        "AlarmArn": ALARM,
        "Namespace": NAMESPACE,
        "MetricName": "nacl",
        "ActionsEnabled": True,
        "AlarmActions": [TOPIC],
        **changes,
    }


WHOLE: dict[str, list[Answer]] = {
    "cloudtrail:DescribeTrails": [{"trailList": [trail()]}],
    FILTERS: [{"metricFilters": [metric_filter()]}],
    ALARMS: [{"MetricAlarms": [alarm()]}],
    SUBSCRIPTIONS: [{"Subscriptions": [{"SubscriptionArn": f"{TOPIC}:1"}]}],
}


@pytest.fixture(scope="module")
def aws() -> PagedAws:
    return PagedAws()


def look(aws: RecordedAws) -> ConfigurationItem:
    item = _frame.describe(aws, RESOURCE_TYPE, REF, WANTED, StoppedClock())
    assert item is not None
    return item


def played(aws: PagedAws, **pages: Any) -> ConfigurationItem:
    """Look at an account whose alarm gets through, with other answers of some services."""
    changed = {call: pages.get(call.partition(":")[0], answers) for call, answers in WHOLE.items()}
    return look(aws.play(changed))


def gaps(item: ConfigurationItem) -> list[tuple[str, GapReason, str]]:
    return [(gap.pointer, gap.reason, gap.call) for gap in item.gaps]


def pointer(*tokens: str) -> str:
    return "/observed" + "".join(f"/{t.replace('~', '~0').replace('/', '~1')}" for t in tokens)


def test_every_link_is_described_with_one_call_each() -> None:
    with aws_on_moto() as aws:
        add_alarms(aws)
        aws.calls.clear()

        item = look(aws)

    assert item.gaps == ()
    assert aws.calls == ["cloudtrail:DescribeTrails", FILTERS, ALARMS, SUBSCRIPTIONS]
    assert item.observed["TrailLogGroups"][GROUP_ARN]["Trails"] == [TRAIL]
    assert item.observed["FilterAlarms"] == {
        ALARM: {
            "AlarmName": "nacl changed",
            "Region": HOME,
            "Metrics": [{"Namespace": NAMESPACE, "MetricName": "nacl"}],
            "ActionsEnabled": True,
            "Topics": [TOPIC],
        }
    }
    assert item.observed["AlarmTopics"] == {TOPIC: {"ConfirmedSubscriptions": 1}}
    assert item.companions == tuple(
        sorted(
            f"{ACCOUNT}#{HOME}#{companion}"
            for companion in (
                "AWS::Logs::LogGroup#trail",
                "Observed::CloudWatch::Metric#Security/nacl",
                "AWS::CloudWatch::Alarm#nacl changed",
                f"AWS::SNS::Topic#{TOPIC}",
            )
        )
    )


@pytest.mark.parametrize(
    "trails",
    [[], [trail(CloudWatchLogsLogGroupArn=None)], [trail(IsMultiRegionTrail=False)]],
    ids=["no trail", "no log group", "one Region only"],
)
def test_nothing_else_is_asked_where_no_trail_counts(aws: PagedAws, trails: list[Answer]) -> None:
    aws.play({"cloudtrail:DescribeTrails": [{"trailList": trails}]})

    item = look(aws)

    assert dict(item.observed) == {"TrailLogGroups": {}, "FilterAlarms": {}, "AlarmTopics": {}}
    assert aws.calls == ["cloudtrail:DescribeTrails"]


def test_two_trails_into_one_group_ask_it_once(aws: PagedAws) -> None:
    second = trail(TrailARN=f"{TRAIL}-2")

    item = played(aws, cloudtrail=[{"trailList": [second, trail()]}])

    assert item.observed["TrailLogGroups"][GROUP_ARN]["Trails"] == [TRAIL, f"{TRAIL}-2"]


def test_a_log_group_of_another_account_is_a_gap_and_is_not_asked_here(aws: PagedAws) -> None:
    foreign = GROUP_ARN.replace(ACCOUNT, "999999999999")
    trails = [trail(CloudWatchLogsLogGroupArn=f"{foreign}:*", IsOrganizationTrail=True)]
    aws.play({"cloudtrail:DescribeTrails": [{"trailList": trails}]})

    item = look(aws)

    place = pointer("TrailLogGroups", foreign, "MetricFilters")
    assert gaps(item) == [(place, GapReason.UNSUPPORTED, FILTERS)]
    assert aws.calls == ["cloudtrail:DescribeTrails"]


def test_a_log_group_that_is_no_arn_is_a_gap(aws: PagedAws) -> None:
    item = played(aws, cloudtrail=[{"trailList": [trail(CloudWatchLogsLogGroupArn="trail")]}])

    assert {gap.pointer for gap in item.gaps} == WANTED
    assert {gap.reason for gap in item.gaps} == {GapReason.MALFORMED}


def test_a_log_group_that_is_gone_has_no_filter(aws: PagedAws) -> None:
    item = played(aws, logs=[refusal("ResourceNotFoundException")])

    assert item.gaps == ()
    assert item.observed["TrailLogGroups"][GROUP_ARN]["MetricFilters"] == []


def test_filters_alarms_and_subscriptions_on_further_pages_count(aws: PagedAws) -> None:
    item = played(
        aws,
        logs=[
            {"metricFilters": [metric_filter("other")], "nextToken": "more"},
            {"metricFilters": [metric_filter()]},
        ],
        cloudwatch=[
            {"MetricAlarms": [alarm(MetricName="unwatched")], "NextToken": "more"},
            {"MetricAlarms": [alarm()]},
        ],
        sns=[
            {"Subscriptions": [{"SubscriptionArn": "PendingConfirmation"}], "NextToken": "more"},
            {"Subscriptions": [{"SubscriptionArn": f"{TOPIC}:1"}]},
        ],
    )

    filters = item.observed["TrailLogGroups"][GROUP_ARN]["MetricFilters"]
    assert [one["FilterName"] for one in filters] == ["nacl", "other"]
    assert list(item.observed["FilterAlarms"]) == [ALARM]
    assert item.observed["AlarmTopics"] == {TOPIC: {"ConfirmedSubscriptions": 1}}


@pytest.mark.parametrize("word", ["PendingConfirmation", "Deleted", ""])
def test_a_subscription_that_is_not_confirmed_tells_nobody(aws: PagedAws, word: str) -> None:
    item = played(aws, sns=[{"Subscriptions": [{"SubscriptionArn": word}]}])

    assert item.observed["AlarmTopics"] == {TOPIC: {"ConfirmedSubscriptions": 0}}


@pytest.mark.parametrize("code", ["NotFound", "NotFoundException"])
def test_a_topic_that_is_gone_tells_nobody(aws: PagedAws, code: str) -> None:
    item = played(aws, sns=[refusal(code)])

    assert item.gaps == ()
    assert item.observed["AlarmTopics"] == {TOPIC: {"ConfirmedSubscriptions": 0}}


#: Service that refuses → the gap it leaves, and what is known nevertheless.
KEPT_BACK: dict[str, tuple[str, str]] = {
    "logs": (pointer("TrailLogGroups", GROUP_ARN, "MetricFilters"), FILTERS),
    "cloudwatch": (ALARMS_POINTER, ALARMS),
    "sns": (pointer("AlarmTopics", TOPIC, "ConfirmedSubscriptions"), SUBSCRIPTIONS),
}


@pytest.mark.parametrize(("service", "gap"), KEPT_BACK.items(), ids=KEPT_BACK.keys())
def test_a_link_that_is_kept_back_is_a_gap_of_its_own(
    aws: PagedAws, service: str, gap: tuple[str, str]
) -> None:
    item = played(aws, **{service: [refusal("AuthorizationError")]})

    assert gaps(item) == [(gap[0], GapReason.DENIED, gap[1])]
    assert item.observed["TrailLogGroups"][GROUP_ARN]["Trails"] == [TRAIL]


def test_an_expression_over_the_metric_counts_as_an_alarm_on_it(aws: PagedAws) -> None:
    metric = {"Namespace": NAMESPACE, "MetricName": "nacl"}
    queries = [
        {"Id": "m", "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Sum"}},
        {"Id": "e", "Expression": "m * 1"},
    ]
    raw = {key: value for key, value in alarm().items() if key not in ("Namespace", "MetricName")}

    item = played(aws, cloudwatch=[{"MetricAlarms": [{**raw, "Metrics": queries}]}])

    assert list(item.observed["FilterAlarms"]) == [ALARM]


def test_actions_that_are_no_topics_tell_nobody(aws: PagedAws) -> None:
    function = f"arn:aws:lambda:{HOME}:{ACCOUNT}:function:stop"

    item = played(
        aws, cloudwatch=[{"MetricAlarms": [alarm(AlarmActions=[function, "odd", TOPIC])]}]
    )

    assert item.observed["FilterAlarms"][ALARM]["Topics"] == [TOPIC]


def test_the_topics_of_an_alarm_without_actions_are_not_asked(aws: PagedAws) -> None:
    item = played(aws, cloudwatch=[{"MetricAlarms": [alarm(ActionsEnabled=False)]}], sns=[])

    assert item.gaps == ()
    assert item.observed["AlarmTopics"] == {}


@pytest.mark.parametrize(
    "changes",
    [{"applyOnTransformedLogs": True}, {"fieldSelectionCriteria": '@aws.region = "us-east-1"'}],
    ids=["transformed", "selected"],
)
def test_a_filter_of_transformed_or_selected_events_is_narrowed(
    aws: PagedAws, changes: Answer
) -> None:
    item = played(aws, logs=[{"metricFilters": [metric_filter(**changes)]}])

    (one,) = item.observed["TrailLogGroups"][GROUP_ARN]["MetricFilters"]
    assert one["IsNarrowed"] is True


def test_a_gap_leaves_a_gap_on_the_facts_it_hides(aws: PagedAws) -> None:
    wanted = frozenset({f"/derived/{fact.name}" for fact in ALARM_FACTS})
    everything = metric_filter(filterPattern="{ $.eventSource = * }")
    aws.play(
        {
            **WHOLE,
            # Asked for the trails as such, and for their log groups.
            "cloudtrail:DescribeTrails": [{"trailList": [trail()]}] * 2,
            "cloudtrail:GetTrailStatus": [{"IsLogging": True}],
            "cloudtrail:GetEventSelectors": [{"EventSelectors": []}],
            FILTERS: [{"metricFilters": [everything]}],
            SUBSCRIPTIONS: [refusal("AuthorizationError")],
        }
    )

    item = _frame.describe(aws, RESOURCE_TYPE, REF, wanted, StoppedClock())

    assert item is not None
    assert {g.pointer for g in item.gaps if g.pointer.startswith("/derived")} == wanted


def routes() -> Iterator[tuple[str, Route, Any]]:
    for companion in METRIC_ALARMS.companions:
        assert companion.relation is Relation.EDGE
        for route in companion.routes:
            for action in route.actions:
                yield action, route, companion.identify


ROUTES = {action: (route, identify) for action, route, identify in routes()}


def record(action: str, **parameters: Any) -> Answer:
    return {
        "eventName": action,
        "awsRegion": HOME,
        "recipientAccountId": ACCOUNT,
        "requestParameters": parameters,
    }


@pytest.mark.parametrize(
    ("action", "raw", "parameters", "named"),
    [
        ("PutMetricAlarm", "nacl", {"namespace": "Security"}, "Security/nacl"),
        ("PutMetricAlarm", "nacl", {}, None),
        ("DeleteTopic", TOPIC, {}, TOPIC),
        ("Unsubscribe", f"{TOPIC}:0a1b", {}, TOPIC),
        ("Unsubscribe", "PendingConfirmation", {}, None),
    ],
    ids=["a metric", "no namespace", "a topic", "a subscription", "no subscription"],
)
def test_an_event_names_the_link_it_is_about(
    action: str, raw: str, parameters: Answer, named: str | None
) -> None:
    _, identify = ROUTES[action]

    assert identify(raw, record(action, **parameters)) == named


OBSERVED: Answer = {
    "TrailLogGroups": {GROUP_ARN: {"Region": HOME, "Trails": [TRAIL], "MetricFilters": []}},
    "FilterAlarms": {ALARM: {"ActionsEnabled": False, "Topics": []}},
    "AlarmTopics": {TOPIC: {"ConfirmedSubscriptions": 0}},
}
NO_FILTER = pointer("TrailLogGroups", GROUP_ARN, "MetricFilters")
NO_ACTION = pointer("FilterAlarms", ALARM, "ActionsEnabled")
NOBODY = pointer("AlarmTopics", TOPIC, "ConfirmedSubscriptions")

BLAMED: dict[str, tuple[str, Answer, str, bool]] = {
    "whoever deletes the last filter": (
        "DeleteMetricFilter",
        {"logGroupName": "trail"},
        NO_FILTER,
        True,
    ),
    "whoever deletes the group": ("DeleteLogGroup", {"logGroupName": "trail"}, NO_FILTER, True),
    "not who deletes another group": ("DeleteLogGroup", {"logGroupName": "b"}, NO_FILTER, False),
    "not who puts a filter": ("PutMetricFilter", {"logGroupName": "trail"}, NO_FILTER, False),
    "whoever switches actions off": (
        "DisableAlarmActions",
        {"alarmNames": ["x", "nacl changed"]},
        NO_ACTION,
        True,
    ),
    "not who switches others off": ("DisableAlarmActions", {"alarmNames": ["x"]}, NO_ACTION, False),
    "not who switches actions on": (
        "EnableAlarmActions",
        {"alarmNames": ["nacl changed"]},
        NO_ACTION,
        False,
    ),
    "not who deletes an alarm": ("DeleteAlarms", {"alarmNames": ["x"]}, NO_ACTION, False),
    "not who puts an alarm": ("PutMetricAlarm", {"alarmName": "nacl changed"}, NO_ACTION, False),
    "whoever unsubscribes last": (
        "Unsubscribe",
        {"subscriptionArn": f"{TOPIC}:1"},
        NOBODY,
        True,
    ),
    "whoever deletes the topic": ("DeleteTopic", {"topicArn": TOPIC}, NOBODY, True),
    "not who deletes another topic": ("DeleteTopic", {"topicArn": f"{TOPIC}-2"}, NOBODY, False),
    "not who deletes what is no topic": ("DeleteTopic", {"topicArn": "x"}, NOBODY, False),
    "not who confirms": ("ConfirmSubscription", {"topicArn": TOPIC}, NOBODY, False),
}


@pytest.mark.parametrize(
    ("action", "parameters", "place", "blamed"), BLAMED.values(), ids=BLAMED.keys()
)
def test_only_who_broke_the_link_is_blamed(
    action: str, parameters: Answer, place: str, *, blamed: bool
) -> None:
    route, _ = ROUTES[action]
    assert route.propose is not None
    touch = Touch(
        ref=REF, writes=route.writes, proposed=route.propose(record(action, **parameters))
    )
    item = ConfigurationItem(
        ref=REF, properties={}, observed=OBSERVED, started_at=NOON, ended_at=NOON
    )
    evidence = Evidence(path=place, actual=None, expected="another", because=(place,))

    assert explains(touch, (evidence,), item) is blamed
