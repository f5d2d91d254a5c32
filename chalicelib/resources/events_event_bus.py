"""AWS::Events::EventBus: who may put events on it, and rules.

Every Region has the bus ``default``, and a call that names no bus means that one. PutPermission
comes in two forms: a whole policy, or the parts of one statement.
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
from chalicelib.resources._added_permission import AddedPermission
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._listing import Listed, page_of, whole
from chalicelib.resources._payload import field, parameters_of
from chalicelib.resources._resource_policy import (
    POLICY_CHANGE_FACTS,
    POLICY_SCHEMA,
    UNTOUCHED,
    openings_by,
    policy_at,
    policy_fact,
    policy_from,
    proposed_policy,
    proposes,
)

TYPE = "AWS::Events::EventBus"
SERVICE = "events"
DEFAULT_BUS = "default"

_SOURCE = "events.amazonaws.com"
_GONE = "ResourceNotFoundException"
_PAGE_SIZE = 100

_NAME = "/properties/Name"
_POLICY = "/properties/Policy"
_STATEMENTS = f"{_POLICY}/Statement"

_ADDED = AddedPermission(
    label="statementId",
    principals=("principal",),
    actions=("action",),
    service="events",
    condition="condition",
)
_BUS_NAME = re.compile(r"[/.\-_A-Za-z0-9]{1,256}", re.ASCII)
# Who names no bus means the default one; every record names its source.
_BUS = ("requestParameters.eventBusName", "eventSource")


def _read(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = aws.client("events", account_id=ref.account_id, region=ref.region)
    answer = answer_or_none(client.describe_event_bus, _GONE, Name=ref.id)
    return None if answer is None else _reading(answer)


def _reading(bus: Mapping[str, Any]) -> FacetReading:
    # A bus without a policy answers without the member.
    policy = policy_from(bus.get("Policy"))
    return FacetReading(properties={"Name": member(bus, "Name"), "Policy": policy})


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Return whole buses."""
    client = aws.client("events", account_id=account_id, region=region)
    paging = {"NextToken": token} if token else {}
    answer = client.list_event_buses(Limit=_PAGE_SIZE, **paging)
    found = member(answer, "EventBuses")
    return page_of(found, lambda bus: _item(account_id, region, bus), answer.get("NextToken"))


def _item(account_id: str, region: str, bus: Mapping[str, Any]) -> Listed:
    name = member(bus, "Name")
    ref = ResourceRef(account_id=account_id, region=region, type=TYPE, id=name)
    return whole(ref, lambda: _reading(bus))


def _identify(raw: str, record: Record) -> str | None:
    if not field(parameters_of(record), "eventBusName") and raw == field(record, "eventSource"):
        return DEFAULT_BUS
    name = raw.partition(":event-bus/")[2] if raw.startswith("arn:") else raw
    return name if _BUS_NAME.fullmatch(name) else None


def _arn(ref: ResourceRef) -> str:
    return f"arn:{ref.partition}:events:{ref.region}:{ref.account_id}:event-bus/{ref.id}"


_whole_policy = policy_at("policy")


def _put(record: Record) -> Any:
    return _whole_policy(record) or _ADDED.policy(record)


def _proposed(record: Record) -> Mapping[str, Any]:
    if _whole_policy(record):
        return {_STATEMENTS: [], **proposed_policy(_POLICY, "policy")(record)}
    return {_POLICY: UNTOUCHED, **_ADDED.proposed(record, _STATEMENTS)}


_ROUTES = (
    Route(
        source=_SOURCE,
        actions=("CreateEventBus",),
        ids=("requestParameters.name",),
        writes=(_NAME, _POLICY),
        creates=True,
        propose=proposes(_POLICY, None),
    ),
    Route(
        source=_SOURCE,
        actions=("PutPermission",),
        ids=_BUS,
        writes=(_POLICY, _STATEMENTS),
        propose=_proposed,
        derive=openings_by(SERVICE, _put),
    ),
    Route(
        source=_SOURCE,
        actions=("RemovePermission",),
        ids=_BUS,
        writes=(_STATEMENTS,),
        propose=proposes(_STATEMENTS, []),
    ),
    Route(
        source=_SOURCE,
        actions=("DeleteEventBus",),
        ids=("requestParameters.name",),
        deletes=True,
    ),
)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service=SERVICE,
    noun="event bus",
    schema=closed(
        {
            "properties": closed({"Name": {"type": "string"}, "Policy": POLICY_SCHEMA}),
            "observed": closed({}),
        }
    ),
    routes=_ROUTES,
    facets=(
        Facet(
            name="bus",
            calls=("events:DescribeEventBus",),
            permissions=("events:DescribeEventBus",),
            pointers=(_NAME, _POLICY),
            read=_read,
            existence=True,
        ),
    ),
    facts=(policy_fact(_POLICY, SERVICE),),
    list=_list,
    list_calls=("events:ListEventBuses",),
    list_permissions=("events:ListEventBuses",),
    identify=_identify,
    arn=_arn,
    defaults={"properties": {"Name": "example", "Policy": None}, "observed": {}},
    change_facts=POLICY_CHANGE_FACTS,
)
