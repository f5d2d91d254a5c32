"""The OpenAPI document is valid, and says of every route what the app really has."""

import json
from pathlib import Path
from typing import Any

import pytest
from chalice.app import IAMAuthorizer
from openapi_spec_validator import validate

import app
from chalicelib.api._openapi import document
from chalicelib.api.openapi import endpoints
from chalicelib.version import VERSION
from vigil.package.generated import OPENAPI, openapi_text

ROOT = Path(__file__).parents[3]
DOCUMENT = document(endpoints())
WRITES = {"POST", "PUT", "DELETE"}
each_operation = pytest.mark.parametrize(
    ("method", "path"),
    [(method, path) for path, methods in app.app.routes.items() for method in methods],
    ids=lambda value: value,
)


def operation(method: str, path: str) -> Any:
    return DOCUMENT["paths"][path][method.lower()]


def test_the_document_is_valid() -> None:
    validate(DOCUMENT)
    assert DOCUMENT["info"]["version"] == VERSION


def test_the_committed_document_is_the_one_that_is_answered() -> None:
    assert json.loads((ROOT / OPENAPI).read_text(encoding="utf-8")) == DOCUMENT
    assert (ROOT / OPENAPI).read_text(encoding="utf-8") == openapi_text()


def test_every_route_is_documented_and_nothing_else() -> None:
    documented = {(m.upper(), path) for path, found in DOCUMENT["paths"].items() for m in found}
    registered = {(m, path) for path, methods in app.app.routes.items() for m in methods}

    assert documented == registered


@each_operation
def test_nobody_reaches_a_route_without_aws_iam(method: str, path: str) -> None:
    assert isinstance(app.app.routes[path][method].authorizer, IAMAuthorizer)


@each_operation
def test_every_operation_says_what_it_does_and_how_it_fails(method: str, path: str) -> None:
    found = operation(method, path)

    assert found["summary"]
    assert found["responses"].keys() >= {"400", "403", "415", "500", "503"}
    if "{" in path:
        assert "404" in found["responses"]
    if method in WRITES - {"DELETE"}:
        assert "422" in found["responses"]


def test_operations_have_names_of_their_own() -> None:
    names = [one.name for one in endpoints()]

    assert len(set(names)) == len(names)


@each_operation
def test_no_body_takes_keys_that_nobody_knows(method: str, path: str) -> None:
    body = operation(method, path).get("requestBody")
    if body is not None:
        name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        assert DOCUMENT["components"]["schemas"][name]["additionalProperties"] is False


def test_the_version_is_that_of_the_project() -> None:
    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
