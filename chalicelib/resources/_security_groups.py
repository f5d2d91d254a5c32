"""Reads security groups: EC2's answers in, facet readings out.

A group names prefix lists without saying what is in them, so they are read with it. One that
cannot be read leaves a gap at its entries, and the rules beside it keep counting.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache, partial
from itertools import chain, compress, product
from operator import itemgetter
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.facts.network import (
    Row,
    described_rows,
    normalise_permissions,
)
from chalicelib.model import Facet, FacetReading, Page, ResourceRef
from chalicelib.resources._ec2 import owned
from chalicelib.resources._errors import (
    READ_ERRORS,
    MalformedAnswerError,
    code_of,
    gaps_from,
    member,
    text_member,
)
from chalicelib.resources._listing import Listed, gathered, page_of, whole
from chalicelib.resources._plain import are_plain, plain_tags
from chalicelib.resources._prefix_lists import PREFIX_LIST_TYPE, Entries, entries_of

TYPE = "AWS::EC2::SecurityGroup"

#: 200 is the most values that a filter takes; the interfaces of a page are read by one filter.
GROUPS_PER_PAGE = 100

_GONE = frozenset({"InvalidGroup.NotFound", "InvalidGroupId.Malformed", "InvalidGroupId.NotFound"})
# A name alone means a group of the default VPC; without one it means nothing.
_NAMELESS = _GONE | {"VPCIdNotSpecified", "InvalidParameterValue"}
_PROBE_INTERFACES = 5

#: What came the short way → the pointers whose shape is thereby known.
# Ingress, egress, tags, names.
_SHORTENED = (
    ("/properties/SecurityGroupIngress",),
    ("/properties/SecurityGroupEgress",),
    ("/properties/Tags",),
    ("/properties/GroupName", "/properties/GroupDescription", "/properties/VpcId"),
)
_SOUND = {
    short: frozenset(chain.from_iterable(compress(_SHORTENED, short)))
    for short in product((False, True), repeat=len(_SHORTENED))
}


def read_group(aws: Any, ref: ResourceRef) -> FacetReading | None:
    """Read a group and every prefix list that it names; None where there is no such group."""
    client = _ec2(aws, ref.account_id, ref.region)
    group = _described(client, _GONE, GroupIds=[ref.id])
    return _reading(group, ref, partial(entries_of, client, GROUP)) if group else None


def read_attachments(aws: Any, ref: ResourceRef) -> FacetReading:
    """Read whether any network interface uses the group; one small page answers."""
    client = _ec2(aws, ref.account_id, ref.region)
    attached = _attached(client, [ref.id], page_size=_PROBE_INTERFACES)
    return _ATTACHMENTS[ref.id in attached]


def resolve_group(aws: Any, ref: ResourceRef) -> ResourceRef | None:
    """Return the group that a name means in the default VPC; ids are canonical already."""
    if ref.id.startswith("sg-"):
        return ref
    client = _ec2(aws, ref.account_id, ref.region)
    group = _described(client, _NAMELESS, GroupNames=[ref.id])
    return replace(ref, id=group["GroupId"]) if group else None


def list_groups(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """List whole groups: one call a page, one for their interfaces, one per prefix list named."""
    client = _ec2(aws, account_id, region)
    start = {"NextToken": token} if token else {}
    answer = client.describe_security_groups(MaxResults=GROUPS_PER_PAGE, **start)
    # Groups that another account shares with this one are that account's to judge.
    own = owned(member(answer, "SecurityGroups"), account_id)
    # The groups of a page often name the same list.
    read_list = cache(partial(entries_of, client, GROUP))
    refs = gathered(own, lambda group: [_ref(group, account_id, region)])
    attachments_of = _attachments_reader(client, [ref.id for ref in refs])

    def item(group: Mapping[str, Any]) -> Listed:
        ref = _ref(group, account_id, region)
        reading = partial(_reading, group, ref, read_list)
        return whole(ref, reading, lambda: attachments_of(ref.id))

    return page_of(own, item, answer.get("NextToken"))


def prefix_list_key(ref: ResourceRef, prefix_list_id: str) -> str:
    """Return the store key under which a prefix list's dependents are kept."""
    return replace(ref, type=PREFIX_LIST_TYPE, id=prefix_list_id).key


def _ref(group: Mapping[str, Any], account_id: str, region: str) -> ResourceRef:
    arn = group.get("SecurityGroupArn", "arn:aws")
    return ResourceRef(
        account_id=account_id,
        region=region,
        type=TYPE,
        id=text_member(group, "GroupId"),
        partition=arn.split(":")[1],
    )


def _ec2(aws: Any, account_id: str, region: str) -> Any:
    return aws.client("ec2", account_id=account_id, region=region)


def _described(client: Any, absent: frozenset[str], **named: list[str]) -> Any:
    try:
        groups = member(client.describe_security_groups(**named), "SecurityGroups")
    except ClientError as error:
        if code_of(error) in absent:
            return None
        raise
    if not groups:
        # What EC2 does not find, it says with an error.
        raise MalformedAnswerError("the answer names no group")
    return groups[0]


def _reading(group: Mapping[str, Any], ref: ResourceRef, read_list: Entries) -> FacetReading:
    permissions, outgoing = member(group, "IpPermissions"), member(group, "IpPermissionsEgress")
    ingress, egress = described_rows(permissions), described_rows(outgoing)
    tags = plain_tags(group.get("Tags", ()))
    named = are_plain(group.get("GroupName"), group.get("Description"), group.get("VpcId") or "")
    sound = _SOUND[ingress is not None, egress is not None, tags is not None, named]
    if ingress is None:
        ingress = normalise_permissions(permissions)
    lists = _prefix_lists_in(ingress)
    read = {name: read_list(name) for name in lists}
    return FacetReading(
        properties={
            "GroupName": group.get("GroupName"),
            "GroupDescription": group.get("Description"),
            "VpcId": group.get("VpcId"),
            "SecurityGroupIngress": ingress,
            "SecurityGroupEgress": normalise_permissions(outgoing) if egress is None else egress,
            "Tags": _tags(group.get("Tags", ())) if tags is None else _by_key(tags),
        },
        observed={
            "PrefixLists": {name: {"Entries": entries} for name, (entries, _) in read.items()}
        },
        gaps=tuple([gap for _, gaps in read.values() for gap in gaps]),
        companions=tuple([prefix_list_key(ref, name) for name in lists]),
        sound=sound,
    )


def _by_key(tags: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(tags, key=itemgetter("Key"))


def _prefix_lists_in(rules: Iterable[Row]) -> list[str]:
    return sorted({rule["SourcePrefixListId"] for rule in rules if rule["SourcePrefixListId"]})


def _tags(tags: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    pairs = ({"Key": tag["Key"], "Value": tag.get("Value", "")} for tag in tags)
    return sorted(pairs, key=lambda tag: str(tag["Key"]))


def _attachments_reader(client: Any, ids: list[str]) -> Callable[[str], FacetReading]:
    try:
        attached = _attached(client, ids, page_size=None)
    except READ_ERRORS as error:
        unread = FacetReading(
            observed={"AttachedInterfaces": None}, gaps=gaps_from(error, ATTACHMENTS)
        )
        return lambda _: unread
    return lambda group_id: _ATTACHMENTS[group_id in attached]


def _attached(client: Any, ids: list[str], *, page_size: int | None) -> set[str]:
    """Return which of the groups any network interface uses; stops reading once all are."""
    wanted, attached = set(ids), set[str]()
    pages = client.get_paginator("describe_network_interfaces").paginate(
        Filters=[{"Name": "group-id", "Values": ids}], PaginationConfig={"PageSize": page_size}
    )
    for page in pages if ids else ():
        interfaces = member(page, "NetworkInterfaces")
        groups = (group for each in interfaces for group in member(each, "Groups"))
        attached |= {text_member(group, "GroupId") for group in groups}
        if wanted <= attached:
            break
    return attached


_ATTACHMENTS = {
    attached: FacetReading(
        observed={"AttachedInterfaces": int(attached)},
        sound=frozenset({"/observed/AttachedInterfaces"}),
    )
    for attached in (False, True)
}


GROUP = Facet(
    name="group",
    calls=("ec2:DescribeSecurityGroups", "ec2:GetManagedPrefixListEntries"),
    permissions=("ec2:DescribeSecurityGroups", "ec2:GetManagedPrefixListEntries"),
    pointers=(
        "/properties/GroupName",
        "/properties/GroupDescription",
        "/properties/VpcId",
        "/properties/SecurityGroupIngress",
        "/properties/SecurityGroupEgress",
        "/properties/Tags",
        "/observed/PrefixLists",
    ),
    read=read_group,
    existence=True,
)

ATTACHMENTS = Facet(
    name="attachments",
    calls=("ec2:DescribeNetworkInterfaces",),
    permissions=("ec2:DescribeNetworkInterfaces",),
    pointers=("/observed/AttachedInterfaces",),
    read=read_attachments,
)
