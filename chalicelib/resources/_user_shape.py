"""How an IAM user looks when described: the closed schema of its item, and a fresh user."""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.role_use import INSTANT
from chalicelib.resources._declared import closed
from chalicelib.resources._iam_entity import ARNS_SHAPE, POLICIES_SHAPE
from chalicelib.resources._iam_held import HELD_SHAPE
from chalicelib.resources._iam_membership import GROUP_POLICIES_SHAPE
from chalicelib.resources._tags import TAGS_SHAPE

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_INSTANT_OR_NULL = {**INSTANT, "type": ["string", "null"]}
_LOGIN_PROFILE = closed({"PasswordResetRequired": {"type": "boolean"}})

#: ``Status``: IAM also knows keys that have expired.
KEY_STATUS: Mapping[str, Any] = {"enum": ["Active", "Inactive", "Expired"]}

SHAPE: Mapping[str, Any] = closed(
    {
        "properties": closed(
            {
                "UserName": _TEXT,
                "Path": _TEXT,
                "PermissionsBoundary": _TEXT_OR_NULL,
                "LoginProfile": {**_LOGIN_PROFILE, "type": ["object", "null"]},
                "Groups": {"type": "array", "items": _TEXT},
                "ManagedPolicyArns": ARNS_SHAPE,
                "Policies": POLICIES_SHAPE,
                "Tags": TAGS_SHAPE,
            }
        ),
        "observed": closed(
            {
                "CreateDate": INSTANT,
                "PasswordLastUsed": _INSTANT_OR_NULL,
                "PasswordCreated": _INSTANT_OR_NULL,
                "AttachedPolicies": HELD_SHAPE,
                "GroupPolicies": GROUP_POLICIES_SHAPE,
                "MFADevices": {
                    "type": "array",
                    "items": closed({"SerialNumber": _TEXT, "EnableDate": INSTANT}),
                },
                "AccessKeys": {
                    "type": "array",
                    "items": closed(
                        {
                            "AccessKeyId": _TEXT,
                            "Status": KEY_STATUS,
                            "CreateDate": INSTANT,
                            "LastUsedDate": _INSTANT_OR_NULL,
                        }
                    ),
                },
            }
        ),
    }
)

#: As CreateUser makes one: nothing to sign in with, and nothing allowed.
DEFAULTS: Mapping[str, Any] = {
    "properties": {
        "UserName": "alice",
        "Path": "/",
        "PermissionsBoundary": None,
        "LoginProfile": None,
        "Groups": [],
        "ManagedPolicyArns": [],
        "Policies": [],
        "Tags": [],
    },
    "observed": {
        "CreateDate": "2026-01-01T00:00:00.000Z",
        "PasswordLastUsed": None,
        "PasswordCreated": None,
        "AttachedPolicies": {},
        "GroupPolicies": {},
        "MFADevices": [],
        "AccessKeys": [],
    },
}
