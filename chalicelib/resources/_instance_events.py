"""What EC2's events say about an instance: its metadata options, its profile, what was edited.

User data is never looked at: CloudTrail hides it, and it may hold secrets. That a call edits it
is all that is known, and enough.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.model.plugin import Record
from chalicelib.resources._declared import closed
from chalicelib.resources._ec2 import TAGS, at, route, tag_routes
from chalicelib.resources._payload import field, parameters_of

METADATA = "/properties/MetadataOptions"
PROFILE = "/properties/IamInstanceProfile"
STATE = "/properties/State"

#: What `ModifyInstanceAttribute` can write, as EC2 calls it.
ATTRIBUTES = (
    "blockDeviceMapping",
    "disableApiStop",
    "disableApiTermination",
    "ebsOptimized",
    "enaSupport",
    "enclaveOptions",
    "groupSet",
    "instanceInitiatedShutdownBehavior",
    "instanceType",
    "kernel",
    "productCodes",
    "ramdisk",
    "rootDeviceName",
    "sourceDestCheck",
    "sriovNetSupport",
    "userData",
)

CHANGE_FACTS: Mapping[str, Mapping[str, Any]] = {
    # The attributes that a call writes.
    "InstanceAttributes": {"type": "array", "items": {"enum": list(ATTRIBUTES)}},
    # What a call asks for that leaves the instance answering IMDSv1.
    "MetadataLoosenings": {
        "type": "array",
        "items": closed(
            {
                "Option": {"enum": ["HttpTokens", "HttpEndpoint"]},
                "Value": {"enum": ["optional", "enabled"]},
            }
        ),
    },
}

_LOOSE = {"HttpTokens": "optional", "HttpEndpoint": "enabled"}


def metadata_from(options: Any) -> dict[str, Any]:
    """Return metadata options as CloudFormation names them, from an answer or a record.

    What is missing has the value that EC2 documents for it, the open one: the first instances
    knew no options at all.
    """
    return {name: field(options, name) or value for name, value in _LOOSE.items()}


def profile_from(profile: Any) -> str | None:
    """Return the name of an instance profile, which answers give as an ARN; None for none."""
    arn = field(profile, "Arn") or field(profile, "Name")
    return arn.rpartition("/")[2] if isinstance(arn, str) else None


def _launched(record: Record) -> dict[str, Any]:
    instances = at(record, "responseElements", "instancesSet", "items")
    if not isinstance(instances, list) or not instances:
        return {}
    # One launch gives all its instances the same options.
    options = field(instances[0], "metadataOptions")
    profile = {PROFILE: profile_from(field(instances[0], "iamInstanceProfile"))}
    return {**profile, METADATA: metadata_from(options)} if options else profile


def _options_set(record: Record) -> dict[str, Any]:
    """Propose the options as the call left them, or only those it names."""
    left = _options_left(record)
    if left:
        return {METADATA: metadata_from(left)}
    asked = {name: field(_options_asked(record), name) for name in _LOOSE}
    return {METADATA: asked} if any(asked.values()) else {}


def _loosenings(record: Record) -> dict[str, Any]:
    asked = _options_asked(record)
    after = {name: field(_options_left(record), name) or field(asked, name) for name in _LOOSE}
    closed_still = after["HttpTokens"] == "required" or after["HttpEndpoint"] == "disabled"
    rows = [
        {"Option": name, "Value": value}
        for name, value in _LOOSE.items()
        if field(asked, name) == value and after["HttpTokens"] == _LOOSE["HttpTokens"]
    ]
    return {"MetadataLoosenings": [] if closed_still else rows}


def _options_asked(record: Record) -> Mapping[str, Any]:
    parameters = parameters_of(record)
    wrapped = field(parameters, "ModifyInstanceMetadataOptionsRequest")
    return wrapped if isinstance(wrapped, Mapping) else parameters


def _options_left(record: Record) -> Any:
    wrapped = at(record, "responseElements", "ModifyInstanceMetadataOptionsResponse")
    response = wrapped or field(record, "responseElements")
    return field(response, "instanceMetadataOptions")


def _profile_set(record: Record) -> dict[str, Any]:
    association = _association(record)
    asked = parameters_of(record)
    wrapped = field(asked, f"{record.get('eventName')}Request") or asked
    given = field(association, "iamInstanceProfile") or field(wrapped, "IamInstanceProfile")
    name = profile_from(given)
    return {PROFILE: name} if name else {}


def _association(record: Record) -> Any:
    response = field(record, "responseElements")
    wrapped = field(response, f"{record.get('eventName')}Response") or response
    return field(wrapped, "iamInstanceProfileAssociation")


def _edited(record: Record) -> dict[str, Any]:
    return {"InstanceAttributes": sorted(set(_attributes(record)))}


def _attributes(record: Record) -> Iterator[str]:
    """Yield what a call writes: it names one attribute, or carries it under its own name."""
    parameters = parameters_of(record)
    named = str(field(parameters, "attribute")).lower()
    keys = {str(key).lower() for key, value in parameters.items() if value is not None}
    for attribute in ATTRIBUTES:
        if attribute.lower() == named or attribute.lower() in keys:
            yield attribute


def _profile_ids(action: str) -> tuple[str, ...]:
    association = "iamInstanceProfileAssociation.instanceId"
    return (
        f"responseElements.{action}Response.{association}",
        f"responseElements.{association}",
        f"requestParameters.{action}Request.InstanceId",
    )


_INSTANCES = "requestParameters.instancesSet.items[].instanceId"

ROUTES = (
    route(
        "RunInstances",
        "responseElements.instancesSet.items[].instanceId",
        writes=(METADATA, PROFILE, STATE, TAGS),
        creates=True,
        propose=_launched,
    ),
    route(
        "ModifyInstanceMetadataOptions",
        "requestParameters.ModifyInstanceMetadataOptionsRequest.InstanceId",
        "requestParameters.instanceId",
        writes=(METADATA,),
        propose=_options_set,
        derive=_loosenings,
    ),
    *(
        route(action, *_profile_ids(action), writes=(PROFILE,), propose=_profile_set)
        for action in ("AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation")
    ),
    route(
        "DisassociateIamInstanceProfile",
        *_profile_ids("DisassociateIamInstanceProfile"),
        writes=(PROFILE,),
        propose=lambda _record: {PROFILE: None},
    ),
    # Ended instances stay described for an hour: they are read, not taken as deleted.
    *(
        route(action, _INSTANCES, writes=(STATE,))
        for action in ("StartInstances", "StopInstances", "TerminateInstances")
    ),
    route("ModifyInstanceAttribute", "requestParameters.instanceId", derive=_edited),
    *tag_routes(),
)
