"""AWS::IAM::User: with what he can sign in, and what he may do then.

Only ``ListUsers`` and ``GetUser`` say when a password was last used, only the latter and the bulk
call say tags and boundary: `list` asks both in bulk, so that a sweep need not ask for each user.
What has no bulk call (password, devices, keys) is asked user by user.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.facts.credentials import CONSOLE_ACCESS, CREDENTIAL_ACTIVITY
from chalicelib.model import FacetReading, Page, ResourceRef, ResourceType
from chalicelib.resources import _iam_membership
from chalicelib.resources._errors import member, text_member
from chalicelib.resources._iam_entity import (
    DETAILS_CALL,
    INLINE_ADMIN_GRANTS,
    attached_reading,
    boundary_of,
    client,
    details,
    facet,
    found,
    iam_ref,
    inline_reading,
    pages,
    policy_facets,
)
from chalicelib.resources._iam_events import BOUNDARY, GRANT_CHANGE_FACTS, TAGS
from chalicelib.resources._iam_held import (
    HELD_POLICY_COMPANION,
    held_facet,
    listed_reading,
    texts_for,
)
from chalicelib.resources._iam_membership import (
    GROUP_COMPANION,
    GROUP_POLICIES_FACET,
    GROUPS,
    USER_ESCALATIONS,
)
from chalicelib.resources._listing import Listed, gathered, page_of, whole
from chalicelib.resources._tags import tags_from
from chalicelib.resources._user_events import (
    ACCESS_KEYS,
    LOGIN_PROFILE,
    MFA_DEVICES,
    PASSWORD_CREATED,
    PASSWORD_LAST_USED,
    USER_ROUTES,
    user_name,
)
from chalicelib.resources._user_shape import DEFAULTS, SHAPE

TYPE = "AWS::IAM::User"

# Each user of a page costs up to five calls more, all in one Lambda invocation.
_PAGE_SIZE = 100


def _read_user(aws: Any, ref: ResourceRef) -> FacetReading | None:
    answer = found(aws, ref, "get_user", UserName=ref.id)
    if answer is None:
        return None
    user = member(answer, "User")
    return _user_reading(user, {"PasswordLastUsed": user.get("PasswordLastUsed")})


def _user_reading(user: Mapping[str, Any], use: Mapping[str, Any]) -> FacetReading:
    return FacetReading(
        properties={
            "UserName": member(user, "UserName"),
            "Path": member(user, "Path"),
            "PermissionsBoundary": boundary_of(user),
            "Tags": tags_from(user.get("Tags")),
        },
        observed={"CreateDate": member(user, "CreateDate"), **use},
        unique_id=member(user, "UserId"),
    )


def _read_login_profile(aws: Any, ref: ResourceRef) -> FacetReading:
    answer = found(aws, ref, "get_login_profile", UserName=ref.id)
    if answer is None:
        # NoSuchEntity: the user exists and has no console password.
        return FacetReading(properties={"LoginProfile": None}, observed={"PasswordCreated": None})
    profile = member(answer, "LoginProfile")
    # Left out by AWS where nobody asked for a reset.
    reset = profile.get("PasswordResetRequired", False)
    return FacetReading(
        properties={"LoginProfile": {"PasswordResetRequired": reset}},
        observed={"PasswordCreated": member(profile, "CreateDate")},
    )


def _read_groups(aws: Any, ref: ResourceRef) -> FacetReading:
    groups = pages(aws, ref, "list_groups_for_user", "Groups", UserName=ref.id)
    return FacetReading(
        properties={"Groups": sorted(member(group, "GroupName") for group in groups)}
    )


def _read_devices(aws: Any, ref: ResourceRef) -> FacetReading:
    devices = pages(aws, ref, "list_mfa_devices", "MFADevices", UserName=ref.id)
    rows = [
        {name: member(device, name) for name in ("SerialNumber", "EnableDate")}
        for device in devices
    ]
    rows.sort(key=lambda row: str(row["SerialNumber"]))
    return FacetReading(observed={"MFADevices": rows})


def _read_keys(aws: Any, ref: ResourceRef) -> FacetReading:
    iam = client(aws, ref.account_id)
    rows = [
        {**{name: member(key, name) for name in _KEY_MEMBERS}, "LastUsedDate": last_used(iam, key)}
        for key in pages(aws, ref, "list_access_keys", "AccessKeyMetadata", UserName=ref.id)
    ]
    rows.sort(key=lambda row: str(row["AccessKeyId"]))
    return FacetReading(observed={"AccessKeys": rows})


_KEY_MEMBERS = ("AccessKeyId", "Status", "CreateDate")


def last_used(iam: Any, key: Mapping[str, Any]) -> Any:
    """Return when an access key was last used, or None where no use is known.

    AWS leaves the date out then, and says ``N/A`` for service and Region.
    """
    answer = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    return member(answer, "AccessKeyLastUsed").get("LastUsedDate")


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Return users with all that bulk calls tell."""
    answer, following = details(aws, account_id, "User", _PAGE_SIZE, token)
    users = member(answer, "UserDetailList")
    groups = _iam_membership.groups_for(aws, account_id, users)
    bulk = _Bulk(
        uses=dict(_password_uses(aws, account_id)) if users else {},
        texts=texts_for(aws, account_id, (*users, *groups.values())),
        groups=groups,
    )
    return page_of(users, lambda user: _item(account_id, region, user, bulk), following)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bulk:
    """What a few calls say of all users, policies and groups of an account."""

    uses: Mapping[str, Mapping[str, Any]]
    texts: Mapping[str, Any]
    groups: Mapping[str, Mapping[str, Any]]


def _password_uses(aws: Any, account_id: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    # 1,000 users per call: for a hundred users this is one call instead of a hundred.
    paginator = client(aws, account_id).get_paginator("list_users")
    for page in paginator.paginate(PaginationConfig={"PageSize": 1000}):
        yield from gathered(member(page, "Users"), _password_use)


def _password_use(user: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(text_member(user, "UserName"), {"PasswordLastUsed": user.get("PasswordLastUsed")})]


def _item(account_id: str, region: str, user: Mapping[str, Any], bulk: _Bulk) -> Listed:
    groups = user.get("GroupList", ())
    attached = user.get("AttachedManagedPolicies", ())
    return whole(
        iam_ref(account_id, region, TYPE, member(user, "Arn"), member(user, "UserName")),
        # A user younger than the list of uses has no such name yet: the frame asks for him.
        lambda: _user_reading(user, bulk.uses.get(user["UserName"], {})),
        lambda: FacetReading(properties={"Groups": sorted(groups)}),
        lambda: _iam_membership.listed_reading(account_id, groups, bulk.groups, bulk.texts),
        lambda: attached_reading(account_id, attached),
        lambda: listed_reading(account_id, attached, bulk.texts),
        lambda: inline_reading(user.get("UserPolicyList", ()), DETAILS_CALL),
    )


_USER_POINTERS = (
    "/properties/UserName",
    "/properties/Path",
    BOUNDARY,
    TAGS,
    "/observed/CreateDate",
    PASSWORD_LAST_USED,
)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="iam",
    noun="user",
    is_global=True,
    schema=SHAPE,
    routes=USER_ROUTES,
    companions=(HELD_POLICY_COMPANION, GROUP_COMPANION),
    facets=(
        facet("user", _USER_POINTERS, _read_user, "iam:GetUser", existence=True),
        facet(
            "login_profile",
            (LOGIN_PROFILE, PASSWORD_CREATED),
            _read_login_profile,
            "iam:GetLoginProfile",
        ),
        facet("groups", (GROUPS,), _read_groups, "iam:ListGroupsForUser"),
        *policy_facets("User"),
        held_facet("User"),
        GROUP_POLICIES_FACET,
        facet("mfa_devices", (MFA_DEVICES,), _read_devices, "iam:ListMFADevices"),
        facet(
            "access_keys",
            (ACCESS_KEYS,),
            _read_keys,
            "iam:ListAccessKeys",
            "iam:GetAccessKeyLastUsed",
        ),
    ),
    facts=(CREDENTIAL_ACTIVITY, CONSOLE_ACCESS, INLINE_ADMIN_GRANTS, USER_ESCALATIONS),
    list=_list,
    list_calls=(DETAILS_CALL, "iam:ListUsers"),
    list_permissions=(DETAILS_CALL, "iam:ListUsers"),
    identify=user_name,
    defaults=DEFAULTS,
    volatile=(PASSWORD_LAST_USED, f"{ACCESS_KEYS}/*/LastUsedDate"),
    change_facts=GRANT_CHANGE_FACTS,
)
