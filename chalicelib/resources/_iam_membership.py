"""What a user may do as a member of groups.

What a newcomer gets wrong: a group is no principal. Its policies are its members', so a change of a
group is a change of every user in it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chalicelib.facts.escalation import Placed
from chalicelib.facts.policy import normalise_policy
from chalicelib.model import (
    Companion,
    ConfigurationItem,
    FacetReading,
    Fact,
    Gap,
    Relation,
    ResourceRef,
)
from chalicelib.model.plugin import Record
from chalicelib.model.pointer import pointer_of, tokens_of
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member, text_member
from chalicelib.resources._iam_entity import (
    DETAILS_CALL,
    POLICIES_SHAPE,
    all_details,
    client,
    facet,
    pages,
    policy_at,
)
from chalicelib.resources._iam_events import ATTACHED, INLINE, Proposal, always, iam_route
from chalicelib.resources._iam_held import (
    HELD,
    HELD_ESCALATIONS_SCHEMA,
    HELD_SHAPE,
    TEXT_CALLS,
    held_escalations,
    own_arns,
    texts_of,
)
from chalicelib.resources._listing import gathered
from chalicelib.resources._payload import field, parameters_of

GROUPS = "/properties/Groups"
GROUP_POLICIES = "/observed/GroupPolicies"
GROUP = "AWS::IAM::Group"

#: JSON Schema of the policies of a user's groups: name of the group → its policies.
GROUP_POLICIES_SHAPE: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": closed({"Policies": POLICIES_SHAPE, "AttachedPolicies": HELD_SHAPE}),
}

#: A group with its texts as IAM gives them: inline rows, and ARN → text.
RawGroup = tuple[Iterable[Mapping[str, Any]], Mapping[str, Any]]


def _read(aws: Any, ref: ResourceRef) -> FacetReading:
    groups = pages(aws, ref, "list_groups_for_user", "Groups", UserName=ref.id)
    names = sorted(member(group, "GroupName") for group in groups)
    found = {name: (_inline_of(aws, ref, name), _texts_of(aws, ref, name)) for name in names}
    return reading(ref.account_id, found, "iam:GetGroupPolicy")


def _inline_of(aws: Any, ref: ResourceRef, group: str) -> list[Mapping[str, Any]]:
    names = pages(aws, ref, "list_group_policies", "PolicyNames", GroupName=group)
    read = client(aws, ref.account_id).get_group_policy
    return [read(GroupName=group, PolicyName=name) for name in names]


def _texts_of(aws: Any, ref: ResourceRef, group: str) -> dict[str, Any]:
    operation = "list_attached_group_policies"
    policies = pages(aws, ref, operation, "AttachedPolicies", GroupName=group)
    return texts_of(aws, ref, [member(policy, "PolicyArn") for policy in policies])


def groups_for(
    aws: Any, account_id: str, users: Iterable[Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """Return every group of the account by name, hundreds per call; none where no user has any."""
    if not gathered(users, lambda user: user.get("GroupList") or ()):
        return {}
    groups = all_details(aws, account_id, "Group", "GroupDetailList")
    return dict(gathered(groups, lambda group: [(text_member(group, "GroupName"), group)]))


def listed_reading(
    account_id: str,
    names: Iterable[str],
    groups: Mapping[str, Mapping[str, Any]],
    texts: Mapping[str, Any],
) -> FacetReading:
    """Return what bulk calls say; nothing where a part is missing, so that the frame asks."""
    try:
        known = {name: _raw(groups[name], texts) for name in sorted(names)}
    except KeyError:
        return FacetReading()
    return reading(account_id, known, DETAILS_CALL)


def _raw(group: Mapping[str, Any], texts: Mapping[str, Any]) -> RawGroup:
    own = own_arns(group.get("AttachedManagedPolicies", ()))
    return group.get("GroupPolicyList", ()), {arn: texts[arn] for arn in own}


def reading(account_id: str, groups: Mapping[str, RawGroup], call: str) -> FacetReading:
    """Normalise the policies of groups; one that is no policy is a gap of its own."""
    read = {name: _normal(name, group, call) for name, group in groups.items()}
    return FacetReading(
        observed={"GroupPolicies": {name: group for name, (group, _) in read.items()}},
        gaps=tuple(gap for _, gaps in read.values() for gap in gaps),
        companions=tuple(f"{account_id}#global#{GROUP}#{name}" for name in groups),
    )


def _normal(name: str, group: RawGroup, call: str) -> tuple[dict[str, Any], tuple[Gap, ...]]:
    gaps: list[Gap] = []

    def normal(document: Any, *place: str) -> Any:
        pointer = pointer_of((*tokens_of(GROUP_POLICIES), name, *place))
        policy, unread = policy_at(pointer, document, call)
        gaps.extend(unread)
        return policy

    inline = sorted(group[0], key=lambda each: str(member(each, "PolicyName")))
    rows = [
        {
            "PolicyName": each["PolicyName"],
            "PolicyDocument": normal(
                member(each, "PolicyDocument"), "Policies", str(index), "PolicyDocument"
            ),
        }
        for index, each in enumerate(inline)
    ]
    held = {arn: normal(text, "AttachedPolicies", arn) for arn, text in sorted(group[1].items())}
    return {"Policies": rows, "AttachedPolicies": held}, tuple(gaps)


def _placed(item: ConfigurationItem) -> Iterator[Placed]:
    top = tokens_of(GROUP_POLICIES)
    for name, group in item.observed["GroupPolicies"].items():
        for index, policy in enumerate(group["Policies"]):
            place = (*top, name, "Policies", str(index), "PolicyDocument")
            yield pointer_of(place), policy["PolicyDocument"]
        for arn, policy in group["AttachedPolicies"].items():
            yield pointer_of((*top, name, "AttachedPolicies", arn)), policy


def _escalations(item: ConfigurationItem) -> list[dict[str, Any]]:
    rows = held_escalations(item, _placed(item))
    return [
        {**row, "Because": [*row["Because"], *_memberships(row, item.properties["Groups"])]}
        for row in rows
    ]


def _memberships(row: Mapping[str, Any], groups: list[str]) -> list[str]:
    """Return where the groups of a row stand: who puts the user into one brings it about."""
    top = tokens_of(GROUP_POLICIES)
    return [
        f"{GROUPS}/{index}"
        for index, name in enumerate(groups)
        if any(place.startswith(pointer_of((*top, name)) + "/") for place in row["Because"])
    ]


def _put(record: Record) -> Proposal:
    given = parameters_of(record)
    policy = normalise_policy(field(given, "policyDocument"))
    row = {"PolicyName": field(given, "policyName"), "PolicyDocument": policy}
    return {GROUP_POLICIES: {str(field(given, "groupName")): {"Policies": [row]}}}


def _attached(record: Record) -> Proposal:
    # The text is not in the payload: nobody is named for it.
    given = parameters_of(record)
    held = {str(field(given, "policyArn")): None}
    return {GROUP_POLICIES: {str(field(given, "groupName")): {"AttachedPolicies": held}}}


_NAMED = ("requestParameters.groupName",)

#: A group's policies are those of its members.
GROUP_COMPANION = Companion(
    type=GROUP,
    region="global",
    relation=Relation.EDGE,
    routes=(
        iam_route("PutGroupPolicy", _NAMED, GROUP_POLICIES, propose=_put),
        iam_route("AttachGroupPolicy", _NAMED, GROUP_POLICIES, propose=_attached),
        *(
            iam_route(action, _NAMED, GROUP_POLICIES, propose=always(GROUP_POLICIES, {}))
            for action in ("DeleteGroupPolicy", "DetachGroupPolicy")
        ),
    ),
)

GROUP_POLICIES_FACET = facet(
    "group_policies",
    (GROUP_POLICIES,),
    _read,
    "iam:ListGroupsForUser",
    "iam:ListGroupPolicies",
    "iam:GetGroupPolicy",
    "iam:ListAttachedGroupPolicies",
    *TEXT_CALLS,
)

#: What a user can make of his own policies and those of his groups together.
USER_ESCALATIONS = Fact(
    name="Escalations",
    inputs=(INLINE, ATTACHED, HELD, GROUPS, GROUP_POLICIES),
    compute=_escalations,
    schema=HELD_ESCALATIONS_SCHEMA,
)
