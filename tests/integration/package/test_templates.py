"""The templates: clean, deployable, and wired so that nothing is lost on the way."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.integration.package.built import NAMES, Built
from vigil.package.build import APP, DATA, FORWARDER
from vigil.package.cloudformation import LIMIT_BYTES, LIMIT_IN_BUCKET_BYTES
from vigil.package.patterns import LIMIT_CHARS
from vigil.package.plan import FUNCTIONS, QUEUES

REGION = "eu-west-1"
#: Checked on the template: moto's CloudFormation knows none of them.
UNKNOWN_TO_MOTO = {
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::Stage",
    "AWS::CloudWatch::Alarm",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SQS::QueuePolicy",
}
TABLES = ["vigil-findings", "vigil-history", "vigil-ledger", "vigil-work"]
SECRET = "secretsmanager:vigil/slack"
LINT = "import sys; from cfnlint.runner import main; sys.exit(main())"


def get_att(resource: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [resource, "Arn"]}


def test_every_template_is_clean(built: Built) -> None:
    files = [str(built.folder / name) for name in NAMES]

    linted = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", LINT, "--", *files],
        check=False,
        capture_output=True,
        text=True,
    )

    assert linted.stdout == ""
    assert linted.returncode == 0


@pytest.mark.parametrize("name", NAMES)
def test_every_template_can_be_deployed_as_the_guide_says(built: Built, name: str) -> None:
    # The app's goes through the bucket that its code lies in, where CloudFormation takes more.
    limit = LIMIT_IN_BUCKET_BYTES if name == APP else LIMIT_BYTES

    assert (built.folder / name).stat().st_size <= limit


@pytest.mark.parametrize("name", NAMES)
def test_no_template_names_a_partition_an_account_or_a_macro(built: Built, name: str) -> None:
    text = (built.folder / name).read_text(encoding="utf-8")

    assert "arn:aws:" not in text
    assert "Transform" not in built.template(name)


def test_the_data_outlives_its_stack(built: Built) -> None:
    resources = built.template(DATA)["Resources"]

    kept = {(r["DeletionPolicy"], r["UpdateReplacePolicy"]) for r in resources.values()}
    tables = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::DynamoDB::Table"]

    assert kept == {("Retain", "Retain")}
    assert sorted(table["TableName"] for table in tables) == TABLES
    for table in tables:
        assert table["DeletionProtectionEnabled"]
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_only_the_history_is_streamed_and_it_alone_never_expires(built: Built) -> None:
    tables = {
        r["Properties"]["TableName"]: r["Properties"]
        for r in built.template(DATA)["Resources"].values()
        if r["Type"] == "AWS::DynamoDB::Table"
    }

    streamed = [name for name, table in tables.items() if "StreamSpecification" in table]
    lasting = [name for name, table in tables.items() if "TimeToLiveSpecification" not in table]

    assert streamed == lasting == ["vigil-history"]


def test_each_queue_feeds_its_function_and_takes_failed_messages_back_alone(built: Built) -> None:
    feeds = built.of_type("Lambda::EventSourceMapping")

    for function in (plan for plan in FUNCTIONS if plan.queue):
        queue = QUEUES[str(function.queue)]
        feed = feeds[f"{function.id}Feed"]
        assert feed["EventSourceArn"] == get_att(queue.id)
        assert feed["FunctionName"] == {"Ref": function.id}
        assert feed["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert feed["ScalingConfig"]["MaximumConcurrency"] >= 2


def test_each_queue_gives_up_only_into_a_dead_letter_queue_with_an_alarm(built: Built) -> None:
    queues, alarms = built.of_type("SQS::Queue"), built.of_type("CloudWatch::Alarm")
    functions = built.of_type("Lambda::Function")

    for plan in QUEUES.values():
        redrive = queues[plan.id]["RedrivePolicy"]
        consumer = next(f.id for f in FUNCTIONS if f.queue == plan.name)
        assert redrive["deadLetterTargetArn"] == get_att(plan.dead_letter_id)
        assert redrive["maxReceiveCount"] == plan.max_receives
        assert queues[plan.id]["VisibilityTimeout"] >= 6 * functions[consumer]["Timeout"]
        assert _watched(alarms) >= {
            (plan.dead_letter_id, "ApproximateNumberOfMessagesVisible"),
            (plan.id, "ApproximateAgeOfOldestMessage"),
        }


def _watched(alarms: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {
        (dimension["Value"]["Fn::GetAtt"][0], alarm["MetricName"])
        for alarm in alarms.values()
        for dimension in alarm.get("Dimensions", [])
        if dimension["Name"] == "QueueName"
    }


def test_the_history_is_read_in_order_and_a_lost_batch_is_kept_whole(built: Built) -> None:
    feed = built.of_type("Lambda::EventSourceMapping")["AnnounceFeed"]

    assert feed["BisectBatchOnFunctionError"]
    assert feed["MaximumRetryAttempts"] == 5
    assert feed["StartingPosition"] == "TRIM_HORIZON"
    pattern = json.loads(feed["FilterCriteria"]["Filters"][0]["Pattern"])
    assert pattern["eventName"] == ["INSERT"]
    assert pattern["dynamodb"]["NewImage"]["kind"]
    assert "FailuresBucketArn" in json.dumps(feed["DestinationConfig"]["OnFailure"])


def test_what_has_no_queue_behind_it_raises_an_alarm_when_it_fails(built: Built) -> None:
    alarm = built.of_type("CloudWatch::Alarm")["FunctionErrorsAlarm"]

    watched = {
        metric["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"]
        for metric in alarm["Metrics"]
        if "MetricStat" in metric
    }

    assert watched == {plan.id for plan in FUNCTIONS if not plan.queue}


def test_every_method_of_the_api_asks_for_aws_iam_and_calls_its_function(built: Built) -> None:
    (api,) = built.of_type("ApiGateway::RestApi").values()
    (stage,) = built.of_type("ApiGateway::Stage").values()
    methods = [one for path in api["Body"]["paths"].values() for one in path.values()]

    assert methods
    for method in methods:
        assert method["security"] == [{"sigv4": []}]
        assert "${APIHandler.Arn}" in json.dumps(method["x-amazon-apigateway-integration"]["uri"])
    (limits,) = stage["MethodSettings"]
    assert limits["ThrottlingRateLimit"] > 0
    assert stage["StageName"] == "api"


def test_the_api_has_one_stage_and_its_failures_raise_an_alarm(built: Built) -> None:
    deployments = built.of_type("ApiGateway::Deployment").values()
    alarm = built.of_type("CloudWatch::Alarm")["ApiFailsAlarm"]

    assert not any("StageName" in one for one in deployments)
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ApiGateway", "5XXError")
    (api,) = built.of_type("ApiGateway::RestApi").values()
    assert alarm["Dimensions"] == [{"Name": "ApiName", "Value": api["Name"]}]


def test_each_schedule_runs_as_often_as_its_work_needs(built: Built) -> None:
    rules = built.of_type("Events::Rule").values()

    rates = {
        rule["Targets"][0]["Arn"]["Fn::GetAtt"][0]: rule["ScheduleExpression"]
        for rule in rules
        if "ScheduleExpression" in rule
    }

    assert rates == {
        "SweepStart": "rate(1 day)",
        "Due": "rate(15 minutes)",
        "Reannounce": "rate(15 minutes)",
        "Posture": "rate(1 hour)",
        "Sign": "rate(1 hour)",
        "Recount": "rate(1 day)",
    }


def test_the_stream_has_two_readers_and_the_seal_is_given_all_of_it(built: Built) -> None:
    feeds = built.of_type("Lambda::EventSourceMapping")
    stream = {"Fn::ImportValue": {"Fn::Sub": "${DataStack}-HistoryStreamArn"}}

    readers = {name: feed for name, feed in feeds.items() if feed["EventSourceArn"] == stream}

    assert readers.keys() == {"AnnounceFeed", "SealFeed"}
    seal = readers["SealFeed"]
    assert "FilterCriteria" not in seal
    assert seal["MaximumRetryAttempts"] == -1
    assert (seal["BatchSize"], seal["MaximumBatchingWindowInSeconds"]) == (500, 10)


def test_only_our_own_rules_may_send_changes(built: Built) -> None:
    rules = built.of_type("Events::Rule")
    ours = [name for name, rule in rules.items() if "EventPattern" in rule]
    (statement,) = built.of_type("SQS::QueuePolicy")["ChangesQueuePolicy"]["PolicyDocument"][
        "Statement"
    ]

    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"]["ArnEquals"]["aws:SourceArn"] == [get_att(name) for name in ours]
    for name in ours:
        (target,) = rules[name]["Targets"]
        assert target["Arn"] == get_att("ChangesQueue")
        assert target["DeadLetterConfig"] == {"Arn": get_att("ChangesDeadLetters")}


def test_the_topic_alone_may_send_to_slack_and_sends_the_bare_message(built: Built) -> None:
    (statement,) = built.of_type("SQS::QueuePolicy")["SlackQueuePolicy"]["PolicyDocument"][
        "Statement"
    ]
    subscription = built.of_type("SNS::Subscription")["SlackSubscription"]

    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    assert statement["Resource"] == [get_att("SlackQueue")]
    assert "TopicArn" in json.dumps(statement["Condition"]["ArnEquals"]["aws:SourceArn"])
    assert subscription["Endpoint"] == get_att("SlackQueue")
    assert subscription["RawMessageDelivery"] is True


@pytest.mark.parametrize("name", [APP, FORWARDER])
def test_every_deployed_pattern_is_within_eventbridges_limit(built: Built, name: str) -> None:
    patterns = [
        r["Properties"]["EventPattern"]
        for r in built.template(name)["Resources"].values()
        if "EventPattern" in r.get("Properties", {})
    ]

    assert patterns
    assert all(len(json.dumps(pattern)) <= LIMIT_CHARS for pattern in patterns)


def test_the_forwarder_sends_the_very_same_events_home(built: Built) -> None:
    resources = built.template(FORWARDER)["Resources"].values()
    rules = [r for r in resources if r["Type"] == "AWS::Events::Rule"]
    at_home = [r["EventPattern"] for r in built.of_type("Events::Rule").values() if _is_ours(r)]

    assert [rule["Properties"]["EventPattern"] for rule in rules] == at_home
    # In its own home it would send every event in circles.
    assert {rule["Condition"] for rule in rules} == {"IsNotTheHomeRegion"}


def _is_ours(rule: Mapping[str, Any]) -> bool:
    return "EventPattern" in rule


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty account."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws(config={"lambda": {"use_docker": False}}):
        yield boto3.client("cloudformation", region_name=REGION)


def deploy(aws: Any, name: str, template: Mapping[str, Any], **parameters: str) -> str:
    """Create a stack without what moto does not know; return its status."""
    resources = {
        logical: resource
        for logical, resource in template["Resources"].items()
        if resource["Type"] not in UNKNOWN_TO_MOTO
    }
    aws.create_stack(
        StackName=name,
        TemplateBody=json.dumps({**template, "Resources": resources}),
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    return str(aws.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])


def deploy_both(aws: Any, built: Built) -> list[str]:
    s3 = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.upload_file(str(built.zip), "code", "vigil-1.zip")
    parameters = {"CodeBucket": "code", "CodeKey": "vigil-1.zip", "SlackSecret": SECRET}
    return [
        deploy(aws, "vigil-data", built.template(DATA)),
        deploy(aws, "vigil-app", built.app, **parameters),
    ]


def test_both_stacks_come_up_and_functions_know_the_tables(aws: Any, built: Built) -> None:
    statuses = deploy_both(aws, built)

    functions = boto3.client("lambda", region_name=REGION).list_functions()["Functions"]
    assert statuses == ["CREATE_COMPLETE"] * 2
    assert {f["FunctionName"] for f in functions} == {
        f"vigil-app-{plan.deployed_name}" for plan in FUNCTIONS
    }
    for function in functions:
        variables = function["Environment"]["Variables"]
        assert [v for k, v in variables.items() if k.endswith("_TABLE")] == TABLES


def test_the_slack_function_alone_reads_the_secret_and_only_that_one(
    aws: Any, built: Built
) -> None:
    deploy_both(aws, built)

    iam = boto3.client("iam", region_name=REGION)
    policies = {
        role["RoleName"].split("-")[2]: str(
            iam.get_role_policy(
                RoleName=role["RoleName"],
                PolicyName=iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"][0],
            )["PolicyDocument"]
        )
        for role in iam.list_roles()["Roles"]
    }
    readers = [role for role, text in policies.items() if "secretsmanager:GetSecretValue" in text]

    assert readers == ["SlackRole"]
    assert ":secret:vigil/slack-??????'" in policies["SlackRole"]
    assert "ssm:" not in policies["SlackRole"]


def test_a_change_that_somebody_judges_reaches_the_changes_queue(aws: Any, built: Built) -> None:
    # The rules and their queue only: moto offers every event to a schedule's function too, and
    # an event source mapping would eat the message.
    wanted = ("ChangesQueue", "ChangesDeadLetters", "ChangesRule")
    resources = {k: r for k, r in built.app["Resources"].items() if k.startswith(wanted)}
    template = {"Resources": resources}
    deploy(aws, "vigil-app", template)
    sqs = boto3.client("sqs", region_name=REGION)
    (url,) = sqs.list_queues(QueueNamePrefix="vigil-app-ChangesQueue")["QueueUrls"]

    for name in ("PutBucketAcl", "GetObject", "GetBucketAcl"):
        boto3.client("events", region_name=REGION).put_events(Entries=[_entry(name)])

    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    assert [json.loads(m["Body"])["detail"]["eventName"] for m in messages] == ["PutBucketAcl"]


def _entry(name: str) -> Any:
    detail = {
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "userIdentity": {"type": "IAMUser"},
    }
    return {
        "Source": "aws.s3",
        "DetailType": "AWS API Call via CloudTrail",
        "Detail": json.dumps(detail),
    }


def test_deleting_the_app_and_even_the_data_stack_leaves_the_history(
    aws: Any, built: Built
) -> None:
    deploy_both(aws, built)

    for name in ("vigil-app", "vigil-data"):
        aws.delete_stack(StackName=name)

    assert boto3.client("lambda", region_name=REGION).list_functions()["Functions"] == []
    assert boto3.client("sqs", region_name=REGION).list_queues().get("QueueUrls", []) == []
    assert boto3.client("dynamodb", region_name=REGION).list_tables()["TableNames"] == TABLES


def test_exports_have_a_disk_and_all_others_the_one_that_everybody_has(built: Built) -> None:
    disks = {
        name: one["EphemeralStorage"]["Size"]
        for name, one in built.of_type("Lambda::Function").items()
        if "EphemeralStorage" in one
    }

    assert disks == {"Export": 4_096}
