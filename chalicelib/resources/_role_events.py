"""What IAM's and STS's events say about a role, in the pointers of its item.

Whoever creates a role or rewrites its trust says whom it lets in: `OUTSIDE_OPENINGS` is what change
rules read of it, also where the role is gone or closed again a second later.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.facts.policy import PolicyError, normalise_policy
from chalicelib.facts.trust import OUTSIDE_OPENINGS_SCHEMA, outside_openings
from chalicelib.model import Route
from chalicelib.model.plugin import Record
from chalicelib.resources._iam_events import (
    ATTACHED,
    BOUNDARY,
    GRANT_CHANGE_FACTS,
    INLINE,
    TAGS,
    created_with,
    iam_route,
    policy_routes,
    principal_routes,
)
from chalicelib.resources._payload import field, parameters_of
from chalicelib.resources._plain import rfc3339

TRUST = "/properties/AssumeRolePolicyDocument"
LAST_ASSUMED = "/observed/LastAssumed"

#: Change fact: strangers that the call lets assume the role.
OUTSIDE_OPENINGS = "OutsideOpenings"
CHANGE_FACTS: Mapping[str, Mapping[str, Any]] = {
    **GRANT_CHANGE_FACTS,
    OUTSIDE_OPENINGS: OUTSIDE_OPENINGS_SCHEMA,
}

_STS = "sts.amazonaws.com"

_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}")
_ARN = re.compile(r"arn:[a-z-]+:iam::(\d{12}):role/(?:[!-~]*/)?([^/]+)", re.ASCII)


def role_name(raw: str, record: Record) -> str | None:
    """Return the name of a role that a record names by name or ARN, if it is this account's.

    Names are unique in an account whatever their path, so the path is dropped.
    """
    found = _ARN.fullmatch(raw)
    if found and found[1] != record.get("recipientAccountId", found[1]):
        return None
    name = found[2] if found else raw
    return name if _NAME.fullmatch(name) else None


def _created(record: Record) -> Mapping[str, Any]:
    trust = _trusted(field(parameters_of(record), "assumeRolePolicyDocument"))
    return {**trust, **created_with(record)}


def _trust_updated(record: Record) -> Mapping[str, Any]:
    return _trusted(field(parameters_of(record), "policyDocument"))


def _trusted(document: Any) -> Mapping[str, Any]:
    policy = normalise_policy(document)
    return {} if policy is None else {TRUST: policy}


def _opened(record: Record) -> Mapping[str, Any]:
    given = parameters_of(record)
    document = field(given, "assumeRolePolicyDocument") or field(given, "policyDocument")
    try:
        policy = normalise_policy(document)
    except PolicyError:
        return {}
    account_id = str(record.get("recipientAccountId") or "")
    return {OUTSIDE_OPENINGS: outside_openings(policy, account_id=account_id)}


def _assumed(record: Record) -> Mapping[str, Any]:
    return {LAST_ASSUMED: rfc3339(datetime.fromisoformat(str(record.get("eventTime"))))}


_ROLE = ("requestParameters.roleName",)

ROUTES = (
    iam_route(
        "CreateRole",
        _ROLE,
        *(TRUST, ATTACHED, INLINE, BOUNDARY, TAGS),
        creates=True,
        propose=_created,
        derive=_opened,
    ),
    iam_route(
        "CreateServiceLinkedRole",
        ("responseElements.role.roleName",),
        *(TRUST, ATTACHED, TAGS),
        creates=True,
    ),
    iam_route("DeleteRole", _ROLE, deletes=True),
    iam_route("UpdateAssumeRolePolicy", _ROLE, TRUST, propose=_trust_updated, derive=_opened),
    *policy_routes("Role", _ROLE),
    *principal_routes("Role", _ROLE),
    # Read-only and frequent, so never delivered live; replayed records still prove use.
    Route(
        source=_STS,
        actions=("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"),
        ids=("requestParameters.roleArn",),
        observe=_assumed,
        delivered=False,
    ),
)
