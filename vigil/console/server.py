"""The console's server: the page's files, and a narrow way through to the REST API.

It listens on 127.0.0.1 and acts with the credentials of whoever started it, so it trusts no caller:
`session` says who may ask, `routes` what for.
"""

import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from http import HTTPStatus
from types import TracebackType
from typing import Any, Protocol, Self

import msgspec
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from chalicelib.errors import SettingsError
from vigil.client import Response as ApiResponse
from vigil.console.assets import HEADERS, SHELL, Asset, assets_in, gzipped
from vigil.console.routes import encoded, is_page, methods_of
from vigil.console.session import API_PREFIX, HOSTS, SESSION_PATH, Session, refusal_of
from vigil.errors import UnreachableError

_BODY_LIMIT_BYTES = 64 * 1024
_GZIP_FROM_BYTES = 1024
_BACKLOG = 64
_JSON = "application/json"
_PROBLEM = "application/problem+json"
_MEDIA_TYPES = frozenset({_JSON, _PROBLEM})


class Api(Protocol):
    """What passes requests on; `vigil.client.ApiClient` is one."""

    def request(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: bytes = b""
    ) -> ApiResponse:
        """Send a request and return the answer as it is."""


class ConsoleApp:
    """The console as a WSGI application."""

    def __init__(self, api: Api, session: Session) -> None:
        self._api = api
        self._session = session
        self._assets = assets_in()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Serve one request."""
        request = Request(environ)
        request.max_content_length = _BODY_LIMIT_BYTES
        response = self._answer(request)
        response.headers.extend(HEADERS)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if refusal := refusal_of(request, self._session):
            return _problem(refusal.status, refusal.detail)
        if request.path == SESSION_PATH:
            return self._opened(request)
        if request.path.startswith(API_PREFIX):
            return self._passed_on(request)
        return self._file(request)

    def _opened(self, request: Request) -> Response:
        if request.method != "POST":
            return _problem(HTTPStatus.METHOD_NOT_ALLOWED, "POST opens a session.")
        response = Response(status=HTTPStatus.NO_CONTENT)
        response.set_cookie(
            self._session.cookie_name,
            self._session.cookie,
            httponly=True,
            samesite="Strict",
            path="/api",
        )
        return response

    def _passed_on(self, request: Request) -> Response:
        path = request.path.removeprefix(API_PREFIX.rstrip("/"))
        allowed = methods_of(path)
        if not allowed:
            return _problem(HTTPStatus.NOT_FOUND, "The API has no such path.")
        if request.method not in allowed:
            return _problem(HTTPStatus.METHOD_NOT_ALLOWED, "That cannot be done here.")
        try:
            body = request.get_data(cache=False)
            query = request.args.to_dict()
            answer = self._api.request(request.method, encoded(path), query, body)
        except RequestEntityTooLarge:
            return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "That is too long.")
        except UnreachableError as error:
            return _problem(HTTPStatus.BAD_GATEWAY, str(error))
        return _relayed(request, answer)

    def _file(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return _problem(HTTPStatus.METHOD_NOT_ALLOWED, "Pages are only read.")
        path = SHELL if is_page(request.path) else request.path
        asset = self._assets.get(path)
        return _asset_response(request, asset) if asset else _problem(HTTPStatus.NOT_FOUND, path)


class ConsoleServer:
    """The console on a port of this machine, for as long as the `with` block lasts."""

    def __init__(self, api: Api, port: int = 0) -> None:
        """Prepare it; entering it starts it.

        Args:
            api: Acts for the person.
            port: 0 takes a free one.
        """
        self._api = api
        self._port = port
        self._session: Session | None = None
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        """Start serving.

        Raises:
            SettingsError: The port is in use.
        """
        with ExitStack() as cleanup:
            listener = cleanup.enter_context(_listener_on(self._port))
            self._session = Session(port=listener.getsockname()[1])
            server = make_server(
                HOSTS[0],
                self._session.port,
                ConsoleApp(self._api, self._session),
                threaded=True,
                request_handler=_QuietHandler,
                fd=listener.fileno(),
            )
            cleanup.callback(_stop, server, _started(server))
            self._cleanup = cleanup.pop_all()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Stop serving; the session ends with it."""
        self._cleanup.close()

    @property
    def session(self) -> Session:
        """The session of this run."""
        if self._session is None:
            raise RuntimeError("a console has a session only inside its `with` block")
        return self._session

    @property
    def origin(self) -> str:
        """Where it is served, without a slash at the end."""
        return f"http://{HOSTS[0]}:{self.session.port}"

    @property
    def url(self) -> str:
        """What to open in a browser: it holds the session's token."""
        return f"{self.origin}/#session={self.session.token}"


class _QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Say nothing; a line per request helps nobody."""


def _listener_on(port: int) -> socket.socket:
    try:
        return socket.create_server((HOSTS[0], port), backlog=_BACKLOG)
    except OSError as error:
        raise SettingsError(f"port {port} cannot be used: {error.strerror}") from error


def _started(server: BaseWSGIServer) -> threading.Thread:
    thread = threading.Thread(
        target=server.serve_forever, args=(0.05,), name="console", daemon=True
    )
    thread.start()
    return thread


def _stop(server: BaseWSGIServer, thread: threading.Thread) -> None:
    server.shutdown()
    thread.join()
    server.server_close()


def _problem(status: HTTPStatus, detail: str) -> Response:
    document = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    return _json_response(status, _PROBLEM, msgspec.json.encode(document))


def _relayed(request: Request, answer: ApiResponse) -> Response:
    """Return an answer of the API; one that is no JSON is none of the API's."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if answer.body and media_type not in _MEDIA_TYPES:
        detail = f"What answers at the API's address is not the API (status {answer.status})."
        return _problem(HTTPStatus.BAD_GATEWAY, detail)
    response = _json_response(answer.status, media_type or _JSON, answer.body)
    if len(answer.body) >= _GZIP_FROM_BYTES and _takes_gzip(request):
        _compress(response, gzipped(answer.body))
    return response


def _json_response(status: int, media_type: str, body: bytes) -> Response:
    response = Response(body, status=status, content_type=media_type)
    response.headers["Cache-Control"] = "no-store"
    return response


def _asset_response(request: Request, asset: Asset) -> Response:
    response = Response(asset.body, content_type=asset.media_type)
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(asset.etag)
    if _takes_gzip(request):
        _compress(response, asset.gzipped)
    return response.make_conditional(request.environ)


def _takes_gzip(request: Request) -> bool:
    return request.accept_encodings.quality("gzip") > 0


def _compress(response: Response, body: bytes) -> None:
    response.set_data(body)
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
