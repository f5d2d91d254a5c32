"""What a call gives away that attaches or writes a policy: an administrator's power, or less.

The payload of an attachment names a policy and nothing else, so that only AWS's own policies can be
known by name; what a customer's policy says is judged where the policy itself is described.
"""

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.facts.admin import EVERYTHING_BUT, admin_grants

ADMINISTRATOR = "administrator"
NEAR_ADMINISTRATOR = "near-administrator"
IAM = "iam"
OTHER = "other"

# Whoever has IAM can give himself the rest; "near" is everything but IAM and the organisation.
_MANAGED = {
    "AdministratorAccess": ADMINISTRATOR,
    "AdministratorAccess-Amplify": NEAR_ADMINISTRATOR,
    "PowerUserAccess": NEAR_ADMINISTRATOR,
    "IAMFullAccess": IAM,
}
_MANAGED_ARN = re.compile(r"arn:aws[a-z-]*:iam::aws:policy/(?:[!-~]*/)?([^/]+)", re.ASCII)

#: JSON Schema of both functions' answers. Policy: ARN, or name of an inline policy. Conditions:
#: keys that the access hangs on.
GRANTED_ACCESS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "Access": {"enum": [ADMINISTRATOR, NEAR_ADMINISTRATOR, IAM, OTHER]},
            "Policy": {"type": "string"},
            "Conditions": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["Access", "Policy", "Conditions"],
        "additionalProperties": False,
    },
}


def access_of_attached(arn: str) -> list[dict[str, Any]]:
    """Return what a managed policy gives, as far as its ARN says."""
    found = _MANAGED_ARN.fullmatch(arn)
    access = _MANAGED.get(found[1], OTHER) if found else OTHER
    return [{"Access": access, "Policy": arn, "Conditions": []}]


def access_of_written(name: str, policy: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return what the text of a normalised policy gives: a row for each way of being wide."""
    rows = [
        {
            "Access": NEAR_ADMINISTRATOR if grant["Form"] == EVERYTHING_BUT else ADMINISTRATOR,
            "Policy": name,
            "Conditions": grant["Conditions"],
        }
        for grant in admin_grants(policy)
    ]
    return rows or [{"Access": OTHER, "Policy": name, "Conditions": []}]
