"""AWS::S3::AccessPoint: a door of its own to a bucket, with its own policy and public access block.

Block and network origin are fixed when an access point is made: nobody can close it later but by
making another. Access points of directory buckets have other names and other calls.
"""

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.facts.policy import OPENINGS_SCHEMA, PolicyError, normalise_policy, openings
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
from chalicelib.resources._listing import Listed, page_of
from chalicelib.resources._payload import field, parameters_of
from chalicelib.resources._resource_policy import POLICY_SCHEMA, policy_fact, policy_from
from chalicelib.resources._s3_block import BLOCK_SHAPE, FLAGS, all_flags, block_from

TYPE = "AWS::S3::AccessPoint"
SOURCE = "s3.amazonaws.com"

POLICY = "/properties/Policy"
BLOCK = "/properties/PublicAccessBlockConfiguration"

_GONE = "NoSuchAccessPoint"
_NO_POLICY = "NoSuchAccessPointPolicy"
_PAGE_SIZE = 1000
_ORIGINS = ("Internet", "VPC")
_NAME = re.compile(r"(?!.*--(?:xa-s3|ol-s3|op-s3)$)[a-z0-9](?:[a-z0-9-]{1,48})[a-z0-9]")

_TEXT = {"type": "string"}
_VPC: Mapping[str, Any] = {**closed({"VpcId": _TEXT}), "type": ["object", "null"]}


def _read_point(aws: Any, ref: ResourceRef) -> FacetReading | None:
    ask = _client(aws, ref).get_access_point
    point = answer_or_none(ask, _GONE, AccountId=ref.account_id, Name=ref.id)
    if point is None:
        return None
    vpc = point.get("VpcConfiguration")
    return FacetReading(
        properties={
            "Name": member(point, "Name"),
            "Bucket": member(point, "Bucket"),
            "NetworkOrigin": member(point, "NetworkOrigin"),
            "VpcConfiguration": vpc and {"VpcId": member(vpc, "VpcId")},
            "PublicAccessBlockConfiguration": block_from(
                member(point, "PublicAccessBlockConfiguration")
            ),
        }
    )


def _read_policy(aws: Any, ref: ResourceRef) -> FacetReading:
    ask = _client(aws, ref).get_access_point_policy
    answer = answer_or_none(ask, _NO_POLICY, AccountId=ref.account_id, Name=ref.id)
    policy = None if answer is None else policy_from(member(answer, "Policy"))
    return FacetReading(properties={"Policy": policy})


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Name the access points of a Region; the listing leaves out their blocks."""
    client = aws.client("s3control", account_id=account_id, region=region)
    paging = {"NextToken": token} if token else {}
    answer = client.list_access_points(AccountId=account_id, MaxResults=_PAGE_SIZE, **paging)

    def named(point: Mapping[str, Any]) -> Listed:
        ref = ResourceRef(account_id=account_id, region=region, type=TYPE, id=point["Name"])
        return ref if _NAME.fullmatch(ref.id) else None

    return page_of(answer.get("AccessPointList") or (), named, answer.get("NextToken"))


def _client(aws: Any, ref: ResourceRef) -> Any:
    return aws.client("s3control", account_id=ref.account_id, region=ref.region)


def _said(record: Record, name: str) -> Any:
    """Return a request parameter, which some of S3's calls wrap in ``<Call>Request``."""
    parameters = parameters_of(record)
    wrapped = (v for key, v in parameters.items() if str(key).lower().endswith("request"))
    found = (field(one, name) for one in (parameters, *wrapped))
    return next((value for value in found if value is not None), None)


def _policy_of(record: Record) -> dict[str, Any] | None:
    try:
        return normalise_policy(_said(record, "Policy"))
    except PolicyError:
        return None


def _with_policy(record: Record) -> dict[str, Any]:
    policy = _policy_of(record)
    return {} if policy is None else {POLICY: policy}


def _without_policy(_: Record) -> dict[str, Any]:
    return {POLICY: None}


def _block_of(record: Record) -> dict[str, bool]:
    block = _said(record, "PublicAccessBlockConfiguration")
    # S3 blocks everything where a request does not say.
    return block_from(block) if isinstance(block, Mapping) else all_flags(on=True)


def _created(record: Record) -> dict[str, Any]:
    return {POLICY: None, BLOCK: _block_of(record)}


def _opened_by_creation(record: Record) -> dict[str, Any]:
    if isinstance(_said(record, "VpcConfiguration"), Mapping):
        return {"AccessPointBlocksOff": [], "PolicyOpenings": []}
    off = [flag for flag, on in _block_of(record).items() if not on]
    return {"AccessPointBlocksOff": off, "PolicyOpenings": []}


def _opened_by_policy(record: Record) -> dict[str, Any]:
    account_id = str(record.get("recipientAccountId") or "")
    rows = openings(_policy_of(record), account_id=account_id, kind="s3")
    return {"AccessPointBlocksOff": [], "PolicyOpenings": rows}


def _identify(raw: str, _record: Record) -> str | None:
    name = raw.rpartition(":accesspoint/")[2]
    return name if _NAME.fullmatch(name) else None


def _arn(ref: ResourceRef) -> str:
    return f"arn:{ref.partition}:s3:{ref.region}:{ref.account_id}:accesspoint/{ref.id}"


def _route(action: str, *writes: str, **how: Any) -> Route:
    ids = ("requestParameters.name",)
    return Route(source=SOURCE, actions=(action,), ids=ids, writes=writes, **how)


_POINT = (
    "/properties/Name",
    "/properties/Bucket",
    "/properties/NetworkOrigin",
    "/properties/VpcConfiguration",
    BLOCK,
)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="s3",
    noun="access point",
    schema=closed(
        {
            "properties": closed(
                {
                    "Name": _TEXT,
                    "Bucket": _TEXT,
                    "NetworkOrigin": {"enum": list(_ORIGINS)},
                    "VpcConfiguration": _VPC,
                    "PublicAccessBlockConfiguration": BLOCK_SHAPE,
                    "Policy": POLICY_SCHEMA,
                }
            ),
            "observed": closed({}),
        }
    ),
    routes=(
        _route(
            "CreateAccessPoint",
            *(*_POINT, POLICY),
            creates=True,
            propose=_created,
            derive=_opened_by_creation,
        ),
        _route("DeleteAccessPoint", deletes=True),
        _route("PutAccessPointPolicy", POLICY, propose=_with_policy, derive=_opened_by_policy),
        _route("DeleteAccessPointPolicy", POLICY, propose=_without_policy),
    ),
    facets=(
        Facet(
            name="access_point",
            calls=("s3control:GetAccessPoint",),
            permissions=("s3:GetAccessPoint",),
            pointers=_POINT,
            read=_read_point,
            existence=True,
        ),
        Facet(
            name="policy",
            calls=("s3control:GetAccessPointPolicy",),
            permissions=("s3:GetAccessPointPolicy",),
            pointers=(POLICY,),
            read=_read_policy,
        ),
    ),
    facts=(policy_fact(POLICY, "s3"),),
    list=_list,
    list_calls=("s3control:ListAccessPoints",),
    list_permissions=("s3:ListAccessPoints",),
    identify=_identify,
    arn=_arn,
    defaults={
        "properties": {
            "Name": "reports",
            "Bucket": "example",
            "NetworkOrigin": "Internet",
            "VpcConfiguration": None,
            "PublicAccessBlockConfiguration": all_flags(on=True),
            "Policy": None,
        },
        "observed": {},
    },
    change_facts={
        "PolicyOpenings": OPENINGS_SCHEMA,
        "AccessPointBlocksOff": {"type": "array", "items": {"enum": list(FLAGS)}},
    },
)
