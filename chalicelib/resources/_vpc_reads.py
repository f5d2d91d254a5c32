"""Reads VPCs with their flow logs and endpoints, one by one or two hundred at a time.

Flow logs of a subnet or an interface are not those of its VPC. A VPC that another account shares
is that account's to judge, though its subnets are used here.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from chalicelib.facts.endpoints import ENDPOINTS
from chalicelib.model import Facet, FacetReading, Page, ResourceRef
from chalicelib.resources._ec2 import (
    FILTER_VALUES_LIMIT,
    TAGS,
    client_of,
    described,
    owned,
    ref_of,
)
from chalicelib.resources._errors import READ_ERRORS, gaps_from, member, text_member
from chalicelib.resources._listing import Listed, gathered, page_of, whole
from chalicelib.resources._tags import tags_from

TYPE = "AWS::EC2::VPC"
FLOW_LOG_TYPE = "AWS::EC2::FlowLog"
ENDPOINT_TYPE = "AWS::EC2::VPCEndpoint"

FLOW_LOGS = "/observed/FlowLogs"

Found = Mapping[str, Any]
#: A client and ids of VPCs → what belongs to each of them.
_Companions = Callable[[Any, list[str]], Mapping[str, list[Found]]]


def _read_vpc(aws: Any, ref: ResourceRef) -> FacetReading | None:
    found = described(client_of(aws, ref).describe_vpcs, "Vpcs", ref.account_id, VpcIds=[ref.id])
    return _vpc(found) if found else None


def _read_flow_logs(aws: Any, ref: ResourceRef) -> FacetReading:
    return _flow_logs(ref, _flow_logs_of(client_of(aws, ref), [ref.id])[ref.id])


def _read_endpoints(aws: Any, ref: ResourceRef) -> FacetReading:
    return _endpoints(ref, _endpoints_of(client_of(aws, ref), [ref.id])[ref.id])


def list_vpcs(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """List whole VPCs: three calls a page."""
    client = aws.client("ec2", account_id=account_id, region=region)
    start = {"NextToken": token} if token else {}
    answer = client.describe_vpcs(MaxResults=FILTER_VALUES_LIMIT, **start)
    vpcs = owned(member(answer, "Vpcs"), account_id)
    ids = gathered(vpcs, lambda vpc: [text_member(vpc, "VpcId")])
    logs = _reader(FLOW_LOG_FACET, _flow_logs_of, _flow_logs, client, ids)
    endpoints = _reader(ENDPOINT_FACET, _endpoints_of, _endpoints, client, ids)

    def item(vpc: Found) -> Listed:
        ref = ref_of(account_id, region, TYPE, vpc["VpcId"])
        return whole(ref, lambda: _vpc(vpc), lambda: logs(ref), lambda: endpoints(ref))

    return page_of(vpcs, item, answer.get("NextToken"))


def _reader(
    facet: Facet,
    ask: _Companions,
    reading: Callable[[ResourceRef, list[Found]], FacetReading],
    client: Any,
    ids: list[str],
) -> Callable[[ResourceRef], FacetReading]:
    """Ask for what belongs to the VPCs of a page; a failure is a gap of each of them."""
    try:
        found = ask(client, ids) if ids else {}
    except READ_ERRORS as error:
        name = facet.pointers[0].rpartition("/")[2]
        unread = FacetReading(observed={name: None}, gaps=gaps_from(error, facet))
        return lambda _ref: unread
    return lambda ref: reading(ref, found[ref.id])


def _flow_logs_of(client: Any, ids: list[str]) -> Mapping[str, list[Found]]:
    pages = client.get_paginator("describe_flow_logs").paginate(
        Filter=[{"Name": "resource-id", "Values": ids}]
    )
    return _by("ResourceId", (log for page in pages for log in member(page, "FlowLogs")))


def _endpoints_of(client: Any, ids: list[str]) -> Mapping[str, list[Found]]:
    pages = client.get_paginator("describe_vpc_endpoints").paginate(
        Filters=[{"Name": "vpc-id", "Values": ids}]
    )
    return _by("VpcId", (one for page in pages for one in member(page, "VpcEndpoints")))


def _by(key: str, found: Iterable[Found]) -> Mapping[str, list[Found]]:
    groups: dict[str, list[Found]] = defaultdict(list)
    for one in found:
        groups[text_member(one, key)].append(one)
    return groups


def _vpc(vpc: Found) -> FacetReading:
    return FacetReading(
        properties={"CidrBlock": member(vpc, "CidrBlock"), "Tags": tags_from(vpc.get("Tags"))}
    )


def _flow_logs(ref: ResourceRef, logs: list[Found]) -> FacetReading:
    rows = [
        {
            "FlowLogId": log["FlowLogId"],
            "FlowLogStatus": member(log, "FlowLogStatus"),
            "TrafficType": member(log, "TrafficType"),
            # Absent until something was to be delivered.
            "DeliverLogsStatus": log.get("DeliverLogsStatus"),
        }
        for log in sorted(logs, key=lambda log: str(log["FlowLogId"]))
    ]
    keys = tuple(replace(ref, type=FLOW_LOG_TYPE, id=row["FlowLogId"]).key for row in rows)
    return FacetReading(observed={"FlowLogs": rows}, companions=keys)


def _endpoints(ref: ResourceRef, endpoints: list[Found]) -> FacetReading:
    rows = [
        {
            "VpcEndpointId": one["VpcEndpointId"],
            "ServiceName": member(one, "ServiceName"),
            "VpcEndpointType": member(one, "VpcEndpointType"),
            # EC2 answers "available" where its API model says "Available".
            "State": str(member(one, "State")).lower(),
        }
        for one in sorted(endpoints, key=lambda one: str(one["VpcEndpointId"]))
    ]
    keys = tuple(replace(ref, type=ENDPOINT_TYPE, id=row["VpcEndpointId"]).key for row in rows)
    return FacetReading(observed={"Endpoints": rows}, companions=keys)


def _facet(name: str, call: str, pointers: tuple[str, ...], **how: Any) -> Facet:
    return Facet(name=name, calls=(call,), permissions=(call,), pointers=pointers, **how)


VPC_FACET = _facet(
    "vpc",
    "ec2:DescribeVpcs",
    ("/properties/CidrBlock", TAGS),
    read=_read_vpc,
    existence=True,
)
FLOW_LOG_FACET = _facet("flow_logs", "ec2:DescribeFlowLogs", (FLOW_LOGS,), read=_read_flow_logs)
ENDPOINT_FACET = _facet("endpoints", "ec2:DescribeVpcEndpoints", (ENDPOINTS,), read=_read_endpoints)
