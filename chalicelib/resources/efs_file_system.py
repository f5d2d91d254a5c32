"""AWS::EFS::FileSystem: are its files stored encrypted. That is fixed when it is created."""

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.model import (
    Facet,
    FacetReading,
    Page,
    ResourceRef,
    ResourceType,
    Route,
)
from chalicelib.model.plugin import Record
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._listing import Listed, whole
from chalicelib.resources._marked import marked_page, only_row
from chalicelib.resources._said import chosen, flag, unless_unsaid
from chalicelib.resources._tags import TAGS_SHAPE, tags_from

TYPE = "AWS::EFS::FileSystem"

_SOURCE = "elasticfilesystem.amazonaws.com"
_PAGE_SIZE = 100
_ENCRYPTED = "/properties/Encrypted"
_TAGS = "/properties/FileSystemTags"
_ID = re.compile(
    r"(?:arn:[a-z-]+:elasticfilesystem:[a-z0-9-]+:\d{12}:file-system/)?(fs-[0-9a-f]{8,40})",
    re.ASCII,
)


def _read(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = aws.client("efs", account_id=ref.account_id, region=ref.region)
    answer = answer_or_none(client.describe_file_systems, "FileSystemNotFound", FileSystemId=ref.id)
    return _reading(only_row(answer, "FileSystems")) if answer is not None else None


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    client = aws.client("efs", account_id=account_id, region=region)

    def item(row: Mapping[str, Any]) -> Listed:
        ref = ResourceRef(
            account_id=account_id, region=region, type=TYPE, id=member(row, "FileSystemId")
        )
        return whole(ref, lambda: _reading(row))

    return marked_page(
        client.describe_file_systems,
        "FileSystems",
        item,
        token,
        next_name="NextMarker",
        MaxItems=_PAGE_SIZE,
    )


def _reading(row: Mapping[str, Any]) -> FacetReading:
    return FacetReading(
        properties={
            "FileSystemId": member(row, "FileSystemId"),
            "Encrypted": member(row, "Encrypted"),
            "KmsKeyId": row.get("KmsKeyId"),
            "FileSystemTags": tags_from(member(row, "Tags")),
        }
    )


def _identify(raw: str, _record: Record) -> str | None:
    found = _ID.fullmatch(raw)
    return found[1] if found else None


def _arn(ref: ResourceRef) -> str:
    return (
        f"arn:{ref.partition}:elasticfilesystem:{ref.region}:{ref.account_id}:file-system/{ref.id}"
    )


def _created(record: Record) -> dict[str, Any]:
    return unless_unsaid({_ENCRYPTED: flag(chosen(record, "encrypted"))})


def _route(*actions: str, id_name: str = "fileSystemId", **how: Any) -> Route:
    return Route(source=_SOURCE, actions=actions, ids=(f"requestParameters.{id_name}",), **how)


_ROUTES = (
    Route(
        source=_SOURCE,
        actions=("CreateFileSystem",),
        ids=("responseElements.fileSystemId",),
        writes=(_ENCRYPTED, _TAGS),
        creates=True,
        propose=_created,
    ),
    _route("DeleteFileSystem", deletes=True),
    _route("UpdateFileSystem", "PutFileSystemPolicy", "DeleteFileSystemPolicy", "PutBackupPolicy"),
    _route("CreateTags", writes=(_TAGS,)),
    _route("DeleteTags", writes=(_TAGS,), propose=lambda _record: {_TAGS: []}),
    _route("TagResource", id_name="resourceId", writes=(_TAGS,)),
    _route(
        "UntagResource",
        id_name="resourceId",
        writes=(_TAGS,),
        propose=lambda _record: {_TAGS: []},
    ),
)

_PROPERTIES = {
    "FileSystemId": {"type": "string"},
    "Encrypted": {"type": "boolean"},
    "KmsKeyId": {"type": ["string", "null"]},
    "FileSystemTags": TAGS_SHAPE,
}

_FILE_SYSTEM = Facet(
    name="file_system",
    calls=("efs:DescribeFileSystems",),
    permissions=("elasticfilesystem:DescribeFileSystems",),
    pointers=tuple(f"/properties/{name}" for name in _PROPERTIES),
    read=_read,
    existence=True,
)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="elasticfilesystem",
    noun="file system",
    schema=closed({"properties": closed(_PROPERTIES), "observed": closed({})}),
    routes=_ROUTES,
    facets=(_FILE_SYSTEM,),
    list=_list,
    list_calls=_FILE_SYSTEM.calls,
    list_permissions=_FILE_SYSTEM.permissions,
    identify=_identify,
    arn=_arn,
    # The API leaves a file system unencrypted where it is not told; the console encrypts.
    defaults={
        "properties": {
            "FileSystemId": "fs-0123456789abcdef0",
            "Encrypted": False,
            "KmsKeyId": None,
            "FileSystemTags": [],
        },
        "observed": {},
    },
)
