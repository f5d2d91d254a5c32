"""Reads EBS snapshots, and who may make volumes of them.

A Region holds thousands, and ``DescribeSnapshots`` does not say who may use one. But it can be
asked for the account's snapshots that everyone may use: nearly always none, so a whole page costs
one call more. Only those few are asked for their permissions, one by one.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model import Facet, FacetReading, Page, ResourceRef
from chalicelib.resources._ec2 import (
    TAGS,
    answer_by_id,
    client_of,
    described,
    owned,
    ref_of,
)
from chalicelib.resources._errors import READ_ERRORS, gaps_from, member, text_member
from chalicelib.resources._listing import Listed, gathered, page_of, whole
from chalicelib.resources._sharing_events import EVERYONE
from chalicelib.resources._tags import tags_from

TYPE = "Observed::EC2::Snapshot"

GROUPS = "/observed/CreateVolumeGroups"
SHARING_BLOCK = "/observed/RegionSharingBlock"

_ATTRIBUTE = "createVolumePermission"
_PAGE_SIZE = 1000

Found = Mapping[str, Any]


def _read_snapshot(aws: Any, ref: ResourceRef) -> FacetReading | None:
    ask = client_of(aws, ref).describe_snapshots
    found = described(
        ask, "Snapshots", ref.account_id, SnapshotIds=[ref.id], **_own(ref.account_id)
    )
    return _snapshot(found) if found else None


def _read_groups(aws: Any, ref: ResourceRef) -> FacetReading | None:
    ask = client_of(aws, ref).describe_snapshot_attribute
    answer = answer_by_id(ask, SnapshotId=ref.id, Attribute=_ATTRIBUTE)
    if answer is None:
        return None
    permissions = member(answer, "CreateVolumePermissions")
    groups = {each["Group"] for each in permissions if each.get("Group")}
    return FacetReading(observed={"CreateVolumeGroups": sorted(groups)})


def _read_block(aws: Any, ref: ResourceRef) -> FacetReading:
    answer = client_of(aws, ref).get_snapshot_block_public_access_state()
    return FacetReading(observed={"RegionSharingBlock": member(answer, "State")})


def list_snapshots(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """List snapshots: three calls a page, and one for each that is said to be public.

    Those are listed without permissions, which makes the frame ask for them.
    """
    client = aws.client("ec2", account_id=account_id, region=region)
    start = {"NextToken": token} if token else {}
    answer = client.describe_snapshots(MaxResults=_PAGE_SIZE, **_own(account_id), **start)
    own = owned(member(answer, "Snapshots"), account_id)
    public = _said_to_be_public(client, account_id) if own else frozenset[str]()
    anywhere = ref_of(account_id, region, TYPE, "")
    block = _block_of(aws, anywhere) if own else FacetReading()

    def item(snapshot: Found) -> Listed:
        ref = ref_of(account_id, region, TYPE, snapshot["SnapshotId"])
        known = (block,) if ref.id in public else (block, _PRIVATE)
        return whole(ref, lambda: _snapshot(snapshot), *(lambda one=one: one for one in known))

    return page_of(own, item, answer.get("NextToken"))


def _said_to_be_public(client: Any, account_id: str) -> frozenset[str]:
    pages = client.get_paginator("describe_snapshots").paginate(
        RestorableByUserIds=[EVERYONE], **_own(account_id)
    )
    found = (snapshot for page in pages for snapshot in member(page, "Snapshots"))
    return frozenset(gathered(found, lambda snapshot: [text_member(snapshot, "SnapshotId")]))


def _own(account_id: str) -> dict[str, Any]:
    """Return what narrows a call to the account's own, whoever the caller's credentials are."""
    owner = [{"Name": "owner-id", "Values": [account_id]}]
    return {"OwnerIds": ["self"], "Filters": owner}


def _block_of(aws: Any, ref: ResourceRef) -> FacetReading:
    """Read the Region's block once for a page; a failure is a gap of each item."""
    try:
        return _read_block(aws, ref)
    except READ_ERRORS as error:
        gaps = gaps_from(error, BLOCK_FACET)
        return FacetReading(observed={"RegionSharingBlock": None}, gaps=gaps)


def _snapshot(snapshot: Found) -> FacetReading:
    return FacetReading(
        properties={"Tags": tags_from(snapshot.get("Tags"))},
        observed={
            "Encrypted": member(snapshot, "Encrypted"),
            "VolumeId": snapshot.get("VolumeId"),
        },
    )


def _facet(name: str, call: str, pointers: tuple[str, ...], **how: Any) -> Facet:
    return Facet(name=name, calls=(call,), permissions=(call,), pointers=pointers, **how)


_PRIVATE = FacetReading(observed={"CreateVolumeGroups": []})

SNAPSHOT_FACET = _facet(
    "snapshot",
    "ec2:DescribeSnapshots",
    (TAGS, "/observed/Encrypted", "/observed/VolumeId"),
    read=_read_snapshot,
    existence=True,
)
GROUPS_FACET = _facet("permissions", "ec2:DescribeSnapshotAttribute", (GROUPS,), read=_read_groups)
BLOCK_FACET = _facet(
    "sharing_block",
    "ec2:GetSnapshotBlockPublicAccessState",
    (SHARING_BLOCK,),
    read=_read_block,
)
