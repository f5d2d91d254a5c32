"""The client of the REST API: every request is signed with the caller's own AWS credentials.

Where the API is comes from ``--api``, ``VIGIL_API_URL`` or, on an embedded AWS, its endpoint.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import boto3
import msgspec
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from chalicelib.errors import InvalidRequestError, VigilError
from vigil.errors import UnreachableError

#: Below the endpoint of an embedded AWS.
LOCAL_PATH = "/vigil/api"
_TIMEOUT = urllib3.Timeout(connect=5, read=30)
_RETRIES = urllib3.Retry(connect=2, read=False, redirect=False, other=False)
#: A page of the console asks for several things at once.
CONNECTIONS = 10
_SUCCESS = range(200, 300)
_CLIENT_ERRORS = range(400, 500)
_DENIED = (401, 403)


class RefusedRequestError(InvalidRequestError):
    """The API says what is wrong with a request.

    Attributes:
        status: HTTP status, 400–499.
        problem: The RFC 9457 document.
    """

    def __init__(self, message: str, *, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.status = status
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiClient:
    """Calls one API as one caller.

    Attributes:
        url: Its root, without a slash at the end.
    """

    url: str
    session: boto3.session.Session
    _pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(maxsize=CONNECTIONS)
    )

    @classmethod
    def from_env(cls, url: str | None = None) -> "ApiClient":
        """Return the client of the API that the environment names.

        Raises:
            InvalidRequestError: Nothing says where the API is, or it is no URL.
        """
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        found = url or os.environ.get("VIGIL_API_URL") or (endpoint and endpoint + LOCAL_PATH)
        if not found:
            raise InvalidRequestError("where is the API? give --api URL or set VIGIL_API_URL")
        if urlsplit(found).scheme not in ("http", "https"):
            raise InvalidRequestError(f"{found}: expected the http(s) URL of the API")
        return cls(url=found.rstrip("/"), session=boto3.session.Session())

    def request(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Response:
        """Send a signed request and return the answer as it is.

        Args:
            method: HTTP method.
            path: Percent-encoded path below the root, beginning with a slash.
            query: Parameters, unencoded.
            body: JSON, or nothing.

        Raises:
            UnreachableError: There are no credentials, or nobody answered.
        """
        url = self.url + path + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        headers = self._signed(method, url, body)
        try:
            answer = self._pool.request(
                method, url, body=body or None, headers=headers, timeout=_TIMEOUT, retries=_RETRIES
            )
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(f"{self.url} does not answer: {type(error).__name__}") from error
        return Response(status=answer.status, headers=dict(answer.headers), body=answer.data)

    def call(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None
    ) -> Any:
        """Send a request and return the JSON of the answer.

        Raises:
            RefusedRequestError: The API says that the request is wrong (4xx).
            UnreachableError: Nobody answered, the caller was refused, or the API failed.
        """
        sent = b"" if body is None else msgspec.json.encode(body)
        answer = self.request(method, path, query, sent)
        if answer.status in _SUCCESS:
            return msgspec.json.decode(answer.body) if answer.body else None
        raise _error_from(answer)

    def _signed(self, method: str, url: str, body: bytes) -> dict[str, str]:
        credentials = self.session.get_credentials()
        if credentials is None:
            raise UnreachableError("no AWS credentials were found")
        request = AWSRequest(method=method, url=url, data=body or None)
        if body:
            request.headers["Content-Type"] = "application/json"
        region = self.session.region_name or "us-east-1"
        SigV4Auth(credentials.get_frozen_credentials(), "execute-api", region).add_auth(request)
        return dict(request.headers.items())


def _error_from(answer: Response) -> VigilError:
    try:
        problem = msgspec.json.decode(answer.body, type=dict[str, Any])
    except msgspec.DecodeError:
        problem = {}
    said = str(problem.get("detail") or problem.get("title") or problem.get("message") or "")
    message = said or f"the API answered {answer.status}"
    if answer.status in _CLIENT_ERRORS and (answer.status not in _DENIED or "type" in problem):
        return RefusedRequestError(message, status=answer.status, problem=problem)
    return UnreachableError(message)
