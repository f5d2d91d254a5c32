"""Only the page that was opened from the printed address may use the person's credentials."""

from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from vigil.client import Response
from vigil.console.server import ConsoleApp
from vigil.console.session import TOKEN_HEADER, Session

PORT = 8377
SESSION = Session(port=PORT, token="the-token", cookie="the-cookie")
HOST = f"127.0.0.1:{PORT}"
OTHER_PORT = "127.0.0.1:9999"
OURS = {
    "Host": HOST,
    TOKEN_HEADER: SESSION.token,
    "Cookie": f"{SESSION.cookie_name}={SESSION.cookie}",
    "Sec-Fetch-Site": "same-origin",
}
WRITE = {**OURS, "Origin": f"http://{HOST}"}


class Recording:
    """An API that answers everything and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def request(self, method: str, path: str, _query: Any = None, _body: bytes = b"") -> Response:
        """Remember what was asked."""
        self.asked.append((method, path))
        return Response(status=200, headers={"Content-Type": "application/json"}, body=b"{}")


def answer(method: str, path: str, headers: dict[str, str]) -> tuple[TestResponse, Recording]:
    api = Recording()
    client = Client(ConsoleApp(api, SESSION), use_cookies=False)
    return client.open(path, method=method, headers=list(headers.items())), api


def without(headers: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in names}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(OURS, id="as the page asks"),
        pytest.param(without(OURS, "Sec-Fetch-Site"), id="from a browser that says no site"),
        pytest.param(WRITE, id="with an origin"),
        pytest.param({**OURS, "Host": f"localhost:{PORT}"}, id="by the name localhost"),
    ],
)
def test_the_page_reads(headers: dict[str, str]) -> None:
    response, api = answer("GET", "/api/me", headers)

    assert response.status_code == 200
    assert api.asked == [("GET", "/me")]


def test_the_page_writes() -> None:
    response, api = answer("POST", "/api/findings/f1/notes", WRITE)

    assert response.status_code == 200
    assert api.asked == [("POST", "/findings/f1/notes")]


@pytest.mark.parametrize("path", ["/", "/api/me", "/app.js", "/session"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8377", OTHER_PORT, "127.0.0.1", "", "127.0.0.1:83770"]
)
def test_a_name_that_was_rebound_to_this_machine_is_refused(path: str, host: str) -> None:
    response, api = answer("GET", path, {**OURS, "Host": host})

    assert response.status_code == 421
    assert api.asked == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param(without(WRITE, TOKEN_HEADER), 401, id="no token"),
        pytest.param({**WRITE, TOKEN_HEADER: "the-toke"}, 401, id="a wrong token"),
        pytest.param({**WRITE, TOKEN_HEADER: "ünïcode"}, 401, id="no ASCII"),
        pytest.param(without(WRITE, "Cookie"), 401, id="no cookie"),
        pytest.param({**WRITE, "Cookie": f"{SESSION.cookie_name}=x"}, 401, id="a wrong cookie"),
        pytest.param({**WRITE, "Cookie": "vigil-console-1=the-cookie"}, 401, id="another's cookie"),
        pytest.param({**WRITE, "Sec-Fetch-Site": "cross-site"}, 403, id="from another site"),
        pytest.param({**WRITE, "Sec-Fetch-Site": "same-site"}, 403, id="from another port"),
        pytest.param({**WRITE, "Origin": "https://evil.example"}, 403, id="of another origin"),
        pytest.param({**WRITE, "Origin": f"http://{OTHER_PORT}"}, 403, id="of another port"),
        pytest.param({**WRITE, "Origin": "null"}, 403, id="of a sandbox"),
        pytest.param({**WRITE, "Origin": f"https://{HOST}"}, 403, id="of another scheme"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_is_not_the_page_is_refused(headers: dict[str, str], status: int, method: str) -> None:
    response, api = answer(method, "/api/exemptions", headers)

    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert api.asked == []


def test_a_write_must_say_which_origin_it_comes_from() -> None:
    response, api = answer("POST", "/api/exemptions", OURS)

    assert response.status_code == 403
    assert api.asked == []


def test_whoever_shows_the_token_gets_a_cookie_that_no_script_and_no_other_site_sees() -> None:
    response, _ = answer("POST", "/session", without(WRITE, "Cookie"))

    cookie = response.headers["Set-Cookie"]
    assert response.status_code == 204
    assert cookie.startswith(f"vigil-console-{PORT}={SESSION.cookie};")
    assert {"HttpOnly", "SameSite=Strict", "Path=/api"} <= set(cookie.split("; "))


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({**WRITE, TOKEN_HEADER: "guessed"}, id="a wrong token"),
        pytest.param(without(WRITE, "Origin"), id="no origin"),
    ],
)
def test_no_cookie_is_given_to_others(headers: dict[str, str]) -> None:
    response, _ = answer("POST", "/session", headers)

    assert response.status_code in {401, 403}
    assert "Set-Cookie" not in response.headers


def test_every_run_has_secrets_of_its_own_and_tells_them_to_no_log() -> None:
    one, other = Session(port=PORT), Session(port=PORT)

    assert len({one.token, other.token, one.cookie, other.cookie}) == 4
    assert min(map(len, (one.token, one.cookie))) >= 43
    assert one.token not in repr(one)
    assert one.cookie not in repr(one)
