"""What users, groups and roles have in common when they are described: the policies they hold.

IAM's calls differ by one word in their names (``ListAttachedUserPolicies``), and so do the readers
here. ``GetAccountAuthorizationDetails`` gives the same parts of many of them at once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from chalicelib.facts.admin import ADMIN_GRANTS_SCHEMA, admin_grants
from chalicelib.facts.policy import POLICY_SCHEMA, PolicyError, normalise_policy
from chalicelib.model import (
    Companion,
    ConfigurationItem,
    Facet,
    FacetReading,
    Fact,
    Gap,
    GapReason,
    Relation,
    ResourceRef,
)
from chalicelib.resources._asking import Answer, answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._iam_events import (
    ATTACHED,
    INLINE,
    MANAGED_POLICY_ROUTES,
    managed_policy_arn,
)

MANAGED_POLICY = "AWS::IAM::ManagedPolicy"
GONE = "NoSuchEntity"
_BULK_SIZE = 500
DETAILS_CALL = "iam:GetAccountAuthorizationDetails"

_POLICY: Mapping[str, Any] = {**POLICY_SCHEMA, "type": "object"}

#: JSON Schema of ``Policies`` and ``ManagedPolicyArns``.
POLICIES_SHAPE: Mapping[str, Any] = {
    "type": "array",
    "items": closed({"PolicyName": {"type": "string"}, "PolicyDocument": _POLICY}),
}
ARNS_SHAPE: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}}


def client(aws: Any, account_id: str) -> Any:
    """Return IAM's client; the service is global."""
    return aws.client("iam", account_id=account_id, region="global")


def found(aws: Any, ref: ResourceRef, operation: str, **given: Any) -> Answer | None:
    """Ask for one entity; None where IAM says that there is none."""
    return answer_or_none(getattr(client(aws, ref.account_id), operation), GONE, **given)


def pages(
    aws: Any, ref: ResourceRef, operation: str, name: str, **given: Any
) -> Iterable[Mapping[str, Any]]:
    """Yield the elements `name` of all pages of a listing."""
    paginator = client(aws, ref.account_id).get_paginator(operation)
    return (each for page in paginator.paginate(**given) for each in member(page, name))


def details(
    aws: Any, account_id: str, kind: str, size: int, token: str | None
) -> tuple[Answer, str | None]:
    """Return a page of the account's `kind`, and the token of the next one or None."""
    position = {"Marker": token} if token else {}
    answer = client(aws, account_id).get_account_authorization_details(
        Filter=[kind], MaxItems=size, **position
    )
    return answer, answer.get("Marker") if answer.get("IsTruncated") else None


def all_details(aws: Any, account_id: str, kind: str, name: str) -> Iterator[Mapping[str, Any]]:
    """Yield the elements `name` of all pages of the account's `kind`."""
    token: str | None = None
    while True:
        answer, token = details(aws, account_id, kind, _BULK_SIZE, token)
        yield from member(answer, name)
        if token is None:
            return


def iam_ref(account_id: str, region: str, resource_type: str, arn: str, name: str) -> ResourceRef:
    """Return the reference of an entity whose listing gives its ARN."""
    return ResourceRef(
        partition=arn.split(":")[1],
        account_id=account_id,
        region=region,
        type=resource_type,
        id=name,
    )


def attached_reading(account_id: str, policies: Iterable[Mapping[str, Any]]) -> FacetReading:
    """Read the managed policies that an entity holds; each is a companion."""
    arns = sorted(member(policy, "PolicyArn") for policy in policies)
    return FacetReading(
        properties={"ManagedPolicyArns": arns},
        companions=tuple(f"{account_id}#global#{MANAGED_POLICY}#{arn}" for arn in arns),
    )


def inline_reading(policies: Iterable[Mapping[str, Any]], call: str) -> FacetReading:
    """Read inline policies, in order of their names; one that is no policy is a gap."""
    rows: list[dict[str, Any]] = []
    gaps: tuple[Gap, ...] = ()
    for index, policy in enumerate(
        sorted(policies, key=lambda each: str(member(each, "PolicyName")))
    ):
        pointer = f"{INLINE}/{index}/PolicyDocument"
        document, unread = policy_at(pointer, member(policy, "PolicyDocument"), call)
        rows.append({"PolicyName": policy["PolicyName"], "PolicyDocument": document})
        gaps += unread
    return FacetReading(properties={"Policies": rows}, gaps=gaps)


def policy_at(pointer: str, document: Any, call: str) -> tuple[Any, tuple[Gap, ...]]:
    """Normalise a policy; one that is no policy is a gap of its own, the rest stays known."""
    try:
        return normalise_policy(document), ()
    except PolicyError as error:
        reason = GapReason.MALFORMED
        return None, (Gap(pointer=pointer, reason=reason, call=call, error=type(error).__name__),)


def boundary_of(entity: Mapping[str, Any]) -> str | None:
    """Return the ARN of a permissions boundary, or None where there is none."""
    boundary: Mapping[str, Any] = entity.get("PermissionsBoundary") or {}
    return boundary.get("PermissionsBoundaryArn")


def facet(
    name: str, pointers: tuple[str, ...], read: Callable[..., Any], *calls: str, **more: Any
) -> Facet:
    """Return a facet of IAM: the action is the call's name."""
    return Facet(name=name, pointers=pointers, read=read, calls=calls, permissions=calls, **more)


def policy_facets(kind: str) -> tuple[Facet, Facet]:
    """Return the facets of attached and of inline policies; `kind` as IAM spells it: ``User``."""
    word, own = kind.lower(), f"{kind}Name"

    def attached(aws: Any, ref: ResourceRef) -> FacetReading:
        operation = f"list_attached_{word}_policies"
        policies = pages(aws, ref, operation, "AttachedPolicies", **{own: ref.id})
        return attached_reading(ref.account_id, policies)

    def inline(aws: Any, ref: ResourceRef) -> FacetReading:
        read = getattr(client(aws, ref.account_id), f"get_{word}_policy")
        names = pages(aws, ref, f"list_{word}_policies", "PolicyNames", **{own: ref.id})
        documents = (read(**{own: ref.id, "PolicyName": name}) for name in names)
        return inline_reading(documents, f"iam:Get{kind}Policy")

    listing, reading = f"iam:List{kind}Policies", f"iam:Get{kind}Policy"
    return (
        facet("attached_policies", (ATTACHED,), attached, f"iam:ListAttached{kind}Policies"),
        facet("inline_policies", (INLINE,), inline, listing, reading),
    )


def _inline_admin_grants(item: ConfigurationItem) -> list[dict[str, Any]]:
    """Judge what was read; an unread policy hides nothing of the others."""
    return [
        {**row, "Because": [f"{INLINE}/{index}/PolicyDocument{at}" for at in row["Because"]]}
        for index, policy in enumerate(item.properties["Policies"] or ())
        for row in admin_grants(policy["PolicyDocument"])
    ]


#: Inline policies that make whoever holds them an administrator.
INLINE_ADMIN_GRANTS = Fact(
    name="InlineAdminGrants",
    inputs=(INLINE,),
    compute=_inline_admin_grants,
    schema=ADMIN_GRANTS_SCHEMA,
    partial=True,
)

#: A managed policy's new content changes what everybody holding it may do.
POLICY_COMPANION = Companion(
    type=MANAGED_POLICY,
    region="global",
    relation=Relation.EDGE,
    routes=MANAGED_POLICY_ROUTES,
    identify=managed_policy_arn,
)
