"""AWS::IAM::Role: who may become it, what it may then do, and when it last did.

``ListRoles`` leaves out when a role was last used; only ``GetRole`` and the bulk call that `list`
makes say it, and both say it hours late. A role recreated under the same name has another
``RoleId`` and is another role.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.facts.policy import PolicyError, normalise_policy
from chalicelib.facts.role_use import LAST_ACTIVITY, MANAGED_BY
from chalicelib.facts.trust import (
    FEDERATED_OPENINGS_SCHEMA,
    TRUST_OPENINGS_SCHEMA,
    federated_openings,
    trust_openings,
)
from chalicelib.model import (
    Companion,
    ConfigurationItem,
    Facet,
    FacetReading,
    Fact,
    Gap,
    GapReason,
    Page,
    Relation,
    ResourceRef,
    ResourceType,
)
from chalicelib.resources._errors import code_of, member
from chalicelib.resources._frame import listed
from chalicelib.resources._role_events import (
    ATTACHED,
    BOUNDARY,
    INLINE,
    LAST_ASSUMED,
    MANAGED_POLICY_ROUTES,
    ROUTES,
    TAGS,
    TRUST,
    managed_policy_arn,
    role_name,
    tags_from,
)
from chalicelib.resources._role_shape import DEFAULTS, SHAPE

TYPE = "AWS::IAM::Role"
MANAGED_POLICY = "AWS::IAM::ManagedPolicy"

_GONE = "NoSuchEntity"
_PAGE_SIZE = 200


def _read_role(aws: Any, ref: ResourceRef) -> FacetReading | None:
    try:
        role = member(_client(aws, ref.account_id).get_role(RoleName=ref.id), "Role")
    except ClientError as error:
        if code_of(error) == _GONE:
            return None
        raise
    return _role_reading(role, "iam:GetRole")


def _read_attached(aws: Any, ref: ResourceRef) -> FacetReading:
    pages = _client(aws, ref.account_id).get_paginator("list_attached_role_policies")
    found = (
        each
        for page in pages.paginate(RoleName=ref.id)
        for each in member(page, "AttachedPolicies")
    )
    return _attached_reading(ref.account_id, found)


def _read_inline(aws: Any, ref: ResourceRef) -> FacetReading:
    client = _client(aws, ref.account_id)
    pages = client.get_paginator("list_role_policies").paginate(RoleName=ref.id)
    names = (name for page in pages for name in member(page, "PolicyNames"))
    policies = (client.get_role_policy(RoleName=ref.id, PolicyName=name) for name in names)
    return _inline_reading(policies, "iam:GetRolePolicy")


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Return whole roles, 200 per call."""
    position = {"Marker": token} if token else {}
    answer = _client(aws, account_id).get_account_authorization_details(
        Filter=["Role"], MaxItems=_PAGE_SIZE, **position
    )
    roles = member(answer, "RoleDetailList")
    return Page(
        items=tuple(_item(account_id, region, role) for role in roles),
        next_token=answer.get("Marker") if answer.get("IsTruncated") else None,
    )


def _item(account_id: str, region: str, role: Mapping[str, Any]) -> ConfigurationItem:
    call = "iam:GetAccountAuthorizationDetails"
    ref = ResourceRef(
        partition=role["Arn"].split(":")[1],
        account_id=account_id,
        region=region,
        type=TYPE,
        id=role["RoleName"],
    )
    return listed(
        ref,
        _role_reading(role, call),
        _attached_reading(account_id, role.get("AttachedManagedPolicies", ())),
        _inline_reading(role.get("RolePolicyList", ()), call),
    )


def _role_reading(role: Mapping[str, Any], call: str) -> FacetReading:
    trust, gaps = _policy(member(role, "AssumeRolePolicyDocument"), TRUST, call)
    used = role.get("RoleLastUsed") or {}
    return FacetReading(
        properties={
            "RoleName": role["RoleName"],
            "Path": role["Path"],
            "AssumeRolePolicyDocument": trust,
            "PermissionsBoundary": _boundary(role),
            "Tags": tags_from(role.get("Tags")),
        },
        observed={
            "CreateDate": role["CreateDate"],
            "RoleLastUsed": {
                "LastUsedDate": used.get("LastUsedDate"),
                "Region": used.get("Region"),
            },
            "LastAssumed": None,
        },
        gaps=gaps,
        unique_id=role["RoleId"],
    )


def _attached_reading(account_id: str, policies: Iterable[Mapping[str, Any]]) -> FacetReading:
    arns = sorted(policy["PolicyArn"] for policy in policies)
    return FacetReading(
        properties={"ManagedPolicyArns": arns},
        companions=tuple(f"{account_id}#global#{MANAGED_POLICY}#{arn}" for arn in arns),
    )


def _inline_reading(policies: Iterable[Mapping[str, Any]], call: str) -> FacetReading:
    rows: list[dict[str, Any]] = []
    gaps: tuple[Gap, ...] = ()
    for index, policy in enumerate(sorted(policies, key=lambda each: each["PolicyName"])):
        pointer = f"{INLINE}/{index}/PolicyDocument"
        document, unread = _policy(member(policy, "PolicyDocument"), pointer, call)
        rows.append({"PolicyName": policy["PolicyName"], "PolicyDocument": document})
        gaps += unread
    return FacetReading(properties={"Policies": rows}, gaps=gaps)


def _policy(document: Any, pointer: str, call: str) -> tuple[Any, tuple[Gap, ...]]:
    """Normalise a policy; one that is no policy is a gap of its own, the rest stays known."""
    try:
        return normalise_policy(document), ()
    except PolicyError as error:
        reason = GapReason.MALFORMED
        return None, (Gap(pointer=pointer, reason=reason, call=call, error=type(error).__name__),)


def _boundary(role: Mapping[str, Any]) -> str | None:
    boundary: Mapping[str, Any] = role.get("PermissionsBoundary") or {}
    return boundary.get("PermissionsBoundaryArn")


def _client(aws: Any, account_id: str) -> Any:
    return aws.client("iam", account_id=account_id, region="global")


def _trust_openings(item: ConfigurationItem) -> list[dict[str, Any]]:
    policy = item.properties["AssumeRolePolicyDocument"]
    return _placed(trust_openings(policy, account_id=item.ref.account_id))


def _federated_openings(item: ConfigurationItem) -> list[dict[str, Any]]:
    policy = item.properties["AssumeRolePolicyDocument"]
    return _placed(federated_openings(policy, account_id=item.ref.account_id))


def _placed(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Point the reasons of a policy's openings at the item."""
    return [{**row, "Because": [TRUST + pointer for pointer in row["Because"]]} for row in rows]


def _facet(name: str, pointers: tuple[str, ...], *calls: str) -> dict[str, Any]:
    """Return what facets of IAM have in common: the action is the call's name."""
    return {"name": name, "pointers": pointers, "calls": calls, "permissions": calls}


_ROLE_POINTERS = (
    "/properties/RoleName",
    "/properties/Path",
    TRUST,
    BOUNDARY,
    TAGS,
    "/observed/CreateDate",
    "/observed/RoleLastUsed",
    LAST_ASSUMED,
)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="iam",
    noun="role",
    is_global=True,
    schema=SHAPE,
    routes=ROUTES,
    companions=(
        Companion(
            type=MANAGED_POLICY,
            region="global",
            relation=Relation.EDGE,
            routes=MANAGED_POLICY_ROUTES,
            identify=managed_policy_arn,
        ),
    ),
    facets=(
        Facet(**_facet("role", _ROLE_POINTERS, "iam:GetRole"), read=_read_role, existence=True),
        Facet(
            **_facet("attached_policies", (ATTACHED,), "iam:ListAttachedRolePolicies"),
            read=_read_attached,
        ),
        Facet(
            **_facet("inline_policies", (INLINE,), "iam:ListRolePolicies", "iam:GetRolePolicy"),
            read=_read_inline,
        ),
    ),
    facts=(
        LAST_ACTIVITY,
        MANAGED_BY,
        Fact(
            name="TrustOpenings",
            inputs=(TRUST,),
            compute=_trust_openings,
            schema=TRUST_OPENINGS_SCHEMA,
        ),
        Fact(
            name="FederatedOpenings",
            inputs=(TRUST,),
            compute=_federated_openings,
            schema=FEDERATED_OPENINGS_SCHEMA,
        ),
    ),
    list=_list,
    list_calls=("iam:GetAccountAuthorizationDetails",),
    list_permissions=("iam:GetAccountAuthorizationDetails",),
    identify=role_name,
    defaults=DEFAULTS,
    volatile=("/observed/RoleLastUsed", LAST_ASSUMED),
)
