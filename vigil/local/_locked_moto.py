"""moto's web application behind one lock per service, with errors that AWS clients can read.

Without the locks moto loses conditional writes and tears transactions under threads; SQS is
exempt, because a long poll would hold its lock for seconds.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from flask import Flask, Response, request
from moto.backends import list_of_moto_modules
from moto.core.model_instances import model_data
from moto.core.request import Request, determine_request_protocol
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import HTTPException, NotFound

from vigil.local._call import Answer, Call, answer_of
from vigil.local._refusals import Refusal, refusal
from vigil.local._services import botocore_name

_LOG = logging.getLogger(__name__)
_UNLOCKED = "sqs"
_NO_BACKEND = "unsupported"
#: Applications that botocore has no model for.
WITHOUT_MODEL = frozenset({_NO_BACKEND, "moto_api", "instance_metadata", "dynamodb_v20111205"})
#: Backends that share state also share a lock.
_LOCK_GROUPS = {
    "dynamodb_v20111205": "dynamodb",
    "dynamodbstreams": "dynamodb",
    "elbv2": "elb",
    "neptune": "rds",
    "s3control": "s3",
}
#: moto keeps every object ever made for a dashboard nobody opens: about 10 KB per put.
_REQUESTS_BETWEEN_SWEEPS = 500
_CRASHES_KEPT = 50
#: A host is a service in a Region; whoever makes some up must not fill the memory.
_HOSTS_KEPT = 2000


def forget_instances() -> None:
    """Let go of what moto keeps of every object it ever made, while others make some.

    moto's own way replaces each list by assigning to its class, which frees the old one before
    Python's type cache has forgotten it. Where freeing runs code (S3's keys close files), another
    thread then appends to freed memory, and the process dies.
    """
    for models in tuple(model_data.values()):
        for model in tuple(models.values()):
            kept = model.instances_tracked  # type: ignore[attr-defined] # as moto sets it
            model.instances_tracked = []  # type: ignore[attr-defined] # same
            del kept


class LockedMoto:
    """The innermost layer: the emulated AWS itself."""

    def __init__(self) -> None:
        self.crashes: deque[Exception] = deque(maxlen=_CRASHES_KEPT)
        self._dispatcher = _Dispatcher(self._backend_app)
        self._locks: dict[str, threading.Lock] = {}
        self._registry = threading.Lock()
        self._served = 0

    def __call__(self, call: Call) -> Answer:
        """Answer one call."""
        app = self._dispatcher.get_application(call.fresh_environ())
        with self._lock_of(app.service):  # type: ignore[attr-defined] # moto names its apps
            answer = answer_of(app, call.fresh_environ())
        self._forget_instances()
        return answer

    def service_of(self, call: Call) -> str:
        """Return botocore's name of the service a call is for."""
        app = self._dispatcher.get_application(call.fresh_environ())
        return botocore_name(app.service)  # type: ignore[attr-defined] # moto names its apps

    def _lock_of(self, backend: str) -> AbstractContextManager[Any]:
        group = _LOCK_GROUPS.get(backend, backend)
        if group == _UNLOCKED:
            return nullcontext()
        with self._registry:
            return self._locks.setdefault(group, threading.Lock())

    def _forget_instances(self) -> None:
        with self._registry:
            self._served += 1
            due = self._served % _REQUESTS_BETWEEN_SWEEPS == 0
        if due:
            forget_instances()

    def _backend_app(self, backend: Any) -> Flask:
        app = _app_without_backend() if backend == _NO_BACKEND else create_backend_app(backend)
        service = botocore_name(backend)
        app.register_error_handler(NotImplementedError, _unsupported_by(service))
        app.register_error_handler(Exception, self._crash_of(service))
        return app

    def _crash_of(self, service: str) -> Callable[[Exception], Any]:
        unsupported = _unsupported_by(service)

        def crashed(error: Exception) -> Any:
            if isinstance(error, NotFound) and request.routing_exception is error:
                return unsupported(error)
            if isinstance(error, HTTPException):
                return error
            self.crashes.append(error)
            _LOG.error("%s crashed", service, exc_info=error)
            return _response(refusal(_protocol_of(service), Refusal.FAILED, type(error).__name__))

        return crashed


class _Dispatcher(DomainDispatcherApplication):
    """moto's, but a service that moto lacks gets an application too: one that says so."""

    def __init__(self, create_app: Callable[[Any], Flask]) -> None:
        super().__init__(create_app)
        # moto looks on the disk for them, at every call.
        self._modules = frozenset(list_of_moto_modules()) | {"moto_api"}
        self._backends: dict[str, str] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """Return the backend of a host; None only where the host is unknown yet."""
        if host is None or host in self._modules:
            return host
        if len(self._backends) >= _HOSTS_KEPT:
            self._backends.clear()
        if host not in self._backends:
            self._backends[host] = self._found(host)
        return self._backends[host]

    def _found(self, host: str) -> str:
        url = f"http://{host}"
        fitting = (name for name, pattern in self.backend_url_patterns if pattern.match(url))
        return next(fitting, _NO_BACKEND)


def _app_without_backend() -> Flask:
    app = Flask(_NO_BACKEND)
    app.service = _NO_BACKEND  # type: ignore[attr-defined] # as moto names its apps
    return app


def _unsupported_by(service: str) -> Callable[[Exception], Response]:
    def unsupported(_: Exception) -> Response:
        message = f"The local {service} does not implement this operation."
        if service == _NO_BACKEND:
            message = "The local AWS does not implement this service."
        return _response(refusal(_protocol_of(service), Refusal.UNSUPPORTED, message))

    return unsupported


def _protocol_of(service: str) -> str:
    return protocol_of(service, request.content_type)


def protocol_of(service: str, content_type: str | None) -> str:
    """Return the wire protocol of a request; a guess for services moto lacks."""
    if service in WITHOUT_MODEL:
        return "query" if "form" in (content_type or "") else "rest-json"
    return str(determine_request_protocol(get_service_model(service), content_type))


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, list(answer.headers))


def moto_request(call: Call) -> Request:
    """Return a call as moto's routers and parsers want it."""
    return Request({**call.fresh_environ(), "CONTENT_LENGTH": str(len(call.body))})
