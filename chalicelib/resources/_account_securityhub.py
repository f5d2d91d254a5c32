"""Whether Security Hub CSPM is on in a Region.

What a newcomer gets wrong: where it is off, DescribeHub does not answer "no hub". It refuses with
InvalidAccessException, its documented code for an account that is not subscribed; a caller without
the permission gets AccessDeniedException.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model import Facet, FacetReading, ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._account_safeguards import unsaid
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._errors import member
from chalicelib.resources._parts import Part

_NAME = "HubArn"
_POINTER = f"/observed/{_NAME}"
_SOURCE = "securityhub.amazonaws.com"
_CALL = "securityhub:DescribeHub"
_NOT_SUBSCRIBED = "InvalidAccessException"


def _read(aws: Any, ref: ResourceRef) -> FacetReading:
    client = aws.client("securityhub", account_id=ref.account_id, region=ref.region)
    hub = answer_or_none(client.describe_hub, _NOT_SUBSCRIBED)
    return FacetReading(observed={_NAME: None if hub is None else member(hub, _NAME)})


def _propose_none(_record: Record) -> Mapping[str, Any]:
    return {_POINTER: None}


def _route(action: str, **more: Any) -> Route:
    return Route(source=_SOURCE, actions=(action,), ids=("awsRegion",), writes=(_POINTER,), **more)


SECURITY_HUB = Part(
    shapes={_NAME: {"type": ["string", "null"]}},
    defaults={_NAME: None},
    facets=(
        Facet(
            name="security_hub",
            calls=(_CALL,),
            permissions=(_CALL,),
            pointers=(_POINTER,),
            read=_read,
        ),
    ),
    routes=(
        _route("EnableSecurityHub", propose=lambda _record: unsaid(_POINTER)),
        _route("DisableSecurityHub", propose=_propose_none),
    ),
)
