"""AWS::SSM::Document: an account's own documents, and with whom they are shared.

``all`` in the list of accounts is everybody. Documents of Amazon and of other accounts can be
named in calls as well; they are somebody else's and are not looked at.
"""

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
from chalicelib.resources._listing import Listed, page_of, whole
from chalicelib.resources._payload import field, parameters_of
from chalicelib.resources._tags import TAGS_SHAPE, tags_from

TYPE = "AWS::SSM::Document"
SOURCE = "ssm.amazonaws.com"
SHARED_WITH = "/observed/SharedWith"

_DOCUMENT = ("/properties/Name", "/properties/DocumentType", "/properties/Tags")
_GONE = "InvalidDocument"
_EVERYBODY = "all"
_PAGE_SIZE = 50
#: SSM keeps these beginnings for Amazon's own documents.
_NAME = re.compile(r"(?!(?i:aws|amazon|amzn))[A-Za-z0-9_.-]{3,128}", re.ASCII)
_ACCOUNTS: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}}


def _read_document(aws: Any, ref: ResourceRef) -> FacetReading | None:
    answer = answer_or_none(_client(aws, ref).describe_document, _GONE, Name=ref.id)
    return None if answer is None else _document(member(answer, "Document"))


def _read_sharing(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = _client(aws, ref)
    found: set[str] = set()
    token: str | None = None
    seen: set[str | None] = set()
    # A token that comes again would be followed for ever.
    while token not in seen:
        seen.add(token)
        paging = {"NextToken": token} if token else {}
        answer = answer_or_none(
            client.describe_document_permission,
            _GONE,
            Name=ref.id,
            PermissionType="Share",
            **paging,
        )
        if answer is None:
            return None
        found.update(map(_account, member(answer, "AccountIds")))
        token = answer.get("NextToken") or None
    return FacetReading(observed={"SharedWith": sorted(found)})


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Return the account's own documents, 50 per call; whom they are shared with is left out."""
    client = aws.client("ssm", account_id=account_id, region=region)
    answer = client.list_documents(
        Filters=[{"Key": "Owner", "Values": ["Self"]}],
        MaxResults=_PAGE_SIZE,
        **({"NextToken": token} if token else {}),
    )
    found = member(answer, "DocumentIdentifiers")
    return page_of(found, lambda each: _item(account_id, region, each), answer.get("NextToken"))


def _item(account_id: str, region: str, document: Mapping[str, Any]) -> Listed:
    ref = ResourceRef(account_id=account_id, region=region, type=TYPE, id=document["Name"])
    return whole(ref, lambda: _document(document))


def _document(document: Mapping[str, Any]) -> FacetReading:
    return FacetReading(
        properties={
            "Name": member(document, "Name"),
            "DocumentType": document.get("DocumentType"),
            "Tags": tags_from(document.get("Tags")),
        }
    )


def _account(raw: Any) -> str:
    return _EVERYBODY if str(raw).lower() == _EVERYBODY else str(raw)


def _shared(record: Record) -> list[str]:
    added = field(parameters_of(record), "accountIdsToAdd")
    return sorted({_account(raw) for raw in added}) if isinstance(added, list) else []


def _proposed(record: Record) -> dict[str, Any]:
    return {SHARED_WITH: _shared(record)}


def _derived(record: Record) -> dict[str, Any]:
    return {"DocumentSharedWith": _shared(record)}


def _created(_: Record) -> dict[str, Any]:
    return {SHARED_WITH: []}


def _identify(raw: str, _record: Record) -> str | None:
    name = raw.rpartition(":document/")[2]
    return name if _NAME.fullmatch(name) else None


def _arn(ref: ResourceRef) -> str:
    return f"arn:{ref.partition}:ssm:{ref.region}:{ref.account_id}:document/{ref.id}"


def _client(aws: Any, ref: ResourceRef) -> Any:
    return aws.client("ssm", account_id=ref.account_id, region=ref.region)


_NAMES = ("requestParameters.name",)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="ssm",
    noun="document",
    schema=closed(
        {
            "properties": closed(
                {
                    "Name": {"type": "string"},
                    "DocumentType": {"type": ["string", "null"]},
                    "Tags": TAGS_SHAPE,
                }
            ),
            "observed": closed({"SharedWith": _ACCOUNTS}),
        }
    ),
    routes=(
        Route(
            source=SOURCE,
            actions=("CreateDocument",),
            ids=_NAMES,
            writes=(*_DOCUMENT, SHARED_WITH),
            creates=True,
            propose=_created,
        ),
        Route(source=SOURCE, actions=("UpdateDocument",), ids=_NAMES),
        Route(
            source=SOURCE,
            actions=("ModifyDocumentPermission",),
            ids=_NAMES,
            writes=(SHARED_WITH,),
            propose=_proposed,
            derive=_derived,
        ),
        Route(source=SOURCE, actions=("DeleteDocument",), ids=_NAMES, deletes=True),
    ),
    facets=(
        Facet(
            name="document",
            calls=("ssm:DescribeDocument",),
            permissions=("ssm:DescribeDocument",),
            pointers=_DOCUMENT,
            read=_read_document,
            existence=True,
        ),
        Facet(
            name="sharing",
            calls=("ssm:DescribeDocumentPermission",),
            permissions=("ssm:DescribeDocumentPermission",),
            pointers=(SHARED_WITH,),
            read=_read_sharing,
        ),
    ),
    list=_list,
    list_calls=("ssm:ListDocuments",),
    list_permissions=("ssm:ListDocuments",),
    identify=_identify,
    arn=_arn,
    defaults={
        "properties": {"Name": "runbook", "DocumentType": "Automation", "Tags": []},
        "observed": {"SharedWith": []},
    },
    change_facts={"DocumentSharedWith": _ACCOUNTS},
)
