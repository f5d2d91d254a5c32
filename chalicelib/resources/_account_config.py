"""AWS Config's recorders and delivery channels in a Region.

What a newcomer gets wrong: Config answers a request for statuses in capitals (``FAILURE``) where
its model lists ``Failure``, and says nothing of flags that are off. Recorders of the customer's
are what it describes when no recorder is named.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.recorders import (
    CHANNELS_POINTER,
    CONFIG_RECORDINGS,
    RECORDERS_POINTER,
    STATUSES_POINTER,
)
from chalicelib.model import Facet, FacetReading, ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.model.pointer import tokens_of
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._parts import Part
from chalicelib.resources._payload import field, parameters_of

_SOURCE = "config.amazonaws.com"

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_TEXTS = {"type": "array", "items": _TEXT}
_FLAG = {"type": "boolean"}

_GROUP_SHAPE = closed(
    {
        "AllSupported": _FLAG,
        "IncludeGlobalResourceTypes": _FLAG,
        "ResourceTypes": _TEXTS,
        "ExclusionByResourceTypes": _TEXTS,
        "RecordingStrategy": _TEXT_OR_NULL,
    }
)
_RECORDER_SHAPE = closed(
    {
        "Name": _TEXT,
        "RoleARN": _TEXT_OR_NULL,
        "RecordingGroup": _GROUP_SHAPE,
        "RecordingScope": _TEXT_OR_NULL,
        "ServicePrincipal": _TEXT_OR_NULL,
    }
)
_STATUS_SHAPE = closed({"Name": _TEXT, "Recording": _FLAG, "LastStatus": _TEXT_OR_NULL})
_CHANNEL_SHAPE = closed({"Name": _TEXT, "S3BucketName": _TEXT_OR_NULL})


def _read_recorders(aws: Any, ref: ResourceRef) -> FacetReading:
    answer = _client(aws, ref).describe_configuration_recorders()
    found = [_recorder(one) for one in member(answer, "ConfigurationRecorders")]
    return _sorted_by_name("ConfigurationRecorders", found)


def _recorder(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Name": member(raw, "name"),
        "RoleARN": raw.get("roleARN"),
        "RecordingGroup": _group(raw.get("recordingGroup") or {}),
        "RecordingScope": raw.get("recordingScope"),
        "ServicePrincipal": raw.get("servicePrincipal"),
    }


def _group(raw: Mapping[str, Any]) -> dict[str, Any]:
    # A group that is not said records nothing that we know of: absent flags are off.
    exclusion = raw.get("exclusionByResourceTypes") or {}
    return {
        "AllSupported": bool(raw.get("allSupported")),
        "IncludeGlobalResourceTypes": bool(raw.get("includeGlobalResourceTypes")),
        "ResourceTypes": list(raw.get("resourceTypes") or ()),
        "ExclusionByResourceTypes": list(exclusion.get("resourceTypes") or ()),
        "RecordingStrategy": (raw.get("recordingStrategy") or {}).get("useOnly"),
    }


def _read_statuses(aws: Any, ref: ResourceRef) -> FacetReading:
    answer = _client(aws, ref).describe_configuration_recorder_status()
    found = [_status(one) for one in member(answer, "ConfigurationRecordersStatus")]
    return _sorted_by_name("RecorderStatuses", found)


def _status(raw: Mapping[str, Any]) -> dict[str, Any]:
    last = raw.get("lastStatus")
    return {
        "Name": member(raw, "name"),
        "Recording": member(raw, "recording"),
        "LastStatus": last.upper() if isinstance(last, str) else None,
    }


def _read_channels(aws: Any, ref: ResourceRef) -> FacetReading:
    answer = _client(aws, ref).describe_delivery_channels()
    found = [
        {"Name": member(one, "name"), "S3BucketName": one.get("s3BucketName")}
        for one in member(answer, "DeliveryChannels")
    ]
    return _sorted_by_name("DeliveryChannels", found)


def _sorted_by_name(name: str, rows: list[dict[str, Any]]) -> FacetReading:
    return FacetReading(observed={name: sorted(rows, key=lambda row: str(row["Name"]))})


def _client(aws: Any, ref: ResourceRef) -> Any:
    return aws.client("config", account_id=ref.account_id, region=ref.region)


def _propose_recorder(record: Record) -> Mapping[str, Any]:
    given = field(parameters_of(record), "configurationRecorder")
    group = field(given, "recordingGroup")
    if not isinstance(group, Mapping):
        return {RECORDERS_POINTER: {}}
    return {RECORDERS_POINTER: [{"Name": field(given, "name"), "RecordingGroup": _group(group)}]}


def _propose_recording(record: Record) -> Mapping[str, Any]:
    name = field(parameters_of(record), "configurationRecorderName")
    on = record.get("eventName") == "StartConfigurationRecorder"
    return {STATUSES_POINTER: [{"Name": name, "Recording": on}]}


def _propose_no_recorder(_record: Record) -> Mapping[str, Any]:
    # A deletion does not say what was deleted: it explains only that none is left.
    return {RECORDERS_POINTER: []}


def _propose_no_channel(_record: Record) -> Mapping[str, Any]:
    return {CHANNELS_POINTER: []}


def _facet(name: str, call: str, pointer: str, read: Any) -> Facet:
    return Facet(name=name, calls=(call,), permissions=(call,), pointers=(pointer,), read=read)


def _route(actions: tuple[str, ...], writes: str, propose: Any) -> Route:
    return Route(
        source=_SOURCE, actions=actions, ids=("awsRegion",), writes=(writes,), propose=propose
    )


_LISTS = {
    RECORDERS_POINTER: _RECORDER_SHAPE,
    STATUSES_POINTER: _STATUS_SHAPE,
    CHANNELS_POINTER: _CHANNEL_SHAPE,
}

CONFIG = Part(
    shapes={tokens_of(p)[1]: {"type": "array", "items": shape} for p, shape in _LISTS.items()},
    defaults={tokens_of(pointer)[1]: [] for pointer in _LISTS},
    facets=(
        _facet(
            "config_recorders",
            "config:DescribeConfigurationRecorders",
            RECORDERS_POINTER,
            _read_recorders,
        ),
        _facet(
            "config_recorder_statuses",
            "config:DescribeConfigurationRecorderStatus",
            STATUSES_POINTER,
            _read_statuses,
        ),
        _facet(
            "config_channels", "config:DescribeDeliveryChannels", CHANNELS_POINTER, _read_channels
        ),
    ),
    facts=(CONFIG_RECORDINGS,),
    routes=(
        _route(("PutConfigurationRecorder",), RECORDERS_POINTER, _propose_recorder),
        _route(("DeleteConfigurationRecorder",), RECORDERS_POINTER, _propose_no_recorder),
        _route(
            ("StartConfigurationRecorder", "StopConfigurationRecorder"),
            STATUSES_POINTER,
            _propose_recording,
        ),
        # Whoever makes a channel is not why there is none.
        _route(("PutDeliveryChannel",), CHANNELS_POINTER, lambda _record: {CHANNELS_POINTER: {}}),
        _route(("DeleteDeliveryChannel",), CHANNELS_POINTER, _propose_no_channel),
    ),
)
