"""AWS::EC2::SecurityGroup: who may open a connection to what stands behind it.

EC2's two ways to write a group's rules, and its describe answer, become one row per source. A
group's verdict also hangs on the prefix lists it names: they are read with it, and a change to
one brings every group that names it back.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.facts.network import INGRESS_SCHEMA, internet_ingress
from chalicelib.model import Fact, ResourceRef, ResourceType, Route
from chalicelib.model.plugin import Record
from chalicelib.resources import _ingress_events as events
from chalicelib.resources._prefix_lists import PREFIX_LIST_COMPANION
from chalicelib.resources._security_group_schema import DEFAULTS, SCHEMA
from chalicelib.resources._security_groups import (
    ATTACHMENTS,
    GROUP,
    TYPE,
    list_groups,
    resolve_group,
)

_EC2 = "ec2.amazonaws.com"
_GROUP_ID = re.compile(r"sg-[0-9A-Za-z]{1,40}", re.ASCII)
_NAME_LIMIT_CHARS = 255

_GROUP_IDS = ("requestParameters.groupId", "requestParameters.groupName")


def _identify(raw: str, record: Record) -> str | None:
    """Take a group id, or a name where the call is about groups; other tagged things are none."""
    if _GROUP_ID.fullmatch(raw):
        return raw
    about_groups = "SecurityGroup" in str(record.get("eventName"))
    return raw if about_groups and 0 < len(raw) <= _NAME_LIMIT_CHARS else None


def _arn(ref: ResourceRef) -> str:
    return f"arn:{ref.partition}:ec2:{ref.region}:{ref.account_id}:security-group/{ref.id}"


def _rules(
    action: str,
    writes: tuple[str, ...],
    propose: Callable[[Record], Mapping[str, Any]],
    derive: Callable[[Record], Mapping[str, Any]] | None = None,
) -> Route:
    """Build the route of a call on rules; newer calls wrap the request, older ones do not."""
    request = f"requestParameters.{action}Request"
    return Route(
        source=_EC2,
        actions=(action,),
        ids=(*_GROUP_IDS, f"{request}.GroupId", f"{request}.GroupName"),
        writes=writes,
        propose=propose,
        derive=derive,
    )


_IN, _OUT = (events.INGRESS,), (events.EGRESS,)

_ROUTES = (
    _rules("AuthorizeSecurityGroupIngress", _IN, events.added_ingress, events.opened),
    _rules("AuthorizeSecurityGroupEgress", _OUT, events.added_egress),
    _rules("RevokeSecurityGroupIngress", _IN, events.no_ingress),
    _rules("RevokeSecurityGroupEgress", _OUT, events.no_egress),
    _rules("ModifySecurityGroupRules", _IN + _OUT, events.modified, events.opened),
    _rules("UpdateSecurityGroupRuleDescriptionsIngress", _IN, events.no_ingress),
    _rules("UpdateSecurityGroupRuleDescriptionsEgress", _OUT, events.no_egress),
    Route(
        source=_EC2,
        actions=("CreateSecurityGroup",),
        ids=("responseElements.groupId",),
        writes=(
            "/properties/GroupName",
            "/properties/GroupDescription",
            "/properties/VpcId",
            "/properties/Tags",
            events.INGRESS,
            events.EGRESS,
        ),
        creates=True,
        propose=events.created,
    ),
    Route(
        source=_EC2,
        actions=("DeleteSecurityGroup",),
        ids=(
            "requestParameters.groupId",
            "responseElements.groupId",
            "requestParameters.groupName",
        ),
        deletes=True,
    ),
    Route(
        source=_EC2,
        actions=("CreateTags", "DeleteTags"),
        ids=("requestParameters.resourcesSet.items[].resourceId",),
        writes=("/properties/Tags",),
    ),
    # What is detached again does not name its groups: the sweep notices those.
    Route(
        source=_EC2,
        actions=("RunInstances",),
        ids=(
            "responseElements.instancesSet.items[].networkInterfaceSet.items[].groupSet.items[].groupId",
            "responseElements.instancesSet.items[].groupSet.items[].groupId",
        ),
        writes=("/observed/AttachedInterfaces",),
    ),
    Route(
        source=_EC2,
        actions=("CreateNetworkInterface",),
        ids=(
            "responseElements.networkInterface.groupSet.items[].groupId",
            "requestParameters.groupSet.items[].groupId",
        ),
        writes=("/observed/AttachedInterfaces",),
    ),
    Route(
        source=_EC2,
        actions=("ModifyNetworkInterfaceAttribute", "ModifyInstanceAttribute"),
        ids=("requestParameters.groupSet.items[].groupId",),
        writes=("/observed/AttachedInterfaces",),
    ),
)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="ec2",
    noun="security group",
    schema=SCHEMA,
    routes=_ROUTES,
    companions=(PREFIX_LIST_COMPANION,),
    facets=(GROUP, ATTACHMENTS),
    facts=(
        Fact(
            name="InternetIngress",
            inputs=(events.INGRESS, events.PREFIX_LISTS),
            compute=internet_ingress,
            schema=INGRESS_SCHEMA,
            partial=True,
        ),
    ),
    list=list_groups,
    list_calls=(*GROUP.calls, *ATTACHMENTS.calls),
    list_permissions=(*GROUP.permissions, *ATTACHMENTS.permissions),
    identify=_identify,
    resolve=resolve_group,
    defaults=DEFAULTS,
    arn=_arn,
    change_facts={"InternetIngress": INGRESS_SCHEMA},
)
