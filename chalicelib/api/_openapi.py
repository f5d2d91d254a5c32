"""The OpenAPI 3.1 document, made of the very types that requests are read with and answers hold."""

from collections.abc import Iterable, Mapping
from inspect import cleandoc
from itertools import groupby
from operator import attrgetter
from types import MappingProxyType
from typing import Any

import msgspec

from chalicelib.api import _problems as problems
from chalicelib.api._answers import Problem, Refusal
from chalicelib.api._endpoints import JSON, Endpoint
from chalicelib.version import VERSION

Schema = dict[str, Any]
_TEMPLATE = "#/components/schemas/{name}"
_SECURITY = "sigv4"
_ABOUT = (
    "Findings, how they came to be, and what people do about them. Every request is signed with "
    "AWS Signature Version 4 for the service execute-api; who may call what is AWS IAM's to say."
)
#: What the parts of paths look like: what does not is not found.
PATH_PARTS: Mapping[str, str] = MappingProxyType(
    {
        "finding_id": "^[0-9a-f]{32}$",
        "rule_id": "^[a-z0-9][a-z0-9-]{0,127}$",
        "exemption_id": "^ex-[0-9a-f]{16}$",
        "person_id": "^[a-z0-9][a-z0-9._-]{0,63}$",
        "export_id": "^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{16}$",
    }
)
_ALWAYS = (
    problems.BAD_REQUEST,
    problems.FORBIDDEN,
    problems.UNSUPPORTED,
    problems.DEFECT,
    problems.UNAVAILABLE,
)
_WITH_BODY = (problems.CONFLICT, problems.TOO_LARGE, problems.UNPROCESSABLE)


def document(endpoints: Iterable[Endpoint]) -> Schema:
    """Return the document of some endpoints."""
    ordered = sorted(endpoints, key=attrgetter("path", "method"))
    schemas, components = _schemas(ordered)
    paths = {
        path: {one.method.lower(): _operation(one, schemas, components) for one in group}
        for path, group in groupby(ordered, key=attrgetter("path"))
    }
    queries = {one.query.__name__ for one in ordered}
    shown = {name: schema for name, schema in components.items() if name not in queries}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Vigil", "version": VERSION, "description": _ABOUT},
        "servers": [_server()],
        "security": [{_SECURITY: []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(shown.items())),
            "securitySchemes": {_SECURITY: _security()},
        },
    }


def _schemas(endpoints: Iterable[Endpoint]) -> tuple[dict[Any, Schema], dict[str, Schema]]:
    """Return the schema of every type, and what they refer to."""
    kinds: list[Any] = [Problem, Refusal]
    for endpoint in endpoints:
        kinds += [k for k in (endpoint.query, endpoint.body, endpoint.answer) if k is not None]
    unique = list(dict.fromkeys(kinds))
    schemas, components = msgspec.json.schema_components(unique, ref_template=_TEMPLATE)
    shown = {name: _tidied(component) for name, component in components.items()}
    return dict(zip(unique, schemas, strict=True)), shown


def _tidied(schema: Any) -> Any:
    """Return a schema for readers: enumerations typed, docstrings without their indentation."""
    if isinstance(schema, list):
        return [_tidied(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {key: _tidied(value) for key, value in schema.items()}
    if isinstance(told := tidy.get("description"), str):
        tidy["description"] = cleandoc(told).partition("\n\nAttributes:")[0]
    if isinstance(tidy.get("enum"), list) and all(isinstance(v, str) for v in tidy["enum"]):
        tidy["type"] = "string"
    return tidy


def _operation(
    endpoint: Endpoint, schemas: Mapping[Any, Schema], components: Mapping[str, Schema]
) -> Schema:
    found = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "tags": [endpoint.path.split("/")[1]],
        "parameters": [
            *_path_parameters(endpoint.path),
            *_query_parameters(components[endpoint.query.__name__]),
        ],
        "responses": _responses(endpoint, schemas),
    }
    if endpoint.body is not None:
        body = _content(JSON, schemas[endpoint.body])
        required = bool(components[endpoint.body.__name__].get("required"))
        found["requestBody"] = {"required": required, "content": body}
    return found


def _path_parameters(path: str) -> list[Schema]:
    names = (part[1:-1] for part in path.split("/") if part.startswith("{"))
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": PATH_PARTS[name]},
        }
        for name in names
    ]


def _query_parameters(component: Schema) -> list[Schema]:
    required = component.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _said(schema)}
        for name, schema in component.get("properties", {}).items()
    ]


def _said(schema: Schema) -> Schema:
    """Return the schema of a parameter: what is not said is absent, never null."""
    if "anyOf" in schema:
        (schema,) = (one for one in schema["anyOf"] if one != {"type": "null"})
    if None in schema.get("enum", ()):
        said = [one for one in schema["enum"] if one is not None]
        schema = {**schema, "enum": said, "type": "string"}
    return {key: value for key, value in schema.items() if (key, value) != ("default", None)}


def _responses(endpoint: Endpoint, schemas: Mapping[Any, Schema]) -> Schema:
    answer = schemas[endpoint.answer] if endpoint.answer is not None else {"type": "object"}
    success = {"description": "Done", "content": _content(JSON, answer)}
    statuses = {*_ALWAYS, endpoint.refused}
    if "{" in endpoint.path or endpoint.path == "/resource":
        statuses.add(problems.NOT_FOUND)
    if endpoint.body is not None:
        statuses.update(_WITH_BODY)
    failures = {str(status): _failure(status, schemas) for status in sorted(statuses)}
    return {str(endpoint.status): success, **failures}


def _failure(status: int, schemas: Mapping[Any, Schema]) -> Schema:
    content = _content(problems.MEDIA_TYPE, schemas[Problem])
    if status == problems.FORBIDDEN:
        # Whom API Gateway itself does not let in.
        content |= _content(JSON, schemas[Refusal])
    return {"description": problems.KINDS[status][1], "content": content}


def _content(media_type: str, schema: Schema) -> Schema:
    return {media_type: {"schema": schema}}


def _server() -> Schema:
    variables = {
        "api": {"default": "api-id", "description": "Id of the REST API in API Gateway"},
        "region": {"default": "us-east-1"},
        "stage": {"default": "api"},
    }
    url = "https://{api}.execute-api.{region}.amazonaws.com/{stage}"
    return {"url": url, "variables": variables}


def _security() -> Schema:
    return {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "description": "AWS Signature Version 4",
        "x-amazon-apigateway-authtype": "awsSigv4",
    }
