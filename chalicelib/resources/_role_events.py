"""What IAM's and STS's events say about a role, in the pointers of its item.

A call that takes something away proposes the empty value: it writes the attribute, but is never
the reason for something being there.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.facts.policy import normalise_policy
from chalicelib.model import Route
from chalicelib.model.plugin import Record
from chalicelib.resources._payload import field, parameters_of
from chalicelib.resources._plain import rfc3339

TRUST = "/properties/AssumeRolePolicyDocument"
ATTACHED = "/properties/ManagedPolicyArns"
INLINE = "/properties/Policies"
BOUNDARY = "/properties/PermissionsBoundary"
TAGS = "/properties/Tags"
LAST_ASSUMED = "/observed/LastAssumed"

_IAM = "iam.amazonaws.com"
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


def managed_policy_arn(raw: str, _: Record) -> str | None:
    """Return the ARN of a managed policy; its name alone is no id."""
    return raw if raw.startswith("arn:") and ":policy/" in raw else None


def tags_from(raw: Any) -> list[dict[str, str]]:
    """Normalise tags of an answer or a payload: by key, with upper-case names."""
    pairs = [tag for tag in raw if isinstance(tag, Mapping)] if isinstance(raw, list) else []
    tags = [{"Key": str(field(t, "Key")), "Value": str(field(t, "Value") or "")} for t in pairs]
    return sorted(tags, key=lambda tag: tag["Key"])


def _created(record: Record) -> dict[str, Any]:
    given = parameters_of(record)
    return {
        **_trusted(field(given, "assumeRolePolicyDocument")),
        BOUNDARY: field(given, "permissionsBoundary"),
        TAGS: tags_from(field(given, "tags")),
    }


def _trust_updated(record: Record) -> dict[str, Any]:
    return _trusted(field(parameters_of(record), "policyDocument"))


def _trusted(document: Any) -> dict[str, Any]:
    policy = normalise_policy(document)
    return {} if policy is None else {TRUST: policy}


def _attached(record: Record) -> dict[str, Any]:
    arn = field(parameters_of(record), "policyArn")
    return {ATTACHED: [arn]} if isinstance(arn, str) else {}


def _detached(_: Record) -> dict[str, Any]:
    return {ATTACHED: []}


def _inlined(record: Record) -> dict[str, Any]:
    given = parameters_of(record)
    policy = normalise_policy(field(given, "policyDocument"))
    if policy is None:
        return {}
    return {INLINE: [{"PolicyName": field(given, "policyName"), "PolicyDocument": policy}]}


def _inline_removed(_: Record) -> dict[str, Any]:
    return {INLINE: []}


def _bounded(record: Record) -> dict[str, Any]:
    arn = field(parameters_of(record), "permissionsBoundary")
    return {BOUNDARY: arn} if isinstance(arn, str) else {}


def _unbounded(_: Record) -> dict[str, Any]:
    return {BOUNDARY: None}


def _tagged(record: Record) -> dict[str, Any]:
    return {TAGS: tags_from(field(parameters_of(record), "tags"))}


def _untagged(_: Record) -> dict[str, Any]:
    return {TAGS: []}


def _assumed(record: Record) -> dict[str, Any]:
    return {LAST_ASSUMED: rfc3339(datetime.fromisoformat(str(record.get("eventTime"))))}


_ROLE = ("requestParameters.roleName",)

ROUTES = (
    Route(
        source=_IAM,
        actions=("CreateRole",),
        ids=_ROLE,
        writes=(TRUST, ATTACHED, INLINE, BOUNDARY, TAGS),
        creates=True,
        propose=_created,
    ),
    Route(
        source=_IAM,
        actions=("CreateServiceLinkedRole",),
        ids=("responseElements.role.roleName",),
        writes=(TRUST, ATTACHED, TAGS),
        creates=True,
    ),
    Route(source=_IAM, actions=("DeleteRole",), ids=_ROLE, deletes=True),
    *(
        Route(source=_IAM, actions=(action,), ids=_ROLE, writes=(pointer,), propose=propose)
        for action, pointer, propose in (
            ("UpdateAssumeRolePolicy", TRUST, _trust_updated),
            ("AttachRolePolicy", ATTACHED, _attached),
            ("DetachRolePolicy", ATTACHED, _detached),
            ("PutRolePolicy", INLINE, _inlined),
            ("DeleteRolePolicy", INLINE, _inline_removed),
            ("PutRolePermissionsBoundary", BOUNDARY, _bounded),
            ("DeleteRolePermissionsBoundary", BOUNDARY, _unbounded),
            ("TagRole", TAGS, _tagged),
            ("UntagRole", TAGS, _untagged),
        )
    ),
    # Read-only and frequent, so never delivered live; replayed records still prove use.
    Route(
        source=_STS,
        actions=("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"),
        ids=("requestParameters.roleArn",),
        observe=_assumed,
        delivered=False,
    ),
)

#: A managed policy's new content changes what every role holding it may do.
MANAGED_POLICY_ROUTES = (
    Route(
        source=_IAM,
        actions=(
            "CreatePolicyVersion",
            "SetDefaultPolicyVersion",
            "DeletePolicyVersion",
            "DeletePolicy",
        ),
        ids=("requestParameters.policyArn",),
        writes=(ATTACHED,),
    ),
)
