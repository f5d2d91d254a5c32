"""Event selectors of a trail: one normal form for both dialects, and what they let through.

API answers spell ``ReadWriteType``, CloudTrail records ``readWriteType``; an absent list may be
missing, null or empty. A trail that never got selectors records all management events: that is
CloudTrail's documented behaviour, so no selectors at all must not be read as "records nothing" —
unless the trail says that it *has* custom ones, which are then empty.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

#: Sources that CloudTrail lets a trail leave out because of their volume.
TOLERATED_EXCLUSIONS = frozenset({"kms.amazonaws.com", "rdsdata.amazonaws.com"})

KINDS = frozenset({"read", "write"})

OBJECTS = "AWS::S3::Object"

#: How selectors name all buckets there are and will be; an ARN with a name in it is one of them.
_EVERY_BUCKET = re.compile(r"arn:aws[a-z-]*:s3(:::)?")

_NOTHING: frozenset[str] = frozenset()
_BY_TYPE = {"All": KINDS, "ReadOnly": frozenset({"read"}), "WriteOnly": frozenset({"write"})}
_BY_READ_ONLY = {"true": frozenset({"read"}), "false": frozenset({"write"})}
_OPERATORS = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")


def event_selectors_from(raw: Any) -> list[dict[str, Any]]:
    """Normalise basic selectors; what the caller left out gets PutEventSelectors' defaults."""
    return [_event_selector(_lowered(selector)) for selector in _rows(raw)]


def advanced_selectors_from(raw: Any) -> list[dict[str, Any]]:
    """Normalise advanced selectors: every operator is there, an unused one empty."""
    return [
        {
            "Name": selector.get("name"),
            "FieldSelectors": [
                _field_selector(_lowered(field)) for field in _rows(selector.get("fieldselectors"))
            ],
        }
        for selector in map(_lowered, _rows(raw))
    ]


def recorded_kinds(trail: Mapping[str, Any]) -> frozenset[str] | None:
    """Return which of ``read`` and ``write`` are recorded; None while selectors are unread."""
    basic, advanced = trail["EventSelectors"], trail["AdvancedEventSelectors"]
    if basic is None or advanced is None:
        return None
    if not basic and not advanced:
        return _NOTHING if trail["HasCustomEventSelectors"] else KINDS
    return _NOTHING.union(*map(_basic_kinds, basic), *map(_advanced_kinds, advanced))


def recorded_object_kinds(trail: Mapping[str, Any], *, narrowed: bool) -> frozenset[str] | None:
    """Return which of ``read`` and ``write`` on S3 objects are recorded; None while unread.

    Args:
        trail: The trail.
        narrowed: Count what is recorded of some objects, calls or callers, not of all.
    """
    basic, advanced = trail["EventSelectors"], trail["AdvancedEventSelectors"]
    if basic is None or advanced is None:
        return None
    return _NOTHING.union(
        *(_basic_object_kinds(selector, narrowed=narrowed) for selector in basic),
        *(_advanced_object_kinds(selector, narrowed=narrowed) for selector in advanced),
    )


def excluded_sources(trail: Mapping[str, Any]) -> list[str]:
    """Return the tolerated event sources that a selector leaves out."""
    basic = (
        source
        for selector in trail["EventSelectors"] or ()
        for source in selector["ExcludeManagementEventSources"]
    )
    advanced = (
        source
        for selector in trail["AdvancedEventSelectors"] or ()
        for field in selector["FieldSelectors"]
        if field["Field"] == "eventSource"
        for source in field["NotEquals"]
    )
    return sorted(TOLERATED_EXCLUSIONS.intersection([*basic, *advanced]))


def _basic_kinds(selector: Mapping[str, Any]) -> frozenset[str]:
    if not selector["IncludeManagementEvents"]:
        return _NOTHING
    if not TOLERATED_EXCLUSIONS.issuperset(selector["ExcludeManagementEventSources"]):
        return _NOTHING
    return _BY_TYPE.get(selector["ReadWriteType"], _NOTHING)


def _advanced_kinds(selector: Mapping[str, Any]) -> frozenset[str]:
    """Return what one advanced selector records in full; an unknown filter is a hole."""
    fields = {field["Field"]: field for field in selector["FieldSelectors"]}
    unknown = fields.keys() - {"eventCategory", "readOnly", "eventSource"}
    if unknown or len(fields) != len(selector["FieldSelectors"]):
        return _NOTHING
    if _only(fields.get("eventCategory"), "Equals") != ["Management"]:
        return _NOTHING
    if "eventSource" in fields and not _tolerable(_only(fields["eventSource"], "NotEquals")):
        return _NOTHING
    if "readOnly" not in fields:
        return KINDS
    values = _only(fields["readOnly"], "Equals")
    return _NOTHING.union(*(_BY_READ_ONLY.get(value, _NOTHING) for value in values))


def _basic_object_kinds(selector: Mapping[str, Any], *, narrowed: bool) -> frozenset[str]:
    objects = [r["Values"] for r in selector["DataResources"] if r["Type"] == OBJECTS]
    if any(narrowed or any(map(_is_every_bucket, values)) for values in objects if values):
        return _BY_TYPE.get(selector["ReadWriteType"], _NOTHING)
    return _NOTHING


def _is_every_bucket(arn: str) -> bool:
    return _EVERY_BUCKET.fullmatch(arn) is not None


def _advanced_object_kinds(selector: Mapping[str, Any], *, narrowed: bool) -> frozenset[str]:
    fields = {field["Field"]: field for field in selector["FieldSelectors"]}
    if _only(fields.get("eventCategory"), "Equals") != ["Data"]:
        return _NOTHING
    if _only(fields.get("resources.type"), "Equals") != [OBJECTS]:
        return _NOTHING
    if not narrowed and (len(fields) != len(selector["FieldSelectors"]) or _narrows(fields)):
        return _NOTHING
    if "readOnly" not in fields:
        return KINDS
    values = _only(fields["readOnly"], "Equals")
    return _NOTHING.union(*(_BY_READ_ONLY.get(value, _NOTHING) for value in values))


def _narrows(fields: Mapping[str, Mapping[str, Any]]) -> bool:
    """Tell whether fields beside category, type and read or write leave objects or calls out."""
    if fields.keys() - {"eventCategory", "resources.type", "readOnly", "resources.ARN"}:
        return True
    named = fields.get("resources.ARN")
    return named is not None and not any(map(_is_every_bucket, _only(named, "StartsWith")))


def _only(field: Mapping[str, Any] | None, operator: str) -> list[str]:
    """Return the operator's values, or none where the field uses another operator as well."""
    if field is None or any(field[other] for other in _OPERATORS if other != operator):
        return []
    values: list[str] = field[operator]
    return values


def _tolerable(sources: list[str]) -> bool:
    return bool(sources) and TOLERATED_EXCLUSIONS.issuperset(sources)


def _event_selector(selector: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "ReadWriteType": selector.get("readwritetype") or "All",
        "IncludeManagementEvents": _flag(selector.get("includemanagementevents"), default=True),
        "DataResources": [
            {"Type": resource.get("type"), "Values": _texts(resource.get("values"))}
            for resource in map(_lowered, _rows(selector.get("dataresources")))
        ],
        "ExcludeManagementEventSources": _texts(selector.get("excludemanagementeventsources")),
    }


def _field_selector(field: Mapping[str, Any]) -> dict[str, Any]:
    values = {operator: _texts(field.get(operator.lower())) for operator in _OPERATORS}
    return {"Field": field.get("field"), **values}


def _flag(value: Any, *, default: bool) -> bool:
    """Read a boolean that may have become text on its way."""
    return default if value is None else str(value).lower() != "false"


def _rows(raw: Any) -> Iterable[Any]:
    """Return the elements; a single object stands for a list of one, as CloudTrail writes it."""
    return raw if isinstance(raw, list) else [raw] if raw else []


def _texts(raw: Any) -> list[str]:
    return [str(value) for value in _rows(raw)]


def _lowered(value: Any) -> dict[str, Any]:
    """Return a mapping with lower-case keys; what is no mapping has none.

    Raises:
        ValueError: `value` is no object.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"an event selector is an object, not {type(value).__name__}")  # noqa: TRY004 - a value somebody wrote, not a defect of the caller
    return {str(key).lower(): item for key, item in value.items()}
