"""Everything that a user or role may do, as far as customers' policies say: the texts themselves.

What a newcomer gets wrong: policies count together. Half of a combination in an inline policy and
half in a managed one are a whole one, and for users those of their groups count, too. AWS's own
policies are not read; facts name them, so that nobody takes the rest for all there is.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from chalicelib.facts.escalation import ESCALATIONS_SCHEMA, Placed, escalations
from chalicelib.facts.policy import POLICY_SCHEMA, normalise_policy
from chalicelib.model import (
    Companion,
    ConfigurationItem,
    Facet,
    FacetReading,
    Fact,
    Gap,
    Relation,
    ResourceRef,
    Route,
)
from chalicelib.model.plugin import Record
from chalicelib.model.pointer import pointer_of, tokens_of
from chalicelib.resources._errors import member, text_member
from chalicelib.resources._iam_entity import (
    DETAILS_CALL,
    MANAGED_POLICY,
    all_details,
    attached_reading,
    client,
    facet,
    found,
    pages,
    policy_at,
)
from chalicelib.resources._iam_events import (
    ATTACHED,
    IAM,
    INLINE,
    Proposal,
    always,
    managed_policy_arn,
)
from chalicelib.resources._listing import gathered
from chalicelib.resources._payload import field, parameters_of

HELD = "/observed/AttachedPolicies"
TEXT_CALLS = ("iam:GetPolicy", "iam:GetPolicyVersion")
_OF_AWS = ":iam::aws:policy/"

#: JSON Schema of the texts of attached customer policies: ARN → policy.
HELD_SHAPE: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": {**POLICY_SCHEMA, "type": "object"},
}

#: JSON Schema of `held_escalations`. Notes: AWS's own policies, which are not read.
HELD_ESCALATIONS_SCHEMA: Mapping[str, Any] = {
    **ESCALATIONS_SCHEMA,
    "items": {
        **ESCALATIONS_SCHEMA["items"],
        "properties": {
            **ESCALATIONS_SCHEMA["items"]["properties"],
            "Notes": {"type": "array", "items": {"type": "string"}},
        },
        "required": [*ESCALATIONS_SCHEMA["items"]["required"], "Notes"],
    },
}


def held_facet(kind: str) -> Facet:
    """Return the facet of the texts of attached customer policies of a ``User`` or ``Role``."""

    def read(aws: Any, ref: ResourceRef) -> FacetReading:
        operation = f"list_attached_{kind.lower()}_policies"
        attached = pages(aws, ref, operation, "AttachedPolicies", **{f"{kind}Name": ref.id})
        arns = [member(policy, "PolicyArn") for policy in attached]
        return held_reading(ref.account_id, arns, texts_of(aws, ref, arns), TEXT_CALLS[1])

    return facet(
        "attached_documents", (HELD,), read, f"iam:ListAttached{kind}Policies", *TEXT_CALLS
    )


def texts_of(aws: Any, ref: ResourceRef, arns: Iterable[str]) -> dict[str, Any]:
    """Return ARN → text of those policies that are a customer's."""
    return {arn: text for arn in arns if (text := _text_of(aws, ref, arn)) is not None}


def _text_of(aws: Any, ref: ResourceRef, arn: str) -> Any:
    """Return the default version of a customer's policy; None for AWS's, or where it is gone."""
    answer = None if _OF_AWS in arn else found(aws, ref, "get_policy", PolicyArn=arn)
    if answer is None:
        return None
    version = client(aws, ref.account_id).get_policy_version(
        PolicyArn=arn, VersionId=member(member(answer, "Policy"), "DefaultVersionId")
    )
    return member(member(version, "PolicyVersion"), "Document")


def own_arns(attached: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the ARNs of those attached policies that are a customer's."""
    arns = (member(policy, "PolicyArn") for policy in attached)
    return [arn for arn in arns if _OF_AWS not in arn]


def texts_for(aws: Any, account_id: str, entities: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return ARN → text of every customer policy of the account, hundreds per call.

    Nothing is asked where none of these `entities` holds any.
    """
    if not gathered(entities, lambda each: own_arns(each.get("AttachedManagedPolicies", ()))):
        return {}
    policies = all_details(aws, account_id, "LocalManagedPolicy", "Policies")
    return dict(gathered(policies, _default_text))


def _default_text(policy: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [
        (text_member(policy, "Arn"), member(version, "Document"))
        for version in member(policy, "PolicyVersionList")
        if version.get("IsDefaultVersion")
    ]


def listed_reading(
    account_id: str, attached: Collection[Mapping[str, Any]], texts: Mapping[str, Any]
) -> FacetReading:
    """Return what bulk calls say; nothing where a text is missing, so that the frame asks."""
    arns = [member(policy, "PolicyArn") for policy in attached]
    own = own_arns(attached)
    if not set(own) <= set(texts):
        return FacetReading()
    return held_reading(account_id, arns, {arn: texts[arn] for arn in own}, DETAILS_CALL)


def held_reading(
    account_id: str, arns: Iterable[str], texts: Mapping[str, Any], call: str
) -> FacetReading:
    """Normalise texts; one that is no policy is a gap of its own."""
    policies: dict[str, Any] = {}
    gaps: tuple[Gap, ...] = ()
    for arn in sorted(texts):
        policies[arn], unread = policy_at(_place(arn), texts[arn], call)
        gaps += unread
    companions = attached_reading(account_id, ({"PolicyArn": arn} for arn in arns)).companions
    return FacetReading(observed={"AttachedPolicies": policies}, gaps=gaps, companions=companions)


def _place(arn: str) -> str:
    return pointer_of((*tokens_of(HELD), arn))


def _held(item: ConfigurationItem) -> Iterator[Placed]:
    for index, policy in enumerate(item.properties["Policies"]):
        yield f"{INLINE}/{index}/PolicyDocument", policy["PolicyDocument"]
    for arn, policy in item.observed["AttachedPolicies"].items():
        yield _place(arn), policy


def held_escalations(item: ConfigurationItem, more: Iterable[Placed] = ()) -> list[dict[str, Any]]:
    """Return what a principal can make of all policies it holds, with `more` of its groups'.

    What a single managed policy gives is told at that policy, not at each of its holders.
    """
    attached: list[str] = item.properties["ManagedPolicyArns"]
    notes = [f"not read: {arn}" for arn in attached if _OF_AWS in arn]
    return [
        {**row, "Because": [*row["Because"], *_attachments(row, attached)], "Notes": notes}
        for row in escalations([*_held(item), *more])
        if not _is_of_one_managed_policy(row)
    ]


#: The fact for a principal that has nothing but its own policies: a role.
OWN_ESCALATIONS = Fact(
    name="Escalations",
    inputs=(INLINE, ATTACHED, HELD),
    compute=held_escalations,
    schema=HELD_ESCALATIONS_SCHEMA,
)


def _is_of_one_managed_policy(row: Mapping[str, Any]) -> bool:
    sources = {pointer.rpartition("/Statement/")[0] for pointer in row["Because"]}
    return len(sources) == 1 and "/AttachedPolicies/" in sources.pop()


def _attachments(row: Mapping[str, Any], attached: list[str]) -> list[str]:
    """Return where the policies of a row are attached: who attaches one brings it about."""
    return [
        f"{ATTACHED}/{index}"
        for index, arn in enumerate(attached)
        if any(pointer.startswith(f"{_place(arn)}/") for pointer in row["Because"])
    ]


def _version_written(record: Record) -> Proposal:
    given = parameters_of(record)
    arn = str(field(given, "policyArn"))
    is_default = field(given, "setAsDefault") in (True, "true")
    policy = normalise_policy(field(given, "policyDocument")) if is_default else None
    return {ATTACHED: [arn], HELD: {arn: policy}}


def _policy_route(action: str, propose: Callable[[Record], Proposal]) -> Route:
    return Route(
        source=IAM,
        actions=(action,),
        ids=("requestParameters.policyArn",),
        writes=(ATTACHED, HELD),
        propose=propose,
    )


#: A managed policy's new text changes what its holders may do, and names which policy it was.
HELD_POLICY_COMPANION = Companion(
    type=MANAGED_POLICY,
    region="global",
    relation=Relation.EDGE,
    routes=(
        _policy_route("CreatePolicyVersion", _version_written),
        _policy_route("SetDefaultPolicyVersion", _version_written),
        _policy_route("DeletePolicyVersion", always(ATTACHED, [])),
        _policy_route("DeletePolicy", always(ATTACHED, [])),
    ),
    identify=managed_policy_arn,
)
