"""Nothing a stranger can put into a message raises anything but `InvalidRecordError`."""

import contextlib
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.errors import InvalidRecordError
from chalicelib.ingest.cloudtrail import change_from
from chalicelib.ingest.envelope import read
from chalicelib.ingest.routing import Routing
from chalicelib.model import Change
from chalicelib.model.plugin import Record, Route
from tests.builders import RECEIVED_AT, assumed_role, envelope, record, resource_type

TEXTS = st.text(st.characters(), max_size=12) | st.sampled_from(
    ["", "...", "***", "arn:aws:iam::1:role/x", "arn:::::", "Failure", "\ud800", "\x00", "true"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


def _careless(seen: Record) -> dict[str, Any]:
    """Read a payload as a plug-in does that expects the best."""
    parameters = seen["requestParameters"]
    return {"/x": parameters["acl"].strip() + parameters["bucketName"][0]}


BUCKETS = resource_type(
    "AWS::S3::Bucket",
    Route(
        source="s3.amazonaws.com",
        actions=("PutBucketTagging",),
        ids=("requestParameters.bucketName", "responseElements.sets[].items[].id"),
        propose=_careless,
        derive=_careless,
        observe=_careless,
    ),
    identify=lambda raw, _record: raw.split(":")[1],
)
ROUTING = Routing.of([BUCKETS])

WHOLE = record(
    userIdentity=assumed_role(),
    responseElements={"sets": [{"items": [{"id": "a:b"}]}], "unsuccessful": {"items": []}},
    resources=[{"accountId": "111122223333", "ARN": "arn:aws:s3:::records"}],
    additionalEventData={"MFAUsed": "No"},
    errorCode=None,
    sessionCredentialFromConsole="true",
)


def _paths(value: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        below = [path for key, part in value.items() for path in _paths(part, (*prefix, key))]
    elif isinstance(value, list):
        below = [path for key, part in enumerate(value) for path in _paths(part, (*prefix, key))]
    else:
        below = []
    return [prefix, *below] if prefix else below


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(value[path[0]], path[1:], new)
    return copy


def _change_or_refusal(thing: Any) -> Change | None:
    with contextlib.suppress(InvalidRecordError):
        return change_from(thing, ROUTING, received_at=RECEIVED_AT)
    return None


def _assert_keepable(change: Change | None) -> None:
    """Assert what the store needs: text without lone surrogates, keys within their limits."""
    if change is None:
        return
    text = f"{change.event_source}{change.event_name}{change.error_code}{change.actor}"
    text.encode()
    for touch in change.touches:
        assert len(touch.ref.key.encode()) < 2048


@given(JSON)
def test_arbitrary_json_is_read_or_refused(thing: Any) -> None:
    _assert_keepable(_change_or_refusal(thing))


@given(st.dictionaries(st.sampled_from(sorted(WHOLE)), JSON, max_size=6))
def test_a_record_with_arbitrary_parts_is_read_or_refused(parts: dict[str, Any]) -> None:
    _assert_keepable(_change_or_refusal({**WHOLE, **parts}))


@settings(max_examples=300)
@given(st.sampled_from(_paths(WHOLE)), JSON)
def test_a_record_with_one_part_replaced_is_read_or_refused(
    path: tuple[Any, ...], new: Any
) -> None:
    _assert_keepable(_change_or_refusal(_replaced(WHOLE, path, new)))


@given(st.sampled_from(_paths(envelope(WHOLE))), JSON)
def test_an_envelope_with_one_part_replaced_is_believed_or_refused(
    path: tuple[Any, ...], new: Any
) -> None:
    body = json.dumps(_replaced(envelope(WHOLE), path, new))

    with contextlib.suppress(InvalidRecordError):
        received = read(body, received_at=RECEIVED_AT)
        if received.record is not None:
            _assert_keepable(_change_or_refusal(received.record))


@given(st.binary(max_size=200) | st.text(st.characters(), max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes | str) -> None:
    with contextlib.suppress(InvalidRecordError):
        read(body, received_at=RECEIVED_AT)
