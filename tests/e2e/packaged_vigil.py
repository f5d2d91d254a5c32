"""Vigil deployed from its package: both stacks created, every function a process from the zip.

Only what AWS itself does between the services is played here, and every setting of it is read back
from the stacks: moto's CloudFormation made them, as an account's would have.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from tests.e2e.lambda_runtime import Configuration, LambdaFunction, Sandbox
from tests.e2e.stacks import APP_STACK, create_stacks, database_for
from vigil.demo.stage import policy_open_to_all, wait_for
from vigil.local._principals import HOME_REGION, client_for, user_environment
from vigil.local.bus import LocalBus
from vigil.local.moto_server import EmbeddedAws
from vigil.local.slack_page import SlackStandIn
from vigil.local.slack_text import text_of
from vigil.package.build import APP

PERSON = "alice"
PATIENCE_SECONDS = 20
_SETUP_SECONDS = 30.0


@dataclass(kw_only=True)
class PackagedVigil:
    """An account with Vigil's stacks in it, and the processes that Lambda would run.

    Attributes:
        functions: By the end of their name (``evaluate``, ``sweep-start``).
        feeds: The event source mapping of each function that has one.
        person: The environment of somebody who works in the account.
        answers: What each invocation was given and answered, by function.
    """

    aws: EmbeddedAws
    slack: SlackStandIn
    bus: LocalBus
    database_url: str
    person: Mapping[str, str]
    functions: dict[str, LambdaFunction] = field(default_factory=dict)
    answers: dict[str, list[tuple[Any, Any]]] = field(default_factory=dict)
    feeds: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Return a client that acts as whoever deployed the stacks."""
        return client_for(self.aws.url, service)

    def client_of_person(self, service: str) -> Any:
        """Return a client that acts as somebody who works in the account."""
        build: Any = boto3.session.Session(
            self.person["AWS_ACCESS_KEY_ID"],
            self.person["AWS_SECRET_ACCESS_KEY"],
            region_name=HOME_REGION,
        ).client
        return build(service, endpoint_url=self.aws.url)

    def surroundings(self, role: str) -> dict[str, str]:
        """Return what Lambda sets for a function with a role, and where this AWS and Slack are."""
        assumed = self.client("sts").assume_role(RoleArn=role, RoleSessionName="vigil")
        return {
            "AWS_REGION": HOME_REGION,
            "AWS_DEFAULT_REGION": HOME_REGION,
            "AWS_ACCESS_KEY_ID": assumed["Credentials"]["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": assumed["Credentials"]["SecretAccessKey"],
            "AWS_SESSION_TOKEN": assumed["Credentials"]["SessionToken"],
            "AWS_ENDPOINT_URL": self.aws.url,
            "AWS_ENDPOINT_URL_DYNAMODB": self.database_url,
            "VIGIL_SLACK_API_URL": f"{self.aws.url}/slack/api/",
        }

    def name_of(self, arn: str) -> str:
        """Return a function's name without the stack's."""
        return arn.rpartition(f":{APP_STACK}-")[2]

    def queue_url(self, arn: str) -> str:
        """Return the URL of a queue."""
        name = arn.rpartition(":")[2]
        return str(self.client("sqs").get_queue_url(QueueName=name)["QueueUrl"])

    def invoker(self, name: str) -> Callable[[Any, Any], Any]:
        """Return a function in the form in which the local bus calls it."""

        def invoke(event: Any, _context: Any) -> Any:
            answer = self.functions[name].invoke(event)
            self.answers.setdefault(name, []).append((event, answer))
            return answer

        return invoke

    def open_up(self, bucket: str) -> None:
        """Let everybody read a bucket, as the person does."""
        s3 = self.client_of_person("s3")
        s3.put_bucket_policy(Bucket=bucket, Policy=policy_open_to_all(bucket))

    def told(self, *phrases: str) -> str:
        """Wait for a message that holds all phrases; return it as a person reads it."""

        def found() -> list[str]:
            texts = (text_of(message.payload) for message in self.slack.messages)
            return [text for text in texts if all(phrase in text for phrase in phrases)]

        assert wait_for(lambda: bool(found()), PATIENCE_SECONDS), self.complaints()
        return found()[0]

    def complaints(self) -> list[str]:
        """Return what the functions logged above the level of information."""
        logs = (function.log.read_text(encoding="utf-8") for function in self.functions.values())
        return [line for log in logs for line in log.splitlines() if '"INFO"' not in line]

    def items(self, table: str) -> list[dict[str, Any]]:
        """Return everything that a table holds."""
        dynamodb = client_for(self.database_url, "dynamodb")
        pages = dynamodb.get_paginator("scan").paginate(TableName=f"vigil-{table}")
        return [item for page in pages for item in page["Items"]]

    def counts(self, queue_url: str) -> tuple[int, int]:
        """Return how many messages of a queue wait, and how many are in flight."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        answer = self.client("sqs").get_queue_attributes(
            QueueUrl=queue_url, AttributeNames=list(names)
        )
        waiting, in_flight = (int(answer["Attributes"][name]) for name in names)
        return waiting, in_flight


@contextmanager
def packaged_vigil(built: Path, sandbox: Sandbox, folder: Path) -> Iterator[PackagedVigil]:
    """Deploy a built package into a fresh account.

    Args:
        built: The folder that `vigil package` wrote.
        sandbox: Its zip, unpacked.
        folder: For logs.
    """
    with ExitStack() as stack:
        aws = stack.enter_context(EmbeddedAws(require_trail=False, managed_policies=False))
        slack = SlackStandIn()
        aws.add_page("/slack", slack)
        resources = create_stacks(aws, built)
        database = database_for(aws, stack)
        bus = LocalBus(client_for(aws.url, "sqs"), aws.trail)
        person = user_environment(aws.url, PERSON)
        vigil = PackagedVigil(aws=aws, slack=slack, bus=bus, database_url=database, person=person)
        for function in _functions(vigil, sandbox, folder):
            name = vigil.name_of(function.configuration.arn)
            vigil.functions[name] = stack.enter_context(function)
            bus.add_function(name, vigil.invoker(name))
        _subscribe_slack(vigil, built, resources)
        _play_feeds(vigil)
        # What set all this up, as root, is not for Vigil's eyes.
        aws.trail.wait_until_written(_SETUP_SECONDS)
        _play_rules(vigil)
        stack.callback(bus.stop)
        bus.start()
        yield vigil


def _functions(vigil: PackagedVigil, sandbox: Sandbox, folder: Path) -> Iterator[LambdaFunction]:
    for described in vigil.client("lambda").list_functions()["Functions"]:
        log = folder / f"{described['FunctionName']}.log"
        surroundings = vigil.surroundings(described["Role"])
        yield LambdaFunction(sandbox, Configuration.read_back(described), log, surroundings)


def _subscribe_slack(vigil: PackagedVigil, built: Path, resources: Mapping[str, str]) -> None:
    """Subscribe as the template says: moto's CloudFormation cannot."""
    template = json.loads((built / APP).read_text(encoding="utf-8"))
    wanted = template["Resources"]["SlackSubscription"]["Properties"]
    queue, _ = wanted["Endpoint"]["Fn::GetAtt"]
    sqs = vigil.client("sqs")
    endpoint = sqs.get_queue_attributes(QueueUrl=resources[queue], AttributeNames=["QueueArn"])
    vigil.client("sns").subscribe(
        TopicArn=vigil.functions["announce"].configuration.variables["VIGIL_TOPIC_ARN"],
        Protocol=wanted["Protocol"],
        Endpoint=endpoint["Attributes"]["QueueArn"],
        Attributes={"RawMessageDelivery": str(wanted["RawMessageDelivery"]).lower()},
    )


def _play_feeds(vigil: PackagedVigil) -> None:
    functions = vigil.client("lambda")
    for feed in functions.list_event_source_mappings()["EventSourceMappings"]:
        # Else moto would run the function itself, in a container.
        functions.update_event_source_mapping(UUID=feed["UUID"], Enabled=False)
        name = vigil.name_of(feed["FunctionArn"])
        vigil.feeds[name] = feed
        if ":sqs:" in feed["EventSourceArn"]:
            url = vigil.queue_url(feed["EventSourceArn"])
            vigil.bus.consume_queue(url, name, batch_size=feed["BatchSize"])
        else:
            _play_stream(vigil, name, feed)


def _play_stream(vigil: PackagedVigil, name: str, feed: Mapping[str, Any]) -> None:
    table = feed["EventSourceArn"].split("/")[1]
    description = client_for(vigil.database_url, "dynamodb").describe_table(TableName=table)
    vigil.bus.consume_stream(
        client_for(vigil.database_url, "dynamodbstreams"),
        description["Table"]["LatestStreamArn"],
        name,
        batch_size=feed["BatchSize"],
        filters=[
            json.loads(f["Pattern"]) for f in feed.get("FilterCriteria", {}).get("Filters", ())
        ],
    )


def _play_rules(vigil: PackagedVigil) -> None:
    """Carry events by the stack's own patterns; moto leaves the account out of what it carries."""
    events = vigil.client("events")
    for rule in events.list_rules()["Rules"]:
        targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        for arn in (target["Arn"] for target in targets):
            if "ScheduleExpression" in rule:
                vigil.bus.add_schedule(vigil.name_of(arn))
            else:
                vigil.bus.add_rule(json.loads(rule["EventPattern"]), vigil.queue_url(arn))
