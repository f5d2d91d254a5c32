"""The whole of Vigil on one machine: tables, queues, topic, schedules and functions, wired.

The handlers are the deployed ones and read the process's environment, so there is one
`LocalVigil` per process; the person's own AWS settings are set aside while it runs.
"""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from chalicelib.findings.store import table_definitions
from vigil.client import LOCAL_PATH
from vigil.local._dynoxide import Dynoxide, find_binary
from vigil.local._evidence import evidence_environment
from vigil.local._functions import Function, Handler
from vigil.local._gateway import API, Gateway
from vigil.local._patterns import Pattern
from vigil.local._principals import HOME_REGION, applied, client_for, role_environment
from vigil.local.bus import LocalBus
from vigil.local.moto_server import EmbeddedAws
from vigil.local.slack_page import SlackStandIn, index_page
from vigil.package.patterns import EVEN_READS, TOLD_ENTRIES, state_of

AUDITOR_ROLE = "vigil-auditor"
SLACK_CHANNEL = "C0LOCAL"
_TOPIC = "vigil-alerts"
_SLACK_SECRET = "vigil/slack"  # noqa: S105 - a name, not a secret
_SETUP_SECONDS = 10.0
_HISTORY_SUFFIX = "-history"
_PAGES = {
    "/slack": "what Vigil told, as a person sees it in Slack",
}
#: The person's own settings that must not reach the local AWS, or AWS through them.
_SET_ASIDE = (
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _QueuePlan:
    """A queue, who consumes it, and how soon what failed comes back."""

    name: str
    function: str
    visibility_seconds: int
    max_receives: int


_QUEUES = (
    _QueuePlan(name="changes", function="evaluate", visibility_seconds=5, max_receives=5),
    _QueuePlan(name="sweep", function="sweep_work", visibility_seconds=30, max_receives=5),
    _QueuePlan(name="slack", function="slack", visibility_seconds=5, max_receives=1000),
    _QueuePlan(name="exports", function="export", visibility_seconds=60, max_receives=3),
)
#: Function → seconds between runs; None runs on demand.
_SCHEDULES: Mapping[str, float | None] = {
    "sweep_start": None,
    "due": 60.0,
    "reannounce": 900.0,
    "posture": 60.0,
    "sign": 3600.0,
    "recount": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalOptions:
    """What differs from a plain start.

    Attributes:
        tables: CreateTable requests.
        data: Folder in which the tables survive (dynoxide only).
        with_dynoxide: False puts the tables into moto.
        stream_filters: Filter patterns of the history stream.
    """

    tables: Sequence[Mapping[str, Any]] = field(default_factory=table_definitions)
    data: Path | None = None
    with_dynoxide: bool = True
    stream_filters: Sequence[Pattern] = (TOLD_ENTRIES,)


class LocalVigil:
    """Vigil on an embedded AWS, for as long as the `with` block lasts.

    Attributes:
        aws: The embedded AWS.
        bus: What moves by itself; `bus.failures` holds what handlers raised.
        slack: The stand-in for Slack.
        database: ``dynoxide`` or ``moto``.
        environment: What the handlers read; applied to this process.
    """

    def __init__(
        self,
        aws: EmbeddedAws,
        handlers: Mapping[str, Handler],
        patterns: Sequence[Pattern],
        settings_env: Mapping[str, str] | None = None,
        *,
        options: LocalOptions | None = None,
    ) -> None:
        """Prepare it; entering it starts it.

        Args:
            aws: An embedded AWS that has been entered.
            handlers: Function name → handler; what has no handler is not wired.
            patterns: Event patterns of the changes queue.
            settings_env: Overrides of the environment.
            options: What differs from a plain start.
        """
        self.aws = aws
        self.slack = SlackStandIn()
        self.database = "moto"
        self.environment: dict[str, str] = {}
        self.bus = LocalBus(client_for(aws.url, "sqs"), aws.trail)
        self._handlers = handlers
        self._patterns = patterns
        self._overrides = dict(settings_env or {})
        self._options = options or LocalOptions()
        self._cleanup = ExitStack()
        self._queue_urls: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Create everything and begin to work."""
        with ExitStack() as cleanup:
            database_url = self._start_database(cleanup)
            streams = self._create_tables(database_url)
            self._create_queues()
            self.environment = self._environment(database_url) | self._overrides
            aside = dict.fromkeys(_SET_ASIDE)
            cleanup.enter_context(applied(os.environ, {**aside, **self.environment}))
            self._add_pages()
            self._add_api(cleanup)
            # What set all this up, as root, is not for Vigil's eyes.
            self.aws.trail.wait_until_written(_SETUP_SECONDS)
            cleanup.callback(self.bus.stop)
            self._wire(database_url, streams)
            self.bus.start()
            self._cleanup = cleanup.pop_all()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Stop the functions, then the database; the embedded AWS goes on."""
        self._cleanup.close()

    def idle(self, timeout_seconds: float) -> bool:
        """Wait until nothing moves any more, confirming looks included; False if something does."""
        return self.bus.idle(timeout_seconds)

    def run_schedule(self, name: str) -> Any:
        """Run a scheduled function now and return its result."""
        return self.bus.run_schedule(name)

    def dead_letters(self, queue: str) -> list[str]:
        """Return the bodies in a queue's dead-letter queue, without taking them out."""
        sqs = client_for(self.aws.url, "sqs")
        answer = sqs.receive_message(
            QueueUrl=self._queue_urls[f"{queue}-dlq"], MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        return [str(message["Body"]) for message in answer.get("Messages", [])]

    def _start_database(self, cleanup: ExitStack) -> str:
        binary = find_binary() if self._options.with_dynoxide else None
        if binary is None:
            return self.aws.url
        file = self._options.data / "vigil.db" if self._options.data else None
        self.database = "dynoxide"
        return cleanup.enter_context(Dynoxide(binary, file)).url

    def _create_tables(self, url: str) -> dict[str, str]:
        """Create the tables that do not exist; return table name → stream ARN."""
        dynamodb = client_for(url, "dynamodb")
        existing = set(dynamodb.list_tables()["TableNames"])
        streams = {}
        for definition in self._options.tables:
            name = str(definition["TableName"])
            if name not in existing:
                dynamodb.create_table(**definition)
            if arn := dynamodb.describe_table(TableName=name)["Table"].get("LatestStreamArn"):
                streams[name] = str(arn)
        return streams

    def _create_queues(self) -> None:
        sqs = client_for(self.aws.url, "sqs")
        for plan in _QUEUES:
            dead = _create_queue(sqs, f"vigil-{plan.name}-dlq", {})
            redrive = {"deadLetterTargetArn": dead[1], "maxReceiveCount": plan.max_receives}
            live = _create_queue(
                sqs,
                f"vigil-{plan.name}",
                {
                    "VisibilityTimeout": str(plan.visibility_seconds),
                    "RedrivePolicy": json.dumps(redrive),
                },
            )
            self._queue_urls |= {plan.name: live[0], f"{plan.name}-dlq": dead[0]}

    def _create_topic(self) -> str:
        sns = client_for(self.aws.url, "sns")
        topic = str(sns.create_topic(Name=_TOPIC)["TopicArn"])
        sqs = client_for(self.aws.url, "sqs")
        sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=_arn_of(sqs, self._queue_urls["slack"]),
            Attributes={"RawMessageDelivery": "true"},
        )
        return topic

    def _environment(self, database_url: str) -> dict[str, str]:
        secrets = client_for(self.aws.url, "secretsmanager")
        secrets.create_secret(Name=_SLACK_SECRET, SecretString="xoxb-local")
        return {
            **role_environment(self.aws.url, AUDITOR_ROLE, self.aws.account_id),
            **{_table_variable(name): name for name in self._table_names()},
            **evidence_environment(self.aws.url),
            "AWS_ENDPOINT_URL_DYNAMODB": database_url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1",
            "VIGIL_ACCOUNT_ID": self.aws.account_id,
            "VIGIL_CHANGES_QUEUE_URL": self._queue_urls["changes"],
            "VIGIL_CONFIRM_SECONDS": "1,3",
            "VIGIL_EXPORTS_QUEUE_URL": self._queue_urls["exports"],
            "VIGIL_SLACK_API_URL": f"{self.aws.url}/slack/api/",
            "VIGIL_SLACK_CHANNEL": SLACK_CHANNEL,
            "VIGIL_SLACK_QUEUE_URL": self._queue_urls["slack"],
            "VIGIL_SLACK_SECRET": f"secretsmanager:{_SLACK_SECRET}",
            "VIGIL_SWEEP_QUEUE_URL": self._queue_urls["sweep"],
            "VIGIL_SWEEP_REGIONS": HOME_REGION,
            "VIGIL_TOPIC_ARN": self._create_topic(),
        }

    def _table_names(self) -> list[str]:
        return [str(definition["TableName"]) for definition in self._options.tables]

    def _add_pages(self) -> None:
        self.aws.add_page("/slack", self.slack)
        self.aws.add_page("/", index_page(_PAGES))

    def _add_api(self, cleanup: ExitStack) -> None:
        if handler := self._handlers.get(API):
            function = Function(API, handler, self.bus.failures)
            cleanup.callback(function.close)
            self.aws.add_api(LOCAL_PATH, Gateway(function.invoke))

    def _wire(self, database_url: str, streams: Mapping[str, str]) -> None:
        for name, handler in self._handlers.items():
            self.bus.add_function(name, handler)
        for pattern in self._patterns:
            even_reads = state_of(pattern) == EVEN_READS
            self.bus.add_rule(pattern, self._queue_urls["changes"], even_reads=even_reads)
        for plan in _QUEUES:
            if plan.function in self._handlers:
                self.bus.consume_queue(self._queue_urls[plan.name], plan.function)
        for name, every_seconds in _SCHEDULES.items():
            if name in self._handlers:
                self.bus.add_schedule(name, every_seconds=every_seconds)
        history = next(
            (arn for name, arn in streams.items() if name.endswith(_HISTORY_SUFFIX)), None
        )
        # The second reader sees changes and removals too.
        for function, filters in (("announce", self._options.stream_filters), ("seal", ())):
            if history and function in self._handlers:
                reader = client_for(database_url, "dynamodbstreams")
                self.bus.consume_stream(reader, history, function, filters=filters)


def _table_variable(name: str) -> str:
    return f"VIGIL_{name.rpartition('-')[2].upper()}_TABLE"


def _create_queue(sqs: Any, name: str, attributes: Mapping[str, str]) -> tuple[str, str]:
    """Create a queue and return its URL and its ARN."""
    url = str(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])
    return url, _arn_of(sqs, url)


def _arn_of(sqs: Any, url: str) -> str:
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])
