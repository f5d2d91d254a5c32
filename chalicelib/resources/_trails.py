"""The account's trails as one facet, for the type that describes the account as a whole.

To give a type `/observed/Trails`, add to it ``TRAILS_SHAPE`` (schema of the name),
``TRAILS_FACET``, ``TRAIL_ROUTES`` from `_trail_events`, and the fact
`facts.trails.MANAGEMENT_EVENT_TRAILS`.

Only multi-Region trails are asked for status and selectors: no other trail can count, and what is
not asked cannot be denied. Every trail is asked in its home Region, by ARN, because a name means
another trail elsewhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.facts._selectors import advanced_selectors_from, event_selectors_from
from chalicelib.facts.trails import TRAILS_POINTER
from chalicelib.model import Facet, FacetReading, Gap, ResourceRef
from chalicelib.model.pointer import pointer_of, tokens_of
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import READ_ERRORS, code_of, gaps_from, member

#: CloudTrail's code for a trail that is not there.
GONE = "TrailNotFoundException"

_TEXTS = {"type": "array", "items": {"type": "string"}}


EVENT_SELECTORS_SHAPE: Mapping[str, Any] = {
    "type": "array",
    "items": closed(
        {
            "ReadWriteType": {"enum": ["All", "ReadOnly", "WriteOnly"]},
            "IncludeManagementEvents": {"type": "boolean"},
            "DataResources": {
                "type": "array",
                "items": closed({"Type": {"type": ["string", "null"]}, "Values": _TEXTS}),
            },
            "ExcludeManagementEventSources": _TEXTS,
        }
    ),
}

ADVANCED_SELECTORS_SHAPE: Mapping[str, Any] = {
    "type": "array",
    "items": closed(
        {
            "Name": {"type": ["string", "null"]},
            "FieldSelectors": {
                "type": "array",
                "items": closed(
                    {
                        "Field": {"type": "string"},
                        "Equals": _TEXTS,
                        "StartsWith": _TEXTS,
                        "EndsWith": _TEXTS,
                        "NotEquals": _TEXTS,
                        "NotStartsWith": _TEXTS,
                        "NotEndsWith": _TEXTS,
                    }
                ),
            },
        }
    ),
}


def _or_null(shape: Mapping[str, Any]) -> dict[str, Any]:
    return {**shape, "type": [shape["type"], "null"]}


#: Schema of `/observed/Trails`: ARN → trail. ``IsLogging`` and the selectors are null for trails
#: of a single Region, which are not asked.
TRAILS_SHAPE: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": closed(
        {
            "Name": {"type": "string"},
            "HomeRegion": {"type": "string"},
            "IsMultiRegionTrail": {"type": "boolean"},
            "IsOrganizationTrail": {"type": "boolean"},
            "HasCustomEventSelectors": {"type": "boolean"},
            "IsLogging": {"type": ["boolean", "null"]},
            "LatestDeliveryError": {"type": ["string", "null"]},
            "EventSelectors": _or_null(EVENT_SELECTORS_SHAPE),
            "AdvancedEventSelectors": _or_null(ADVANCED_SELECTORS_SHAPE),
        }
    ),
}


def read_trails(aws: Any, ref: ResourceRef) -> FacetReading:
    """Read the trails that record this account; a trail's failed call leaves a gap below it."""
    client = aws.client("cloudtrail", account_id=ref.account_id, region="global")
    answer = client.describe_trails(includeShadowTrails=True)
    trails: dict[str, Any] = {}
    gaps: list[Gap] = []
    for described in member(answer, "trailList"):
        arn = described["TrailARN"]
        reading = _trail(aws, ref, described)
        if reading is not None:
            trails[arn] = reading.observed
            gaps += reading.gaps
    return FacetReading(observed={"Trails": trails}, gaps=tuple(gaps))


def status_of(client: Any, name: str) -> dict[str, Any]:
    """Ask whether a trail records, and whether its last delivery failed."""
    status = client.get_trail_status(Name=name)
    return {
        "IsLogging": member(status, "IsLogging"),
        "LatestDeliveryError": status.get("LatestDeliveryError") or None,
    }


def selectors_of(client: Any, name: str) -> dict[str, Any]:
    """Ask what a trail records, in normal form."""
    answer = client.get_event_selectors(TrailName=name)
    return {
        "EventSelectors": event_selectors_from(answer.get("EventSelectors")),
        "AdvancedEventSelectors": advanced_selectors_from(answer.get("AdvancedEventSelectors")),
    }


_QUESTIONS: tuple[tuple[tuple[str, ...], Callable[[Any, str], dict[str, Any]]], ...] = (
    (("IsLogging", "LatestDeliveryError"), status_of),
    (("EventSelectors", "AdvancedEventSelectors"), selectors_of),
)


def _trail(aws: Any, ref: ResourceRef, described: Mapping[str, Any]) -> FacetReading | None:
    """Complete one described trail; None where it was deleted meanwhile."""
    home = described["HomeRegion"]
    trail: dict[str, Any] = {
        "Name": described["Name"],
        "HomeRegion": home,
        "IsMultiRegionTrail": member(described, "IsMultiRegionTrail"),
        "IsOrganizationTrail": bool(described.get("IsOrganizationTrail")),
        "HasCustomEventSelectors": bool(described.get("HasCustomEventSelectors")),
        **dict.fromkeys(name for names, _ in _QUESTIONS for name in names),
    }
    gaps: tuple[Gap, ...] = ()
    if not trail["IsMultiRegionTrail"]:
        return FacetReading(observed=trail)
    client = aws.client("cloudtrail", account_id=ref.account_id, region=home)
    for names, ask in _QUESTIONS:
        try:
            trail |= ask(client, described["TrailARN"])
        except READ_ERRORS as error:
            if isinstance(error, ClientError) and code_of(error) == GONE:
                return None
            gaps += _gaps(error, described["TrailARN"], names)
    return FacetReading(observed=trail, gaps=gaps)


def _gaps(error: Exception, arn: str, names: tuple[str, ...]) -> tuple[Gap, ...]:
    base = tokens_of(TRAILS_POINTER)
    pointers = tuple(pointer_of((*base, arn, name)) for name in names)
    return gaps_from(error, replace(TRAILS_FACET, pointers=pointers))


TRAILS_FACET = Facet(
    name="trails",
    calls=(
        "cloudtrail:DescribeTrails",
        "cloudtrail:GetTrailStatus",
        "cloudtrail:GetEventSelectors",
    ),
    permissions=(
        "cloudtrail:DescribeTrails",
        "cloudtrail:GetTrailStatus",
        "cloudtrail:GetEventSelectors",
    ),
    pointers=(TRAILS_POINTER,),
    read=read_trails,
)
