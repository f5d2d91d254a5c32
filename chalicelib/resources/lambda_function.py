"""AWS::Lambda::Function: who may call it, under each of its names.

What a function is told in environment variables is never read into the item: the call that
describes a function hands it out in clear text. Tags need a call of their own and are left out.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.lambda_access import FUNCTION_OPENINGS_SCHEMA, function_openings
from chalicelib.facts.policy import POLICY_SCHEMA
from chalicelib.model import (
    ConfigurationItem,
    Facet,
    FacetReading,
    Fact,
    Page,
    ResourceRef,
    ResourceType,
    Route,
)
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._lambda_events import (
    FUNCTION_CHANGE_FACTS,
    PERMISSIONS,
    SOURCE,
    added_permissions,
    derived_function_openings,
    derived_layer_openings,
    function_id,
    nothing_added,
)
from chalicelib.resources._lambda_policies import GONE, client_for, read_permissions
from chalicelib.resources._listing import Listed, page_of, whole

TYPE = "AWS::Lambda::Function"

_PAGE_SIZE = 50
_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_PERMISSION = {
    "Qualifier": _TEXT,
    "Statement": POLICY_SCHEMA["properties"]["Statement"]["items"],
}
_CONFIGURATION = (
    "/properties/FunctionName",
    "/properties/PackageType",
    "/properties/Role",
    "/properties/Runtime",
)


def _read_configuration(aws: Any, ref: ResourceRef) -> FacetReading | None:
    ask = client_for(aws, ref).get_function_configuration
    answer = answer_or_none(ask, GONE, FunctionName=ref.id)
    return None if answer is None else _configuration(answer)


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Return functions, 50 per call; their policies are left out."""
    client = aws.client("lambda", account_id=account_id, region=region)
    paging = {"Marker": token} if token else {}
    answer = client.list_functions(MaxItems=_PAGE_SIZE, **paging)
    found = member(answer, "Functions")
    return page_of(found, lambda each: _item(account_id, region, each), answer.get("NextMarker"))


def _item(account_id: str, region: str, function: Mapping[str, Any]) -> Listed:
    name = member(function, "FunctionName")
    ref = ResourceRef(account_id=account_id, region=region, type=TYPE, id=name)
    return whole(ref, lambda: _configuration(function))


def _configuration(function: Mapping[str, Any]) -> FacetReading:
    return FacetReading(
        properties={
            "FunctionName": member(function, "FunctionName"),
            # Lambda left it out before there were images.
            "PackageType": function.get("PackageType", "Zip"),
            "Role": member(function, "Role"),
            # A function from an image has none.
            "Runtime": function.get("Runtime"),
        }
    )


def _openings(item: ConfigurationItem) -> list[dict[str, Any]]:
    rows = function_openings(item.observed["Permissions"] or (), item.ref.account_id)
    return [{**row, "Because": [PERMISSIONS + at for at in row["Because"]]} for row in rows]


def _arn(ref: ResourceRef) -> str:
    return f"arn:{ref.partition}:lambda:{ref.region}:{ref.account_id}:function:{ref.id}"


def _route(*actions: str, ids: str = "functionName", **how: Any) -> Route:
    return Route(source=SOURCE, actions=actions, ids=(f"requestParameters.{ids}",), **how)


RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="lambda",
    noun="function",
    schema=closed(
        {
            "properties": closed(
                {
                    "FunctionName": _TEXT,
                    "PackageType": _TEXT,
                    "Role": _TEXT,
                    "Runtime": _TEXT_OR_NULL,
                }
            ),
            "observed": closed({"Permissions": {"type": "array", "items": closed(_PERMISSION)}}),
        }
    ),
    routes=(
        _route(
            "CreateFunction",
            writes=(*_CONFIGURATION, PERMISSIONS),
            creates=True,
            propose=nothing_added,
        ),
        _route("UpdateFunctionConfiguration", "UpdateFunctionCode", writes=_CONFIGURATION),
        _route(
            *("PublishVersion", "CreateAlias", "UpdateAlias", "DeleteAlias", "RemovePermission"),
            writes=(PERMISSIONS,),
            propose=nothing_added,
        ),
        _route(
            "AddPermission",
            writes=(PERMISSIONS,),
            propose=added_permissions,
            derive=derived_function_openings,
        ),
        _route(
            "PutResourcePolicy",
            ids="resourceArn",
            writes=(PERMISSIONS,),
            propose=added_permissions,
            derive=derived_function_openings,
        ),
        _route(
            "DeleteResourcePolicy",
            ids="resourceArn",
            writes=(PERMISSIONS,),
            propose=nothing_added,
        ),
        _route("DeleteFunction", deletes=True),
        # A layer is no function: `function_id` names none, and what the call opens is still told.
        _route("AddLayerVersionPermission", ids="layerName", derive=derived_layer_openings),
    ),
    facets=(
        Facet(
            name="configuration",
            calls=("lambda:GetFunctionConfiguration",),
            permissions=("lambda:GetFunctionConfiguration",),
            pointers=_CONFIGURATION,
            read=_read_configuration,
            existence=True,
        ),
        Facet(
            name="permissions",
            calls=("lambda:GetPolicy", "lambda:ListAliases", "lambda:ListVersionsByFunction"),
            permissions=("lambda:GetPolicy", "lambda:ListAliases", "lambda:ListVersionsByFunction"),
            pointers=(PERMISSIONS,),
            read=read_permissions,
        ),
    ),
    facts=(
        Fact(
            name="FunctionOpenings",
            inputs=(PERMISSIONS,),
            compute=_openings,
            schema=FUNCTION_OPENINGS_SCHEMA,
            partial=True,
        ),
    ),
    list=_list,
    list_calls=("lambda:ListFunctions",),
    list_permissions=("lambda:ListFunctions",),
    identify=function_id,
    arn=_arn,
    defaults={
        "properties": {
            "FunctionName": "report",
            "PackageType": "Zip",
            "Role": "arn:aws:iam::111122223333:role/report",
            "Runtime": "python3.13",
        },
        "observed": {"Permissions": []},
    },
    change_facts=FUNCTION_CHANGE_FACTS,
)
