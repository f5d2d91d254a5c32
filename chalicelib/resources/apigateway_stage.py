"""AWS::ApiGateway::Stage: does a stage of a REST API log what it executes.

Settings for one method replace those for all, logging included: a method whose settings were
touched for another reason logs nothing unless they say so.
"""

from collections.abc import Iterable, Iterator, Mapping
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
from chalicelib.resources._api_stages import GONE, SOURCE, Family, parts_of
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._listing import Listed, beneath, page_of, whole
from chalicelib.resources._payload import field
from chalicelib.resources._said import asked
from chalicelib.resources._tags import TAGS_SHAPE, tags_from

TYPE = "AWS::ApiGateway::Stage"

#: Each API costs a call for its stages; this many still fit into one message's time.
_APIS_PER_PAGE = 50
_SETTINGS = "/properties/MethodSettings"
_CALL = "apigateway:GetStage"
_REST = Family(parameter="restApiId", path="restapis", wrapper="createStageInput")


def _read(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = aws.client("apigateway", account_id=ref.account_id, region=ref.region)
    api, name = parts_of(ref)
    stage = answer_or_none(client.get_stage, GONE, restApiId=api, stageName=name)
    return _reading(api, stage) if stage is not None else None


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    client = aws.client("apigateway", account_id=account_id, region=region)
    start = {"position": token} if token else {}
    answer = client.get_rest_apis(limit=_APIS_PER_PAGE, **start)
    rows = beneath(answer.get("items", ()), lambda api: _stages(client, member(api, "id")))
    return page_of(
        rows,
        lambda row: _item(account_id, region, member(row[0], "id"), row[1]),
        answer.get("position"),
    )


def _stages(client: Any, api: str) -> Iterable[Mapping[str, Any]]:
    # An API may be deleted while its page is read; one without stages answers with no list.
    answer = answer_or_none(client.get_stages, GONE, restApiId=api)
    return answer.get("item", ()) if answer is not None else ()


def _item(account_id: str, region: str, api: str, stage: Mapping[str, Any]) -> Listed:
    name = f"{api}|{member(stage, 'stageName')}"
    ref = ResourceRef(account_id=account_id, region=region, type=TYPE, id=name)
    return whole(ref, lambda: _reading(api, stage))


def _reading(api: str, stage: Mapping[str, Any]) -> FacetReading:
    settings: Mapping[str, Any] = stage.get("methodSettings") or {}
    return FacetReading(
        properties={
            "RestApiId": api,
            "StageName": member(stage, "stageName"),
            "MethodSettings": [_setting(key, settings[key]) for key in sorted(settings)],
            "Tags": tags_from(stage.get("tags")),
        }
    )


def _setting(key: str, setting: Mapping[str, Any]) -> dict[str, Any]:
    resource, _, method = key.rpartition("/")
    # Nobody set a level: API Gateway then logs nothing.
    level = setting.get("loggingLevel") or "OFF"
    return _row(resource, method, level)


def _row(resource: str, method: str, level: str) -> dict[str, Any]:
    return {"ResourcePath": f"/{resource}", "HttpMethod": method, "LoggingLevel": level}


def _patched(record: Record) -> Mapping[str, Any]:
    patches = field(asked(record, "updateStageInput"), "patchOperations")
    return {_SETTINGS: list(_levels(patches if isinstance(patches, list) else ()))}


def _levels(patches: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for patch in patches:
        tokens = str(field(patch, "path")).split("/")
        if tokens[3:] == ["logging", "loglevel"]:
            yield _row(tokens[1], tokens[2], str(field(patch, "value")))


_DEPLOYED = ("requestParameters.createDeploymentInput.stageName",)

_ROUTES = (
    _REST.created(_SETTINGS, propose=lambda _record: {_SETTINGS: []}),
    _REST.on_stage("UpdateStage", _SETTINGS, propose=_patched),
    _REST.on_stage("DeleteStage", deletes=True),
    # Names a stage to bring about: one that is not there yet is created.
    Route(source=SOURCE, actions=("CreateDeployment",), ids=_DEPLOYED),
    *_REST.tagging(),
)

_TEXT = {"type": "string"}
_ROW = closed({"ResourcePath": _TEXT, "HttpMethod": _TEXT, "LoggingLevel": _TEXT})
_PROPERTIES = {
    "RestApiId": _TEXT,
    "StageName": _TEXT,
    "MethodSettings": {"type": "array", "items": _ROW},
    "Tags": TAGS_SHAPE,
}

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="apigateway",
    noun="REST API stage",
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
    list_calls=("apigateway:GetRestApis", "apigateway:GetStages"),
    list_permissions=("apigateway:GET",),
    identify=_REST.identify,
    arn=_REST.arn,
    defaults={
        "properties": {
            "RestApiId": "a1b2c3d4e5",
            "StageName": "example",
            "MethodSettings": [],
            "Tags": [],
        },
        "observed": {},
    },
)
