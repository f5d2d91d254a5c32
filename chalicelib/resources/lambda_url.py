"""AWS::Lambda::Url: an address on the internet that runs a function, and whom it asks who they are.

Its id is the function's name, with the alias where the URL is an alias's. A URL without
authentication is open only if the function's policy lets everybody in as well, so the policy is
part of the item, and a change of it makes the URL due.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.facts.lambda_access import URL_OPENINGS_SCHEMA, url_openings
from chalicelib.facts.policy import POLICY_SCHEMA
from chalicelib.model import (
    Companion,
    ConfigurationItem,
    Facet,
    FacetReading,
    Fact,
    Page,
    Relation,
    ResourceRef,
    ResourceType,
    Route,
)
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._lambda_events import (
    AUTH_TYPE,
    LATEST,
    PERMISSIONS,
    SOURCE,
    URL_CHANGE_FACTS,
    added_statements,
    asked_auth_type,
    derived_auth_type,
    nothing_added,
    url_id,
    url_name,
)
from chalicelib.resources._lambda_events import named_function as function_named
from chalicelib.resources._lambda_policies import GONE, client_for, statements_for
from chalicelib.resources._listing import Listed, beneath, page_of, whole

TYPE = "AWS::Lambda::Url"
FUNCTION = "AWS::Lambda::Function"

_CREATED = "/observed/CreationTime"
_PAGE_SIZE = 50
_AUTH_TYPES = ("NONE", "AWS_IAM")
_TEXT = {"type": "string"}
_STATEMENT = POLICY_SCHEMA["properties"]["Statement"]["items"]


def _read_url(aws: Any, ref: ResourceRef) -> FacetReading | None:
    function, qualifier = _parts(ref)
    given = {} if qualifier == LATEST else {"Qualifier": qualifier}
    ask = client_for(aws, ref).get_function_url_config
    answer = answer_or_none(ask, GONE, FunctionName=function, **given)
    return None if answer is None else _reading(ref, answer)


def _read_policy(aws: Any, ref: ResourceRef) -> FacetReading:
    statements = statements_for(client_for(aws, ref), *_parts(ref))
    return FacetReading(observed={"Permissions": statements})


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Return the URLs of 50 functions: Lambda lists them by function only."""
    client = aws.client("lambda", account_id=account_id, region=region)
    paging = {"Marker": token} if token else {}
    answer = client.list_functions(MaxItems=_PAGE_SIZE, **paging)
    rows = beneath(
        member(answer, "Functions"), lambda each: _urls(client, member(each, "FunctionName"))
    )
    return page_of(
        rows,
        lambda row: _item(account_id, region, member(row[0], "FunctionName"), row[1]),
        answer.get("NextMarker"),
    )


def _urls(client: Any, function: str) -> Iterator[Mapping[str, Any]]:
    pages = client.get_paginator("list_function_url_configs").paginate(FunctionName=function)
    for page in pages:
        yield from member(page, "FunctionUrlConfigs")


def _item(account_id: str, region: str, function: str, url: Mapping[str, Any]) -> Listed:
    name = url_name(function, _qualifier_in(member(url, "FunctionArn")))
    ref = ResourceRef(account_id=account_id, region=region, type=TYPE, id=name)
    return whole(ref, lambda: _reading(ref, url))


def _reading(ref: ResourceRef, url: Mapping[str, Any]) -> FacetReading:
    function, _ = _parts(ref)
    return FacetReading(
        properties={"TargetFunctionArn": member(url, "FunctionArn"), "AuthType": _auth_type(url)},
        observed={
            "FunctionUrl": member(url, "FunctionUrl"),
            "CreationTime": member(url, "CreationTime"),
        },
        companions=(f"{ref.account_id}#{ref.region}#{FUNCTION}#{function}",),
    )


def _auth_type(url: Mapping[str, Any]) -> str:
    return str(member(url, "AuthType"))


def _parts(ref: ResourceRef) -> tuple[str, str]:
    function, _, qualifier = ref.id.partition(":")
    return function, qualifier or LATEST


def _qualifier_in(arn: str) -> str:
    return arn.rpartition(":function:")[2].partition(":")[2] or LATEST


def _openings(item: ConfigurationItem) -> list[dict[str, Any]]:
    auth_type, statements = item.properties["AuthType"], item.observed["Permissions"]
    if auth_type is None or statements is None:
        return []
    rows = url_openings(
        statements, auth_type=auth_type, created=item.observed["CreationTime"] or ""
    )
    despite = [{"At": AUTH_TYPE, "Closes": "AWS_IAM"}]
    return [
        {**row, "Because": [PERMISSIONS + at for at in row["Because"]], "Despite": despite}
        for row in rows
    ]


def _is_settled(item: ConfigurationItem) -> bool:
    return bool(item.properties["AuthType"] == "AWS_IAM")


def _arn(ref: ResourceRef) -> str:
    return f"arn:{ref.partition}:lambda:{ref.region}:{ref.account_id}:function:{ref.id}"


def _route(*actions: str, ids: str = "functionName", **how: Any) -> Route:
    return Route(source=SOURCE, actions=actions, ids=(f"requestParameters.{ids}",), **how)


_DESPITE = closed({"At": _TEXT, "Closes": _TEXT})
_ROW = URL_OPENINGS_SCHEMA["items"]["properties"]
_OPENINGS_SCHEMA = {
    "type": "array",
    "items": closed({**_ROW, "Despite": {"type": "array", "items": _DESPITE}}),
}
_URL = ("/properties/TargetFunctionArn", AUTH_TYPE, "/observed/FunctionUrl", _CREATED)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="lambda",
    noun="function URL",
    schema=closed(
        {
            "properties": closed(
                {"TargetFunctionArn": _TEXT, "AuthType": {"enum": list(_AUTH_TYPES)}}
            ),
            "observed": closed(
                {
                    "FunctionUrl": _TEXT,
                    "CreationTime": _TEXT,
                    "Permissions": {"type": "array", "items": _STATEMENT},
                }
            ),
        }
    ),
    routes=(
        _route(
            "CreateFunctionUrlConfig",
            writes=_URL,
            creates=True,
            propose=asked_auth_type,
            derive=derived_auth_type,
        ),
        _route(
            "UpdateFunctionUrlConfig",
            writes=(AUTH_TYPE,),
            propose=asked_auth_type,
            derive=derived_auth_type,
        ),
        _route("DeleteFunctionUrlConfig", deletes=True),
    ),
    companions=(
        Companion(
            type=FUNCTION,
            relation=Relation.EDGE,
            identify=function_named,
            routes=(
                _route("AddPermission", writes=(PERMISSIONS,), propose=added_statements),
                _route(
                    "PutResourcePolicy",
                    ids="resourceArn",
                    writes=(PERMISSIONS,),
                    propose=added_statements,
                ),
                _route("RemovePermission", writes=(PERMISSIONS,), propose=nothing_added),
                _route(
                    "DeleteResourcePolicy",
                    ids="resourceArn",
                    writes=(PERMISSIONS,),
                    propose=nothing_added,
                ),
                # A URL goes with its function or alias.
                _route("DeleteFunction", "DeleteAlias", writes=_URL),
            ),
        ),
    ),
    facets=(
        Facet(
            name="url",
            calls=("lambda:GetFunctionUrlConfig",),
            permissions=("lambda:GetFunctionUrlConfig",),
            pointers=_URL,
            read=_read_url,
            existence=True,
        ),
        Facet(
            name="policy",
            calls=("lambda:GetPolicy",),
            permissions=("lambda:GetPolicy",),
            pointers=(PERMISSIONS,),
            read=_read_policy,
        ),
    ),
    facts=(
        Fact(
            name="UrlOpenings",
            inputs=(AUTH_TYPE, _CREATED, PERMISSIONS),
            compute=_openings,
            schema=_OPENINGS_SCHEMA,
            partial=True,
            settled=_is_settled,
        ),
    ),
    list=_list,
    list_calls=("lambda:ListFunctions", "lambda:ListFunctionUrlConfigs"),
    list_permissions=("lambda:ListFunctions", "lambda:ListFunctionUrlConfigs"),
    identify=url_id,
    arn=_arn,
    defaults={
        "properties": {
            "TargetFunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:report",
            "AuthType": "AWS_IAM",
        },
        "observed": {
            "FunctionUrl": "https://example.lambda-url.eu-west-1.on.aws/",
            "CreationTime": "2026-01-01T00:00:00.000Z",
            "Permissions": [],
        },
    },
    change_facts=URL_CHANGE_FACTS,
)
