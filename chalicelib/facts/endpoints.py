"""Which services of AWS a VPC reaches through endpoints of its own.

The name of a service differs by Region and partition (``com.amazonaws.eu-west-1.ec2``,
``cn.com.amazonaws.cn-north-1.ec2``), and an endpoint may lead to another Region's service, which
is another service. Services of customers (``vpce-svc-…``) are none of AWS.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model import ConfigurationItem, Fact

ENDPOINTS = "/observed/Endpoints"

ENDPOINT_SERVICES_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "Service": {"type": "string"},
            "Type": {"type": "string"},
            "State": {"type": "string"},
            "Because": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["Service", "Type", "State", "Because"],
        "additionalProperties": False,
    },
}


def service_named(name: str, region: str) -> str | None:
    """Return the short name of an AWS service in a Region (``ec2``); None for anything else."""
    owner, _, service = name.partition(f".{region}.")
    return service if owner.endswith(".amazonaws") and service else None


def endpoint_services(item: ConfigurationItem) -> list[dict[str, Any]]:
    """List the endpoints to AWS services of the VPC's own Region, by service and state."""
    named = [
        (service_named(endpoint["ServiceName"], item.ref.region), index, endpoint)
        for index, endpoint in enumerate(item.observed["Endpoints"])
    ]
    return [
        {
            "Service": service,
            "Type": endpoint["VpcEndpointType"],
            "State": endpoint["State"],
            "Because": [f"{ENDPOINTS}/{index}"],
        }
        for service, index, endpoint in named
        if service is not None
    ]


ENDPOINT_SERVICES = Fact(
    name="EndpointServices",
    inputs=(ENDPOINTS,),
    compute=endpoint_services,
    schema=ENDPOINT_SERVICES_SCHEMA,
)
