"""AWS::ApiGatewayV2::Stage: does a stage of an HTTP or WebSocket API write access logs."""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.model import (
    Facet,
    FacetReading,
    Page,
    ResourceRef,
    ResourceType,
)
from chalicelib.model.plugin import Record
from chalicelib.resources._api_stages import GONE, Family, parts_of
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._listing import Listed, beneath, page_of, whole
from chalicelib.resources._payload import field
from chalicelib.resources._said import asked
from chalicelib.resources._tags import TAGS_SHAPE, tags_from

TYPE = "AWS::ApiGatewayV2::Stage"

#: Each API costs a call for its stages; this many still fit into one message's time.
_APIS_PER_PAGE = "50"
_STAGES_PER_PAGE = "100"
_LOGS = "/properties/AccessLogSettings"
_CALL = "apigatewayv2:GetStage"
_API = Family(parameter="apiId", path="apis")


def _read(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = aws.client("apigatewayv2", account_id=ref.account_id, region=ref.region)
    api, name = parts_of(ref)
    stage = answer_or_none(client.get_stage, GONE, ApiId=api, StageName=name)
    return _reading(api, stage) if stage is not None else None


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    client = aws.client("apigatewayv2", account_id=account_id, region=region)
    start = {"NextToken": token} if token else {}
    answer = client.get_apis(MaxResults=_APIS_PER_PAGE, **start)
    rows = beneath(member(answer, "Items"), lambda api: _stages(client, member(api, "ApiId")))
    return page_of(
        rows,
        lambda row: _item(account_id, region, member(row[0], "ApiId"), row[1]),
        answer.get("NextToken"),
    )


def _stages(client: Any, api: str) -> Iterable[Mapping[str, Any]]:
    given = {"ApiId": api, "MaxResults": _STAGES_PER_PAGE}
    # An API may be deleted while its page is read.
    answer = answer_or_none(client.get_stages, GONE, **given)
    while answer is not None:
        yield from member(answer, "Items")
        token = answer.get("NextToken")
        answer = client.get_stages(**given, NextToken=token) if token else None


def _item(account_id: str, region: str, api: str, stage: Mapping[str, Any]) -> Listed:
    name = f"{api}|{member(stage, 'StageName')}"
    ref = ResourceRef(account_id=account_id, region=region, type=TYPE, id=name)
    return whole(ref, lambda: _reading(api, stage))


def _reading(api: str, stage: Mapping[str, Any]) -> FacetReading:
    return FacetReading(
        properties={
            "ApiId": api,
            "StageName": member(stage, "StageName"),
            "AccessLogSettings": _settings(stage.get("AccessLogSettings")),
            "Tags": tags_from(stage.get("Tags")),
        }
    )


def _settings(raw: Any) -> dict[str, Any]:
    """Return access log settings; without a destination nothing is written."""
    return {name: field(raw, name) or None for name in ("DestinationArn", "Format")}


def _created(record: Record) -> Mapping[str, Any]:
    return {_LOGS: _settings(asked(record, "accessLogSettings"))}


def _updated(record: Record) -> Mapping[str, Any]:
    written = asked(record, "accessLogSettings")
    # What an update does not carry it leaves alone.
    return {_LOGS: {} if written is None else _settings(written)}


_ROUTES = (
    _API.created(_LOGS, propose=_created),
    _API.on_stage("UpdateStage", _LOGS, propose=_updated),
    _API.on_stage(
        "DeleteAccessLogSettings", _LOGS, propose=lambda _record: {_LOGS: _settings(None)}
    ),
    _API.on_stage("DeleteStage", deletes=True),
    *_API.tagging(),
)

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_PROPERTIES = {
    "ApiId": _TEXT,
    "StageName": _TEXT,
    "AccessLogSettings": closed({"DestinationArn": _TEXT_OR_NULL, "Format": _TEXT_OR_NULL}),
    "Tags": TAGS_SHAPE,
}

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="apigateway",
    noun="API stage",
    schema=closed({"properties": closed(_PROPERTIES), "observed": closed({})}),
    routes=_ROUTES,
    facets=(
        Facet(
            name="stage",
            calls=(_CALL,),
            permissions=("apigateway:GET",),
            pointers=tuple(f"/properties/{name}" for name in _PROPERTIES),
            read=_read,
            existence=True,
        ),
    ),
    list=_list,
    list_calls=("apigatewayv2:GetApis", "apigatewayv2:GetStages"),
    list_permissions=("apigateway:GET",),
    identify=_API.identify,
    arn=_API.arn,
    defaults={
        "properties": {
            "ApiId": "a1b2c3d4e5",
            "StageName": "example",
            "AccessLogSettings": {"DestinationArn": None, "Format": None},
            "Tags": [],
        },
        "observed": {},
    },
)
