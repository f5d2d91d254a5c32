"""The other process: AWS and Slack, which go on while the functions die.

The tables are made anew for each run and the account's buckets are forgotten; queues and topic
stay, so that a process that was built once fits every run.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import msgspec
from moto.s3.models import s3_backends
from moto.s3control.models import s3control_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from chalicelib.aws import Clients
from chalicelib.evaluate.bundle import bundle_from
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.findings.store import table_definitions
from chalicelib.model.notice import Notice
from tests.e2e.crash.workers import Workers
from vigil.local._evidence import create_buckets
from vigil.local._principals import HOME_REGION, client_for, user_environment
from vigil.local._slack_html import Shown
from vigil.local._streams import _lambda_form
from vigil.local.environment import LocalVigil
from vigil.local.moto_server import EmbeddedAws
from vigil.local.slack_page import SlackStandIn
from vigil.package.patterns import event_patterns
from vigil.rulefiles import built_in, resource_types

USER = "alice"
BOT, WEBHOOK = "bot", "webhook"
PATIENCE_SECONDS = 10
SETTINGS = {
    "VIGIL_CONFIRM_SECONDS": "0,0",
    # No window, no digest: bursts have tests of their own.
    "VIGIL_SLACK_BURST_SECONDS": "0",
    "VIGIL_SLACK_SPACING_SECONDS": "0",
}
#: Queue → the function that Lambda calls with what is in it.
QUEUES = {"changes": "evaluate", "sweep": "sweep_work", "slack": "slack"}
LEASE_MS = 91_000


@dataclass
class Account:
    """An AWS account with Vigil's queues, topic and tables in it, and somebody who works there."""

    aws: EmbeddedAws
    vigil: LocalVigil
    workers: Workers
    user: Mapping[str, str]
    clients: dict[str, Any] = field(default_factory=dict)
    slack: SlackStandIn = field(default_factory=SlackStandIn)
    groups: list[str] = field(default_factory=list)
    stream: str = ""
    positions: dict[str, str] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Return a client that acts as the user."""
        if service not in self.clients:
            session = boto3.session.Session(
                self.user["AWS_ACCESS_KEY_ID"],
                self.user["AWS_SECRET_ACCESS_KEY"],
                None,
                HOME_REGION,
            )
            self.clients[service] = Clients(endpoint_url=self.aws.url, session=session).client(
                service
            )
        return self.clients[service]

    def vigils(self, service: str) -> Any:
        """Return a client of the account, or of the tables."""
        is_table = service.startswith("dynamodb")
        url = self.vigil.environment["AWS_ENDPOINT_URL_DYNAMODB"] if is_table else self.aws.url
        name = f"vigils-{service}"
        if name not in self.clients:
            self.clients[name] = client_for(url, service)
        return self.clients[name]

    def queue(self, name: str) -> str:
        """Return a queue's URL."""
        return self.vigil.environment[f"VIGIL_{name.upper()}_QUEUE_URL"]

    def empty(self, channel: str) -> None:
        """Forget everything that happened, on both sides; Vigil tells by a bot or a webhook."""
        while self.groups:
            self.client("ec2").delete_security_group(GroupId=self.groups.pop())
        s3_backends[self.aws.account_id]["aws"].reset()
        s3control_backends[self.aws.account_id]["aws"].reset()
        create_buckets(self.aws.url)
        self.written()
        for name in QUEUES:
            self._purge(name)
        self._topic.sent_notifications.clear()
        self.slack = SlackStandIn()
        self.aws.add_page("/slack", self.slack)
        secret = f"{self.aws.url}/slack/webhook" if channel == WEBHOOK else "xoxb-local"
        name = self.vigil.environment["VIGIL_SLACK_SECRET"].partition(":")[2]
        self.vigils("secretsmanager").put_secret_value(SecretId=name, SecretString=secret)
        self._create_tables()

    def written(self) -> None:
        """Wait until every change is an event in its queue."""
        assert self.aws.trail.wait_until_written(PATIENCE_SECONDS)

    def forget_events(self) -> None:
        """Empty the queue of changes: Vigil was not there yet."""
        self.written()
        self._purge("changes")

    @contextmanager
    def never_giving_up(self) -> Iterator[None]:
        """Let messages come back without end: a crowd hands them out far too often."""
        before = [self._set_redrive(name, 1000) for name in QUEUES]
        yield
        for name, receives in zip(QUEUES, before, strict=True):
            self._set_redrive(name, receives)

    def table(self, name: str) -> str:
        """Return a table's name."""
        return self.vigil.environment[f"VIGIL_{name.upper()}_TABLE"]

    def items(self, table: str) -> list[dict[str, Any]]:
        """Return everything in a table."""
        pages = self.vigils("dynamodb").get_paginator("scan").paginate(TableName=self.table(table))
        return [item for page in pages for item in page["Items"]]

    def let_leases_run_out(self) -> None:
        """Let the time pass for which a claim keeps others away: nobody can set Vigil's clock."""
        for item in self.items("work"):
            if "lease" in item:
                self.vigils("dynamodb").update_item(
                    TableName=self.table("work"),
                    Key={"pk": item["pk"], "sk": item["sk"]},
                    UpdateExpression="SET lease = lease - :span",
                    ExpressionAttributeValues={":span": {"N": str(LEASE_MS)}},
                )

    def new_history(self) -> list[dict[str, Any]]:
        """Return what the history's stream says since it was last asked, as Lambda gets it."""
        streams = self.vigils("dynamodbstreams")
        shards = streams.describe_stream(StreamArn=self.stream)["StreamDescription"]["Shards"]
        records = [r for shard in shards for r in self._new_records(shard["ShardId"])]
        return [_lambda_form(record, self.stream) for record in records]

    def _new_records(self, shard: str) -> list[dict[str, Any]]:
        streams, position = self.vigils("dynamodbstreams"), self.positions.get(shard)
        where = {"ShardIteratorType": "TRIM_HORIZON"}
        if position:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": position}
        answer = streams.get_shard_iterator(StreamArn=self.stream, ShardId=shard, **where)
        records = streams.get_records(ShardIterator=answer["ShardIterator"])["Records"]
        if records:
            self.positions[shard] = records[-1]["dynamodb"]["SequenceNumber"]
        return list(records)

    @property
    def published(self) -> list[Notice]:
        """What was published to the topic."""
        sent = [json.loads(one[1])["default"] for one in self._topic.sent_notifications]
        return [msgspec.json.decode(text, type=Notice) for text in sent]

    @property
    def posted(self) -> tuple[Shown, ...]:
        """What stands in Slack."""
        return self.slack.messages

    @property
    def _topic(self) -> Any:
        topics = sns_backends[self.aws.account_id][HOME_REGION].topics
        return topics[self.vigil.environment["VIGIL_TOPIC_ARN"]]

    def arn(self, queue: str) -> str:
        """Return a queue's ARN."""
        return f"arn:aws:sqs:{HOME_REGION}:{self.aws.account_id}:vigil-{queue}"

    def _set_redrive(self, queue: str, receives: int) -> int:
        """Set after how many receives a message is a dead letter; return the number before."""
        sqs, url = self.vigils("sqs"), self.queue(queue)
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
        policy = json.loads(answer["Attributes"]["RedrivePolicy"])
        changed = json.dumps({**policy, "maxReceiveCount": receives})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": changed})
        return int(policy["maxReceiveCount"])

    def _purge(self, queue: str) -> None:
        # The API does this once a minute, and leaves what is in flight.
        queues = sqs_backends[self.aws.account_id][HOME_REGION].queues
        queues[f"vigil-{queue}"]._messages.clear()

    def _create_tables(self) -> None:
        dynamodb = self.vigils("dynamodb")
        for definition in table_definitions():
            dynamodb.delete_table(TableName=definition["TableName"])
            dynamodb.create_table(**definition)
        history = dynamodb.describe_table(TableName=self.table("history"))
        self.stream = history["Table"]["LatestStreamArn"]
        while self.new_history():
            # A table made anew has the stream of the one that it replaces.
            pass


#: What the stories are about. With all rules a first sweep would go through forty types, at each
#: of whose calls somebody dies.
RULES_OF_STORIES = (
    "ec2-sg-",
    "iam-console-sign-in-without-mfa",
    "iam-role-not-stale",
    "iam-role-trust-",
    "s3-account-",
    "s3-bucket-made-public",
    "s3-bucket-no-public-",
    "s3-bucket-public-access-blocked",
    "s3-bucket-tls-required",
)


@contextmanager
def an_account(folder: Path) -> Iterator[Account]:
    """Start AWS here and the functions' processes elsewhere."""
    loaded = built_in()
    assert not loaded.problems
    bundle = folder / "bundle.json"
    rules = [rule for rule in loaded.rules if rule.id.startswith(RULES_OF_STORIES)]
    bundle.write_bytes(bundle_from(rules))
    patterns = event_patterns(resource_types(), Rulebook.of(rules, resource_types()))
    settings = {**SETTINGS, "VIGIL_BUNDLE": str(bundle)}
    with ExitStack() as stack:
        aws = stack.enter_context(EmbeddedAws(require_trail=False, managed_policies=False))
        user = user_environment(aws.url, USER)
        # Without handlers nothing is called here; the events still find their queues.
        vigil = stack.enter_context(LocalVigil(aws, {}, patterns, settings))
        workers = stack.enter_context(Workers(folder, vigil.environment))
        yield Account(aws, vigil, workers, user)
