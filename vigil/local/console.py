"""The console beside an embedded AWS; it acts as one of the people made up there."""

from collections.abc import Mapping

from vigil.client import LOCAL_PATH, ApiClient
from vigil.console.server import ConsoleServer
from vigil.local._principals import session_as


def api_as(environment: Mapping[str, str]) -> ApiClient:
    """Return the local API as somebody calls it.

    Args:
        environment: Theirs, as `vigil.local._principals.user_environment` returns it.
    """
    url = environment["AWS_ENDPOINT_URL"] + LOCAL_PATH
    return ApiClient(url=url, session=session_as(environment))


def console_as(environment: Mapping[str, str], port: int = 0) -> ConsoleServer:
    """Return the console of somebody; 0 takes a free port."""
    return ConsoleServer(api_as(environment), port)
