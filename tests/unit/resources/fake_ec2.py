"""EC2 played by functions: what it answers to each call, and what it was asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.model import ConfigurationItem, Page, ResourceRef, ResourceType, SweepRequest
from chalicelib.model.pointer import pointer_of
from chalicelib.resources import _frame

ACCOUNT, REGION = "123456789012", "eu-west-1"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

Answer = Mapping[str, Any]


class Clock:
    """A clock that stands."""

    def now(self) -> datetime:
        """Return noon."""
        return NOON


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "Call")


@dataclass
class Ec2:
    """EC2, and AWS itself: answers each call by a function of its parameters, or refuses it."""

    answers: dict[str, Callable[..., Answer]]
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def client(self, *_: Any, **__: Any) -> "Ec2":
        """Return itself."""
        return self

    def get_paginator(self, call: str) -> "_Pages":
        """Return something that has one page."""
        return _Pages(self, call)

    def __getattr__(self, call: str) -> Callable[..., Answer]:
        return lambda **given: self._answer(call, given)

    def _answer(self, call: str, given: dict[str, Any]) -> Answer:
        self.asked.append((call, given))
        return self.answers[call](**given)

    def count(self, call: str) -> int:
        """Return how often a call was made."""
        return sum(made == call for made, _ in self.asked)


@dataclass
class _Pages:
    aws: Ec2
    call: str

    def paginate(self, **given: Any) -> list[Answer]:
        """Return one page."""
        return [getattr(self.aws, self.call)(**given)]


def always(answer: Answer) -> Callable[..., Answer]:
    return lambda **_: answer


def refused(code: str) -> Callable[..., Answer]:
    def refuse(**_: Any) -> Answer:
        raise refusal(code)

    return refuse


def ref(kind: ResourceType, resource_id: str) -> ResourceRef:
    return ResourceRef(account_id=ACCOUNT, region=REGION, type=kind.type, id=resource_id)


def everything(kind: ResourceType) -> frozenset[str]:
    facts = {pointer_of(("derived", fact.name)) for fact in kind.facts}
    return frozenset(facts | {pointer for facet in kind.facets for pointer in facet.pointers})


def look(kind: ResourceType, resource_id: str, **answers: Any) -> ConfigurationItem | None:
    aws = Ec2(answers)
    return _frame.describe(aws, kind, ref(kind, resource_id), everything(kind), Clock())


def seen(kind: ResourceType, resource_id: str, **answers: Any) -> ConfigurationItem:
    item = look(kind, resource_id, **answers)
    assert item is not None
    return item


def page(kind: ResourceType, aws: Ec2, token: str | None = None) -> Page:
    request = SweepRequest(account_id=ACCOUNT, region=REGION, type=kind.type, token=token)
    return _frame.page(aws, kind, request, everything(kind), Clock())


#: What is asked beside the resources themselves, answered with nothing.
BESIDE: dict[str, Callable[..., Answer]] = {
    "describe_flow_logs": always({"FlowLogs": []}),
    "describe_vpc_endpoints": always({"VpcEndpoints": []}),
    "describe_vpc_peering_connections": always({"VpcPeeringConnections": []}),
    "get_snapshot_block_public_access_state": always({"State": "unblocked"}),
    "describe_snapshot_attribute": always({"CreateVolumePermissions": []}),
}

VPC_ROW = {"CidrBlock": "10.0.0.0/16"}
