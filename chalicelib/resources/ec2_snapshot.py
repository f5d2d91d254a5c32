"""Observed::EC2::Snapshot: an EBS snapshot of the account, and whether everyone may copy it.

A Region may block public sharing altogether. The block hides the permission and keeps it: whoever
lifts the block opens every snapshot that still has one.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model import Companion, Relation, ResourceType
from chalicelib.model.plugin import Record
from chalicelib.resources._declared import closed
from chalicelib.resources._ec2 import TAGS, arn_of, at, named, route, tag_routes
from chalicelib.resources._payload import parameters_of
from chalicelib.resources._sharing_events import (
    EVERYONE,
    SHARING_CHANGE_FACTS,
    made_public,
    shared_with,
    withdrawn,
)
from chalicelib.resources._snapshot_reads import (
    BLOCK_FACET,
    GROUPS,
    GROUPS_FACET,
    SHARING_BLOCK,
    SNAPSHOT_FACET,
    TYPE,
    list_snapshots,
)
from chalicelib.resources._tags import TAGS_SHAPE

BLOCK_TYPE = "AWS::EC2::SnapshotBlockPublicAccess"
BLOCK_STATES = ("block-all-sharing", "block-new-sharing", "unblocked")

_PERMISSION = "createVolumePermission"
_SNAPSHOT = "requestParameters.snapshotId"
_WHOLE = (TAGS, GROUPS, "/observed/Encrypted", "/observed/VolumeId")


def _propose_groups(record: Record) -> Mapping[str, Any]:
    if made_public(record, _PERMISSION):
        return {GROUPS: [EVERYONE]}
    return {GROUPS: []} if withdrawn(record, _PERMISSION) else {}


def _propose_private(_record: Record) -> Mapping[str, Any]:
    return {GROUPS: []}


def _propose_block(record: Record) -> Mapping[str, Any]:
    asked = parameters_of(record)
    wrapped = at(asked, "EnableSnapshotBlockPublicAccessRequest", "State")
    state = wrapped or at(asked, "state")
    return {SHARING_BLOCK: state} if state in BLOCK_STATES else {}


RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="ec2",
    noun="snapshot",
    schema=closed(
        {
            "properties": closed({"Tags": TAGS_SHAPE}),
            "observed": closed(
                {
                    "CreateVolumeGroups": {"type": "array", "items": {"type": "string"}},
                    "Encrypted": {"type": "boolean"},
                    "RegionSharingBlock": {"enum": list(BLOCK_STATES)},
                    "VolumeId": {"type": ["string", "null"]},
                }
            ),
        }
    ),
    routes=(
        *(
            route(
                action,
                "responseElements.snapshotId",
                writes=_WHOLE,
                creates=True,
                propose=_propose_private,
            )
            for action in ("CreateSnapshot", "CopySnapshot")
        ),
        route(
            "CreateSnapshots",
            "responseElements.CreateSnapshotsResponse.snapshotSet.item[].snapshotId",
            "responseElements.snapshotSet.items[].snapshotId",
            writes=_WHOLE,
            creates=True,
            propose=_propose_private,
        ),
        route(
            "ModifySnapshotAttribute",
            _SNAPSHOT,
            writes=(GROUPS,),
            propose=_propose_groups,
            derive=shared_with(_PERMISSION),
        ),
        route("ResetSnapshotAttribute", _SNAPSHOT, writes=(GROUPS,), propose=_propose_private),
        route("DeleteSnapshot", _SNAPSHOT, deletes=True),
        *tag_routes(),
    ),
    companions=(
        Companion(
            type=BLOCK_TYPE,
            relation=Relation.ACCOUNT,
            routes=(
                route(
                    "EnableSnapshotBlockPublicAccess",
                    writes=(SHARING_BLOCK,),
                    propose=_propose_block,
                ),
                route(
                    "DisableSnapshotBlockPublicAccess",
                    writes=(SHARING_BLOCK,),
                    propose=lambda _record: {SHARING_BLOCK: "unblocked"},
                ),
            ),
        ),
    ),
    facets=(SNAPSHOT_FACET, GROUPS_FACET, BLOCK_FACET),
    list=list_snapshots,
    list_calls=(*SNAPSHOT_FACET.calls, *BLOCK_FACET.calls),
    list_permissions=(*SNAPSHOT_FACET.permissions, *BLOCK_FACET.permissions),
    identify=named("snap"),
    defaults={
        "properties": {"Tags": []},
        "observed": {
            "CreateVolumeGroups": [],
            "Encrypted": False,
            "RegionSharingBlock": "unblocked",
            "VolumeId": "vol-0a1b2c3d4e5f60718",
        },
    },
    arn=arn_of("snapshot", accountless=True),
    change_facts=SHARING_CHANGE_FACTS,
)
