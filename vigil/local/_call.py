"""One HTTP request and its answer as plain data, so that every layer of the server is a function.

A layer is `Call → Answer`. WSGI exists at the outer edge and around moto, nowhere between; the
body is read once and every layer may read it again.
"""

import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]

_SCOPE = re.compile(r"Credential=([^/,\s]{1,200})/\d{1,12}/([^/,\s]{1,64})/([^/,\s]{1,64})/")
_ACTION = re.compile(rb"(?:^|&)Action=([A-Za-z0-9]{1,128})(?:&|$)")
_ACTION_WITHIN_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a signature says about its signer; the signature itself is never checked."""

    access_key: str
    region: str
    signing_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that has been read to its end."""

    environ: Mapping[str, Any]
    body: bytes
    credential: Credential | None

    @property
    def method(self) -> str:
        """The HTTP method."""
        return str(self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        """The decoded path."""
        return str(self.environ.get("PATH_INFO", ""))

    @property
    def query(self) -> str:
        """The query string, without its question mark."""
        return str(self.environ.get("QUERY_STRING", ""))

    def header(self, name: str) -> str:
        """Return a header, empty where it is absent."""
        return str(self.environ.get(f"HTTP_{name.upper().replace('-', '_')}", ""))

    def action(self) -> str | None:
        """Return the operation where the wire names it; None for REST, which only routing knows."""
        if target := self.header("x-amz-target"):
            return target.rpartition(".")[2]
        for text in (self.query.encode(), self.body[:_ACTION_WITHIN_BYTES]):
            if match := _ACTION.search(text):
                return match[1].decode()
        return None

    def fresh_environ(self) -> Environ:
        """Return an environment whose body is unread."""
        return {**self.environ, "wsgi.input": io.BytesIO(self.body)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole response."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return a header, empty where it is absent."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")


Layer = Callable[[Call], Answer]


def call_from(environ: Environ) -> Call:
    """Read a WSGI request to its end."""
    length = environ.get("CONTENT_LENGTH") or ""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body = stream.read()
    else:
        body = stream.read(int(length)) if length.isdecimal() and length != "0" else b""
    return Call(environ=environ, body=body, credential=_credential_of(environ))


def answer_of(app: WsgiApp, environ: Environ) -> Answer:
    """Run a WSGI application to its end."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
        started.append((status, headers))

    chunks = app(environ, start_response)
    body = b"".join(chunks)
    if callable(close := getattr(chunks, "close", None)):
        close()
    status, headers = started[-1]
    return Answer(status=int(status.split()[0]), headers=tuple(headers), body=body)


def send(answer: Answer, start_response: StartResponse) -> list[bytes]:
    """Hand an answer to the WSGI server."""
    start_response(f"{answer.status} {_REASONS.get(answer.status, 'OK')}", list(answer.headers))
    return [answer.body]


_REASONS = {400: "Bad Request", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error"}


def _credential_of(environ: Environ) -> Credential | None:
    texts = [environ.get("HTTP_AUTHORIZATION", "")]
    if "X-Amz-Credential=" in (query := environ.get("QUERY_STRING", "")):
        texts += ["Credential=" + value for value in parse_qs(query).get("X-Amz-Credential", [])]
    for text in texts:
        if match := _SCOPE.search(text):
            return Credential(access_key=match[1], region=match[2], signing_name=match[3])
    return None
