"""AWS::CloudFront::Distribution: what it serves at its root, and whether requests are logged.

There are two kinds of standard logs. The older kind is part of the distribution; the newer one is
a delivery of CloudWatch Logs in us-east-1 that nothing in the distribution mentions, so that both
have to be read before a distribution can be said to keep no logs.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.facts.distribution_logs import (
    DELIVERIES,
    LOG_SHORTFALLS_SCHEMA,
    log_shortfalls,
    logs_are_settled,
)
from chalicelib.model import (
    Companion,
    Facet,
    FacetReading,
    Fact,
    Page,
    Relation,
    ResourceRef,
    ResourceType,
    Route,
)
from chalicelib.model.plugin import Record
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._listing import page_of
from chalicelib.resources._payload import field, parameters_of

TYPE = "AWS::CloudFront::Distribution"
SOURCE = "cloudfront.amazonaws.com"
DELIVERY_SOURCE = "AWS::Logs::DeliverySource"
DELIVERY = "AWS::Logs::Delivery"

CONFIG = "/properties/DistributionConfig"

_GONE = "NoSuchDistribution"
#: Where CloudFront's deliveries live, wherever their logs go.
_LOGS_REGION = "us-east-1"
_PAGE_SIZE = "100"
_ID = re.compile(r"[A-Z0-9]{8,20}")

_TEXT_OR_NULL = {"type": ["string", "null"]}
_LOGGING: Mapping[str, Any] = {
    **closed({"Bucket": {"type": "string"}, "Prefix": _TEXT_OR_NULL}),
    "type": ["object", "null"],
}
_DELIVERY_SHAPE = {
    "Id": {"type": "string"},
    "DeliverySourceName": {"type": "string"},
    "DeliveryDestinationArn": _TEXT_OR_NULL,
}


def _read_config(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = aws.client("cloudfront", account_id=ref.account_id, region=ref.region)
    answer = answer_or_none(client.get_distribution_config, _GONE, Id=ref.id)
    if answer is None:
        return None
    config = member(answer, "DistributionConfig")
    member(config, "Enabled")
    return FacetReading(properties={"DistributionConfig": _config(config)})


def _read_deliveries(aws: Any, ref: ResourceRef) -> FacetReading:
    logs = aws.client("logs", account_id=ref.account_id, region=_LOGS_REGION)
    sources = {
        member(source, "name")
        for source in _pages(logs, "describe_delivery_sources", "deliverySources")
        if _arn(ref) in source.get("resourceArns", ()) and source.get("status") != "INACTIVE"
    }
    found = [
        _delivery(delivery)
        for delivery in _pages(logs, "describe_deliveries", "deliveries")
        if delivery.get("deliverySourceName") in sources
    ]
    owner = f"{ref.account_id}#{_LOGS_REGION}"
    return FacetReading(
        observed={"LogDeliveries": sorted(found, key=lambda row: row["Id"])},
        companions=(
            *(f"{owner}#{DELIVERY_SOURCE}#{name}" for name in sources),
            *(f"{owner}#{DELIVERY}#{row['Id']}" for row in found),
        ),
    )


def _pages(logs: Any, operation: str, name: str) -> Iterator[Mapping[str, Any]]:
    # Without the filters of newer models: Lambda's own boto3 may not know them.
    for page in logs.get_paginator(operation).paginate():
        yield from member(page, name)


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Name the distributions: their summaries leave out root object and logging."""
    client = aws.client("cloudfront", account_id=account_id, region=region)
    answer = client.list_distributions(MaxItems=_PAGE_SIZE, **({"Marker": token} if token else {}))
    found = member(answer, "DistributionList")
    return page_of(
        found.get("Items", ()),
        lambda summary: ResourceRef(
            account_id=account_id, region=region, type=TYPE, id=summary["Id"]
        ),
        found.get("NextMarker") if found["IsTruncated"] else None,
    )


def _config(config: Any) -> dict[str, Any]:
    """Read the settings that rules look at, of an answer or a payload; null where not said."""
    logging = field(config, "Logging")
    bucket = field(logging, "Bucket")
    enabled = field(config, "Enabled")
    is_on = field(logging, "Enabled") is True and isinstance(bucket, str) and bucket != ""
    return {
        "Enabled": enabled if isinstance(enabled, bool) else None,
        # CloudFront says "" where there is no root object.
        "DefaultRootObject": field(config, "DefaultRootObject") or None,
        "Logging": {"Bucket": bucket, "Prefix": field(logging, "Prefix") or None}
        if is_on
        else None,
    }


def _delivery(delivery: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Id": member(delivery, "id"),
        "DeliverySourceName": member(delivery, "deliverySourceName"),
        "DeliveryDestinationArn": delivery.get("deliveryDestinationArn"),
    }


def _proposed(record: Record) -> dict[str, Any]:
    parameters = parameters_of(record)
    tagged = field(field(parameters, "distributionConfigWithTags"), "distributionConfig")
    config = field(parameters, "distributionConfig") or tagged
    return {CONFIG: _config(config)} if isinstance(config, Mapping) else {}


def _identify(raw: str, _record: Record) -> str | None:
    name = raw.rpartition(":distribution/")[2]
    return name if _ID.fullmatch(name) else None


def _arn(ref: ResourceRef) -> str:
    return f"arn:{ref.partition}:cloudfront::{ref.account_id}:distribution/{ref.id}"


_IDS = ("requestParameters.id",)
_NEW_IDS = ("responseElements.distribution.id",)
_LOGS = "logs.amazonaws.com"

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="cloudfront",
    noun="distribution",
    is_global=True,
    schema=closed(
        {
            "properties": closed(
                {
                    "DistributionConfig": closed(
                        {
                            "Enabled": {"type": "boolean"},
                            "DefaultRootObject": _TEXT_OR_NULL,
                            "Logging": _LOGGING,
                        }
                    )
                }
            ),
            "observed": closed(
                {"LogDeliveries": {"type": "array", "items": closed(_DELIVERY_SHAPE)}}
            ),
        }
    ),
    routes=(
        Route(
            source=SOURCE,
            actions=("CreateDistribution", "CreateDistributionWithTags", "CopyDistribution"),
            ids=_NEW_IDS,
            writes=(CONFIG,),
            creates=True,
            propose=_proposed,
        ),
        Route(
            source=SOURCE,
            actions=("UpdateDistribution",),
            ids=_IDS,
            writes=(CONFIG,),
            propose=_proposed,
        ),
        Route(
            source=SOURCE,
            actions=("UpdateDistributionWithStagingConfig",),
            ids=_IDS,
            writes=(CONFIG,),
        ),
        Route(source=SOURCE, actions=("DeleteDistribution",), ids=_IDS, deletes=True),
        Route(
            source=_LOGS,
            actions=("PutDeliverySource",),
            ids=("requestParameters.resourceArn",),
            writes=(DELIVERIES,),
        ),
    ),
    companions=(
        Companion(
            type=DELIVERY_SOURCE,
            region=_LOGS_REGION,
            relation=Relation.EDGE,
            routes=(
                Route(
                    source=_LOGS,
                    actions=("CreateDelivery",),
                    ids=("requestParameters.deliverySourceName",),
                    writes=(DELIVERIES,),
                ),
                Route(
                    source=_LOGS,
                    actions=("DeleteDeliverySource",),
                    ids=("requestParameters.name",),
                    writes=(DELIVERIES,),
                ),
            ),
        ),
        Companion(
            type=DELIVERY,
            region=_LOGS_REGION,
            relation=Relation.EDGE,
            routes=(
                Route(
                    source=_LOGS,
                    actions=("DeleteDelivery",),
                    ids=("requestParameters.id",),
                    writes=(DELIVERIES,),
                ),
            ),
        ),
    ),
    facets=(
        Facet(
            name="config",
            calls=("cloudfront:GetDistributionConfig",),
            permissions=("cloudfront:GetDistributionConfig",),
            pointers=(CONFIG,),
            read=_read_config,
            existence=True,
        ),
        Facet(
            name="log_deliveries",
            calls=("logs:DescribeDeliverySources", "logs:DescribeDeliveries"),
            permissions=("logs:DescribeDeliverySources", "logs:DescribeDeliveries"),
            pointers=(DELIVERIES,),
            read=_read_deliveries,
        ),
    ),
    facts=(
        Fact(
            name="LogShortfalls",
            inputs=(CONFIG, DELIVERIES),
            compute=log_shortfalls,
            schema=LOG_SHORTFALLS_SCHEMA,
            partial=True,
            settled=logs_are_settled,
        ),
    ),
    list=_list,
    list_calls=("cloudfront:ListDistributions",),
    list_permissions=("cloudfront:ListDistributions",),
    identify=_identify,
    arn=_arn,
    defaults={
        "properties": {
            "DistributionConfig": {"Enabled": True, "DefaultRootObject": None, "Logging": None}
        },
        "observed": {"LogDeliveries": []},
    },
)
