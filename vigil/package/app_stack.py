"""The app stack: what Chalice generates for `app.py`, and the template that is merged into it.

Chalice merges dicts deeply and replaces lists, intrinsics included: a key that Chalice sets itself
must be overridden with the very same intrinsic or not at all.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vigil.package.alarms import alarm_resources
from vigil.package.catalogue import Catalogue
from vigil.package.cloudformation import Json, attribute, imported, policy, ref, sub
from vigil.package.parameters import CONDITIONS, PARAMETERS, environment_of
from vigil.package.patterns import TOLD_ENTRIES, Pattern, event_patterns, state_of
from vigil.package.permissions import policy_for
from vigil.package.plan import FUNCTIONS, QUEUES, FunctionPlan, QueuePlan, consumer_of
from vigil.package.rest import rest_resources

#: Tags of the deployment only; the files below work for any stage name.
STAGE = "live"
LOG_DAYS = 90
#: Lambda recommends six times the function's time-out, so that a retry never overlaps.
VISIBILITY_FACTOR = 6
ANNOUNCED_AT_ONCE = 25
STREAM_RETRIES = 5
SEALED_AT_ONCE = 500
SEALED_WITHIN_SECONDS = 10


def chalice_config() -> Json:
    """Return Chalice's configuration: one role, and its own policy file, per function."""
    return {
        "version": "2.0",
        "app_name": "vigil",
        "autogen_policy": False,
        "log_retention_in_days": LOG_DAYS,
        "api_gateway_endpoint_type": "REGIONAL",
        "lambda_functions": {
            plan.chalice_name: {
                "iam_policy_file": policy_file(plan),
                "lambda_memory_size": plan.memory_mb,
                "lambda_timeout": plan.timeout_seconds,
            }
            for plan in FUNCTIONS
        },
    }


def policy_file(plan: FunctionPlan) -> str:
    """Return the name of a function's policy file below ``.chalice``."""
    return f"policy-{plan.deployed_name}.json"


def policies(catalogue: Catalogue) -> dict[str, Json]:
    """Return every policy by the name of its file."""
    return {policy_file(plan): policy_for(plan, catalogue) for plan in FUNCTIONS}


def merge_template(catalogue: Catalogue) -> Json:
    """Return what is merged into Chalice's template: queues, event sources, rules, alarms."""
    rules = dict(_rules(event_patterns(catalogue.types, catalogue.rulebook)))
    resources: Json = {plan.id: _function(plan) for plan in FUNCTIONS}
    for queue in QUEUES.values():
        resources |= _queue(queue)
    return {
        "Description": "Vigil: functions, queues, rules and schedules. Holds no data.",
        "Parameters": dict(PARAMETERS),
        "Conditions": dict(CONDITIONS),
        "Resources": {
            **resources,
            **rules,
            **rest_resources(),
            "ChangesQueuePolicy": _events_may_send(rules),
            "SlackQueuePolicy": _topic_may_send(),
            "SlackSubscription": _slack_subscription(),
            **alarm_resources(),
        },
        "Outputs": {"FirstSweep": {"Value": ref("SweepStart"), "Description": "Invoke it once"}},
    }


def _function(plan: FunctionPlan) -> Json:
    events = dict(_event_sources(plan))
    return {
        "Properties": {
            # Its log group and its policy must be able to name it before it exists.
            "FunctionName": sub(f"${{AWS::StackName}}-{plan.deployed_name}"),
            "CodeUri": {"Bucket": ref("CodeBucket"), "Key": ref("CodeKey")},
            "Environment": {"Variables": environment_of(plan)},
            **_disk(plan),
            **({"Events": events} if events else {}),
        }
    }


def _disk(plan: FunctionPlan) -> Json:
    return {"EphemeralStorage": {"Size": plan.disk_mb}} if plan.disk_mb else {}


def _event_sources(plan: FunctionPlan) -> Iterator[tuple[str, Json]]:
    if plan.queue:
        yield "Feed", {"Type": "SQS", "Properties": _queue_source(QUEUES[plan.queue])}
    if plan.schedule:
        yield "Schedule", {"Type": "Schedule", "Properties": {"Schedule": plan.schedule}}
    if plan.reads_history:
        yield "Feed", {"Type": "DynamoDB", "Properties": _history_source()}
    if plan.seals:
        yield "Feed", {"Type": "DynamoDB", "Properties": _sealed_source()}


def _queue_source(queue: QueuePlan) -> Json:
    return {
        "Queue": attribute(queue.id),
        "BatchSize": queue.batch_size,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": queue.concurrency},
    }


def _history_source() -> Json:
    return {
        "Stream": imported("HistoryStreamArn"),
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": ANNOUNCED_AT_ONCE,
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": STREAM_RETRIES,
        "FilterCriteria": {"Filters": [{"Pattern": json.dumps(TOLD_ENTRIES)}]},
        # A queue would be given the record's position only, and the stream forgets in 24 h.
        "DestinationConfig": {"OnFailure": {"Destination": imported("FailuresBucketArn")}},
    }


def _sealed_source() -> Json:
    """Return the source of the second reader: everything, in order, until it is sealed."""
    return {
        "Stream": imported("HistoryStreamArn"),
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": SEALED_AT_ONCE,
        "MaximumBatchingWindowInSeconds": SEALED_WITHIN_SECONDS,
        "ParallelizationFactor": 1,
        "BisectBatchOnFunctionError": True,
        # Nothing may be left out while there is hope: the stream itself forgets after 24 h.
        "MaximumRetryAttempts": -1,
        "DestinationConfig": {"OnFailure": {"Destination": imported("FailuresBucketArn")}},
    }


def _queue(queue: QueuePlan) -> Json:
    redrive = {
        "deadLetterTargetArn": attribute(queue.dead_letter_id),
        "maxReceiveCount": queue.max_receives,
    }
    visibility = VISIBILITY_FACTOR * consumer_of(queue).timeout_seconds
    common = {"MessageRetentionPeriod": queue.retention_seconds, "SqsManagedSseEnabled": True}
    return {
        queue.dead_letter_id: {"Type": "AWS::SQS::Queue", "Properties": common},
        queue.id: {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                **common,
                "VisibilityTimeout": visibility,
                "RedrivePolicy": redrive,
            },
        },
    }


def _rules(patterns: Iterable[Pattern]) -> Iterator[tuple[str, Json]]:
    target = {
        "Id": "changes",
        "Arn": attribute("ChangesQueue"),
        # What EventBridge cannot deliver raises the same alarm as what we cannot process.
        "DeadLetterConfig": {"Arn": attribute("ChangesDeadLetters")},
    }
    for number, pattern in enumerate(patterns, start=1):
        properties = {"EventPattern": pattern, "State": state_of(pattern), "Targets": [target]}
        yield f"ChangesRule{number}", {"Type": "AWS::Events::Rule", "Properties": properties}


def _events_may_send(rules: Mapping[str, Any]) -> Json:
    queues = ("ChangesQueue", "ChangesDeadLetters")
    arns = [attribute(rule) for rule in rules]
    return _queue_policy(queues, "events.amazonaws.com", arns)


def _topic_may_send() -> Json:
    return _queue_policy(("SlackQueue",), "sns.amazonaws.com", [imported("TopicArn")])


def _queue_policy(queues: tuple[str, ...], service: str, sources: list[Json]) -> Json:
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": [attribute(queue) for queue in queues],
        "Condition": {"ArnEquals": {"aws:SourceArn": sources}},
    }
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [ref(queue) for queue in queues],
            "PolicyDocument": policy([allowed]),
        },
    }


def _slack_subscription() -> Json:
    return {
        "Type": "AWS::SNS::Subscription",
        "Condition": "HasSlack",
        "Properties": {
            "TopicArn": imported("TopicArn"),
            "Protocol": "sqs",
            "Endpoint": attribute("SlackQueue"),
            "RawMessageDelivery": True,
        },
    }
