"""What every route shares: strict reading, the caller's identity, problems instead of exceptions.

A module of the API is a Chalice blueprint whose routes are declared here, so that the OpenAPI
document and the routes are made from the same words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec
from chalice.app import Blueprint, IAMAuthorizer, Request, Response

from chalicelib.api._problems import BAD_REQUEST, Guard, logger
from chalicelib.api._requests import Nothing, body_from, query_from
from chalicelib.errors import InvalidRequestError, NotAllowedError
from chalicelib.findings.callers import identity_from
from chalicelib.model import Identity

JSON = "application/json"
#: An answer of the API is data for one caller: never kept, never rendered, never framed.
SECURITY_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}

Q = TypeVar("Q")
B = TypeVar("B")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Generic[Q, B]):
    """A request that was read.

    Attributes:
        path: Parameters of the path, as strangers wrote them.
        query: Its parameters.
        body: Its body.
        identity: ``requestContext.identity`` of API Gateway.
    """

    path: Mapping[str, str]
    query: Q
    body: B
    identity: Mapping[str, Any]

    @property
    def caller(self) -> Identity:
        """Who calls.

        Raises:
            NotAllowedError: AWS names nobody.
        """
        arn, user = (str(self.identity.get(name) or "") for name in ("userArn", "user"))
        try:
            return identity_from(arn, user)
        except InvalidRequestError as error:
            raise NotAllowedError(f"nobody knows who calls: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A route.

    Attributes:
        query: Type of its parameters.
        body: Type of its body; None where it has none.
        answer: Type of what it answers; None for a document of its own.
        status: Of a success.
        refused: Status where its service refuses the request.
        summary: What it does, in a line.
    """

    method: str
    path: str
    query: type[msgspec.Struct]
    body: type[msgspec.Struct] | None
    answer: Any
    status: int
    refused: int
    summary: str
    name: str


Handler = Callable[[Asked[Any, Any]], Any]


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Declares the routes of a blueprint."""

    blueprint: Blueprint
    all: list[Endpoint] = field(default_factory=list)

    def route(  # noqa: PLR0913 - what there is to say of a route
        self,
        method: str,
        path: str,
        *,
        answer: Any,
        query: type[msgspec.Struct] = Nothing,
        body: type[msgspec.Struct] | None = None,
        status: int = 200,
        refused: int = BAD_REQUEST,
    ) -> Callable[[Handler], Handler]:
        """Register a handler; its docstring's first line is what the reference says of it."""

        def register(handle: Handler) -> Handler:
            endpoint = Endpoint(
                method=method,
                path=path,
                query=query,
                body=body,
                answer=answer,
                status=status,
                refused=refused,
                summary=(handle.__doc__ or "").partition("\n")[0].rstrip("."),
                name=handle.__name__,
            )
            self.all.append(endpoint)
            view = _View(endpoint, handle, self.blueprint)
            self.blueprint.route(path, methods=[method], authorizer=IAMAuthorizer())(view)
            return handle

        return register


class _View:
    """A handler as Chalice calls it."""

    def __init__(self, endpoint: Endpoint, handle: Handler, blueprint: Blueprint) -> None:
        self.__name__ = endpoint.name
        self.__doc__ = endpoint.summary
        self._endpoint = endpoint
        self._handle = handle
        self._blueprint = blueprint

    def __call__(self, **path: str) -> Response:
        endpoint = self._endpoint
        route = f"{endpoint.method} {endpoint.path}"
        with Guard(route, endpoint.refused) as guard:
            answer = self._handle(_read(self._blueprint.current_request, endpoint, path))
            body = msgspec.json.encode(answer, order="sorted").decode()
        response = guard.problem or Response(body, {"Content-Type": JSON}, endpoint.status)
        logger.info("request", extra={"route": route, "status": response.status_code})
        return response


def _read(request: Request, endpoint: Endpoint, path: Mapping[str, str]) -> Asked[Any, Any]:
    event = request.to_original_event()
    body = request.raw_body if endpoint.body else b""
    raw = body.encode() if isinstance(body, str) else body
    return Asked(
        path=path,
        query=query_from(event.get("multiValueQueryStringParameters"), endpoint.query),
        body=body_from(raw, endpoint.body) if endpoint.body else None,
        identity=event["requestContext"].get("identity") or {},
    )
