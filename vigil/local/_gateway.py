"""API Gateway in front of the REST API: a signed request becomes the event of the deployed handler.

Who calls is whoever a key belongs to in the embedded AWS; like everywhere in it, the signature
itself is not checked. A key that nobody knows is refused here, unlike elsewhere.
"""

import base64
import importlib.util
import sys
import threading
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec

from vigil.client import LOCAL_PATH
from vigil.local._call import Answer, Call
from vigil.local._identity import identity_of, is_known
from vigil.package.stage import ROOT

#: The handler's name among the deployed functions.
API = "api"
STAGE = "api"
SERVICE = "execute-api"
_MODULE = "app"
_JSON = (("Content-Type", "application/json"),)
_FORBIDDEN, _BAD_GATEWAY = 403, 502
_PREFIX = "HTTP_"
_LOADING = threading.Lock()

#: Runs a handler to its end: (result, error).
Invoke = Callable[[Any], tuple[Any, BaseException | None]]
Routes = Mapping[str, Mapping[str, Any]]


def handler(event: Any, context: Any) -> Any:
    """Handle a request as the deployed function does."""
    return _app()(event, context)


def routes() -> Routes:
    """Return path → method → route, as the app registers them."""
    found: Routes = _app().routes
    return found


class Gateway:
    """Answers below `LOCAL_PATH`."""

    def __init__(self, invoke: Invoke, find_routes: Callable[[], Routes] = routes) -> None:
        """Prepare it; the app is loaded at the first request."""
        self._invoke = invoke
        self._routes = find_routes

    def __call__(self, call: Call) -> Answer:
        """Answer one request."""
        path = _raw_path(call).removeprefix(LOCAL_PATH) or "/"
        matched = _match(self._routes(), call.method, path)
        if call.credential is None or matched is None:
            # What API Gateway says of both.
            return _refusal(_FORBIDDEN, "Missing Authentication Token")
        if not is_known(call.credential.access_key):
            return _refusal(_FORBIDDEN, "The security token included in the request is invalid.")
        if call.credential.signing_name != SERVICE:
            return _refusal(_FORBIDDEN, "Credential should be scoped to correct service.")
        route, captured = matched
        result, error = self._invoke(_event(call, path, route, captured))
        if error is not None:
            return _refusal(_BAD_GATEWAY, "Internal server error")
        return _answer(result)


def _app() -> Any:
    # A page's first requests come together: none may see the module half executed.
    with _LOADING:
        if _MODULE not in sys.modules:
            _load_app()
    return sys.modules[_MODULE].app


def _load_app() -> None:
    # It lies beside the packages, where an installed command does not look.
    spec = importlib.util.spec_from_file_location(_MODULE, ROOT / "app.py")
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("app.py cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_MODULE] = module
    spec.loader.exec_module(module)


def _raw_path(call: Call) -> str:
    raw = str(call.environ.get("REQUEST_URI") or call.path)
    return raw.partition("?")[0]


def _match(routes: Routes, method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """Return the route of a path and what its braces stand for; a fixed part goes first."""
    parts = path.rstrip("/").split("/")
    for route in sorted(routes):
        names = route.rstrip("/").split("/")
        if method in routes[route] and len(names) == len(parts):
            captured = {
                n[1:-1]: unquote(p) for n, p in zip(names, parts, strict=True) if n[:1] == "{"
            }
            fixed = all(n == p for n, p in zip(names, parts, strict=True) if n[:1] != "{")
            if fixed and all(captured.values()):
                return route, captured
    return None


def _event(call: Call, path: str, route: str, captured: Mapping[str, str]) -> dict[str, Any]:
    headers = {**_headers(call), "X-Forwarded-Proto": "https"}
    query = parse_qs(call.query, keep_blank_values=True, errors="replace") or None
    return {
        "resource": route,
        "path": path,
        "httpMethod": call.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {n: v[-1] for n, v in query.items()} if query else None,
        "multiValueQueryStringParameters": query,
        "pathParameters": dict(captured) or None,
        "stageVariables": None,
        "requestContext": _context(call, path, route),
        "body": call.body.decode("utf-8", "replace") if call.body else None,
        "isBase64Encoded": False,
    }


def _context(call: Call, path: str, route: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "resourcePath": route,
        "httpMethod": call.method,
        "path": f"/{STAGE}{path}",
        "stage": STAGE,
        "requestId": str(uuid.uuid4()),
        "requestTimeEpoch": int(now.timestamp() * 1000),
        "identity": _identity(call),
    }


def _identity(call: Call) -> dict[str, Any]:
    if call.credential is None:
        raise ValueError("an unsigned request has no caller")
    key = call.credential.access_key
    who = identity_of(key, call.credential.region)
    return {
        "accountId": who["accountId"],
        "accessKey": key,
        "caller": who["principalId"],
        "user": who["principalId"],
        "userArn": who["arn"],
        "sourceIp": call.environ.get("REMOTE_ADDR", "127.0.0.1"),
        "userAgent": call.header("user-agent"),
    }


def _headers(call: Call) -> dict[str, str]:
    named = {
        name.removeprefix(_PREFIX).replace("_", "-").title(): str(value)
        for name, value in call.environ.items()
        if name.startswith(_PREFIX)
    }
    if kind := call.environ.get("CONTENT_TYPE"):
        named["Content-Type"] = str(kind)
    return named


def _answer(result: Any) -> Answer:
    body = result["body"]
    content = base64.b64decode(body) if result.get("isBase64Encoded") else body.encode()
    headers = {"Content-Type": "application/json", **result["headers"]}
    return Answer(status=int(result["statusCode"]), headers=tuple(headers.items()), body=content)


def _refusal(status: int, message: str) -> Answer:
    return Answer(status=status, headers=_JSON, body=msgspec.json.encode({"message": message}))
