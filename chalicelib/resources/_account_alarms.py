"""The way of an alarm in an account: trails' log groups, their filters, alarms, topics.

What a newcomer gets wrong: a log group may be another account's, as that of an organisation's
trail is. Asked here, CloudWatch Logs would answer with filters of a group of the same name, or
with none; so it is not asked, which leaves a gap.

One call per log group, per hundred alarms of its Region, and per topic: never one per metric.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.facts.alarms import (
    ALARM_FACTS,
    ALARMS_POINTER,
    LOG_GROUPS_POINTER,
    TOPICS_POINTER,
    metrics_of,
)
from chalicelib.model import Facet, FacetReading, Gap, GapReason, ResourceRef
from chalicelib.model.pointer import pointer_of, tokens_of
from chalicelib.resources._alarm_events import ALARM_COMPANIONS, companions_of
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import (
    READ_ERRORS,
    MalformedAnswerError,
    code_of,
    gaps_from,
    member,
)
from chalicelib.resources._parts import Part

_GROUP = re.compile(r"arn:[a-z-]+:logs:([a-z0-9-]+):(\d{12}):log-group:([^:*]+)")
_CALLS = (
    "cloudtrail:DescribeTrails",
    "logs:DescribeMetricFilters",
    "cloudwatch:DescribeAlarms",
    "sns:ListSubscriptionsByTopic",
)
#: Codes for what was deleted while something still names it.
_NO_GROUP = frozenset({"ResourceNotFoundException"})
_NO_TOPIC = frozenset({"NotFound", "NotFoundException"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _LogGroup:
    """A log group that trails of every Region deliver to."""

    arn: str
    region: str
    account_id: str
    name: str
    trails: tuple[str, ...]


def _read(aws: Any, ref: ResourceRef) -> FacetReading:
    gaps: list[Gap] = []
    named = _log_groups(aws, ref)
    groups = {one.arn: _described(aws, ref, one, gaps) for one in named}
    alarms = _alarms(aws, ref, groups, gaps)
    topics = {arn: _topic(aws, ref, arn, gaps) for arn in _topics_of(alarms or {})}
    return FacetReading(
        observed={"TrailLogGroups": groups, "FilterAlarms": alarms, "AlarmTopics": topics},
        gaps=tuple(gaps),
        companions=companions_of(ref, groups, alarms or {}, topics),
    )


def _log_groups(aws: Any, ref: ResourceRef) -> tuple[_LogGroup, ...]:
    client = aws.client("cloudtrail", account_id=ref.account_id, region="global")
    answer = client.describe_trails(includeShadowTrails=True)
    trails: dict[str, list[str]] = {}
    for trail in member(answer, "trailList"):
        arn = trail.get("CloudWatchLogsLogGroupArn")
        if arn and member(trail, "IsMultiRegionTrail"):
            trails.setdefault(arn.removesuffix(":*"), []).append(trail["TrailARN"])
    return tuple(_log_group(arn, sorted(feeding)) for arn, feeding in sorted(trails.items()))


def _log_group(arn: str, trails: Iterable[str]) -> _LogGroup:
    found = _GROUP.fullmatch(arn)
    if found is None:
        raise MalformedAnswerError("a trail's log group has no ARN")
    region, account_id, name = found.groups()
    return _LogGroup(arn=arn, region=region, account_id=account_id, name=name, trails=tuple(trails))


def _described(aws: Any, ref: ResourceRef, group: _LogGroup, gaps: list[Gap]) -> dict[str, Any]:
    place = (LOG_GROUPS_POINTER, group.arn, "MetricFilters")
    if group.account_id == ref.account_id:
        filters = _asked(lambda: _filters(aws, group), _NO_GROUP, place, gaps)
    else:
        filters = None
        gaps.append(_foreign(_pointer(*place)))
    return {"Region": group.region, "Trails": list(group.trails), "MetricFilters": filters}


def _foreign(pointer: str) -> Gap:
    return Gap(
        pointer=pointer,
        reason=GapReason.UNSUPPORTED,
        call="logs:DescribeMetricFilters",
        error="LogGroupOfAnotherAccount",
    )


def _filters(aws: Any, group: _LogGroup) -> list[dict[str, Any]]:
    client = aws.client("logs", account_id=group.account_id, region=group.region)
    pages = client.get_paginator("describe_metric_filters").paginate(logGroupName=group.name)
    found = [_filter(one) for page in pages for one in member(page, "metricFilters")]
    return sorted(found, key=lambda one: str(one["FilterName"]))


def _filter(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "FilterName": member(raw, "filterName"),
        # The empty pattern, which matches everything, may be left out.
        "FilterPattern": raw.get("filterPattern") or "",
        "IsNarrowed": bool(raw.get("applyOnTransformedLogs") or raw.get("fieldSelectionCriteria")),
        "Metrics": [
            {"Namespace": one["metricNamespace"], "MetricName": one["metricName"]}
            for one in raw.get("metricTransformations") or ()
        ],
    }


def _alarms(
    aws: Any, ref: ResourceRef, groups: Mapping[str, Mapping[str, Any]], gaps: list[Gap]
) -> dict[str, Any] | None:
    """Return the alarms on metrics that the filters write; None where a Region keeps them back."""
    written: dict[str, frozenset[tuple[str, str]]] = {}
    for group in groups.values():
        metrics = metrics_of(group["MetricFilters"] or ())
        written[group["Region"]] = written.get(group["Region"], frozenset()) | metrics
    wanted = [(region, metrics) for region, metrics in sorted(written.items()) if metrics]
    found = _asked(
        lambda: [one for place in wanted for one in _alarms_on(aws, ref, *place)],
        frozenset(),
        (ALARMS_POINTER,),
        gaps,
    )
    return None if found is None else dict(found)


def _alarms_on(
    aws: Any, ref: ResourceRef, region: str, wanted: frozenset[tuple[str, str]]
) -> list[tuple[str, dict[str, Any]]]:
    client = aws.client("cloudwatch", account_id=ref.account_id, region=region)
    pages = client.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm"])
    return [
        (member(alarm, "AlarmArn"), _alarm(alarm, region, watched))
        for page in pages
        for alarm in member(page, "MetricAlarms")
        if (watched := wanted.intersection(_watched(alarm)))
    ]


def _watched(alarm: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield the metrics of an alarm: its own, or those that its expression is made of."""
    queries = (one.get("MetricStat", {}).get("Metric", {}) for one in alarm.get("Metrics") or ())
    for metric in (alarm, *queries):
        yield str(metric.get("Namespace")), str(metric.get("MetricName"))


def _alarm(
    raw: Mapping[str, Any], region: str, watched: Iterable[tuple[str, str]]
) -> dict[str, Any]:
    actions = raw.get("AlarmActions") or ()
    return {
        "AlarmName": member(raw, "AlarmName"),
        "Region": region,
        "Metrics": [{"Namespace": space, "MetricName": name} for space, name in sorted(watched)],
        "ActionsEnabled": member(raw, "ActionsEnabled"),
        "Topics": sorted(arn for arn in set(actions) if _region_of_topic(arn)),
    }


def _topics_of(alarms: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return sorted(
        {arn for alarm in alarms.values() if alarm["ActionsEnabled"] for arn in alarm["Topics"]}
    )


def _topic(aws: Any, ref: ResourceRef, arn: str, gaps: list[Gap]) -> dict[str, Any]:
    place = (TOPICS_POINTER, arn, "ConfirmedSubscriptions")
    found = _asked(lambda: _subscriptions(aws, ref, arn), _NO_TOPIC, place, gaps)
    return {"ConfirmedSubscriptions": None if found is None else len(found)}


def _subscriptions(aws: Any, ref: ResourceRef, topic: str) -> list[str]:
    """Return confirmed subscriptions; one that waits, or was deleted, has a word for an ARN."""
    client = aws.client("sns", account_id=ref.account_id, region=_region_of_topic(topic))
    pages = client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    arns = (one.get("SubscriptionArn", "") for p in pages for one in member(p, "Subscriptions"))
    return [arn for arn in arns if arn.startswith("arn:")]


def _region_of_topic(arn: str) -> str | None:
    """Return the Region of an SNS topic; None where the ARN is of something else."""
    parts = arn.split(":")
    return parts[3] if len(parts) == 6 and parts[2] == "sns" else None  # noqa: PLR2004 - an ARN


def _asked(
    ask: Callable[[], list[Any]],
    absent: frozenset[str],
    place: tuple[str, ...],
    gaps: list[Gap],
) -> list[Any] | None:
    """Return what a question brings, nothing for what is gone, None with a gap for a failure."""
    try:
        return ask()
    except READ_ERRORS as error:
        if isinstance(error, ClientError) and code_of(error) in absent:
            return []
        gaps += gaps_from(error, replace(_FACET, pointers=(_pointer(*place),)))
        return None


def _pointer(top: str, *below: str) -> str:
    return pointer_of((*tokens_of(top), *below))


_FACET = Facet(
    name="alarms",
    calls=_CALLS,
    permissions=_CALLS,
    pointers=(LOG_GROUPS_POINTER, ALARMS_POINTER, TOPICS_POINTER),
    read=_read,
)

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_METRICS = {"type": "array", "items": closed({"Namespace": _TEXT, "MetricName": _TEXT})}
_FILTER = closed(
    {
        "FilterName": _TEXT,
        "FilterPattern": _TEXT,
        "IsNarrowed": {"type": "boolean"},
        "Metrics": _METRICS,
    }
)
_LOG_GROUP = closed(
    {
        "Region": _TEXT,
        "Trails": _TEXTS,
        "MetricFilters": {"type": ["array", "null"], "items": _FILTER},
    }
)
_ALARM = closed(
    {
        "AlarmName": _TEXT,
        "Region": _TEXT,
        "Metrics": _METRICS,
        "ActionsEnabled": {"type": "boolean"},
        "Topics": _TEXTS,
    }
)
_TOPIC = closed({"ConfirmedSubscriptions": {"type": ["integer", "null"]}})

METRIC_ALARMS = Part(
    shapes={
        "TrailLogGroups": {"type": "object", "additionalProperties": _LOG_GROUP},
        "FilterAlarms": {"type": "object", "additionalProperties": _ALARM},
        "AlarmTopics": {"type": "object", "additionalProperties": _TOPIC},
    },
    defaults={"TrailLogGroups": {}, "FilterAlarms": {}, "AlarmTopics": {}},
    facets=(_FACET,),
    facts=ALARM_FACTS,
    companions=ALARM_COMPANIONS,
)
