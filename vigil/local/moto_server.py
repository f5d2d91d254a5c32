"""The embedded AWS: one HTTP server on localhost that the AWS CLI, boto3 and Terraform can use.

moto keeps its state in the process, not in the server: entering an `EmbeddedAws` empties it, so
there is one at a time per process. Nothing checks signatures; never bind it beyond localhost.
"""

import json
import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.routing import get_service_router
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from chalicelib.errors import SettingsError
from vigil.local._call import Answer, Call, Environ, Layer, StartResponse, call_from, send
from vigil.local._locked_moto import LockedMoto
from vigil.local._principals import applied
from vigil.local._records import Record
from vigil.local._untouched import Untouched
from vigil.local.faults import Faults
from vigil.local.local_cloudtrail import LocalCloudTrail, Sink

HOST = "127.0.0.1"
_BACKLOG = 128
#: Read by moto when it makes a backend; restored on exit.
_MANAGED_POLICIES = "MOTO_IAM_LOAD_MANAGED_POLICIES"
#: moto itself opens sessions, which a broken profile of the person's would stop.
_PERSONS_SETTINGS: Mapping[str, str | None] = {
    "AWS_PROFILE": None,
    "AWS_DEFAULT_PROFILE": None,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
#: What requests to an API of API Gateway are signed for.
_API_SERVICE = "execute-api"
_SLOW_MODELS = ("ec2", "s3", "iam", "cloudtrail", "sqs")
_FORBIDDEN = Answer(status=403, headers=(("Content-Type", "text/plain"),), body=b"refused\n")
_NOT_FOUND = Answer(status=404, headers=(("Content-Type", "text/plain"),), body=b"not found\n")

Page = Callable[[Call], Answer]


class EmbeddedAws:
    """AWS on a port of this machine, for as long as the `with` block lasts.

    Attributes:
        faults: Answers injected on purpose.
        trail: The local CloudTrail: event history, subscriptions, sign-ins.
        account_id: The account that unknown access keys belong to.
    """

    account_id = DEFAULT_ACCOUNT_ID

    def __init__(
        self,
        port: int = 0,
        data: Path | None = None,
        *,
        pages: Mapping[str, Page] | None = None,
        require_trail: bool = True,
        managed_policies: bool = True,
    ) -> None:
        """Prepare the server; entering it starts it.

        Args:
            port: 0 takes a free one.
            data: Folder where records are kept, one JSON document a line; AWS itself is
                forgotten when the block ends.
            pages: Path prefix → answer to unsigned requests below it.
            require_trail: Whether events are heard only while a trail logs, as in AWS.
            managed_policies: Whether AWS's own IAM policies exist; they take half a second.
        """
        self._port = port
        self._data = data
        self._pages = dict(pages or {})
        self._apis: dict[str, Page] = {}
        self._moto_settings = {_MANAGED_POLICIES: str(managed_policies).lower()}
        self._moto = LockedMoto()
        untouched = Untouched(self._moto)
        self.faults = Faults(untouched, untouched.service_of)
        self.trail = LocalCloudTrail(self.faults, untouched.service_of, require_trail=require_trail)
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        """Start serving.

        Raises:
            SettingsError: The port is in use.
        """
        listener = self._cleanup.enter_context(_listener_on(self._port))
        self._cleanup.enter_context(
            applied(os.environ, {**_PERSONS_SETTINGS, **self._moto_settings})
        )
        moto_api_backend.reset()
        if self._data is not None:
            self.trail.subscribe(_writer_to(self._data))
        self._server = make_server(
            HOST,
            self._port,
            self,
            threaded=True,
            request_handler=_QuietHandler,
            fd=listener.fileno(),
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="embedded-aws", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Stop serving; pending records are written first."""
        self.faults.clear()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self.trail.close()
        self._cleanup.close()

    @property
    def url(self) -> str:
        """What `AWS_ENDPOINT_URL` is set to."""
        if self._server is None:
            raise RuntimeError("the embedded AWS has a URL only inside its `with` block")
        return f"http://{HOST}:{self._server.port}"

    @property
    def crashes(self) -> Sequence[Exception]:
        """What moto raised instead of answering; clients saw an internal error."""
        return tuple(self._moto.crashes)

    def on_record(self, sink: Sink) -> None:
        """Hand every delivered CloudTrail record to `sink`, off the request's thread."""
        self.trail.subscribe(sink)

    def add_page(self, prefix: str, page: Page) -> None:
        """Answer unsigned requests below a path prefix."""
        self._pages[prefix] = page

    def add_api(self, prefix: str, api: Page) -> None:
        """Answer whatever is not signed for another service below a path prefix."""
        self._apis[prefix] = api

    def sign_in(self, user: str | None = None, **details: Any) -> None:
        """Record a console sign-in; see `LocalCloudTrail.sign_in`."""
        account = details.pop("account", self.account_id)
        self.trail.sign_in(account, user=user, **details)

    def warm_up(self) -> threading.Thread:
        """Load the slow API models in the background: EC2's alone takes a second."""
        thread = threading.Thread(target=_load_models, name="warm-up", daemon=True)
        thread.start()
        return thread

    def __call__(self, environ: Environ, start_response: StartResponse) -> list[bytes]:
        """Serve one request (WSGI)."""
        call = call_from(environ)
        return send(self._layer_for(call)(call), start_response)

    def _layer_for(self, call: Call) -> Layer:
        if _is_foreign_page(call):
            return lambda _: _FORBIDDEN
        if call.path.startswith("/moto-api") or call.path == "/favicon.ico":
            return lambda _: _NOT_FOUND
        is_of_aws = call.credential is not None and call.credential.signing_name != _API_SERVICE
        if not is_of_aws and (api := _fitting(self._apis, call.path)):
            return api
        if call.credential is None and (page := _fitting(self._pages, call.path)):
            return page
        return self.trail


class _QuietHandler(MotoRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Say nothing; a line per request helps nobody."""


def _listener_on(port: int) -> socket.socket:
    # werkzeug's own way to say that a port is taken is to end the process.
    try:
        return socket.create_server((HOST, port), backlog=_BACKLOG)
    except OSError as error:
        raise SettingsError(f"port {port} cannot be used: {error.strerror}") from error


def _is_foreign_page(call: Call) -> bool:
    """Whether a web page of another origin is calling: a browser must not drive this server."""
    origin = call.header("origin")
    return bool(origin) and urlsplit(origin).netloc != call.header("host")


def _fitting(pages: Mapping[str, Page], path: str) -> Page | None:
    fitting = [prefix for prefix in pages if _is_below(path, prefix)]
    return pages[max(fitting, key=len)] if fitting else None


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or (prefix != "/" and path.startswith(prefix.rstrip("/") + "/"))


def _load_models() -> None:
    for service in _SLOW_MODELS:
        get_service_router(service)


def _writer_to(folder: Path) -> Sink:
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "cloudtrail.jsonl"

    def write(record: Record) -> None:
        with log.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(record, sort_keys=True) + "\n")

    return write
