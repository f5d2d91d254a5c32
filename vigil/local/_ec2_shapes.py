"""EC2's dialects of CloudTrail: classic lists under `items`, newer calls as XML turned into JSON.

Which dialect a call speaks is a property of the call's age, not of its protocol: the table of
the newer ones is data, and a call that is missing there is classic.
"""

from collections.abc import Mapping
from typing import Any

from vigil.local._shapes import lowered, masked, plain

_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"

#: Calls whose record holds `{"<Name>Request": {…}}`.
WRAPPED = frozenset(
    {
        "AssociateIamInstanceProfile",
        "CreateDefaultVpc",
        "CreateFlowLogs",
        "CreateLaunchTemplate",
        "CreateLaunchTemplateVersion",
        "CreateManagedPrefixList",
        "CreateNatGateway",
        "CreateTrafficMirrorFilter",
        "CreateTrafficMirrorSession",
        "CreateTrafficMirrorTarget",
        "CreateVpcEndpoint",
        "DeleteFlowLogs",
        "DeleteLaunchTemplate",
        "DeleteManagedPrefixList",
        "DeleteNatGateway",
        "DeleteVpcEndpoints",
        "DisableEbsEncryptionByDefault",
        "EnableEbsEncryptionByDefault",
        "ModifyInstanceMetadataOptions",
        "ModifyLaunchTemplate",
        "ModifyManagedPrefixList",
        "ModifySecurityGroupRules",
        "ModifyVpcEndpoint",
        "ReplaceIamInstanceProfileAssociation",
        "RestoreManagedPrefixListVersion",
        "UpdateSecurityGroupRuleDescriptionsEgress",
        "UpdateSecurityGroupRuleDescriptionsIngress",
    }
)

#: Lists of scalars that CloudTrail shows as lists of objects: member → (list key, object key).
_OBJECT_LISTS = {
    "GroupNames": ("groups", "group"),
    "Groups": ("groupSet", "groupId"),
    "InstanceIds": ("instancesSet", "instanceId"),
    "Resources": ("resourcesSet", "resourceId"),
    "SecurityGroupIds": ("groupSet", "groupId"),
    "SecurityGroupRuleIds": ("securityGroupRuleIds", "securityGroupRuleId"),
    "UserGroups": ("groups", "group"),
    "UserIds": ("userIds", "userId"),
}
_RENAMED = {"Tags": "tagSet", "BlockDeviceMappings": "blockDeviceMapping"}
#: Present in every permission of a record, empty or not.
_PERMISSION_LISTS = ("groups", "ipRanges", "ipv6Ranges", "prefixListIds")
_PERMISSION_CALLS = frozenset(
    f"{verb}SecurityGroup{way}" for verb in ("Authorize", "Revoke") for way in ("Ingress", "Egress")
)
#: Calls that share: → (key in the record, its `attributeType`).
_SHARING = {
    "ModifyImageAttribute": ("launchPermission", "launchPermission"),
    "ModifySnapshotAttribute": ("createVolumePermission", "CREATE_VOLUME_PERMISSION"),
}


def request_parameters(operation: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `requestParameters` of an EC2 call."""
    shape, name = operation.input_shape, str(operation.name)
    if name in WRAPPED:
        return {f"{name}Request": _xml_members(shape, params)}
    parameters = _members(shape, params)
    if name in _PERMISSION_CALLS:
        parameters.setdefault("ipPermissions", {})
    if name == "RunInstances":
        parameters["instancesSet"] = _launch(parameters)
    return parameters | _sharing(name, parameters)


def response_elements(operation: Any, parsed: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    """Return the `responseElements` of an EC2 call that succeeded."""
    name = str(operation.name)
    members = _members(operation.output_shape, parsed) if operation.output_shape else {}
    if name in WRAPPED:
        wrapped = {"xmlns": _NAMESPACE, "requestId": request_id, **members}
        return {f"{name}Response": _with_item(wrapped)}
    if "return" in members:
        members["_return"] = members.pop("return")
    return {"requestId": request_id, **(members or {"_return": True})}


def _sharing(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return who is let in or out; the older flat form of the call is recorded like the newer."""
    key, kind = _SHARING.get(name, ("", ""))
    attribute = parameters.pop("attribute", None) if key else None
    if key in parameters:
        return {"attributeType": kind}
    if not key or attribute != key:
        return {}
    whom = [parameters.pop(name, {}) for name in ("groups", "userIds")]
    items = [item for listed in whom for item in listed.get("items", [])]
    return {"attributeType": kind, key: {parameters.pop("operationType", "add"): {"items": items}}}


def _launch(parameters: dict[str, Any]) -> dict[str, Any]:
    keys = ("imageId", "minCount", "maxCount", "keyName")
    return {"items": [{key: parameters.pop(key) for key in keys if key in parameters}]}


def _members(shape: Any, value: Mapping[str, Any]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, member in shape.members.items():
        if value.get(name) is not None:
            key, shown = _member(name, member, value[name])
            members[key] = shown
    if shape.name == "IpPermission":
        members = {**{key: {} for key in _PERMISSION_LISTS}, **members}
    return members


def _member(name: str, shape: Any, value: Any) -> tuple[str, Any]:
    if hidden := masked(name, shape, value):
        return _wire_name(name, shape), hidden
    if name in _OBJECT_LISTS and _is_scalar_list(value):
        key, item = _OBJECT_LISTS[name]
        return key, {"items": [{item: plain(entry)} for entry in value]}
    return _RENAMED.get(name) or _wire_name(name, shape), _classic(shape, value)


def _classic(shape: Any, value: Any) -> Any:
    if shape.type_name == "structure":
        return _members(shape, value)
    if shape.type_name == "list":
        return {"items": [_classic(shape.member, entry) for entry in value]} if value else {}
    return plain(value)


def _wire_name(name: str, shape: Any) -> str:
    # A list's wire name is that of one of its elements on requests ("SecurityGroupId").
    wire = str(shape.serialization.get("name", name))
    return lowered(name if shape.type_name == "list" and wire[:1].isupper() else wire)


def _is_scalar_list(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(entry, str) for entry in value)


def _xml_members(shape: Any, value: Mapping[str, Any]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, member in shape.members.items():
        if value.get(name) is not None:
            wire = str(member.serialization.get("name", name))
            hidden = masked(name, member, value[name])
            members[wire[:1].upper() + wire[1:]] = hidden or _xml(member, value[name])
    return members


def _xml(shape: Any, value: Any) -> Any:
    if shape.type_name == "structure":
        return _xml_members(shape, value)
    if shape.type_name == "list":
        entries = [_tagged(shape.member, tag, entry) for tag, entry in enumerate(value, start=1)]
        return entries[0] if len(entries) == 1 else entries
    return plain(value)


def _tagged(shape: Any, tag: int, value: Any) -> dict[str, Any]:
    shown = _xml(shape, value)
    return {**shown, "tag": tag} if isinstance(shown, dict) else {"tag": tag, "content": shown}


def _with_item(value: Any) -> Any:
    """Turn classic `{"items": […]}` into `{"item": one-or-list}`; empty lists become ``""``."""
    if isinstance(value, list):
        return [_with_item(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"items"}:
        entries = [_with_item(entry) for entry in value["items"]]
        return {"item": entries[0] if len(entries) == 1 else entries}
    return {key: "" if entry == {} else _with_item(entry) for key, entry in value.items()}
