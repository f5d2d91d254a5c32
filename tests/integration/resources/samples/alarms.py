"""What an account needs for every link of an alarm's way to be there."""

from collections.abc import Callable

from chalicelib.model import ResourceRef
from tests.integration.resources.recorded_aws import ACCOUNT, RecordedAws

HOME = "eu-west-1"
GROUP = "trail"
GROUP_ARN = f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:{GROUP}"
TOPIC = f"arn:aws:sns:{HOME}:{ACCOUNT}:security"
NAMESPACE = "Security"

#: The pattern the benchmark proposes for changes of network ACLs.
NACL_CHANGES = (
    "{ ($.eventName = CreateNetworkAcl) || ($.eventName = CreateNetworkAclEntry) "
    "|| ($.eventName = DeleteNetworkAcl) || ($.eventName = DeleteNetworkAclEntry) "
    "|| ($.eventName = ReplaceNetworkAclEntry) || ($.eventName = ReplaceNetworkAclAssociation) }"
)


def add_alarms(aws: RecordedAws) -> None:
    """Add a trail with a log group, a filter on it, its alarm, and somebody who is told."""
    add_trail(aws)
    add_filter(aws, "nacl", NACL_CHANGES)
    add_alarm(aws, "nacl", [add_topic(aws)])


def add_trail(aws: RecordedAws, name: str = "alarmed") -> None:
    aws.client("s3", region="us-east-1").create_bucket(Bucket=f"vigil-sample-{name}")
    aws.client("logs", region=HOME).create_log_group(logGroupName=GROUP)
    cloudtrail = aws.client("cloudtrail", region=HOME)
    cloudtrail.create_trail(
        Name=name,
        S3BucketName=f"vigil-sample-{name}",
        IsMultiRegionTrail=True,
        CloudWatchLogsLogGroupArn=f"{GROUP_ARN}:*",
        CloudWatchLogsRoleArn=f"arn:aws:iam::{ACCOUNT}:role/trail",
    )
    cloudtrail.start_logging(Name=name)


def add_filter(aws: RecordedAws, name: str, pattern: str) -> None:
    aws.client("logs", region=HOME).put_metric_filter(
        logGroupName=GROUP,
        filterName=name,
        filterPattern=pattern,
        metricTransformations=[
            {"metricName": name, "metricNamespace": NAMESPACE, "metricValue": "1"}
        ],
    )


def add_alarm(
    aws: RecordedAws, metric: str, actions: list[str], namespace: str = NAMESPACE
) -> None:
    aws.client("cloudwatch", region=HOME).put_metric_alarm(
        AlarmName=f"{metric} changed",
        Namespace=namespace,
        MetricName=metric,
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        ActionsEnabled=True,
        AlarmActions=actions,
    )


def add_topic(aws: RecordedAws) -> str:
    """Make a topic with a confirmed subscription; moto confirms every one at once."""
    sns = aws.client("sns", region=HOME)
    arn: str = sns.create_topic(Name="security")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="security@example.com")
    return arn


#: No type of its own: `account` in `first_types` calls `add_alarms`.
CREATORS: dict[str, Callable[[RecordedAws], ResourceRef]] = {}
