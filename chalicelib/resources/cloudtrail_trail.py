"""AWS::CloudTrail::Trail: one trail, in its home Region, in the account that owns it.

A multi-Region trail shows up in every Region and an organisation's trail in every member account;
only the home of both is the trail, all else is its shadow and is not listed here. Whether an
account is recorded at all is a question to the account (`account_global`), not to one trail.
"""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.facts.log_bucket import LOG_BUCKET_ACCESS
from chalicelib.model import (
    Facet,
    FacetReading,
    Page,
    ResourceRef,
    ResourceType,
    Route,
)
from chalicelib.resources._errors import code_of, member
from chalicelib.resources._listing import Listed, page_of, whole
from chalicelib.resources._trail_bucket import LOG_BUCKET, LOG_BUCKET_COMPANIONS
from chalicelib.resources._trail_events import (
    CHANGE_FACTS,
    SOURCE,
    narrowings,
    propose_attributes,
    propose_logging,
    propose_selectors,
    trail_name,
)
from chalicelib.resources._trail_shape import ATTRIBUTES, DEFAULTS, FLAGS, SCHEMA
from chalicelib.resources._trails import GONE, selectors_of, status_of

TYPE = "AWS::CloudTrail::Trail"

#: The names of an item that GetTrail fills.
_ATTRIBUTE_POINTERS = tuple(f"/properties/{name}" for name in (*ATTRIBUTES, *FLAGS))
_SELECTOR_POINTERS = ("/properties/EventSelectors", "/properties/AdvancedEventSelectors")


def _read_trail(aws: Any, ref: ResourceRef) -> FacetReading | None:
    try:
        trail = member(_client(aws, ref).get_trail(Name=ref.id), "Trail")
    except ClientError as error:
        if code_of(error) == GONE:
            return None
        raise
    # Asked in another Region, CloudTrail answers with the shadow of a multi-Region trail.
    if trail.get("HomeRegion", ref.region) != ref.region:
        return None
    return _trail_reading(trail)


def _read_status(aws: Any, ref: ResourceRef) -> FacetReading:
    status = status_of(_client(aws, ref), ref.id)
    error = status.pop("LatestDeliveryError")
    return FacetReading(properties=status, observed={"LatestDeliveryError": error})


def _read_selectors(aws: Any, ref: ResourceRef) -> FacetReading:
    return FacetReading(properties=selectors_of(_client(aws, ref), ref.id))


def _read_tags(aws: Any, ref: ResourceRef) -> FacetReading:
    answer = _client(aws, ref).list_tags(ResourceIdList=[_arn(ref)])
    found = (tag for each in member(answer, "ResourceTagList") for tag in each.get("TagsList", ()))
    tags = [{"Key": tag["Key"], "Value": tag.get("Value", "")} for tag in found]
    return FacetReading(properties={"Tags": sorted(tags, key=lambda tag: tag["Key"])})


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Return the trails whose home this Region is; one page, CloudTrail allows five per Region."""
    del token
    client = aws.client("cloudtrail", account_id=account_id, region=region)
    trails = member(client.describe_trails(includeShadowTrails=False), "trailList")
    return page_of(trails, lambda trail: _item(account_id, region, trail))


def _item(account_id: str, region: str, trail: Mapping[str, Any]) -> Listed:
    """Return a trail of this account and Region; None for what is another's."""
    _, partition, _, home, owner, _ = trail["TrailARN"].split(":", 5)
    if (home, owner) != (region, account_id):
        return None
    ref = ResourceRef(
        partition=partition, account_id=account_id, region=region, type=TYPE, id=trail["Name"]
    )
    return whole(ref, lambda: _trail_reading(trail))


def _client(aws: Any, ref: ResourceRef) -> Any:
    return aws.client("cloudtrail", account_id=ref.account_id, region=ref.region)


def _trail_reading(trail: Mapping[str, Any]) -> FacetReading:
    """Read what GetTrail and DescribeTrails say of a trail, in the same words."""
    texts = {name: trail.get(field) for name, field in ATTRIBUTES.items()}
    flags = {name: bool(trail.get(field)) for name, field in FLAGS.items()}
    return FacetReading(
        properties={**texts, **flags},
        observed={"HasCustomEventSelectors": bool(trail.get("HasCustomEventSelectors"))},
    )


def _arn(ref: ResourceRef) -> str:
    return f"arn:{ref.partition}:cloudtrail:{ref.region}:{ref.account_id}:trail/{ref.id}"


_TRAIL = Facet(
    name="trail",
    calls=("cloudtrail:GetTrail",),
    permissions=("cloudtrail:GetTrail",),
    pointers=(*_ATTRIBUTE_POINTERS, "/observed/HasCustomEventSelectors"),
    read=_read_trail,
    existence=True,
)
_STATUS = Facet(
    name="status",
    calls=("cloudtrail:GetTrailStatus",),
    permissions=("cloudtrail:GetTrailStatus",),
    pointers=("/properties/IsLogging", "/observed/LatestDeliveryError"),
    read=_read_status,
)
_SELECTORS = Facet(
    name="selectors",
    calls=("cloudtrail:GetEventSelectors",),
    permissions=("cloudtrail:GetEventSelectors",),
    pointers=_SELECTOR_POINTERS,
    read=_read_selectors,
)
_TAGS = Facet(
    name="tags",
    calls=("cloudtrail:ListTags",),
    permissions=("cloudtrail:ListTags",),
    pointers=("/properties/Tags",),
    read=_read_tags,
)

_NAME_PATHS = ("requestParameters.name",)
_SELECTOR_PATHS = ("requestParameters.trailName",)

_ROUTES = (
    Route(
        source=SOURCE,
        actions=("CreateTrail",),
        ids=_NAME_PATHS,
        writes=(*_ATTRIBUTE_POINTERS, "/properties/Tags"),
        creates=True,
        propose=propose_attributes,
    ),
    Route(
        source=SOURCE,
        actions=("UpdateTrail",),
        ids=_NAME_PATHS,
        writes=_ATTRIBUTE_POINTERS,
        propose=propose_attributes,
        derive=narrowings,
    ),
    Route(
        source=SOURCE,
        actions=("StartLogging",),
        ids=_NAME_PATHS,
        writes=("/properties/IsLogging",),
        propose=propose_logging,
    ),
    Route(
        source=SOURCE,
        actions=("StopLogging",),
        ids=_NAME_PATHS,
        writes=("/properties/IsLogging",),
        propose=propose_logging,
        derive=narrowings,
    ),
    Route(
        source=SOURCE,
        actions=("PutEventSelectors",),
        ids=_SELECTOR_PATHS,
        writes=_SELECTOR_POINTERS,
        propose=propose_selectors,
        derive=narrowings,
    ),
    Route(
        source=SOURCE,
        actions=("DeleteTrail",),
        ids=_NAME_PATHS,
        deletes=True,
        derive=narrowings,
    ),
    Route(
        source=SOURCE,
        actions=("AddTags", "RemoveTags"),
        ids=("requestParameters.resourceId",),
        writes=("/properties/Tags",),
    ),
)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="cloudtrail",
    noun="trail",
    schema=SCHEMA,
    routes=_ROUTES,
    companions=LOG_BUCKET_COMPANIONS,
    facets=(_TRAIL, _STATUS, _SELECTORS, _TAGS, LOG_BUCKET),
    facts=(LOG_BUCKET_ACCESS,),
    list=_list,
    list_calls=("cloudtrail:DescribeTrails",),
    list_permissions=("cloudtrail:DescribeTrails",),
    identify=trail_name,
    arn=_arn,
    defaults=DEFAULTS,
    change_facts=CHANGE_FACTS,
)
