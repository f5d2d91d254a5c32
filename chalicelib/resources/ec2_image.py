"""Observed::EC2::Image: an AMI of the account, and whether everyone may launch it.

Only the account's own: events name images of others as well, and tagging a public image of
somebody else must not lead to a finding. A permission of the whole organisation is not public.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model import Facet, FacetReading, Page, ResourceRef, ResourceType
from chalicelib.model.plugin import Record
from chalicelib.resources._declared import closed
from chalicelib.resources._ec2 import (
    TAGS,
    arn_of,
    client_of,
    described,
    named,
    owned,
    ref_of,
    route,
    tag_routes,
)
from chalicelib.resources._errors import member
from chalicelib.resources._listing import Listed, page_of, whole
from chalicelib.resources._sharing_events import (
    SHARING_CHANGE_FACTS,
    made_public,
    shared_with,
    withdrawn,
)
from chalicelib.resources._tags import TAGS_SHAPE, tags_from

TYPE = "Observed::EC2::Image"

PUBLIC, NAME, STATE = "/observed/Public", "/observed/Name", "/observed/State"

_CALL = "ec2:DescribeImages"
_PAGE_SIZE = 1000
_PERMISSION = "launchPermission"
_IMAGE = "requestParameters.imageId"
# Without it, a disabled image would look like one that is gone.
_OWN = {"Owners": ["self"], "IncludeDisabled": True}


def _read(aws: Any, ref: ResourceRef) -> FacetReading | None:
    ask = client_of(aws, ref).describe_images
    image = described(ask, "Images", ref.account_id, ImageIds=[ref.id], **_OWN)
    return _reading(image) if image else None


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    client = aws.client("ec2", account_id=account_id, region=region)
    start = {"NextToken": token} if token else {}
    answer = client.describe_images(MaxResults=_PAGE_SIZE, **_OWN, **start)
    own = owned(member(answer, "Images"), account_id)
    return page_of(own, lambda image: _item(account_id, region, image), answer.get("NextToken"))


def _item(account_id: str, region: str, image: Mapping[str, Any]) -> Listed:
    ref = ref_of(account_id, region, TYPE, image["ImageId"])
    return whole(ref, lambda: _reading(image))


def _reading(image: Mapping[str, Any]) -> FacetReading:
    return FacetReading(
        properties={"Tags": tags_from(image.get("Tags"))},
        observed={
            "Public": member(image, "Public"),
            "Name": image.get("Name"),
            "State": member(image, "State"),
        },
    )


def _propose_public(record: Record) -> Mapping[str, Any]:
    if made_public(record, _PERMISSION):
        return {PUBLIC: True}
    return {PUBLIC: False} if withdrawn(record, _PERMISSION) else {}


def _propose_private(_record: Record) -> Mapping[str, Any]:
    return {PUBLIC: False}


def _made(action: str) -> Any:
    return route(
        action,
        "responseElements.imageId",
        writes=(TAGS, PUBLIC, NAME, STATE),
        creates=True,
        propose=_propose_private,
    )


RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="ec2",
    noun="image",
    schema=closed(
        {
            "properties": closed({"Tags": TAGS_SHAPE}),
            "observed": closed(
                {
                    "Public": {"type": "boolean"},
                    "Name": {"type": ["string", "null"]},
                    "State": {"type": "string"},
                }
            ),
        }
    ),
    routes=(
        *(_made(action) for action in ("CreateImage", "CopyImage", "RegisterImage")),
        route(
            "ModifyImageAttribute",
            _IMAGE,
            writes=(PUBLIC,),
            propose=_propose_public,
            derive=shared_with(_PERMISSION),
        ),
        route("ResetImageAttribute", _IMAGE, writes=(PUBLIC,), propose=_propose_private),
        *(route(action, _IMAGE, writes=(STATE,)) for action in ("DisableImage", "EnableImage")),
        route("DeregisterImage", _IMAGE, deletes=True),
        *tag_routes(),
    ),
    facets=(
        Facet(
            name="image",
            calls=(_CALL,),
            permissions=(_CALL,),
            pointers=(TAGS, PUBLIC, NAME, STATE),
            read=_read,
            existence=True,
        ),
    ),
    list=_list,
    list_calls=(_CALL,),
    list_permissions=(_CALL,),
    identify=named("ami"),
    defaults={
        "properties": {"Tags": []},
        "observed": {"Public": False, "Name": "web-2026-01", "State": "available"},
    },
    arn=arn_of("image", accountless=True),
    change_facts=SHARING_CHANGE_FACTS,
)
