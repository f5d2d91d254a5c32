"""Trails that log and such that do not, their buckets, and alarms on what they log."""

from collections.abc import Mapping
from typing import Any

from tests.prowler.account.buckets import ALL_USERS, FLAGS, Bucket, make
from tests.prowler.account.seeding import ACCOUNT, REGION, Seeding, allow

_WRITES = "s3:PutObject"
_DELIVERY = allow({"Service": "cloudtrail.amazonaws.com"}, _WRITES, "{arn}/*")
_LOGGING = allow({"Service": "logging.s3.amazonaws.com"}, _WRITES, "{arn}/*")
_READ = allow("*", "s3:GetObject", "{arn}/*")

BUCKETS: Mapping[str, Bucket] = {
    "logs-good": Bucket(policy=(_DELIVERY, _LOGGING), block=FLAGS),
    "logs-read-by-acl": Bucket(policy=(_DELIVERY,), grants=((ALL_USERS, "READ"),)),
    "logs-read-by-policy": Bucket(policy=(_DELIVERY, _READ)),
}
#: Trail → bucket, and how it is made.
TRAILS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "trail-main": ("logs-good", {"IsMultiRegionTrail": True, "EnableLogFileValidation": True}),
    "trail-bare": ("logs-read-by-acl", {}),
    "trail-stopped": ("logs-read-by-policy", {"IsMultiRegionTrail": True}),
}
_GROUP = "trail-main"
_METRICS = "Watched"
#: Alarm → the filter's pattern.
PATTERNS: Mapping[str, str] = {
    "root-usage": '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS'
    ' && $.eventType != "AwsServiceEvent" }',
    "unauthorized": '{ ($.errorCode = "*UnauthorizedOperation")'
    ' || ($.errorCode = "AccessDenied*") }',
    "console-without-mfa": '{ ($.eventName = "ConsoleLogin")'
    ' && ($.additionalEventData.MFAUsed != "Yes") }',
    "trail-changes": "{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail)"
    " || ($.eventName = DeleteTrail) || ($.eventName = StartLogging)"
    " || ($.eventName = StopLogging) }",
    "route-changes": "{ ($.eventName = CreateRoute) }",
}


def seed(aws: Seeding) -> None:
    """Make them."""
    for name, bucket in BUCKETS.items():
        make(aws, name, bucket)
    aws.client("s3").put_bucket_logging(
        Bucket="logs-read-by-policy",
        BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "logs-good", "TargetPrefix": ""}},
    )
    _alarms(aws)
    _trails(aws)


def _trails(aws: Seeding) -> None:
    cloudtrail, kms = aws.client("cloudtrail"), aws.client("kms")
    key = aws.call("key-of-trail", kms.create_key(Description="trail")["KeyMetadata"]["Arn"])
    aws.names[key.rpartition("/")[2]] = "key-of-trail"
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{_GROUP}:*"
    role = f"arn:aws:iam::{ACCOUNT}:role/trail"
    for name, (bucket, how) in TRAILS.items():
        more = (
            {"KmsKeyId": key, "CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": role}
            if name == "trail-main"
            else {}
        )
        cloudtrail.create_trail(Name=name, S3BucketName=bucket, **how, **more)
        aws.made += 1
    cloudtrail.start_logging(Name="trail-main")
    cloudtrail.start_logging(Name="trail-bare")
    written = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}
    cloudtrail.put_event_selectors(
        TrailName="trail-main",
        EventSelectors=[
            {
                "ReadWriteType": "All",
                "IncludeManagementEvents": True,
                "DataResources": [written],
            }
        ],
    )


def _alarms(aws: Seeding) -> None:
    logs, cloudwatch = aws.client("logs"), aws.client("cloudwatch")
    logs.create_log_group(logGroupName=_GROUP)
    topic = aws.client("sns").create_topic(Name="alarms")["TopicArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="security@example.com")
    for name, pattern in PATTERNS.items():
        metric = {"metricName": name, "metricNamespace": _METRICS, "metricValue": "1"}
        logs.put_metric_filter(
            logGroupName=_GROUP,
            filterName=name,
            filterPattern=pattern,
            metricTransformations=[metric],
        )
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            MetricName=name,
            Namespace=_METRICS,
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            AlarmActions=[topic],
        )
        aws.made += 1
