"""A day in minutes: queue, topic, stream and schedules on the test's clock, handlers as deployed.

Nothing waits: the clock jumps to whatever comes next. Only Lambda's own bookkeeping is simulated;
the handlers, the tables and the HTTP to Slack are real.
"""

import heapq
import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.errors import DeliveryError
from chalicelib.functions import announce, reannounce, slack
from tests.integration.notify.account import CONTEXT
from tests.integration.notify.world import World
from vigil.local._queues import _record
from vigil.package.app_stack import ANNOUNCED_AT_ONCE, STREAM_RETRIES, VISIBILITY_FACTOR
from vigil.package.plan import QUEUES, consumer_of

QUEUE_ARN = "arn:aws:sqs:us-east-1:123456789012:slack"
STREAM_KEEPS = timedelta(hours=24)
REANNOUNCE_EVERY = timedelta(minutes=15)
_PLAN = QUEUES["slack"]
_POISON_RECEIVES = 3
_VISIBILITY = timedelta(seconds=VISIBILITY_FACTOR * consumer_of(_PLAN).timeout_seconds)
#: Lambda tries a failed batch of a stream again after a moment.
_STREAM_PAUSE = timedelta(seconds=2)


@dataclass(kw_only=True)
class Message:
    """A message in the simulated queue."""

    id: str
    body: str
    sent: datetime
    visible: datetime
    receives: int = 0


@dataclass(kw_only=True)
class Outage:
    """A service that refuses from one instant to another.

    Attributes:
        stands: True where it does what was asked all the same.
    """

    begins: datetime
    ends: datetime
    code: str = "ThrottledException"
    status: int = 400
    stands: bool = False

    def error(self, operation: str) -> ClientError:
        """Return what botocore raises."""
        answer: Any = {
            "Error": {"Code": self.code, "Message": ""},
            "ResponseMetadata": {"HTTPStatusCode": self.status},
        }
        return ClientError(answer, operation)


@dataclass
class Queue:
    """SQS with its visibility, delays, retention and dead letters; also its client."""

    world: World
    messages: list[Message] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)
    expired: list[Message] = field(default_factory=list)
    numbers: Any = field(default_factory=itertools.count)

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> Any:  # noqa: N803 - boto3's names
        """Queue a message."""
        del QueueUrl
        now = self.world.clock.now()
        name = f"m{next(self.numbers)}"
        visible = now + timedelta(seconds=DelaySeconds)
        self.messages.append(Message(id=name, body=MessageBody, sent=now, visible=visible))
        return {"MessageId": name}

    def change_message_visibility(
        self,
        *,
        QueueUrl: str,  # noqa: N803 - same
        ReceiptHandle: str,  # noqa: N803 - same
        VisibilityTimeout: int,  # noqa: N803 - same
    ) -> None:
        """Hide a message for so long from now on."""
        del QueueUrl
        hidden = timedelta(seconds=VisibilityTimeout)
        (message,) = (m for m in self.messages if m.id == ReceiptHandle)
        message.visible = self.world.clock.now() + hidden

    @property
    def next_at(self) -> datetime | None:
        """When the next message can be received."""
        return min((m.visible for m in self.messages), default=None)

    def receive(self) -> Message | None:
        """Receive a message whose time has come, as SQS does: expired and given up ones leave."""
        now = self.world.clock.now()
        message = min(self.messages, key=lambda m: m.visible)
        message.receives += 1
        message.visible = now + _VISIBILITY
        if now - message.sent >= timedelta(seconds=_PLAN.retention_seconds):
            return self._leave(message, self.expired)
        if message.receives > _PLAN.max_receives:
            return self._leave(message, self.dead)
        return message

    @property
    def leftovers(self) -> list[Message]:
        """What nobody took: waiting, given up or expired."""
        return [*self.messages, *self.dead, *self.expired]

    def metrics(self) -> dict[str, float]:
        """Return what CloudWatch sees of the queue, by the names it has there."""
        now = self.world.clock.now()
        # A message received three times leaves this metric, however old it grows.
        fresh = [m for m in self.messages if m.receives < _POISON_RECEIVES]
        hidden = [m for m in self.messages if m.visible > now and m.receives]
        ages = [(now - m.sent).total_seconds() for m in fresh]
        return {
            "ApproximateAgeOfOldestMessage": max(ages, default=0),
            "ApproximateNumberOfMessagesNotVisible": len(hidden),
            "ApproximateNumberOfMessagesVisible": len(self.messages) - len(hidden),
        }

    def _leave(self, message: Message, where: list[Message]) -> Message | None:
        self.messages.remove(message)
        where.append(message)
        return None


@dataclass
class Topic:
    """SNS with two subscribers, the Slack queue and somebody's mailbox; also its client."""

    world: World
    queue: Queue
    outages: list[Outage] = field(default_factory=list)
    mails: list[dict[str, Any]] = field(default_factory=list)
    #: Every n-th notice reaches the queue twice: at least once is what SQS promises.
    doubled_every: int = 5

    def publish(self, **arguments: Any) -> dict[str, str]:
        """Publish, or refuse."""
        now = self.world.clock.now()
        outage = next((o for o in self.outages if o.begins <= now < o.ends), None)
        if outage is None or outage.stands:
            self._fan_out(json.loads(arguments["Message"]))
        if outage:
            raise outage.error("Publish")
        return {"MessageId": f"sns-{len(self.mails)}"}

    def _fan_out(self, forms: dict[str, str]) -> None:
        self.mails.append({"at": self.world.clock.now(), **forms})
        for _ in range(2 if len(self.mails) % self.doubled_every == 0 else 1):
            self.queue.send_message(QueueUrl="", MessageBody=forms["default"])


@dataclass
class Secrets:
    """Secrets Manager with one secret."""

    value: str

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        """Return the secret."""
        del SecretId
        return {"SecretString": self.value}


@dataclass
class Stream:
    """The history's stream: 24 hours, oldest first, a batch bisected until it works."""

    world: World
    waiting: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    forgotten: int = 0
    given_up: int = 0

    def put(self, records: Iterable[dict[str, Any]]) -> None:
        """Insert records."""
        self.waiting += [(self.world.clock.now(), record) for record in records]

    def read(self) -> None:
        """Hand everything to `announce` that is there and not forgotten."""
        now = self.world.clock.now()
        if any(o.begins <= now < o.ends for o in self.outages):
            return
        kept = [record for at, record in self.waiting if now - at < STREAM_KEEPS]
        self.forgotten += len(self.waiting) - len(kept)
        self.waiting = []
        for start in range(0, len(kept), ANNOUNCED_AT_ONCE):
            self._announce(kept[start : start + ANNOUNCED_AT_ONCE], retries=STREAM_RETRIES)

    def _announce(self, records: list[dict[str, Any]], *, retries: int) -> None:
        try:
            announce.announce({"Records": records}, CONTEXT)
        except DeliveryError:
            self.world.clock.wait(_STREAM_PAUSE)
            if retries == 0:
                self.given_up += len(records)
                return
            half = (len(records) + 1) // 2
            for part in filter(None, (records[:half], records[half:])):
                self._announce(part, retries=retries - 1)


@dataclass
class Day:
    """Everything that happens, in order of time.

    Attributes:
        errors: When a function without a queue failed.
        schedule_outages: When the schedule does not run.
    """

    world: World
    queue: Queue
    topic: Topic
    stream: Stream
    secrets: Secrets
    errors: list[datetime] = field(default_factory=list)
    schedule_outages: list[Outage] = field(default_factory=list)
    agenda: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)

    def client(self, service: str) -> Any:
        """Return what stands for a boto3 client; the tables are real."""
        simulated = {"sqs": self.queue, "sns": self.topic, "secretsmanager": self.secrets}
        return simulated.get(service) or self.world.client

    def at(self, when: datetime, action: Callable[[], None]) -> None:
        """Plan something."""
        heapq.heappush(self.agenda, (when, next(self.queue.numbers), action))

    def every(self, span: timedelta, until: datetime, action: Callable[[], None]) -> None:
        """Plan something again and again."""
        when = self.world.clock.now() + span
        while when <= until:
            self.at(when, action)
            when += span

    def reannounce(self) -> None:
        """Run the schedule."""
        now = self.world.clock.now()
        if any(o.begins <= now < o.ends for o in self.schedule_outages):
            return
        try:
            reannounce.reannounce({}, CONTEXT)
        except DeliveryError:
            self.errors.append(self.world.clock.now())

    def run(self, until: datetime) -> None:
        """Let everything happen until then."""
        while (when := self._next()) and when <= until:
            clock = self.world.clock
            clock.instant = max(clock.instant, when)
            if self.agenda and self.agenda[0][0] <= when:
                heapq.heappop(self.agenda)[2]()
            else:
                self._receive()
        self.world.clock.instant = max(self.world.clock.instant, until)

    def _next(self) -> datetime | None:
        planned = self.agenda[0][0] if self.agenda else None
        return min((t for t in (planned, self.queue.next_at) if t), default=None)

    def _receive(self) -> None:
        message = self.queue.receive()
        if message is None:
            return
        received = {
            "MessageId": message.id,
            "ReceiptHandle": message.id,
            "Body": message.body,
            "Attributes": {"ApproximateReceiveCount": str(message.receives)},
        }
        event = {"Records": [_record(received, QUEUE_ARN)]}
        if not slack.slack(event, CONTEXT)["batchItemFailures"]:
            self.queue.messages.remove(message)
