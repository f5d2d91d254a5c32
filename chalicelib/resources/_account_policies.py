"""Who holds two of AWS's own policies, as a part of the account.

One should be held by somebody (support access), the other by nobody (all of CloudShell). A policy
that limits somebody as permissions boundary is not held: only the use as permissions is asked for.
"""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.model import Facet, FacetReading, ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._account_events import CLOUDSHELL_POLICY, SUPPORT_POLICY, policy_named
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import code_of, member
from chalicelib.resources._parts import Part
from chalicelib.resources._payload import field, parameters_of

_CALL = "iam:ListEntitiesForPolicy"
_NAME = "AwsPolicyHolders"
_POINTER = f"/observed/{_NAME}"
_POLICIES = (SUPPORT_POLICY, CLOUDSHELL_POLICY)

#: Kind of holder ← the answer's list, the name in it, the request parameter.
_KINDS = (
    ("group", "PolicyGroups", "GroupName", "groupName"),
    ("role", "PolicyRoles", "RoleName", "roleName"),
    ("user", "PolicyUsers", "UserName", "userName"),
)
_HOLDERS_SHAPE: Mapping[str, Any] = {
    "type": "array",
    "items": closed({"Kind": {"enum": [kind[0] for kind in _KINDS]}, "Name": {"type": "string"}}),
}


def _read(aws: Any, ref: ResourceRef) -> FacetReading:
    client = aws.client("iam", account_id=ref.account_id, region="global")
    holders = {
        policy: _holders(client, f"arn:{ref.partition}:iam::aws:policy/{policy}")
        for policy in _POLICIES
    }
    return FacetReading(observed={_NAME: holders})


def _holders(client: Any, arn: str) -> list[dict[str, str]]:
    pages = client.get_paginator("list_entities_for_policy").paginate(
        PolicyArn=arn, PolicyUsageFilter="PermissionsPolicy"
    )
    try:
        return [
            {"Kind": kind, "Name": holder[name]}
            for page in pages
            for kind, listed, name, _ in _KINDS
            for holder in member(page, listed)
        ]
    except ClientError as error:
        # What a partition does not have nobody in it holds.
        if code_of(error) == "NoSuchEntity":
            return []
        raise


def _attached(record: Record) -> Mapping[str, Any]:
    given = parameters_of(record)
    names = {kind: field(given, parameter) for kind, _, _, parameter in _KINDS}
    held = [{"Kind": kind, "Name": name} for kind, name in names.items() if isinstance(name, str)]
    return _of_named(record, held)


def _detached(record: Record) -> Mapping[str, Any]:
    return _of_named(record, [])


def _of_named(record: Record, holders: list[dict[str, str]]) -> Mapping[str, Any]:
    """Speak of the policy named only, so that the call explains nothing about the other."""
    return {_POINTER: {policy_named(record): holders}}


def _route(verb: str, **how: Any) -> Route:
    return Route(
        source="iam.amazonaws.com",
        actions=tuple(f"{verb}{kind}Policy" for kind in ("Group", "Role", "User")),
        ids=("requestParameters.policyArn",),
        writes=(_POINTER,),
        **how,
    )


ATTACHED_POLICIES = Part(
    shapes={_NAME: closed(dict.fromkeys(_POLICIES, _HOLDERS_SHAPE))},
    defaults={_NAME: {policy: [] for policy in _POLICIES}},
    facets=(
        Facet(
            name="policy_holders",
            calls=(_CALL,),
            permissions=(_CALL,),
            pointers=(_POINTER,),
            read=_read,
        ),
    ),
    routes=(_route("Attach", propose=_attached), _route("Detach", propose=_detached)),
)
