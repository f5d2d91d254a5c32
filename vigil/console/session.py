"""Who may use the person's credentials through the console: whoever was given the printed URL.

A cookie alone would not do: browsers send one for 127.0.0.1 to every port of it, another local
user's server included. So each call needs the cookie, which scripts cannot read, and the token,
which stays with this origin.
"""

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType

from werkzeug.wrappers import Request

TOKEN_HEADER = "X-Vigil-Session"  # noqa: S105 - a header's name
SESSION_PATH = "/session"
API_PREFIX = "/api/"
HOSTS = ("127.0.0.1", "localhost")
_SECRET_BYTES = 32
_SAFE_METHODS = frozenset({"GET", "HEAD"})
#: What browsers say of requests that a page of ours makes; nothing where they say nothing.
_OUR_SITES = frozenset({"", "same-origin"})


def _secret() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The secrets of one run of the console.

    Attributes:
        port: Where it listens.
        token: In the fragment of the printed URL, which no browser sends; then in a header.
        cookie: Set once the token was shown.
    """

    port: int
    token: str = field(default_factory=_secret, repr=False)
    cookie: str = field(default_factory=_secret, repr=False)

    @property
    def cookie_name(self) -> str:
        """Name of the cookie: cookies know no ports, and two consoles may run."""
        return f"vigil-console-{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """What a browser may call this server."""
        return frozenset(f"{host}:{self.port}" for host in HOSTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a request goes no further."""

    status: HTTPStatus
    detail: str


def refusal_of(request: Request, session: Session) -> Refusal | None:
    """Return why a request is refused; None where it may go on."""
    for refuses, refusal in _CHECKS.items():
        if refuses(request, session):
            return refusal
    return None


def _is_for_another_host(request: Request, session: Session) -> bool:
    # A name of somebody else's that resolves to 127.0.0.1 (DNS rebinding) is no name of ours.
    return request.headers.get("Host", "") not in session.hosts


def _is_from_another_site(request: Request, session: Session) -> bool:
    if not _is_guarded(request):
        return False
    if request.headers.get("Sec-Fetch-Site", "") not in _OUR_SITES:
        return True
    origin = request.headers.get("Origin")
    if origin is None:
        return request.method not in _SAFE_METHODS
    return origin.removeprefix("http://") not in session.hosts


def _shows_no_token(request: Request, session: Session) -> bool:
    return _is_guarded(request) and not _same(request.headers.get(TOKEN_HEADER, ""), session.token)


def _shows_no_cookie(request: Request, session: Session) -> bool:
    return request.path.startswith(API_PREFIX) and not _same(
        request.cookies.get(session.cookie_name, ""), session.cookie
    )


def _is_guarded(request: Request) -> bool:
    return request.path == SESSION_PATH or request.path.startswith(API_PREFIX)


def _same(shown: str, secret: str) -> bool:
    return hmac.compare_digest(shown.encode(errors="replace"), secret.encode())


_ENDED = Refusal(
    status=HTTPStatus.UNAUTHORIZED,
    detail="This page has no session. Open the address that `vigil console` printed.",
)
_Check = Callable[[Request, Session], bool]
#: In this order; the first that refuses says why.
_CHECKS: Mapping[_Check, Refusal] = MappingProxyType(
    {
        _is_for_another_host: Refusal(
            status=HTTPStatus.MISDIRECTED_REQUEST, detail="This server has another name."
        ),
        _is_from_another_site: Refusal(
            status=HTTPStatus.FORBIDDEN, detail="Only the console's own pages may ask."
        ),
        _shows_no_token: _ENDED,
        _shows_no_cookie: _ENDED,
    }
)
