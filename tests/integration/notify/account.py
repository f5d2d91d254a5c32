"""The deployed functions over an account's topic, queue and secret, called as Lambda calls them."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from chalicelib.findings.deliveries import Deliveries
from chalicelib.findings.history import body_of
from chalicelib.functions import announce, reannounce, slack
from chalicelib.model.notice import Entry, Notice
from tests.integration.notify.world import CHANNEL, TOKEN, World
from vigil.local._functions import LambdaContext
from vigil.local._principals import HOME_REGION, client_for
from vigil.local._queues import _record

SECRET = "vigil/slack"
#: The invocation has all the time there is.
CONTEXT = LambdaContext(function_name="test", aws_request_id="1", deadline=1e9)


@dataclass
class Account:
    """Vigil's topic and the Slack queue, in moto; the tables and Slack are the world's."""

    world: World
    topic: str
    queue: str

    def client(self, service: str) -> Any:
        """Return a client of the account."""
        return client_for(self.world.url, service)

    @property
    def environment(self) -> dict[str, str]:
        """What the functions read."""
        tables = {
            f"VIGIL_{role.upper()}_TABLE": self.world.database.table(role)
            for role in ("findings", "history", "ledger", "work")
        }
        return tables | {
            "AWS_ACCESS_KEY_ID": "AKIAVIGIL",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_REGION": HOME_REGION,
            "AWS_DEFAULT_REGION": HOME_REGION,
            "AWS_ENDPOINT_URL": self.world.url,
            "AWS_ENDPOINT_URL_DYNAMODB": self.world.database.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
            "VIGIL_TOPIC_ARN": self.topic,
            "VIGIL_SLACK_QUEUE_URL": self.queue,
            "VIGIL_SLACK_CHANNEL": CHANNEL,
            "VIGIL_SLACK_API_URL": f"{self.world.url}/slack/api/",
            "VIGIL_SLACK_SECRET": f"secretsmanager:{SECRET}",
            "VIGIL_SLACK_SPACING_SECONDS": "0",
        }

    def announce(self, *records: Mapping[str, Any]) -> dict[str, int]:
        """Hand stream records to the function."""
        return announce.announce({"Records": list(records)}, CONTEXT)  # type: ignore[no-any-return] # decorated

    def reannounce(self) -> dict[str, int]:
        """Run the schedule's function."""
        return reannounce.reannounce({}, CONTEXT)  # type: ignore[no-any-return] # decorated

    def post(self) -> list[bool]:
        """Hand what waits in the Slack queue to the function; True for each message it took."""
        return [self.post_one(message) for message in self.received(self.queue)]

    def post_one(self, message: dict[str, Any]) -> bool:
        """Hand one message to the function and delete it if it was taken."""
        sqs = self.client("sqs")
        event = {"Records": [_record(message, "arn:aws:sqs:us-east-1:123456789012:slack")]}
        taken = not slack.slack(event, CONTEXT)["batchItemFailures"]
        if taken:
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return taken

    def delete(self, message: dict[str, Any]) -> None:
        """Delete a message behind a delivery's back."""
        handle = message["ReceiptHandle"]
        self.client("sqs").delete_message(QueueUrl=self.queue, ReceiptHandle=handle)

    def received(self, queue: str) -> list[dict[str, Any]]:
        """Receive what waits in a queue."""
        answer = self.client("sqs").receive_message(
            QueueUrl=queue,
            MaxNumberOfMessages=10,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def subscribe(self, name: str, policy: Mapping[str, Any] | None = None) -> str:
        """Create a queue that hears of what its filter policy lets through; return its URL."""
        sqs = self.client("sqs")
        url = str(sqs.create_queue(QueueName=name)["QueueUrl"])
        attributes = {"RawMessageDelivery": "true"}
        if policy:
            attributes["FilterPolicy"] = json.dumps(policy)
        self.client("sns").subscribe(
            TopicArn=self.topic, Protocol="sqs", Endpoint=arn_of(sqs, url), Attributes=attributes
        )
        return url

    @property
    def published(self) -> list[dict[str, Any]]:
        """What was published to the topic: both forms, subject and attributes."""
        topic = sns_backends["123456789012"][HOME_REGION].topics[self.topic]
        return [
            {**json.loads(message), "subject": subject, "attributes": attributes}
            for _, message, subject, attributes, _ in topic.sent_notifications
        ]

    def hidden_for_seconds(self) -> float:
        """Return for how long the Slack queue hides its only message, counted from its receive."""
        name = self.queue.rpartition("/")[2]
        (message,) = sqs_backends["123456789012"][HOME_REGION].queues[name]._messages
        return (message.visible_at - message.approximate_first_receive_timestamp) / 1000

    def show_again(self, message: dict[str, Any]) -> None:
        """Let the time pass for which a message is hidden, and the channel paused."""
        work = self.world.database.table("work")
        pace = Deliveries(self.world.client, work, f"slack#{CHANNEL}").key("pace", "turn")
        self.world.client.delete_item(TableName=work, Key=pace)
        self.client("sqs").change_message_visibility(
            QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
        )


@contextmanager
def account_in(world: World) -> Iterator[Account]:
    """Create topic, queue and secret, and remove them."""
    name = world.database.prefix
    sns, sqs = client_for(world.url, "sns"), client_for(world.url, "sqs")
    secrets = client_for(world.url, "secretsmanager")
    topic = sns.create_topic(Name=f"vigil-{name}")["TopicArn"]
    account = Account(world=world, topic=topic, queue="")
    account.queue = account.subscribe(f"slack-{name}")
    secrets.create_secret(Name=SECRET, SecretString=TOKEN)
    yield account
    secrets.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    sqs.delete_queue(QueueUrl=account.queue)
    sns.delete_topic(TopicArn=topic)


def records_of(notice: Notice, event_name: str = "INSERT") -> list[dict[str, Any]]:
    """Return a notice's entries as the history's stream hands them over."""
    return [record_of(entry, event_name) for entry in notice.entries]


def record_of(entry: Entry, event_name: str = "INSERT") -> dict[str, Any]:
    """Return an entry as the history's stream hands it over."""
    image = {
        "pk": {"S": entry.pk},
        "sk": {"S": entry.sk},
        "body": {"S": body_of(entry.transition).decode()},
    }
    return {"eventName": event_name, "dynamodb": {"NewImage": image, "SequenceNumber": "1"}}


def arn_of(sqs: Any, url: str) -> str:
    """Return a queue's ARN."""
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])
