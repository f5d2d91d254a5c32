"""AWS::EC2::VPC: whether its traffic is recorded, and which of AWS's services it reaches privately.

Flow logs and endpoints are resources of their own. Calls that end one name it and not its VPC:
the edges that an item carries lead back.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.endpoints import ENDPOINT_SERVICES, ENDPOINTS
from chalicelib.model import Companion, Relation, ResourceType
from chalicelib.model.plugin import Record
from chalicelib.resources._cidr_shapes import IPV4_CIDR
from chalicelib.resources._declared import closed
from chalicelib.resources._ec2 import TAGS, arn_of, named, route, tag_routes
from chalicelib.resources._payload import field, parameters_of
from chalicelib.resources._tags import TAGS_SHAPE
from chalicelib.resources._vpc_reads import (
    ENDPOINT_FACET,
    ENDPOINT_TYPE,
    FLOW_LOG_FACET,
    FLOW_LOG_TYPE,
    FLOW_LOGS,
    TYPE,
    VPC_FACET,
    list_vpcs,
)

_CIDR = "/properties/CidrBlock"
_FLOW_LOG_IDS = (
    "requestParameters.DeleteFlowLogsRequest.FlowLogId[]",
    "requestParameters.flowLogId[]",
)
_ID_LIMIT_CHARS = 64
_IDS_LIMIT = 1000


def _propose_created(_record: Record) -> Mapping[str, Any]:
    return {FLOW_LOGS: [], ENDPOINTS: []}


def _propose_flow_log(record: Record) -> Mapping[str, Any]:
    asked = _request(record, "CreateFlowLogsRequest")
    traffic = field(asked, "TrafficType")
    return {FLOW_LOGS: [{"TrafficType": traffic}]} if traffic else {}


def _propose_endpoint(record: Record) -> Mapping[str, Any]:
    asked = _request(record, "CreateVpcEndpointRequest")
    service, kind = field(asked, "ServiceName"), field(asked, "VpcEndpointType")
    row = {"ServiceName": service, "VpcEndpointType": kind}
    return {ENDPOINTS: [row]} if service else {}


def _deleted_flow_logs(record: Record) -> Mapping[str, Any]:
    asked = _request(record, "DeleteFlowLogsRequest")
    named_ids = field(asked, "FlowLogId") or field(asked, "flowLogIds") or []
    each = named_ids if isinstance(named_ids, list) else [named_ids]
    ids = (one if isinstance(one, str) else field(one, "content") for one in each)
    known = [one for one in ids if isinstance(one, str)]
    return {"DeletedFlowLogs": [one[:_ID_LIMIT_CHARS] for one in known[:_IDS_LIMIT]]}


def _request(record: Record, wrapper: str) -> Any:
    parameters = parameters_of(record)
    return field(parameters, wrapper) or parameters


_TEXT = {"type": "string"}
_FLOW_LOG = closed(
    {
        "FlowLogId": _TEXT,
        "FlowLogStatus": _TEXT,
        "TrafficType": {"enum": ["ACCEPT", "REJECT", "ALL"]},
        "DeliverLogsStatus": {"enum": ["SUCCESS", "FAILED", None]},
    }
)
_ENDPOINT = closed(
    {"VpcEndpointId": _TEXT, "ServiceName": _TEXT, "VpcEndpointType": _TEXT, "State": _TEXT}
)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="ec2",
    noun="VPC",
    schema=closed(
        {
            "properties": closed({"CidrBlock": IPV4_CIDR, "Tags": TAGS_SHAPE}),
            "observed": closed(
                {
                    "FlowLogs": {"type": "array", "items": _FLOW_LOG},
                    "Endpoints": {"type": "array", "items": _ENDPOINT},
                }
            ),
        }
    ),
    routes=(
        route(
            "CreateVpc",
            "responseElements.vpc.vpcId",
            writes=(_CIDR, TAGS, FLOW_LOGS, ENDPOINTS),
            creates=True,
            propose=_propose_created,
        ),
        route(
            "CreateDefaultVpc",
            "responseElements.CreateDefaultVpcResponse.vpc.vpcId",
            "responseElements.vpc.vpcId",
            writes=(_CIDR, TAGS, FLOW_LOGS, ENDPOINTS),
            creates=True,
            propose=_propose_created,
        ),
        route("DeleteVpc", "requestParameters.vpcId", deletes=True),
        route(
            "CreateFlowLogs",
            "requestParameters.CreateFlowLogsRequest.ResourceId[]",
            "requestParameters.resourceIds[]",
            writes=(FLOW_LOGS,),
            propose=_propose_flow_log,
        ),
        route(
            "CreateVpcEndpoint",
            "requestParameters.CreateVpcEndpointRequest.VpcId",
            "requestParameters.vpcId",
            writes=(ENDPOINTS,),
            propose=_propose_endpoint,
        ),
        # Names no VPC and so touches none: it is here for what the call means.
        route("DeleteFlowLogs", *_FLOW_LOG_IDS, derive=_deleted_flow_logs),
        *tag_routes(),
    ),
    companions=(
        Companion(
            type=FLOW_LOG_TYPE,
            relation=Relation.EDGE,
            identify=named("fl"),
            routes=(
                route(
                    "DeleteFlowLogs",
                    *_FLOW_LOG_IDS,
                    writes=(FLOW_LOGS,),
                ),
            ),
        ),
        Companion(
            type=ENDPOINT_TYPE,
            relation=Relation.EDGE,
            identify=named("vpce"),
            routes=(
                route(
                    "DeleteVpcEndpoints",
                    "requestParameters.DeleteVpcEndpointsRequest.VpcEndpointId[]",
                    "requestParameters.vpcEndpointId[]",
                    writes=(ENDPOINTS,),
                ),
            ),
        ),
    ),
    facets=(VPC_FACET, FLOW_LOG_FACET, ENDPOINT_FACET),
    facts=(ENDPOINT_SERVICES,),
    list=list_vpcs,
    list_calls=(*VPC_FACET.calls, *FLOW_LOG_FACET.calls, *ENDPOINT_FACET.calls),
    list_permissions=(
        *VPC_FACET.permissions,
        *FLOW_LOG_FACET.permissions,
        *ENDPOINT_FACET.permissions,
    ),
    identify=named("vpc"),
    defaults={
        "properties": {"CidrBlock": "10.0.0.0/16", "Tags": []},
        "observed": {"FlowLogs": [], "Endpoints": []},
    },
    arn=arn_of("vpc"),
    change_facts={"DeletedFlowLogs": {"type": "array", "items": _TEXT}},
)
