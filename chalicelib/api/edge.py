"""The outermost layer of the API: headers for every answer, problems also for Chalice's own errors.

It runs for routes only: the queue-fed functions are called without it.
"""

from collections.abc import Callable
from typing import Any

from chalice.app import Blueprint, Request, Response

from chalicelib.api._endpoints import SECURITY_HEADERS
from chalicelib.api._problems import problem

bp = Blueprint(__name__)


@bp.middleware("http")
def finish(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Answer with what every answer has."""
    response = get_response(request)
    body: Any = response.body
    if isinstance(body, dict) and "Code" in body:
        # Chalice's own: another media type, a method that is not there, an error of its own.
        own = problem(response.status_code, str(body.get("Message", "")))
        response = Response(own.body, {**response.headers, **own.headers}, own.status_code)
    response.headers.update(SECURITY_HEADERS)
    return response
