"""One CloudTrail record → one `Change`, whatever the record's age, service and spelling.

Records come from twelve years of event versions and from callers who write what they like into
them. Only ``eventSource``, ``eventName`` and ``eventTime`` are demanded; all else may be missing,
null, redacted, truncated or of another type, and then that part is unknown.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib.errors import InvalidRecordError
from chalicelib.ingest.actor import actor_from
from chalicelib.ingest.canonical import hashed
from chalicelib.ingest.outcome import SIGN_IN_SOURCE, outcome_of
from chalicelib.ingest.ownership import owner_of, partition_of, region_of
from chalicelib.ingest.routing import NOWHERE, Origin, Routing, Trace
from chalicelib.ingest.text import clean
from chalicelib.model import Actor, Change, Outcome
from chalicelib.model.plugin import Record

NAME_LIMIT_CHARS = 256

_VERSION_SUFFIX = re.compile(r"20\d\d_?\d\d_?\d\d(v\d+)?$")
_EVENT_ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE
)
_EVENT_ID_DIGITS = 32
#: ``2023-07-10T12:09:31``: shorter texts that fromisoformat takes are dates and week numbers.
_TIME_MIN_CHARS = 19

#: Verbs of calls that change no configuration, for records without ``readOnly``. ``Get`` alone
#: would call ``Describe…`` a change; a verb ends where the next word begins (``Listen…``).
_READING = re.compile(
    r"(?:Assume|BatchCheck|BatchDescribe|BatchGet|BatchList|Check|Decrypt|Describe|Download"
    r"|Estimate|Get|Head|List|Lookup|Preview|Query|Scan|Search|Select|Simulate|Test|View)"
    r"(?=[A-Z0-9]|$)"
)

_TRUTH = {"true": True, "false": False}
_KINDS = {"awsserviceevent": "service-event", "awsconsolesignin": "sign-in"}


def change_from(
    record: Any,
    routing: Routing,
    *,
    received_at: datetime,
    account_id: str | None = None,
    actor_of: Callable[[Record], Actor] = actor_from,
) -> Change:
    """Normalise a record and follow its routes.

    A redacted ``eventTime`` becomes `received_at`, an account that is not named `account_id`.

    Raises:
        InvalidRecordError: What came is no CloudTrail record.
    """
    record, record_hash = hashed(_object(record))
    source, name = _required(record, "eventSource"), _required(record, "eventName")
    action = action_of(name)
    (outcome, error_code), read_only = outcome_of(record), _read_only(record, action)
    origin = _origin(record, account_id)
    trace = _trace(record, routing, (source, action), origin, outcome, read_only=read_only)
    return Change(
        event_id=event_id_from(record.get("eventID")),
        record_hash=record_hash,
        event_time=_time(record, received_at),
        received_at=received_at,
        partition=origin.partition,
        account_id=origin.account_id,
        region=origin.region,
        event_source=source,
        event_name=name,
        action=action,
        kind=_kind(record, source),
        outcome=outcome,
        error_code=error_code,
        read_only=read_only,
        actor=actor_of(record),
        derived=trace.derived,
        touches=trace.touches,
        companions=trace.companions,
    )


def action_of(name: str) -> str:
    """Strip blanks and API versions: ``AddPermission20150331v2`` → ``AddPermission``."""
    name = name.strip()
    # The suffix ends in a digit; few names do, and the look-up table saves the regex.
    if not name[-1:].isdecimal():
        return name
    return _VERSION_SUFFIX.sub("", name) or name


def is_reading(action: str) -> bool:
    """Tell by its verb whether a call reads: for records that do not say ``readOnly``."""
    return _READING.match(action) is not None


def _object(record: Any) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise InvalidRecordError(f"a record is an object, not {type(record).__name__}")
    return record


def _required(record: Record, key: str) -> str:
    text = clean(record.get(key), NAME_LIMIT_CHARS)
    if text is None:
        raise InvalidRecordError(f"the record has no {key}")
    return text.strip()


def _trace(
    record: Record,
    routing: Routing,
    key: tuple[str, str],
    origin: Origin,
    outcome: Outcome,
    *,
    read_only: bool,
) -> Trace:
    if outcome is Outcome.FAILED:
        return NOWHERE
    follow = routing.observed if read_only else routing.written
    return follow(record, key, origin)


def _origin(record: Record, otherwise: str | None) -> Origin:
    account_id = owner_of(record) or otherwise
    if account_id is None:
        raise InvalidRecordError("the record names no account")
    region = region_of(record)
    return Origin(account_id=account_id, region=region, partition=partition_of(record, region))


def event_id_from(event_id: Any) -> str | None:
    """Return an eventID, or None for what is none: missing, malformed, or a placeholder."""
    if not isinstance(event_id, str) or not _EVENT_ID.fullmatch(event_id):
        return None
    # All zeros, all ones: what people write when they edit a sample.
    return event_id if event_id.count(event_id[0]) < _EVENT_ID_DIGITS else None


def _time(record: Record, received_at: datetime) -> datetime:
    text = record.get("eventTime")
    if not isinstance(text, str) or not text:
        raise InvalidRecordError("the record has no eventTime")
    if len(text) < _TIME_MIN_CHARS:
        return received_at
    try:
        return _utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return received_at


def _utc(time: datetime) -> datetime:
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def _kind(record: Record, source: str) -> str:
    if source == SIGN_IN_SOURCE:
        return "sign-in"
    # "AwsConsoleSignin" and "AwsConsoleSignIn" both occur.
    return _KINDS.get(str(record.get("eventType")).lower(), "api-call")


def _read_only(record: Mapping[str, Any], action: str) -> bool:
    flag = record.get("readOnly")
    if isinstance(flag, str):
        flag = _TRUTH.get(flag.lower())
    return flag if isinstance(flag, bool) else is_reading(action)
