"""What IAM's events say about the policies, the boundary and the tags of users, groups and roles.

A call that takes something away proposes the empty value: it writes the attribute, but is never
the reason for something being there.
"""

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.facts.granted import GRANTED_ACCESS_SCHEMA, access_of_attached, access_of_written
from chalicelib.facts.policy import normalise_policy
from chalicelib.model import Route
from chalicelib.model.plugin import Record
from chalicelib.resources._payload import field, parameters_of
from chalicelib.resources._tags import tags_from

ATTACHED = "/properties/ManagedPolicyArns"
INLINE = "/properties/Policies"
BOUNDARY = "/properties/PermissionsBoundary"
TAGS = "/properties/Tags"

IAM = "iam.amazonaws.com"

#: Change fact: what the call gives away.
GRANTED_ACCESS = "GrantedAccess"
GRANT_CHANGE_FACTS: Mapping[str, Mapping[str, Any]] = {GRANTED_ACCESS: GRANTED_ACCESS_SCHEMA}

Proposal = Mapping[str, Any]
Asked = Callable[[Record], Proposal]


def always(pointer: str, value: Any) -> Asked:
    """Return a `Route.propose` for a call that always writes `value`."""
    return lambda _record: {pointer: value}


def managed_policy_arn(raw: str, _: Record) -> str | None:
    """Return the ARN of a managed policy; its name alone is no id."""
    return raw if raw.startswith("arn:") and ":policy/" in raw else None


def created_with(record: Record) -> dict[str, Any]:
    """Return the boundary and the tags that a user or role is created with."""
    given = parameters_of(record)
    return {
        BOUNDARY: field(given, "permissionsBoundary"),
        TAGS: tags_from(field(given, "tags")),
    }


def _attached(record: Record) -> Proposal:
    arn = field(parameters_of(record), "policyArn")
    return {ATTACHED: [arn]} if isinstance(arn, str) else {}


def _inlined(record: Record) -> Proposal:
    given = parameters_of(record)
    policy = normalise_policy(field(given, "policyDocument"))
    if policy is None:
        return {}
    return {INLINE: [{"PolicyName": field(given, "policyName"), "PolicyDocument": policy}]}


def _bounded(record: Record) -> Proposal:
    arn = field(parameters_of(record), "permissionsBoundary")
    return {BOUNDARY: arn} if isinstance(arn, str) else {}


def _tagged(record: Record) -> Proposal:
    return {TAGS: tags_from(field(parameters_of(record), "tags"))}


def granted_by_attachment(record: Record) -> Proposal:
    """Derive `GRANTED_ACCESS` of a call that attaches a managed policy."""
    arn = field(parameters_of(record), "policyArn")
    return {GRANTED_ACCESS: access_of_attached(arn)} if isinstance(arn, str) else {}


def granted_by_text(record: Record) -> Proposal:
    """Derive `GRANTED_ACCESS` of a call that carries the text of a policy."""
    given = parameters_of(record)
    policy = normalise_policy(field(given, "policyDocument"))
    if policy is None:
        return {}
    name = field(given, "policyName") or field(given, "policyArn")
    return {GRANTED_ACCESS: access_of_written(str(name or ""), policy)}


def iam_route(action: str, ids: tuple[str, ...], *writes: str, **how: Any) -> Route:
    """Return a route of one IAM call."""
    return Route(source=IAM, actions=(action,), ids=ids, writes=writes, **how)


def policy_routes(kind: str, ids: tuple[str, ...]) -> tuple[Route, ...]:
    """Return the routes of policies held by a `kind` of entity: ``User``, ``Group``, ``Role``."""

    def route(action: str, pointer: str, propose: Asked, derive: Asked | None = None) -> Route:
        return iam_route(action, ids, pointer, propose=propose, derive=derive)

    return (
        route(f"Attach{kind}Policy", ATTACHED, _attached, granted_by_attachment),
        route(f"Detach{kind}Policy", ATTACHED, always(ATTACHED, [])),
        route(f"Put{kind}Policy", INLINE, _inlined, granted_by_text),
        route(f"Delete{kind}Policy", INLINE, always(INLINE, [])),
    )


def principal_routes(kind: str, ids: tuple[str, ...]) -> tuple[Route, ...]:
    """Return the routes of what users and roles have beyond policies: a boundary and tags."""
    return tuple(
        iam_route(action, ids, pointer, propose=propose)
        for action, pointer, propose in (
            (f"Put{kind}PermissionsBoundary", BOUNDARY, _bounded),
            (f"Delete{kind}PermissionsBoundary", BOUNDARY, always(BOUNDARY, None)),
            (f"Tag{kind}", TAGS, _tagged),
            (f"Untag{kind}", TAGS, always(TAGS, [])),
        )
    )


#: Calls on a managed policy, in the pointers of those who hold it.
MANAGED_POLICY_ROUTES = (
    Route(
        source=IAM,
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
