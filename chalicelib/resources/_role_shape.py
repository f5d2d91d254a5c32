"""How a role looks when it is described: the closed schema of its item, and a fresh role."""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.policy import POLICY_SCHEMA
from chalicelib.facts.role_use import INSTANT
from chalicelib.resources._declared import closed
from chalicelib.resources._iam_entity import ARNS_SHAPE, POLICIES_SHAPE
from chalicelib.resources._iam_held import HELD_SHAPE
from chalicelib.resources._tags import TAGS_SHAPE

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_INSTANT_OR_NULL = {**INSTANT, "type": ["string", "null"]}
_POLICY = {**POLICY_SCHEMA, "type": "object"}

SHAPE: Mapping[str, Any] = closed(
    {
        "properties": closed(
            {
                "RoleName": _TEXT,
                "Path": _TEXT,
                "AssumeRolePolicyDocument": _POLICY,
                "PermissionsBoundary": _TEXT_OR_NULL,
                "ManagedPolicyArns": ARNS_SHAPE,
                "Policies": POLICIES_SHAPE,
                "Tags": TAGS_SHAPE,
            }
        ),
        "observed": closed(
            {
                "CreateDate": INSTANT,
                "RoleLastUsed": closed(
                    {
                        "LastUsedDate": _INSTANT_OR_NULL,
                        "Region": _TEXT_OR_NULL,
                    }
                ),
                "LastAssumed": _INSTANT_OR_NULL,
                "AttachedPolicies": HELD_SHAPE,
            }
        ),
    }
)

#: As EC2 gets one: nobody but the service may assume it, and it may do nothing.
DEFAULTS: Mapping[str, Any] = {
    "properties": {
        "RoleName": "app",
        "Path": "/",
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": ["ec2.amazonaws.com"]},
                    "Action": ["sts:AssumeRole"],
                }
            ],
        },
        "PermissionsBoundary": None,
        "ManagedPolicyArns": [],
        "Policies": [],
        "Tags": [],
    },
    "observed": {
        "CreateDate": "2026-01-01T00:00:00.000Z",
        "RoleLastUsed": {"LastUsedDate": None, "Region": None},
        "LastAssumed": None,
        "AttachedPolicies": {},
    },
}
