"""The composition root of telling: topic, channel and memory, built once per environment.

Kept apart from `wiring`, so that announcing imports no rules and posting no resource types.
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from chalicelib.aws import Clients, SystemClock
from chalicelib.credentials import read_secret
from chalicelib.errors import DeliveryError, InvalidRecordError
from chalicelib.findings.deliveries import Deliveries
from chalicelib.findings.exemptions import exemption_for
from chalicelib.findings.history import transition_from
from chalicelib.findings.register import DynamoRegister
from chalicelib.findings.store import DynamoStore
from chalicelib.model import Exemption, Severity, Transition
from chalicelib.model.notice import Entry, Level, Notice
from chalicelib.notify import slack, sns
from chalicelib.pipeline.announcing import (
    Announced,
    Announcing,
    Reading,
    announce,
    announce_missed,
)
from chalicelib.pipeline.telling import Slacking, tell_digest, tell_slack
from chalicelib.settings import Settings

#: A secret is read again this often, so that a rotated token needs no deployment.
SECRET_SECONDS = 300
#: So are the exemptions in force; a finding that one was approved for meanwhile is still told.
EXEMPTIONS_SECONDS = 60
#: SQS counts its 12 hours from the receive, which was a moment ago.
MAX_VISIBILITY_SECONDS = 43_000
DEFAULT_RETRY_SECONDS = 30
#: Each receive adds this much, so that the 1,000 receives of the queue outlast its 14 days.
RETRY_GROWTH_SECONDS = 3
#: What SQS calls a message that is not there to be hidden.
_GONE = frozenset(
    {
        "AWS.SimpleQueueService.MessageNotInflight",
        "InvalidParameterValue",
        "MessageNotInflight",
        "ReceiptHandleIsInvalid",
    }
)
_CURSOR_KEY = {"pk": {"S": "reannounce-cursor"}, "sk": {"S": "hour"}}
#: An entry's key and its body.
_Stored = tuple[str, str, bytes]


def prepare() -> None:
    """Build what every invocation needs."""
    _store(Settings.from_env())


def announce_stream(records: Iterable[Mapping[str, Any]]) -> int:
    """Announce the entries that a stream batch inserted; return the number of notices.

    Raises:
        DeliveryError: Something was not announced; all else was, and is not announced again.
    """
    images = (r["dynamodb"]["NewImage"] for r in records if r["eventName"] == "INSERT")
    stored = [(i["pk"]["S"], i["sk"]["S"], i["body"]["S"].encode()) for i in images]
    return _notices_of(announce(_read(stored), _announcing(Settings.from_env())))


def announce_again() -> int:
    """Announce entries without receipt and remember the first hour that is not complete.

    Raises:
        DeliveryError: Something was not announced; all else was, and the next run tries again
            unless the message says that it is given up.
    """
    settings = Settings.from_env()
    store = _store(settings)

    def entries_of(hour: datetime) -> Reading:
        return _read((e.pk, e.sk, e.body) for e in store.entries_of_hour(hour))

    keep = functools.partial(_move_cursor, settings)
    return _notices_of(announce_missed(entries_of, _cursor(settings), _announcing(settings), keep))


def post_to_slack(body: str) -> str:
    """Post what a message of the Slack queue asks for.

    Raises:
        DeliveryError: Not now; the queue should bring it back.
    """
    settings = Settings.from_env()
    message = msgspec.json.decode(body, type=dict[str, Any])
    try:
        if window := message.get("digest"):
            return tell_digest(str(window), _slacking(settings))
        return tell_slack(_notice_of(message, settings), _slacking(settings))
    except DeliveryError as error:
        if error.is_denied:
            # The secret may have been rotated: the next attempt reads it again.
            _poster_until.cache_clear()
        raise


def come_back_later(record: Mapping[str, Any], error: DeliveryError) -> None:
    """Hide a refused message for as long as the channel asked, and longer each time."""
    settings = Settings.from_env()
    asked = error.retry_after_seconds or DEFAULT_RETRY_SECONDS
    grown = RETRY_GROWTH_SECONDS * receives_of(record)
    try:
        _clients(settings).client("sqs").change_message_visibility(
            QueueUrl=settings.slack_queue_url,
            ReceiptHandle=record["receiptHandle"],
            VisibilityTimeout=int(min(max(asked + 1, grown), MAX_VISIBILITY_SECONDS)),
        )
    except ClientError as refused:
        # Whoever got the message a second time was quicker, and has deleted it.
        if refused.response["Error"]["Code"] not in _GONE:
            raise


def receives_of(record: Mapping[str, Any]) -> int:
    """Return how often the queue has delivered a message, this time included."""
    return int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))


@functools.cache
def _clients(settings: Settings) -> Clients:
    return Clients(endpoint_url=settings.endpoint_url)


@functools.cache
def _store(settings: Settings) -> DynamoStore:
    return DynamoStore(
        _clients(settings).client("dynamodb"),
        settings.findings_table,
        settings.history_table,
        settings.ledger_table,
    )


@functools.cache
def _announcing(settings: Settings) -> Announcing:
    return Announcing(
        publish=functools.partial(_publish, settings),
        deliveries=Deliveries(
            _clients(settings).client("dynamodb"), settings.work_table, "sns", timedelta(0)
        ),
        clock=SystemClock(),
        exemption_of=functools.partial(_exemption_of, settings),
    )


def _exemption_of(settings: Settings, transition: Transition) -> str | None:
    """Return the exemption under which a finding stood when its transition was decided."""
    finding, decided = transition.finding, transition.times.decided
    if finding is None:
        return None
    period = int(SystemClock().now().timestamp() // EXEMPTIONS_SECONDS)
    found = exemption_for(finding, _approved_until(settings, period), decided)
    if found is None:
        return None
    # What is remembered may be over by now: nobody is spared a message because of that.
    fresh = _register(settings).exemption(found.id)
    return found.id if fresh and exemption_for(finding, (fresh,), decided) else None


@functools.lru_cache(maxsize=4)
def _approved_until(settings: Settings, _period: int) -> tuple[Exemption, ...]:
    return _register(settings).approved()


@functools.cache
def _register(settings: Settings) -> DynamoRegister:
    client = _clients(settings).client("dynamodb")
    return DynamoRegister(client, settings.work_table, settings.history_table)


def _publish(settings: Settings, notice: Notice) -> str:
    client = _clients(settings).client("sns")
    return sns.deliver(client, sns.payload(notice, settings.topic_arn))


@functools.cache
def _slacking(settings: Settings) -> Slacking:
    return Slacking(
        store=_store(settings),
        deliveries=Deliveries(
            _clients(settings).client("dynamodb"),
            settings.work_table,
            f"slack#{settings.slack_channel}",
        ),
        poster=functools.partial(_poster, settings),
        digests=functools.partial(_queue_digest, settings),
        clock=SystemClock(),
        spacing=timedelta(seconds=settings.slack_spacing_seconds),
        window=timedelta(seconds=settings.slack_burst_seconds),
    )


def _poster(settings: Settings) -> slack.Poster:
    return _poster_until(settings, int(SystemClock().now().timestamp() // SECRET_SECONDS))


@functools.lru_cache(maxsize=4)
def _poster_until(settings: Settings, _period: int) -> slack.Poster:
    # slack_sdk is imported only where something is posted.
    from chalicelib.notify._slack_clients import poster_for  # noqa: PLC0415 - see above

    secret = read_secret(_clients(settings), settings.slack_secret)
    return poster_for(secret, channel=settings.slack_channel, base_url=settings.slack_api_url)


def _queue_digest(settings: Settings, window: str, delay_seconds: int) -> None:
    _clients(settings).client("sqs").send_message(
        QueueUrl=settings.slack_queue_url,
        MessageBody=msgspec.json.encode({"digest": window}).decode(),
        DelaySeconds=delay_seconds,
    )


def _notice_of(message: Mapping[str, Any], settings: Settings) -> Notice:
    """Read a notice; one too large for the topic names only its keys."""
    if "keys" not in message:
        return msgspec.convert(message, Notice)
    keys = [(str(k["pk"]), str(k["sk"]), k.get("exemption_id")) for k in message["keys"]]
    return Notice(
        id=message["id"],
        level=Level(message["level"]),
        severity=Severity(message["severity"]),
        entries=tuple(
            replace(_entry_at(_store(settings), pk, sk), exemption_id=exempt)
            for pk, sk, exempt in keys
        ),
    )


def _entry_at(store: DynamoStore, pk: str, sk: str) -> Entry:
    stored = store.entry(pk, sk)
    if stored is None:
        raise InvalidRecordError(f"the history has no entry {pk}|{sk}")
    return Entry(pk=pk, sk=sk, transition=transition_from(stored.body))


def _read(stored: Iterable[_Stored]) -> Reading:
    """Read entries; a body that cannot be read is a failure and stops no other."""
    entries, failures = [], []
    for pk, sk, body in stored:
        try:
            entries.append(Entry(pk=pk, sk=sk, transition=transition_from(body)))
        except msgspec.DecodeError as error:
            failures.append(f"{pk}|{sk}: {error}")
    return Reading(entries=tuple(entries), failures=tuple(failures))


def _notices_of(done: Announced) -> int:
    if done.failures:
        raise DeliveryError(f"{len(done.failures)} not announced, the first: {done.failures[0]}")
    return done.notices


def _cursor(settings: Settings) -> datetime | None:
    client = _clients(settings).client("dynamodb")
    answer = client.get_item(TableName=settings.work_table, Key=_CURSOR_KEY)
    return datetime.fromisoformat(answer["Item"]["hour"]["S"]) if "Item" in answer else None


def _move_cursor(settings: Settings, hour: datetime) -> None:
    item = {**_CURSOR_KEY, "hour": {"S": hour.isoformat()}}
    _clients(settings).client("dynamodb").put_item(TableName=settings.work_table, Item=item)
