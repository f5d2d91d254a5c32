"""The alarms: a queue that backs up, a message given up, a function without a queue that fails.

Everything unexpected crashes on purpose into a dead-letter queue; these alarms make that safe.
"""

from collections.abc import Iterator
from typing import Any

from vigil.package.cloudformation import Json, attribute, ref
from vigil.package.plan import FUNCTIONS, QUEUES, QueuePlan
from vigil.package.rest import API_NAME

#: The stream keeps 24 h; a quarter of a day behind leaves time to act.
STREAM_BEHIND_MILLISECONDS = 6 * 3_600_000
#: What is not sealed within minutes can be forged for longer than the documentation says.
SEAL_BEHIND_MILLISECONDS = 15 * 60_000
ALARM_TOPIC = "AlarmTopic"
_PERIOD_SECONDS = 300


def alarm_resources() -> Json:
    """Return every alarm and the topic they tell."""
    alarms = dict(_alarms())
    return {
        ALARM_TOPIC: {"Type": "AWS::SNS::Topic"},
        "AlarmEmailSubscription": {
            "Type": "AWS::SNS::Subscription",
            "Condition": "HasAlarmEmail",
            "Properties": {
                "TopicArn": ref(ALARM_TOPIC),
                "Protocol": "email",
                "Endpoint": ref("AlarmEmail"),
            },
        },
        **alarms,
    }


def _alarms() -> Iterator[tuple[str, Json]]:
    for queue in QUEUES.values():
        yield f"{queue.dead_letter_id}Alarm", _dead_letters(queue)
        yield f"{queue.id}AgeAlarm", _old_messages(queue)
    yield "SlackStuckAlarm", _stuck(QUEUES["slack"])
    yield "AnnounceBehindAlarm", _announce_behind()
    yield "SealBehindAlarm", _seal_behind()
    yield "FunctionErrorsAlarm", _function_errors()
    yield "ApiFailsAlarm", _api_fails()


def _dead_letters(queue: QueuePlan) -> Json:
    return _alarm(
        f"Vigil gave up on messages of its {queue.name} queue; they wait in the dead-letter queue.",
        0,
        _metric(
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            {"QueueName": attribute(queue.dead_letter_id, "QueueName")},
        ),
    )


def _old_messages(queue: QueuePlan) -> Json:
    return _alarm(
        f"Vigil's {queue.name} queue is falling behind.",
        queue.old_after_seconds,
        _metric(
            "AWS/SQS",
            "ApproximateAgeOfOldestMessage",
            {"QueueName": attribute(queue.id, "QueueName")},
        ),
    )


def _stuck(queue: QueuePlan) -> Json:
    """Return the alarm for a channel that takes nothing.

    SQS leaves what was received three times out of the age of the oldest message, so a token that
    was revoked would show nowhere until the messages are gone.
    """
    held = _metric(
        "AWS/SQS",
        "ApproximateNumberOfMessagesNotVisible",
        {"QueueName": attribute(queue.id, "QueueName")},
    )
    hour = {"Statistic": "Minimum", "EvaluationPeriods": 3600 // _PERIOD_SECONDS}
    return _alarm(
        f"Vigil's {queue.name} channel has taken nothing for an hour: a token or channel is gone.",
        0,
        {**held, **hour},
    )


def _announce_behind() -> Json:
    reader = next(plan for plan in FUNCTIONS if plan.reads_history)
    return _alarm(
        "Vigil is slow to announce what it recorded; the history's stream keeps 24 hours.",
        STREAM_BEHIND_MILLISECONDS,
        _metric("AWS/Lambda", "IteratorAge", {"FunctionName": ref(reader.id)}),
    )


def _seal_behind() -> Json:
    reader = next(plan for plan in FUNCTIONS if plan.seals)
    return _alarm(
        "Vigil is slow to seal its history; what is not sealed yet can still be forged.",
        SEAL_BEHIND_MILLISECONDS,
        _metric("AWS/Lambda", "IteratorAge", {"FunctionName": ref(reader.id)}),
    )


def _function_errors() -> Json:
    """Return one alarm over all functions that no queue stands behind."""
    loose = [plan for plan in FUNCTIONS if plan.queue is None]
    metrics = [
        {
            "Id": f"errors{number}",
            "ReturnData": False,
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Lambda",
                    "MetricName": "Errors",
                    "Dimensions": _dimensions({"FunctionName": ref(plan.id)}),
                },
                "Period": _PERIOD_SECONDS,
                "Stat": "Sum",
            },
        }
        for number, plan in enumerate(loose)
    ]
    names = ", ".join(plan.deployed_name for plan in loose)
    total = {"Id": "errors", "Expression": "SUM(METRICS())", "Label": "errors"}
    return _alarm(f"One of Vigil's {names} fails.", 0, {"Metrics": [total, *metrics]})


def _api_fails() -> Json:
    """Return the alarm for answers that are defects: the function itself does not fail then."""
    failures = _metric("AWS/ApiGateway", "5XXError", {"ApiName": API_NAME})
    return _alarm("Vigil's API failed to answer.", 0, {**failures, "Statistic": "Sum"})


def _alarm(description: str, threshold: int, watched: Json) -> Json:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": description,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": threshold,
            "EvaluationPeriods": 1,
            "TreatMissingData": "notBreaching",
            "AlarmActions": [ref(ALARM_TOPIC)],
            "OKActions": [ref(ALARM_TOPIC)],
            **watched,
        },
    }


def _metric(namespace: str, name: str, dimensions: dict[str, Any]) -> Json:
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": _dimensions(dimensions),
        "Period": _PERIOD_SECONDS,
        "Statistic": "Maximum",
    }


def _dimensions(values: dict[str, Any]) -> list[Json]:
    return [{"Name": name, "Value": value} for name, value in values.items()]
