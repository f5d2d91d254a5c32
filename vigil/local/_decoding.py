"""From bytes on the wire to the operation and its parameters, with moto's own routers.

These are internal modules of moto 5.2: the pinned version and the tests of record shapes are
what keeps them honest.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from botocore.parsers import ResponseParserError, create_parser
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

from vigil.local import _ec2_shapes, _s3_shapes
from vigil.local._call import Answer, Call
from vigil.local._locked_moto import WITHOUT_MODEL, moto_request, protocol_of
from vigil.local._shapes import camel

_ELBV2_VERSION = b"Version=2015-12-01"
_FIRST_ERROR = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a call asks for."""

    service: str
    name: str
    protocol: str
    model: Any
    uri_parameters: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of it: `elements` on success, else code and message."""

    request_id: str
    elements: dict[str, Any] | None = None
    error_code: str | None = None
    error_message: str | None = None


def operation_of(call: Call, service: str) -> Operation | None:
    """Return the operation a call is routed to; None where botocore knows none."""
    if service in WITHOUT_MODEL:
        return None
    request = moto_request(call)
    for candidate in _candidates(service, call):
        try:
            model, uri_parameters = get_service_router(candidate).match(request)
        except NotFound:
            continue
        return Operation(
            service=candidate,
            name=str(model.name),
            protocol=protocol_of(candidate, request.content_type),
            model=model,
            uri_parameters=uri_parameters,
        )
    return None


def request_parameters(call: Call, operation: Operation) -> dict[str, Any] | None:
    """Return CloudTrail's `requestParameters`; None where there are none."""
    if operation.service in {"s3", "s3control"}:
        bucket = operation.uri_parameters.get("Bucket")
        return _s3_shapes.request_parameters(operation.model, call, bucket)
    if operation.model.input_shape is None:
        return None
    parsed = parsed_input(call, operation)
    if operation.protocol == "ec2":
        return _ec2_shapes.request_parameters(operation.model, parsed)
    return camel(operation.model.input_shape, parsed) or None


def parsed_input(call: Call, operation: Operation) -> dict[str, Any]:
    """Return what a call gives, named as the operation's input shape names it."""
    request = moto_request(call)
    parsed: dict[str, Any] = PROTOCOL_PARSERS[operation.protocol](operation.model).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": operation.uri_parameters,
        }
    )
    return parsed


def result_of(answer: Answer, operation: Operation) -> Result:
    """Return what an answer says."""
    parsed = parsed_answer(answer, operation)
    metadata = parsed.pop("ResponseMetadata", {})
    request_id = _request_id(metadata.get("RequestId") or answer.header("x-amz-request-id"))
    if answer.status >= _FIRST_ERROR:
        return _failure(answer.status, parsed.get("Error", {}), operation, request_id)
    return Result(request_id=request_id, elements=_elements(parsed, operation, request_id))


def _request_id(answered: str) -> str:
    # moto's EC2 gives every request the same id.
    return str(uuid.uuid4()) if answered in {"", "request-id"} else answered


def parsed_answer(answer: Answer, operation: Operation) -> dict[str, Any]:
    """Return what a client reads out of an answer; nothing where it is none."""
    response = {
        "status_code": answer.status,
        "headers": {key.lower(): value for key, value in answer.headers},
        "body": answer.body,
    }
    try:
        parser = create_parser(operation.protocol)
        parsed: dict[str, Any] = parser.parse(response, operation.model.output_shape)
    except ResponseParserError:
        return {}
    return parsed


def _failure(status: int, error: dict[str, str], operation: Operation, request_id: str) -> Result:
    code = error.get("Code") or str(status)
    if operation.service == "ec2":
        code = f"{'Server' if status >= _SERVER_ERROR else 'Client'}.{code}"
    return Result(request_id=request_id, error_code=code, error_message=error.get("Message", ""))


_SERVER_ERROR = 500


def _elements(
    parsed: dict[str, Any], operation: Operation, request_id: str
) -> dict[str, Any] | None:
    shape = operation.model.output_shape
    if operation.service in {"s3", "s3control"}:
        return None
    if operation.protocol == "ec2":
        return _ec2_shapes.response_elements(operation.model, parsed, request_id)
    elements = camel(shape, parsed) if shape is not None else None
    if operation.service == "rds" and elements and len(elements) == 1:
        # RDS shows the one thing it answers with, not the envelope around it.
        only = next(iter(elements.values()))
        return only if isinstance(only, dict) else elements
    return elements or None


def _candidates(service: str, call: Call) -> tuple[str, ...]:
    if service in {"elb", "elbv2"}:  # one signing name, told apart by the API version
        return ("elbv2",) if _ELBV2_VERSION in call.body else ("elb",)
    if service in {"apigateway", "apigatewayv2"}:
        return ("apigatewayv2",) if call.path.startswith("/v2/") else ("apigateway",)
    if service in {"es", "opensearch"}:
        return ("opensearch", "es")
    return (service,)


def endpoint_prefix(service: str) -> str:
    """Return botocore's endpoint prefix of a service."""
    return str(get_service_model(service).endpoint_prefix)
