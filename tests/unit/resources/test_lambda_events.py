"""Lambda's events: which function or URL they name, and which statements they add."""

import json
from typing import Any

import pytest

from chalicelib.model import Route
from chalicelib.model.plugin import Record
from chalicelib.resources._lambda_events import function_id, named_function, url_id
from chalicelib.resources.lambda_function import RESOURCE_TYPE as FUNCTION
from chalicelib.resources.lambda_url import RESOURCE_TYPE as URL

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:report"
STATEMENT = {
    "Sid": "open",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "lambda:InvokeFunction",
    "Resource": ARN,
}
STORED = {
    "Sid": "open",
    "Effect": "Allow",
    "Principal": {"AWS": ["*"]},
    "Action": ["lambda:InvokeFunction"],
    "Resource": [ARN],
}


def record(answer: Any = None, *, event: str = "AddPermission20150331v2", **given: Any) -> Record:
    return {
        "eventSource": "lambda.amazonaws.com",
        "eventName": event,
        "recipientAccountId": "111122223333",
        "requestParameters": given,
        "responseElements": answer,
    }


def answered(**given: Any) -> Record:
    return record({"statement": json.dumps(STATEMENT)}, functionName="report", **given)


def route_of(action: str, routes: tuple[Route, ...] = FUNCTION.routes) -> Route:
    (route,) = (route for route in routes if action in route.actions)
    return route


def derived(given: Record, action: str = "AddPermission") -> Any:
    derive = route_of(action).derive
    assert derive is not None
    return derive(given)


@pytest.mark.parametrize(
    ("raw", "qualifier", "function", "url"),
    [
        ("report", None, "report", "report"),
        ("report", "live", "report", "report:live"),
        ("report", "$LATEST", "report", "report"),
        ("report:live", None, "report", "report:live"),
        ("111122223333:function:report", None, "report", "report"),
        (ARN, None, "report", "report"),
        (f"{ARN}:7", None, "report", "report:7"),
        ("arn:aws-us-gov:lambda:us-gov-west-1:111122223333:function:x", None, "x", "x"),
        ("arn:aws:s3:::report", None, None, None),
        ("../report", None, None, None),
        ("report\n", None, None, None),
        ("", None, None, None),
    ],
)
def test_a_function_is_known_by_each_of_its_names(
    raw: str, qualifier: str | None, function: str | None, url: str | None
) -> None:
    given = record(functionName=raw, qualifier=qualifier)

    assert function_id(raw, given) == named_function(raw, given) == function
    assert url_id(raw, given) == url


@pytest.mark.parametrize(
    ("raw", "qualifier", "gone"),
    [("report", None, "report"), ("report", "7", None), (f"{ARN}:7", None, None)],
)
def test_deleting_a_version_deletes_no_function(
    raw: str, qualifier: str | None, gone: str | None
) -> None:
    given = record(event="DeleteFunction20150331", functionName=raw, qualifier=qualifier)

    assert function_id(raw, given) == gone
    assert named_function(raw, given) == "report"


def test_a_layer_is_no_function() -> None:
    given = record(event="AddLayerVersionPermission20181031", layerName="report")

    assert function_id("report", given) is None


def test_the_statement_of_the_answer_is_proposed() -> None:
    propose = route_of("AddPermission").propose
    to_url = route_of("AddPermission", URL.companions[0].routes).propose

    assert propose is not None
    assert to_url is not None
    row = {"Qualifier": "live", "Statement": STORED}
    assert propose(answered(qualifier="live")) == {"/observed/Permissions": [row]}
    assert to_url(answered(qualifier="live")) == {"/observed/Permissions": [STORED]}


@pytest.mark.parametrize(
    "answer",
    [None, {}, {"statement": ""}, {"statement": "{"}, {"statement": "[1]"}, {"statement": {}},
     {"statement": "\ud800"}],
    ids=repr,
)  # fmt: skip
def test_an_answer_without_a_statement_proposes_none(answer: Any) -> None:
    propose = route_of("AddPermission").propose

    assert propose is not None
    assert propose(record(answer, functionName="report")) == {"/observed/Permissions": []}


@pytest.mark.parametrize(
    ("fields", "audience", "source"),
    [
        ({"principal": "*"}, "anyone", None),
        ({"principal": "*", "principalOrgID": "o-a1b2c3d4e5"}, "restricted", None),
        ({"principal": "*", "sourceAccount": "111122223333"}, "restricted", None),
        ({"principal": "*", "invokedViaFunctionUrl": True}, "anyone", None),
        ({"principal": "999988887777"}, "outsiders", None),
        ({"principal": "111122223333"}, "own-account", None),
        ({"principal": "arn:aws:iam::999988887777:role/x.y"}, "outsiders", None),
        ({"principal": "s3.amazonaws.com"}, "aws-service", "absent"),
        (
            {"principal": "s3.amazonaws.com", "sourceAccount": "111122223333"},
            "aws-service",
            "present",
        ),
        (
            {"principal": "alexa-appkit.amazon.com", "eventSourceToken": "amzn1.ask.skill.1"},
            "aws-service",
            "present",
        ),
    ],
    ids=str,
)
def test_a_request_is_understood_without_its_answer(
    fields: dict[str, Any], audience: str, source: str | None
) -> None:
    given = record(functionName=f"{ARN}:live", action="lambda:InvokeFunction", **fields)

    (row,) = derived(given)["FunctionOpenings"]

    assert (row["Audience"], row["SourceCondition"]) == (audience, source)
    assert row["Qualifier"] == "live"


def test_a_whole_policy_is_read_from_the_request() -> None:
    given = record(resourceArn=ARN, policy=json.dumps({"Statement": [STATEMENT, STATEMENT]}))

    rows = derived(given, "PutResourcePolicy")["FunctionOpenings"]

    assert [row["Because"] for row in rows] == [["/0"], ["/1"]]


def test_an_organisation_closes_a_layer() -> None:
    given = {"layerName": "tools", "action": "lambda:GetLayerVersion", "principal": "*"}

    opened = derived(record(**given), "AddLayerVersionPermission")
    closed = derived(record(**given, organizationId="o-a1"), "AddLayerVersionPermission")

    assert [row["Audience"] for row in opened["LayerOpenings"]] == ["anyone"]
    assert [row["Audience"] for row in closed["LayerOpenings"]] == ["restricted"]


@pytest.mark.parametrize(
    ("said", "proposed"),
    [("NONE", {"/properties/AuthType": "NONE"}), ("none", {}), (None, {}), ({}, {})],
    ids=str,
)
def test_a_url_call_proposes_the_authentication_it_names(
    said: Any, proposed: dict[str, str]
) -> None:
    route = route_of("UpdateFunctionUrlConfig", URL.routes)
    assert route.propose is not None
    assert route.derive is not None

    assert route.propose(record(functionName="report", authType=said)) == proposed
    asked = route.derive(record(functionName="report", authType=said))
    assert asked == {"FunctionUrl": {"AuthType": proposed.get("/properties/AuthType")}}


@pytest.mark.parametrize("odd", [None, [], "text", 7, {"functionName": [[]], "policy": [[]]}])
def test_no_payload_crashes_a_route(odd: Any) -> None:
    broken = {"requestParameters": odd, "responseElements": odd}
    companions = URL.companions[0].routes

    for route in (*FUNCTION.routes, *URL.routes, *companions):
        for read in filter(None, (route.propose, route.derive)):
            assert isinstance(read(broken), dict)
