"""What IAM's events say about a user, in the pointers of its item.

What a newcomer gets wrong: several calls work on the caller where no user is named, and then only
the caller's identity says whose item it is. Root has no item: its own calls name nobody.
"""

import re

from chalicelib.model.plugin import Record
from chalicelib.resources._iam_events import (
    ATTACHED,
    BOUNDARY,
    INLINE,
    TAGS,
    Proposal,
    always,
    created_with,
    iam_route,
    policy_routes,
    principal_routes,
)
from chalicelib.resources._iam_membership import GROUPS
from chalicelib.resources._payload import field, parameters_of

LOGIN_PROFILE = "/properties/LoginProfile"
PASSWORD_CREATED = "/observed/PasswordCreated"  # noqa: S105 - a pointer
PASSWORD_LAST_USED = "/observed/PasswordLastUsed"  # noqa: S105 - a pointer
MFA_DEVICES = "/observed/MFADevices"
ACCESS_KEYS = "/observed/AccessKeys"

_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}")
_NAMED = ("requestParameters.userName", "responseElements.user.userName")
_NAMED_OR_SELF = (
    "requestParameters.userName",
    "responseElements.accessKey.userName",
    "userIdentity.userName",
)


def user_name(raw: str, record: Record) -> str | None:
    """Return the name of a user; None for what is none, and for root acting on itself."""
    return None if is_roots_own(record) or not _NAME.fullmatch(raw) else raw


def is_roots_own(record: Record) -> bool:
    """Tell whether root called for itself: it names no user, but answers spell one: ``Root``."""
    asked = parameters_of(record)
    named = any(field(asked, name) for name in ("userName", "newUserName"))
    return not named and field(field(record, "userIdentity"), "type") == "Root"


def _created(record: Record) -> Proposal:
    empty = (GROUPS, ATTACHED, INLINE, MFA_DEVICES, ACCESS_KEYS)
    nothing: dict[str, list[str]] = {pointer: [] for pointer in empty}
    return {**created_with(record), LOGIN_PROFILE: None, **nothing}


def _joined(record: Record) -> Proposal:
    group = field(parameters_of(record), "groupName")
    return {GROUPS: [group]} if isinstance(group, str) else {}


def _with_password(record: Record) -> Proposal:
    reset = field(parameters_of(record), "passwordResetRequired")
    return {LOGIN_PROFILE: {"PasswordResetRequired": reset is True}}


USER_ROUTES = (
    iam_route(
        "CreateUser",
        _NAMED,
        *(BOUNDARY, TAGS, LOGIN_PROFILE, GROUPS, ATTACHED, INLINE, MFA_DEVICES, ACCESS_KEYS),
        creates=True,
        propose=_created,
    ),
    iam_route("DeleteUser", _NAMED, deletes=True),
    iam_route("UpdateUser", _NAMED, "/properties/UserName", "/properties/Path"),
    iam_route("UpdateUser", ("requestParameters.newUserName",), "/properties/UserName"),
    *policy_routes("User", _NAMED),
    *principal_routes("User", _NAMED),
    iam_route("AddUserToGroup", _NAMED, GROUPS, propose=_joined),
    iam_route("RemoveUserFromGroup", _NAMED, GROUPS, propose=always(GROUPS, [])),
    iam_route(
        "CreateLoginProfile", _NAMED, LOGIN_PROFILE, PASSWORD_CREATED, propose=_with_password
    ),
    iam_route("UpdateLoginProfile", _NAMED, PASSWORD_CREATED),
    iam_route(
        "DeleteLoginProfile",
        _NAMED,
        *(LOGIN_PROFILE, PASSWORD_CREATED),
        propose=always(LOGIN_PROFILE, None),
    ),
    iam_route("EnableMFADevice", _NAMED, MFA_DEVICES),
    iam_route("DeactivateMFADevice", _NAMED, MFA_DEVICES),
    iam_route("CreateAccessKey", _NAMED_OR_SELF, ACCESS_KEYS),
    iam_route("UpdateAccessKey", _NAMED_OR_SELF, ACCESS_KEYS),
    iam_route("DeleteAccessKey", _NAMED_OR_SELF, ACCESS_KEYS, propose=always(ACCESS_KEYS, [])),
)
