"""AWS::ElasticLoadBalancingV2::LoadBalancer: does it log who used it.

Classic load balancers share the event source and the names of calls; theirs carry a name where
these carry an ARN, which is the id here as in CloudFormation.
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
from chalicelib.resources._listing import Listed, whole
from chalicelib.resources._marked import marked_page, only_row
from chalicelib.resources._payload import field, parameters_of

TYPE = "AWS::ElasticLoadBalancingV2::LoadBalancer"

_SOURCE = "elasticloadbalancing.amazonaws.com"
_PAGE_SIZE = 400
_GONE = ("LoadBalancerNotFound", "LoadBalancerNotFoundException")
_ATTRIBUTES = "/properties/LoadBalancerAttributes"
_ARN = re.compile(
    r"arn:[a-z-]+:elasticloadbalancing:[a-z0-9-]+:\d{12}"
    r":loadbalancer/(?:app|net|gwy)/[A-Za-z0-9-]{1,64}/[A-Za-z0-9-]{1,64}",
    re.ASCII,
)

_TEXT = {"type": "string"}
_PAIRS = {"type": "array", "items": closed({"Key": _TEXT, "Value": _TEXT})}


def _read_balancer(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = aws.client("elbv2", account_id=ref.account_id, region=ref.region)
    answer = answer_or_none(client.describe_load_balancers, *_GONE, LoadBalancerArns=[ref.id])
    return _reading(only_row(answer, "LoadBalancers")) if answer is not None else None


def _read_attributes(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = aws.client("elbv2", account_id=ref.account_id, region=ref.region)
    answer = answer_or_none(
        client.describe_load_balancer_attributes, *_GONE, LoadBalancerArn=ref.id
    )
    if answer is None:
        return None
    return FacetReading(properties={"LoadBalancerAttributes": _pairs(member(answer, "Attributes"))})


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    client = aws.client("elbv2", account_id=account_id, region=region)

    def item(row: Mapping[str, Any]) -> Listed:
        arn = member(row, "LoadBalancerArn")
        ref = ResourceRef(account_id=account_id, region=region, type=TYPE, id=arn)
        return whole(ref, lambda: _reading(row))

    return marked_page(
        client.describe_load_balancers,
        "LoadBalancers",
        item,
        token,
        next_name="NextMarker",
        PageSize=_PAGE_SIZE,
    )


def _reading(row: Mapping[str, Any]) -> FacetReading:
    names = {"Name": "LoadBalancerName", "Type": "Type", "Scheme": "Scheme"}
    return FacetReading(properties={name: row.get(source) for name, source in names.items()})


def _pairs(raw: Any) -> list[dict[str, str]]:
    """Normalise attributes of an answer or a payload, sorted by key."""
    given = raw if isinstance(raw, list) else []
    pairs = [
        {"Key": str(field(pair, "Key")), "Value": str(field(pair, "Value"))}
        for pair in given
        if isinstance(pair, Mapping)
    ]
    return sorted(pairs, key=lambda pair: pair["Key"])


def _identify(raw: str, _record: Record) -> str | None:
    return raw if _ARN.fullmatch(raw) else None


def _written(record: Record) -> list[dict[str, str]]:
    return _pairs(field(parameters_of(record), "attributes"))


_ARNS = ("requestParameters.loadBalancerArn",)

_ROUTES = (
    Route(
        source=_SOURCE,
        actions=("CreateLoadBalancer",),
        ids=("responseElements.loadBalancers[].loadBalancerArn",),
        writes=(_ATTRIBUTES,),
        creates=True,
    ),
    Route(source=_SOURCE, actions=("DeleteLoadBalancer",), ids=_ARNS, deletes=True),
    Route(
        source=_SOURCE,
        actions=("ModifyLoadBalancerAttributes",),
        ids=_ARNS,
        writes=(_ATTRIBUTES,),
        propose=lambda record: {_ATTRIBUTES: _written(record)},
        derive=lambda record: {"LoadBalancerAttributes": _written(record)},
    ),
    Route(source=_SOURCE, actions=("SetSecurityGroups",), ids=_ARNS),
)

_BALANCER_SHAPES = {
    "Name": _TEXT,
    "Type": {"enum": ["application", "network", "gateway"]},
    # A gateway load balancer has no scheme.
    "Scheme": {"enum": ["internet-facing", "internal", None]},
}

_BALANCER = Facet(
    name="load_balancer",
    calls=("elbv2:DescribeLoadBalancers",),
    permissions=("elasticloadbalancing:DescribeLoadBalancers",),
    pointers=tuple(f"/properties/{name}" for name in _BALANCER_SHAPES),
    read=_read_balancer,
    existence=True,
)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="elasticloadbalancing",
    noun="load balancer",
    schema=closed(
        {
            "properties": closed({**_BALANCER_SHAPES, "LoadBalancerAttributes": _PAIRS}),
            "observed": closed({}),
        }
    ),
    routes=_ROUTES,
    facets=(
        _BALANCER,
        Facet(
            name="attributes",
            calls=("elbv2:DescribeLoadBalancerAttributes",),
            permissions=("elasticloadbalancing:DescribeLoadBalancerAttributes",),
            pointers=(_ATTRIBUTES,),
            read=_read_attributes,
        ),
    ),
    list=_list,
    list_calls=_BALANCER.calls,
    list_permissions=_BALANCER.permissions,
    identify=_identify,
    arn=lambda ref: ref.id,
    defaults={
        "properties": {
            "Name": "example",
            "Type": "application",
            "Scheme": "internet-facing",
            "LoadBalancerAttributes": [
                {"Key": "access_logs.s3.bucket", "Value": ""},
                {"Key": "access_logs.s3.enabled", "Value": "false"},
                {"Key": "access_logs.s3.prefix", "Value": ""},
            ],
        },
        "observed": {},
    },
    change_facts={"LoadBalancerAttributes": _PAIRS},
)
