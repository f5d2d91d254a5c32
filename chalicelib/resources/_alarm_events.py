"""What happens to log groups, metrics, alarms and topics on which an account's alarms rest.

What a newcomer gets wrong: none of these events is about the account as such. Auto Scaling alone
writes alarms all day, and looking at the account costs many calls; so only what the last look
found on the way of an alarm leads back to the account.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.alarms import ALARMS_POINTER, LOG_GROUPS_POINTER, TOPICS_POINTER, metrics_of
from chalicelib.model import Companion, Relation, ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._payload import field, parameters_of, partition_of

_LOG_GROUP = "AWS::Logs::LogGroup"
_METRIC = "Observed::CloudWatch::Metric"
_ALARM = "AWS::CloudWatch::Alarm"
_TOPIC = "AWS::SNS::Topic"

_LOGS = "logs.amazonaws.com"
_MONITORING = "monitoring.amazonaws.com"
_SNS = "sns.amazonaws.com"

_SUBSCRIPTION_PARTS = 7


def companions_of(
    ref: ResourceRef,
    groups: Mapping[str, Mapping[str, Any]],
    alarms: Mapping[str, Mapping[str, Any]],
    topics: Mapping[str, Any],
) -> tuple[str, ...]:
    """Return the store keys of everything on the way of an account's alarms."""
    named = [
        *((group["Region"], _LOG_GROUP, arn.rpartition(":")[2]) for arn, group in groups.items()),
        *(
            (group["Region"], _METRIC, f"{space}/{name}")
            for group in groups.values()
            for space, name in sorted(metrics_of(group["MetricFilters"] or ()))
        ),
        *((alarm["Region"], _ALARM, alarm["AlarmName"]) for alarm in alarms.values()),
        *((arn.split(":")[3], _TOPIC, arn) for arn in topics),
    ]
    return tuple(
        ResourceRef(account_id=ref.account_id, region=region, type=kind, id=name).key
        for region, kind, name in dict.fromkeys(named)
    )


def _metric_named(raw: str, record: Record) -> str | None:
    namespace = field(parameters_of(record), "namespace")
    return f"{namespace}/{raw}" if isinstance(namespace, str) else None


def _topic_named(raw: str, _record: Record) -> str | None:
    """Return the topic of a topic's or a subscription's ARN."""
    parts = raw.split(":")
    return ":".join(parts[: _SUBSCRIPTION_PARTS - 1]) if parts[2:3] == ["sns"] else None


def _propose_no_filter(record: Record) -> Mapping[str, Any]:
    # A deletion does not say what is left: it explains only that nothing is.
    arn = _arn(record, "logs", f"log-group:{field(parameters_of(record), 'logGroupName')}")
    return {LOG_GROUPS_POINTER: {arn: {"MetricFilters": []}}}


def _propose_actions(record: Record) -> Mapping[str, Any]:
    on = record.get("eventName") == "EnableAlarmActions"
    names = field(parameters_of(record), "alarmNames")
    named = names if isinstance(names, list) else []
    return {
        ALARMS_POINTER: {
            _arn(record, "cloudwatch", f"alarm:{name}"): {"ActionsEnabled": on} for name in named
        }
    }


def _propose_nobody(record: Record) -> Mapping[str, Any]:
    given = parameters_of(record)
    raw = field(given, "topicArn") or field(given, "subscriptionArn")
    topic = _topic_named(str(raw), record)
    return {TOPICS_POINTER: {topic: {"ConfirmedSubscriptions": 0}} if topic else []}


def _propose_nothing(pointer: str) -> Any:
    """Return a `propose` for calls whose payload cannot be compared: they explain nothing."""
    return lambda _record: {pointer: []}


def _arn(record: Record, service: str, name: str) -> str:
    where = f"{field(record, 'awsRegion')}:{field(record, 'recipientAccountId')}"
    return f"arn:{partition_of(record)}:{service}:{where}:{name}"


def _route(source: str, actions: str, path: str, writes: str, propose: Any) -> Route:
    return Route(
        source=source,
        actions=tuple(actions.split()),
        ids=(f"requestParameters.{path}",),
        writes=(writes,),
        propose=propose,
    )


ALARM_COMPANIONS = (
    Companion(
        type=_LOG_GROUP,
        relation=Relation.EDGE,
        routes=(
            _route(
                _LOGS,
                "PutMetricFilter",
                "logGroupName",
                LOG_GROUPS_POINTER,
                _propose_nothing(LOG_GROUPS_POINTER),
            ),
            _route(
                _LOGS,
                "DeleteMetricFilter DeleteLogGroup",
                "logGroupName",
                LOG_GROUPS_POINTER,
                _propose_no_filter,
            ),
        ),
    ),
    Companion(
        type=_METRIC,
        relation=Relation.EDGE,
        routes=(
            _route(
                _MONITORING,
                "PutMetricAlarm",
                "metricName",
                ALARMS_POINTER,
                _propose_nothing(ALARMS_POINTER),
            ),
        ),
        identify=_metric_named,
    ),
    Companion(
        type=_ALARM,
        relation=Relation.EDGE,
        routes=(
            _route(
                _MONITORING,
                "DeleteAlarms",
                "alarmNames[]",
                ALARMS_POINTER,
                _propose_nothing(ALARMS_POINTER),
            ),
            _route(
                _MONITORING,
                "DisableAlarmActions EnableAlarmActions",
                "alarmNames[]",
                ALARMS_POINTER,
                _propose_actions,
            ),
        ),
    ),
    Companion(
        type=_TOPIC,
        relation=Relation.EDGE,
        routes=(
            _route(_SNS, "DeleteTopic", "topicArn", TOPICS_POINTER, _propose_nobody),
            _route(_SNS, "Unsubscribe", "subscriptionArn", TOPICS_POINTER, _propose_nobody),
            _route(
                _SNS,
                "ConfirmSubscription",
                "topicArn",
                TOPICS_POINTER,
                _propose_nothing(TOPICS_POINTER),
            ),
        ),
        identify=_topic_named,
    ),
)
