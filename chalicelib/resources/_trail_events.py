"""What CloudTrail's own events say about trails, in the pointers of a trail and of the account.

An `UpdateTrail` carries only what it changes. What it does not carry it did not write, so nobody
is blamed for it: see `UNWRITTEN`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.facts._selectors import (
    advanced_selectors_from,
    event_selectors_from,
    recorded_kinds,
)
from chalicelib.facts.trails import TRAILS_POINTER
from chalicelib.model import Route
from chalicelib.model.plugin import Record
from chalicelib.resources._declared import closed
from chalicelib.resources._payload import field, parameters_of

SOURCE = "cloudtrail.amazonaws.com"

#: Stands where a call left an attribute alone: equal to no attribute of a trail, all scalars.
UNWRITTEN: tuple[()] = ()

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]")
_ARN = re.compile(r"arn:[a-z-]+:cloudtrail:([a-z0-9-]+):(\d{12}):trail/(.+)", re.DOTALL)
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}

#: Request parameter → the trail's property. The KMS key is left out: the request may
#: name an alias where the trail shows an ARN.
_PARAMETERS = {
    "s3BucketName": "S3BucketName",
    "s3KeyPrefix": "S3KeyPrefix",
    "includeGlobalServiceEvents": "IncludeGlobalServiceEvents",
    "isMultiRegionTrail": "IsMultiRegionTrail",
    "enableLogFileValidation": "EnableLogFileValidation",
    "isOrganizationTrail": "IsOrganizationTrail",
    "cloudWatchLogsLogGroupArn": "CloudWatchLogsLogGroupArn",
    "cloudWatchLogsRoleArn": "CloudWatchLogsRoleArn",
}

#: Parameter of UpdateTrail that narrows what a trail records when it is false → what is lost.
_NARROWING_PARAMETERS = {
    "isMultiRegionTrail": "single-region",
    "includeGlobalServiceEvents": "global-events-off",
    "isOrganizationTrail": "organization-off",
    "enableLogFileValidation": "validation-off",
}

NARROWINGS = (
    "stopped",
    "deleted",
    *_NARROWING_PARAMETERS.values(),
    "reads-unrecorded",
    "writes-unrecorded",
)

#: What routes derive for change rules: the ways in which one call makes a trail record less.
CHANGE_FACTS: Mapping[str, Mapping[str, Any]] = {
    "TrailNarrowings": {
        "type": "array",
        "items": closed({"Trail": {"type": "string"}, "Narrowing": {"enum": list(NARROWINGS)}}),
    }
}


def trail_name(raw: str, record: Record) -> str | None:
    """Return the name of a trail that a record names by name or ARN, if it is this account's."""
    found = _ARN.fullmatch(raw)
    if found and found[2] != _account_of(record):
        return None
    name = found[3] if found else raw
    return name if _NAME.fullmatch(name) else None


def propose_attributes(record: Record) -> dict[str, Any]:
    """Pointers of a trail's item → what CreateTrail or UpdateTrail set."""
    given = _attributes(record)
    return {f"/properties/{name}": given.get(name, UNWRITTEN) for name in _PARAMETERS.values()}


def propose_selectors(record: Record) -> dict[str, Any]:
    """Pointers of a trail's item → the selectors that PutEventSelectors left."""
    return {f"/properties/{name}": value for name, value in _selectors(record).items()}


def propose_logging(record: Record) -> dict[str, Any]:
    """Pointers of a trail's item → whether StartLogging or StopLogging left it recording."""
    return {"/properties/IsLogging": _starts(record)}


def narrowings(record: Record) -> dict[str, Any]:
    """Derive in which ways the call makes a trail record less."""
    name = _name_in(record)
    return {"TrailNarrowings": [{"Trail": name, "Narrowing": kind} for kind in _lost(record)]}


def _lost(record: Record) -> Iterator[str]:
    action, given = record.get("eventName"), parameters_of(record)
    if action == "StopLogging":
        yield "stopped"
    elif action == "DeleteTrail":
        yield "deleted"
    elif action == "UpdateTrail":
        yield from (
            kind for key, kind in _NARROWING_PARAMETERS.items() if _is_false(field(given, key))
        )
    elif action == "PutEventSelectors":
        kinds = recorded_kinds({**_selectors(record), "HasCustomEventSelectors": True})
        yield from (
            f"{kind}s-unrecorded" for kind in ("read", "write") if kind not in (kinds or ())
        )


def _propose_attributes_of_account(record: Record) -> dict[str, Any]:
    return _in_account(record, _attributes(record))


def _propose_selectors_of_account(record: Record) -> dict[str, Any]:
    return _in_account(record, _selectors(record))


def _propose_logging_of_account(record: Record) -> dict[str, Any]:
    return _in_account(record, {"IsLogging": _starts(record)})


def _propose_deletion_of_account(_: Record) -> dict[str, Any]:
    # A deletion does not say what the trail was: it explains only that none is left.
    return {TRAILS_POINTER: {}}


def _in_account(record: Record, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Speak of the one trail only, so that changing it explains nothing about another."""
    return {TRAILS_POINTER: {_arn_of(record): attributes}}


#: Events on trails as the account sees them: `/observed/Trails`.
TRAIL_ROUTES = tuple(
    Route(source=SOURCE, actions=actions, writes=(TRAILS_POINTER,), propose=propose)
    for actions, propose in (
        (("CreateTrail", "UpdateTrail"), _propose_attributes_of_account),
        (("PutEventSelectors",), _propose_selectors_of_account),
        (("StartLogging", "StopLogging"), _propose_logging_of_account),
        (("DeleteTrail",), _propose_deletion_of_account),
    )
)


def _attributes(record: Record) -> dict[str, Any]:
    given = parameters_of(record)
    return {
        name: _plain_flag(field(given, key))
        for key, name in _PARAMETERS.items()
        if field(given, key) is not None
    }


def _selectors(record: Record) -> dict[str, Any]:
    """Return the selectors after PutEventSelectors, which replaces one kind with the other.

    Raises:
        ValueError: The request carries neither kind: it was cut off.
    """
    given = parameters_of(record)
    basic, advanced = field(given, "eventSelectors"), field(given, "advancedEventSelectors")
    if basic is None and advanced is None:
        raise ValueError("the request carries no selectors")
    return {
        "EventSelectors": event_selectors_from(basic),
        "AdvancedEventSelectors": advanced_selectors_from(advanced),
    }


def _starts(record: Record) -> bool:
    return record.get("eventName") == "StartLogging"


def _arn_of(record: Record) -> str:
    """Return the trail's ARN; a bare name means the Region of the call."""
    raw = _name_in(record)
    if _ARN.fullmatch(raw):
        return raw
    region = str(record.get("awsRegion"))
    prefix = next((known for known in _PARTITIONS if region.startswith(known)), "")
    partition = _PARTITIONS.get(prefix, "aws")
    return f"arn:{partition}:cloudtrail:{region}:{_account_of(record)}:trail/{raw}"


def _account_of(record: Record) -> str:
    identity = record.get("userIdentity")
    caller = identity.get("accountId") if isinstance(identity, Mapping) else None
    return str(record.get("recipientAccountId") or caller)


def _name_in(record: Record) -> str:
    """Return the trail as the request names it.

    Raises:
        ValueError: It names none.
    """
    given = parameters_of(record)
    name = field(given, "name") or field(given, "trailName")
    if not isinstance(name, str):
        raise ValueError("the request names no trail")  # noqa: TRY004 - a value somebody wrote
    return name


def _is_false(value: Any) -> bool:
    return str(value).lower() == "false"


def _plain_flag(value: Any) -> Any:
    """Turn a boolean that CloudTrail wrote as text back into one."""
    return {"true": True, "false": False}.get(str(value).lower(), value)
