"""Endpoints of a VPC: which services of AWS they lead to."""

import pytest

from chalicelib.facts.endpoints import service_named

NAMES = {
    "a service": ("com.amazonaws.eu-west-1.ec2", "eu-west-1", "ec2"),
    "a service with a part": ("com.amazonaws.eu-west-1.ecr.dkr", "eu-west-1", "ecr.dkr"),
    "in China": ("cn.com.amazonaws.cn-north-1.ec2", "cn-north-1", "ec2"),
    "another service": ("com.amazonaws.eu-west-1.ec2messages", "eu-west-1", "ec2messages"),
    "another Region's": ("com.amazonaws.us-east-1.ec2", "eu-west-1", None),
    "a Region that begins alike": ("com.amazonaws.us-east-1.ec2", "us-east", None),
    "a customer's": ("com.amazonaws.vpce.eu-west-1.vpce-svc-0a1b", "eu-west-1", None),
    "a stranger's name": ("com.example.eu-west-1.ec2", "eu-west-1", None),
    "no service": ("com.amazonaws.eu-west-1.", "eu-west-1", None),
    "nothing": ("", "eu-west-1", None),
}


@pytest.mark.parametrize(("name", "region", "service"), NAMES.values(), ids=NAMES)
def test_a_service_is_known_by_its_name(name: str, region: str, service: str | None) -> None:
    assert service_named(name, region) == service
