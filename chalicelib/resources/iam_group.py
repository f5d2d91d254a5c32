"""AWS::IAM::Group: what its members may do.

Who the members are is said by the users themselves.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model import FacetReading, Page, ResourceRef, ResourceType
from chalicelib.model.plugin import Record
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._iam_entity import (
    ARNS_SHAPE,
    DETAILS_CALL,
    INLINE_ADMIN_GRANTS,
    POLICIES_SHAPE,
    POLICY_COMPANION,
    attached_reading,
    details,
    facet,
    found,
    iam_ref,
    inline_reading,
    policy_facets,
)
from chalicelib.resources._iam_events import (
    ATTACHED,
    GRANT_CHANGE_FACTS,
    INLINE,
    iam_route,
    policy_routes,
)
from chalicelib.resources._listing import Listed, page_of, whole

TYPE = "AWS::IAM::Group"

_PAGE_SIZE = 200
_NAME_LIMIT_CHARS = 128
_TEXT = {"type": "string"}

_SHAPE = closed(
    {
        "properties": closed(
            {
                "GroupName": _TEXT,
                "Path": _TEXT,
                "ManagedPolicyArns": ARNS_SHAPE,
                "Policies": POLICIES_SHAPE,
            }
        ),
        "observed": closed({}),
    }
)
_DEFAULTS: Mapping[str, Any] = {
    "properties": {"GroupName": "team", "Path": "/", "ManagedPolicyArns": [], "Policies": []},
    "observed": {},
}


def _group_name(raw: str, _: Record) -> str | None:
    return raw if len(raw) <= _NAME_LIMIT_CHARS and not set(raw) & set(":/") else None


def _read_group(aws: Any, ref: ResourceRef) -> FacetReading | None:
    # The call lists members page by page; none of them is wanted.
    answer = found(aws, ref, "get_group", GroupName=ref.id, MaxItems=1)
    return None if answer is None else _group_reading(member(answer, "Group"))


def _group_reading(group: Mapping[str, Any]) -> FacetReading:
    return FacetReading(
        properties={name: member(group, name) for name in ("GroupName", "Path")},
        unique_id=member(group, "GroupId"),
    )


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Return whole groups, 200 per call."""
    answer, following = details(aws, account_id, "Group", _PAGE_SIZE, token)
    groups = member(answer, "GroupDetailList")
    return page_of(groups, lambda group: _item(account_id, region, group), following)


def _item(account_id: str, region: str, group: Mapping[str, Any]) -> Listed:
    return whole(
        iam_ref(account_id, region, TYPE, member(group, "Arn"), member(group, "GroupName")),
        lambda: _group_reading(group),
        lambda: attached_reading(account_id, group.get("AttachedManagedPolicies", ())),
        lambda: inline_reading(group.get("GroupPolicyList", ()), DETAILS_CALL),
    )


_GROUP = ("requestParameters.groupName",)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="iam",
    noun="group",
    is_global=True,
    schema=_SHAPE,
    routes=(
        iam_route(
            "CreateGroup",
            _GROUP,
            *(ATTACHED, INLINE),
            creates=True,
            propose=lambda _record: {ATTACHED: [], INLINE: []},
        ),
        iam_route("DeleteGroup", _GROUP, deletes=True),
        iam_route("UpdateGroup", _GROUP, "/properties/GroupName", "/properties/Path"),
        iam_route("UpdateGroup", ("requestParameters.newGroupName",), "/properties/GroupName"),
        *policy_routes("Group", _GROUP),
    ),
    companions=(POLICY_COMPANION,),
    facets=(
        facet(
            "group",
            ("/properties/GroupName", "/properties/Path"),
            _read_group,
            "iam:GetGroup",
            existence=True,
        ),
        *policy_facets("Group"),
    ),
    facts=(INLINE_ADMIN_GRANTS,),
    list=_list,
    list_calls=(DETAILS_CALL,),
    list_permissions=(DETAILS_CALL,),
    identify=_group_name,
    defaults=_DEFAULTS,
    change_facts=GRANT_CHANGE_FACTS,
)
