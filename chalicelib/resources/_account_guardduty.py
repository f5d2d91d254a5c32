"""The GuardDuty detector of a Region: is there one, and does it run.

What a newcomer gets wrong: a detector that exists may be suspended, and a Region has at most one.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model import Facet, FacetReading, ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._account_safeguards import SAFEGUARDS_LOST, losses, unsaid
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._parts import Part
from chalicelib.resources._payload import field, flag, parameters_of

_NAME = "Detector"
_POINTER = f"/observed/{_NAME}"
_SOURCE = "guardduty.amazonaws.com"
_CALLS = ("guardduty:ListDetectors", "guardduty:GetDetector")


def _read(aws: Any, ref: ResourceRef) -> FacetReading:
    client = aws.client("guardduty", account_id=ref.account_id, region=ref.region)
    # One per Region is a quota that AWS does not raise, so there is no second page.
    ids = member(client.list_detectors(), "DetectorIds")
    if not ids:
        return FacetReading(observed={_NAME: None})
    detector = client.get_detector(DetectorId=ids[0])
    described = {"DetectorId": ids[0], "Status": member(detector, "Status")}
    return FacetReading(observed={_NAME: described})


def _propose_status(record: Record) -> Mapping[str, Any]:
    enabled = flag(field(parameters_of(record), "enable"))
    if enabled is None:
        return unsaid(_POINTER)
    return {_POINTER: {"Status": "ENABLED" if enabled else "DISABLED"}}


def _propose_none(_record: Record) -> Mapping[str, Any]:
    return {_POINTER: None}


def _lost(record: Record) -> Mapping[str, Any]:
    stopped = flag(field(parameters_of(record), "enable")) is False
    return losses("guardduty", lost=stopped or record.get("eventName") == "DeleteDetector")


def _route(*actions: str, **more: Any) -> Route:
    return Route(source=_SOURCE, actions=actions, ids=("awsRegion",), writes=(_POINTER,), **more)


DETECTOR = Part(
    shapes={
        _NAME: {
            **closed(
                {"DetectorId": {"type": "string"}, "Status": {"enum": ["ENABLED", "DISABLED"]}}
            ),
            "type": ["object", "null"],
        }
    },
    defaults={_NAME: None},
    facets=(
        Facet(name="detector", calls=_CALLS, permissions=_CALLS, pointers=(_POINTER,), read=_read),
    ),
    routes=(
        _route("CreateDetector", propose=_propose_status),
        _route("UpdateDetector", propose=_propose_status, derive=_lost),
        _route("DeleteDetector", propose=_propose_none, derive=_lost),
    ),
    change_facts=SAFEGUARDS_LOST,
)
