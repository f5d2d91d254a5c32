"""The composition root of telling: topic, channel and memory, built once per environment.

Kept apart from `wiring`, so that announcing imports no rules and posting no resource types.
"""

import functools
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from chalicelib.aws import Clients, SystemClock
from chalicelib.errors import DeliveryError, SettingsError
from chalicelib.findings import history
from chalicelib.findings.deliveries import Deliveries
from chalicelib.findings.history import transition_from
from chalicelib.findings.store import DynamoStore
from chalicelib.model import Severity
from chalicelib.model.notice import Entry, Level, Notice
from chalicelib.notify import slack, sns
from chalicelib.pipeline.telling import Announcing, Slacking, announce, tell_digest, tell_slack
from chalicelib.settings import Settings

#: A secret is read again this often, so that a rotated token needs no deployment.
SECRET_SECONDS = 300
MAX_VISIBILITY_SECONDS = 43_200
DEFAULT_RETRY_SECONDS = 30
#: Entries younger than this may still be on their way through the stream.
SETTLED_AFTER = timedelta(minutes=5)
#: How far back the first run looks.
FIRST_REACH = timedelta(days=2)
CURSOR = "reannounce-cursor"


def announce_stream(records: Iterable[Mapping[str, Any]]) -> int:
    """Announce the entries that a stream batch inserted."""
    entries = [
        _entry_of(record["dynamodb"]["NewImage"])
        for record in records
        if record["eventName"] == "INSERT"
    ]
    return announce(entries, _announcing(Settings.from_env()))


def announce_missed() -> int:
    """Announce entries without receipt, hour by hour, and remember the last complete hour."""
    settings = Settings.from_env()
    world, store = _announcing(settings), _store(settings)
    now = world.clock.now()
    hour, published = _cursor(settings, now), 0
    while hour <= now - SETTLED_AFTER:
        stored = store.entries_of_hour(hour)
        entries = [e for e in map(_entry_from, stored) if _is_settled(e, now)]
        published += announce(entries, world)
        if hour + timedelta(hours=1) <= now - SETTLED_AFTER:
            _move_cursor(settings, hour + timedelta(hours=1))
        hour += timedelta(hours=1)
    return published


def post_to_slack(body: str) -> str:
    """Post what a message of the Slack queue asks for.

    Raises:
        DeliveryError: Not now; the queue should bring it back.
    """
    settings = Settings.from_env()
    message = msgspec.json.decode(body)
    if window := message.get("digest"):
        return tell_digest(str(window), _slacking(settings))
    return tell_slack(_notice_of(message, settings), _slacking(settings))


def come_back_later(record: Mapping[str, Any], error: DeliveryError) -> None:
    """Hide a refused message for as long as the channel asked."""
    settings = Settings.from_env()
    seconds = int(error.retry_after_seconds or DEFAULT_RETRY_SECONDS) + 1
    _clients(settings).client("sqs").change_message_visibility(
        QueueUrl=settings.slack_queue_url,
        ReceiptHandle=record["receiptHandle"],
        VisibilityTimeout=min(seconds, MAX_VISIBILITY_SECONDS),
    )


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


def _deliveries(settings: Settings, channel: str) -> Deliveries:
    return Deliveries(_clients(settings).client("dynamodb"), settings.work_table, channel)


@functools.cache
def _announcing(settings: Settings) -> Announcing:
    topic = functools.partial(_publish, settings)
    return Announcing(publish=topic, deliveries=_deliveries(settings, "sns"), clock=SystemClock())


def _publish(settings: Settings, notice: Notice) -> str:
    client = _clients(settings).client("sns")
    return sns.deliver(client, sns.payload(notice, settings.topic_arn))


@functools.cache
def _slacking(settings: Settings) -> Slacking:
    return Slacking(
        store=_store(settings),
        deliveries=_deliveries(settings, f"slack#{settings.slack_channel}"),
        poster=functools.partial(_poster, settings),
        digests=functools.partial(_queue_digest, settings),
        clock=SystemClock(),
        spacing=timedelta(seconds=settings.slack_spacing_seconds),
        window=timedelta(seconds=settings.slack_burst_seconds),
    )


def _poster(settings: Settings) -> slack.Poster:
    return _poster_until(settings, int(time.monotonic() // SECRET_SECONDS))


@functools.lru_cache(maxsize=4)
def _poster_until(settings: Settings, _period: int) -> slack.Poster:
    # slack_sdk is imported only where something is posted.
    from chalicelib.notify._slack_clients import poster_for  # noqa: PLC0415 - see above

    return poster_for(
        _secret(settings), channel=settings.slack_channel, base_url=settings.slack_api_url
    )


def _secret(settings: Settings) -> str:
    kind, _, name = (settings.slack_secret or "").partition(":")
    if kind == "secretsmanager" and name:
        client = _clients(settings).client("secretsmanager")
        return str(client.get_secret_value(SecretId=name)["SecretString"]).strip()
    if kind == "ssm" and name:
        client = _clients(settings).client("ssm")
        answer = client.get_parameter(Name=name, WithDecryption=True)
        return str(answer["Parameter"]["Value"]).strip()
    raise SettingsError("VIGIL_SLACK_SECRET must be secretsmanager:NAME or ssm:/NAME")


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
    store = _store(settings)
    entries = [_entry_from(store.entry(key["pk"], key["sk"])) for key in message["keys"]]
    return Notice(
        id=message["id"],
        level=Level(message["level"]),
        severity=Severity(message["severity"]),
        entries=tuple(entries),
    )


def _entry_of(image: Mapping[str, Any]) -> Entry:
    transition = transition_from(image["body"]["S"].encode())
    return Entry(pk=image["pk"]["S"], sk=image["sk"]["S"], transition=transition)


def _entry_from(stored: history.Entry) -> Entry:
    return Entry(pk=stored.pk, sk=stored.sk, transition=transition_from(stored.body))


def _is_settled(entry: Entry, now: datetime) -> bool:
    return entry.transition.times.decided <= now - SETTLED_AFTER


def _cursor(settings: Settings, now: datetime) -> datetime:
    item = (
        _clients(settings)
        .client("dynamodb")
        .get_item(TableName=settings.work_table, Key=_cursor_key())
        .get("Item")
    )
    start = datetime.fromisoformat(item["hour"]["S"]) if item else now - FIRST_REACH
    return start.replace(minute=0, second=0, microsecond=0)


def _move_cursor(settings: Settings, hour: datetime) -> None:
    item = {**_cursor_key(), "hour": {"S": hour.isoformat()}}
    _clients(settings).client("dynamodb").put_item(TableName=settings.work_table, Item=item)


def _cursor_key() -> dict[str, dict[str, str]]:
    return {"pk": {"S": CURSOR}, "sk": {"S": "hour"}}
