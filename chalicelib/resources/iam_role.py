"""AWS::IAM::Role: who may become it, what it may then do, and when it last did.

``ListRoles`` leaves out when a role was last used; only ``GetRole`` and the bulk call that `list`
makes say it, and both say it hours late. A role recreated under the same name has another
``RoleId`` and is another role.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.facts.role_use import LAST_ACTIVITY, MANAGED_BY
from chalicelib.facts.trust import (
    FEDERATED_OPENINGS_SCHEMA,
    TRUST_OPENINGS_SCHEMA,
    federated_openings,
    trust_openings,
)
from chalicelib.model import (
    ConfigurationItem,
    FacetReading,
    Fact,
    Page,
    ResourceRef,
    ResourceType,
)
from chalicelib.resources._errors import member
from chalicelib.resources._iam_entity import (
    DETAILS_CALL,
    INLINE_ADMIN_GRANTS,
    attached_reading,
    boundary_of,
    details,
    facet,
    found,
    iam_ref,
    inline_reading,
    policy_at,
    policy_facets,
)
from chalicelib.resources._iam_events import BOUNDARY, TAGS
from chalicelib.resources._iam_held import (
    HELD_POLICY_COMPANION,
    OWN_ESCALATIONS,
    held_facet,
    listed_reading,
    texts_for,
)
from chalicelib.resources._listing import Listed, page_of, whole
from chalicelib.resources._role_events import (
    CHANGE_FACTS,
    LAST_ASSUMED,
    ROUTES,
    TRUST,
    role_name,
)
from chalicelib.resources._role_shape import DEFAULTS, SHAPE
from chalicelib.resources._tags import tags_from

TYPE = "AWS::IAM::Role"

_PAGE_SIZE = 200


def _read_role(aws: Any, ref: ResourceRef) -> FacetReading | None:
    answer = found(aws, ref, "get_role", RoleName=ref.id)
    return None if answer is None else _role_reading(member(answer, "Role"), "iam:GetRole")


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Return whole roles, 200 per call, and one call more where they hold policies of customers."""
    answer, following = details(aws, account_id, "Role", _PAGE_SIZE, token)
    roles = member(answer, "RoleDetailList")
    texts = texts_for(aws, account_id, roles)
    return page_of(roles, lambda role: _item(account_id, region, role, texts), following)


def _item(
    account_id: str, region: str, role: Mapping[str, Any], texts: Mapping[str, Any]
) -> Listed:
    attached = role.get("AttachedManagedPolicies", ())
    return whole(
        iam_ref(account_id, region, TYPE, role["Arn"], role["RoleName"]),
        lambda: _role_reading(role, DETAILS_CALL),
        lambda: attached_reading(account_id, attached),
        lambda: listed_reading(account_id, attached, texts),
        lambda: inline_reading(role.get("RolePolicyList", ()), DETAILS_CALL),
    )


def _role_reading(role: Mapping[str, Any], call: str) -> FacetReading:
    trust, gaps = policy_at(TRUST, member(role, "AssumeRolePolicyDocument"), call)
    used = role.get("RoleLastUsed") or {}
    return FacetReading(
        properties={
            "RoleName": role["RoleName"],
            "Path": role["Path"],
            "AssumeRolePolicyDocument": trust,
            "PermissionsBoundary": boundary_of(role),
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


def _trust_openings(item: ConfigurationItem) -> list[dict[str, Any]]:
    policy = item.properties["AssumeRolePolicyDocument"]
    return _placed(trust_openings(policy, account_id=item.ref.account_id))


def _federated_openings(item: ConfigurationItem) -> list[dict[str, Any]]:
    policy = item.properties["AssumeRolePolicyDocument"]
    return _placed(federated_openings(policy, account_id=item.ref.account_id))


def _placed(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Point the reasons of a policy's openings at the item."""
    return [{**row, "Because": [TRUST + pointer for pointer in row["Because"]]} for row in rows]


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
    companions=(HELD_POLICY_COMPANION,),
    facets=(
        facet("role", _ROLE_POINTERS, _read_role, "iam:GetRole", existence=True),
        *policy_facets("Role"),
        held_facet("Role"),
    ),
    facts=(
        LAST_ACTIVITY,
        MANAGED_BY,
        INLINE_ADMIN_GRANTS,
        OWN_ESCALATIONS,
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
    list_calls=(DETAILS_CALL,),
    list_permissions=(DETAILS_CALL,),
    identify=role_name,
    defaults=DEFAULTS,
    volatile=("/observed/RoleLastUsed", LAST_ASSUMED),
    change_facts=CHANGE_FACTS,
)
