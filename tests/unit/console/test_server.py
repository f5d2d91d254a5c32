"""What the console's server serves and passes on, and what it keeps to itself."""

import gzip
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from werkzeug.test import Client, TestResponse

from chalicelib.errors import SettingsError
from vigil.client import Response
from vigil.console.assets import HEADERS, assets_in
from vigil.console.opening import in_browser
from vigil.console.server import ConsoleApp, ConsoleServer
from vigil.console.session import TOKEN_HEADER, Session
from vigil.errors import UnreachableError

SESSION = Session(port=8377, token="t", cookie="c")
HEADERS_SENT = {
    "Host": "127.0.0.1:8377",
    "Origin": "http://127.0.0.1:8377",
    TOKEN_HEADER: "t",
    "Cookie": "vigil-console-8377=c",
}
JSON = {"Content-Type": "application/json"}


class Answering:
    """An API that gives one answer."""

    def __init__(self, answer: Response | Exception) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str, Mapping[str, str], bytes]] = []

    def request(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Response:
        """Remember what was asked."""
        self.asked.append((method, path, query or {}, body))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def response(status: int = 200, body: bytes = b"{}", **headers: str) -> Response:
    return Response(status=status, headers=headers or JSON, body=body)


def asked(
    api: Answering, path: str, method: str = "GET", body: bytes = b"", **headers: str
) -> TestResponse:
    client = Client(ConsoleApp(api, SESSION), use_cookies=False)
    sent = {**HEADERS_SENT, **headers}
    return client.open(path, method=method, data=body, headers=list(sent.items()))


def test_a_request_is_passed_on_as_it_is() -> None:
    api = Answering(response(201, b'{"id":"x"}'))

    answer = asked(api, "/api/findings?q=a%26b+c&severity=high", "GET")
    posted = asked(api, "/api/findings/f%3F1/notes", "POST", b'{"note":"n"}')

    assert (answer.status_code, answer.json) == (201, {"id": "x"})
    assert posted.status_code == 201
    assert api.asked == [
        ("GET", "/findings", {"q": "a&b c", "severity": "high"}, b""),
        ("POST", "/findings/f%3F1/notes", {}, b'{"note":"n"}'),
    ]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/openapi.json", 404),
        ("GET", "/api/", 404),
        ("DELETE", "/api/findings/f1", 405),
        ("POST", "/api/me", 405),
        ("PATCH", "/api/people/p", 405),
        ("POST", "/", 405),
        ("GET", "/session", 405),
        ("GET", "/../pyproject.toml", 404),
        ("GET", "/static/app.js", 404),
        ("GET", "/server.py", 404),
    ],
)
def test_what_is_not_listed_is_not_there(method: str, path: str, status: int) -> None:
    api = Answering(response())

    answer = asked(api, path, method)

    assert answer.status_code == status
    assert api.asked == []


def test_a_problem_of_the_api_reaches_the_page_whole() -> None:
    problem = {"title": "Conflict", "status": 409, "detail": "It was approved meanwhile."}
    headers = {"content-type": "application/problem+json; charset=utf-8"}
    answered = Response(status=409, headers=headers, body=msgspec.json.encode(problem))

    answer = asked(Answering(answered), "/api/me")

    assert (answer.status_code, answer.json) == (409, problem)
    assert answer.content_type == "application/problem+json"


def test_an_api_that_does_not_answer_is_a_problem_that_says_so() -> None:
    answer = asked(Answering(UnreachableError("the API does not answer")), "/api/me")

    assert answer.status_code == 502
    assert answer.json["detail"] == "the API does not answer"  # type: ignore[index] - JSON


def test_what_is_no_json_never_reaches_the_browser() -> None:
    page = Response(
        status=200, headers={"Content-Type": "text/html"}, body=b"<script>alert(1)</script>"
    )

    answer = asked(Answering(page), "/api/me")

    assert answer.status_code == 502
    assert b"<script>" not in answer.data


def test_headers_of_the_api_stay_behind() -> None:
    headers = {**JSON, "Set-Cookie": "a=b", "Access-Control-Allow-Origin": "*"}

    answer = asked(Answering(Response(status=200, headers=headers, body=b"{}")), "/api/me")

    assert "Set-Cookie" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_body_that_is_too_long_is_refused_unread() -> None:
    api = Answering(response())

    answer = asked(api, "/api/exemptions", "POST", b"x" * (64 * 1024 + 1))

    assert answer.status_code == 413
    assert api.asked == []


@pytest.mark.parametrize("path", ["/", "/app.js", "/api/me", "/nowhere", "/session"])
def test_every_answer_carries_the_headers_that_keep_the_page_harmless(path: str) -> None:
    answer = asked(Answering(response()), path)

    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_the_policy_allows_scripts_and_styles_of_the_server_alone() -> None:
    policy = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["base-uri"] == policy["frame-ancestors"] == policy["form-action"] == "'none'"
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/findings", "/findings/abc", "/exemptions/e1", "/exports"])
def test_pages_are_the_one_page(path: str) -> None:
    answer = asked(Answering(response()), path)

    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert answer.headers["Cache-Control"] == "no-cache"


def test_answers_are_compressed_for_who_takes_it() -> None:
    body = msgspec.json.encode({"items": ["a finding"] * 500})
    plain = asked(Answering(response(200, body)), "/api/findings")
    small = asked(Answering(response(200, body)), "/api/findings", **{"Accept-Encoding": "gzip"})
    refused = asked(
        Answering(response(200, body)), "/api/findings", **{"Accept-Encoding": "gzip;q=0"}
    )

    assert plain.data == refused.data == body
    assert small.headers["Content-Encoding"] == "gzip"
    assert len(small.data) < len(body) / 10
    assert gzip.decompress(small.data) == body


def test_a_file_that_has_not_changed_is_not_sent_again() -> None:
    api = Answering(response())
    first = asked(api, "/app.js")

    again = asked(api, "/app.js", **{"If-None-Match": first.headers["ETag"]})

    assert first.status_code == 200
    assert (again.status_code, again.data) == (304, b"")


def test_nothing_in_the_page_turns_text_into_markup_or_runs_inline() -> None:
    forbidden = (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "DOMParser",
        "createContextualFragment",
        "setHTML",
        "javascript:",
        "srcdoc",
    )
    assets = assets_in()
    scripts = {path: asset.body.decode() for path, asset in assets.items() if path.endswith(".js")}

    found = {(path, word) for path, text in scripts.items() for word in forbidden if word in text}
    shell = assets["/index.html"].body.decode()

    assert len(scripts) > 10
    assert found == {("/dom.js", "javascript:")}  # in the comment of what refuses it
    assert "<style" not in shell
    assert " style=" not in shell
    assert " on" not in shell.replace("on this", "")
    assert shell.count("<script") == shell.count('<script type="module" src="/')


def test_the_page_asks_nobody_else() -> None:
    named = {
        word
        for asset in assets_in().values()
        for word in asset.body.decode().replace('"', " ").replace("'", " ").split()
        if word.startswith(("http://", "https://", "//")) and len(word) > len("https://")
    }

    assert named == {"http://www.w3.org/2000/svg"}


def test_a_taken_port_is_named() -> None:
    with (
        ConsoleServer(Answering(response())) as server,
        pytest.raises(SettingsError, match=f"port {server.session.port} cannot be used"),
        ConsoleServer(Answering(response()), server.session.port),
    ):
        pass


def test_the_server_serves_until_its_block_ends() -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with ConsoleServer(Answering(response())) as server:
        with opener.open(server.origin, timeout=10) as page:
            served = page.read().decode()
        address = server.url

    assert "<title>Vigil</title>" in served
    assert address.startswith(server.origin + "/#session=")
    with pytest.raises(urllib.error.URLError):
        opener.open(server.origin, timeout=1)


def test_the_address_reaches_the_browser_by_a_file_of_the_person() -> None:
    opened: list[Any] = []

    def opens(uri: str) -> bool:
        path = uri.removeprefix("file://")
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - as a browser would
            opened.append((path, file.read()))
        return True

    with in_browser("http://127.0.0.1:1/#session=secret&x", opens) as shown:
        pass

    (path, text), *_ = opened
    assert shown
    assert "secret" not in path
    assert "http://127.0.0.1:1/#session=secret&amp;x" in text
