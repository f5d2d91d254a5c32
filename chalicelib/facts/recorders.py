"""What AWS Config records in a Region, and what keeps a recorder from recording everything.

A recorder that exists is not one that records: it can be stopped, fail to deliver, have nowhere to
deliver to, or be told to leave types out. Recorders that AWS services keep for themselves record
for those services only and count for nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chalicelib.model import ConfigurationItem, Fact

RECORDERS_POINTER = "/observed/ConfigurationRecorders"
STATUSES_POINTER = "/observed/RecorderStatuses"
CHANNELS_POINTER = "/observed/DeliveryChannels"

#: What `Recording` says of a recorder that records all resource types and delivers.
COMPLETE = "complete"

#: What keeps one from it, worst first; ``absent`` stands for having no recorder at all.
SHORTFALLS = ("absent", "stopped", "undelivered", "failing", "partial", "excluding")

_SERVICE_ROLE = ":role/aws-service-role/config.amazonaws.com/"
_FAILED = "FAILURE"
_EXCLUDING = "EXCLUSION_BY_RESOURCE_TYPES"
_INTERNAL = "INTERNAL"


def config_recordings(item: ConfigurationItem) -> list[dict[str, Any]]:
    """List every recorder of the customer's of which it is proven what it records.

    A row says in ``Recording`` either ``complete`` or the worst proven shortfall. A Region without
    a recorder gets one row without a name. A recorder whose state is partly unread appears only if
    what was read already disqualifies it.
    """
    recorders = item.observed.get("ConfigurationRecorders")
    if recorders is None:
        return []
    own = [(place, one) for place, one in enumerate(recorders) if not _is_of_a_service(one)]
    if not own:
        return [_row(None, "absent", RECORDERS_POINTER)]
    rows = (_judged(place, recorder, item.observed) for place, recorder in own)
    return [row for row in rows if row is not None]


def every_recorder_is_judged(item: ConfigurationItem) -> bool:
    """Tell whether no gap can make one recorder more, or one less, count."""
    recorders = item.observed.get("ConfigurationRecorders")
    if recorders is None:
        return False
    own = sum(not _is_of_a_service(recorder) for recorder in recorders)
    return len(config_recordings(item)) == max(own, 1)


def _is_of_a_service(recorder: Mapping[str, Any]) -> bool:
    return recorder["ServicePrincipal"] is not None or recorder["RecordingScope"] == _INTERNAL


def _judged(
    place: int, recorder: Mapping[str, Any], observed: Mapping[str, Any]
) -> dict[str, Any] | None:
    statuses, channels = observed.get("RecorderStatuses"), observed.get("DeliveryChannels")
    for recording, pointer in _shortfalls(place, recorder, statuses, channels):
        return _row(recorder, recording, pointer)
    return None if statuses is None or channels is None else _row(recorder, COMPLETE)


def _shortfalls(
    place: int,
    recorder: Mapping[str, Any],
    statuses: list[Mapping[str, Any]] | None,
    channels: list[Mapping[str, Any]] | None,
) -> Iterator[tuple[str, str]]:
    """Yield each proven shortfall with the pointer it rests on, worst first."""
    yield from _of_status(recorder["Name"], statuses or ())
    if statuses is not None and recorder["Name"] not in {one["Name"] for one in statuses}:
        yield "stopped", STATUSES_POINTER
    if channels == []:
        yield "undelivered", CHANNELS_POINTER
    yield from _of_last_delivery(recorder["Name"], statuses or ())
    group = recorder["RecordingGroup"]
    if not group["AllSupported"]:
        kind = "excluding" if group["RecordingStrategy"] == _EXCLUDING else "partial"
        yield kind, f"{RECORDERS_POINTER}/{place}/RecordingGroup"


def _of_status(name: str, statuses: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for place, status in enumerate(statuses):
        if status["Name"] == name and not status["Recording"]:
            yield "stopped", f"{STATUSES_POINTER}/{place}/Recording"


def _of_last_delivery(
    name: str, statuses: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    for place, status in enumerate(statuses):
        if status["Name"] == name and status["LastStatus"] == _FAILED:
            yield "failing", f"{STATUSES_POINTER}/{place}/LastStatus"


def _row(recorder: Mapping[str, Any] | None, recording: str, *because: str) -> dict[str, Any]:
    given = recorder or {"Name": None, "RoleARN": None, "RecordingGroup": {}}
    return {
        "Recorder": given["Name"],
        "Recording": recording,
        "GlobalTypes": "recorded" if _records_global_types(given["RecordingGroup"]) else "left-out",
        "Role": "service-linked" if _SERVICE_ROLE in str(given["RoleARN"]) else "custom",
        "Because": list(because),
    }


_IAM_TYPES = frozenset({"AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::Policy"})


def _records_global_types(group: Mapping[str, Any]) -> bool:
    """Tell whether IAM's types are recorded; a group with exclusions ignores the flag for them."""
    if not group:
        return False
    if group["AllSupported"]:
        return bool(group["IncludeGlobalResourceTypes"])
    if group["RecordingStrategy"] == _EXCLUDING:
        return _IAM_TYPES.isdisjoint(group["ExclusionByResourceTypes"])
    return _IAM_TYPES.issubset(group["ResourceTypes"])


_TEXT_OR_NULL = {"type": ["string", "null"]}

CONFIG_RECORDINGS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "Recorder": _TEXT_OR_NULL,
            "Recording": {"enum": [COMPLETE, *SHORTFALLS]},
            "GlobalTypes": {"enum": ["recorded", "left-out"]},
            "Role": {"enum": ["service-linked", "custom"]},
            "Because": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["Recorder", "Recording", "GlobalTypes", "Role", "Because"],
        "additionalProperties": False,
    },
}

CONFIG_RECORDINGS = Fact(
    name="ConfigRecordings",
    inputs=(RECORDERS_POINTER, STATUSES_POINTER, CHANNELS_POINTER),
    compute=config_recordings,
    schema=CONFIG_RECORDINGS_SCHEMA,
    partial=True,
    settled=every_recorder_is_judged,
)
