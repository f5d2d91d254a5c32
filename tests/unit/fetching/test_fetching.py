"""Finished exports are fetched in pieces, and only what was made is kept."""

import hashlib
import io
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from vigil.errors import UnreachableError
from vigil.fetching import FailedExportError, ended, fetch

MADE = b"finding," * 40_000


@contextmanager
def served(body: bytes, status: int = 200) -> Iterator[str]:
    """Serve something where a file should be."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(MADE)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/file"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def job(url: str | None, **overrides: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": "one",
        "status": "done",
        "url": url,
        "size": len(MADE),
        "sha256": hashlib.sha256(MADE).hexdigest(),
        "error": None,
    }
    return fields | overrides


def test_a_file_is_fetched_as_it_was_made() -> None:
    file = io.BytesIO()

    with served(MADE) as url:
        fetch(job(url), file)

    assert file.getvalue() == MADE


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        pytest.param(MADE.replace(b"finding", b"nothing"), 200, FailedExportError, id="other"),
        pytest.param(MADE[:-9], 200, UnreachableError, id="cut short"),
        pytest.param(MADE, 403, UnreachableError, id="refused"),
        pytest.param(MADE, 302, UnreachableError, id="elsewhere"),
    ],
)
def test_what_is_not_the_file_is_not_kept(body: bytes, status: int, error: type[Exception]) -> None:
    with served(body, status) as url, pytest.raises(error):
        fetch(job(url), io.BytesIO())


def test_no_more_is_written_than_was_made() -> None:
    file = io.BytesIO()

    with served(MADE) as url, pytest.raises(FailedExportError):
        fetch(job(url, size=100_000), file)

    assert len(file.getvalue()) <= 100_000


class Api:
    """Answers with one job after the other."""

    def __init__(self, *jobs: Mapping[str, Any]) -> None:
        self.jobs = list(jobs)

    def call(self, method: str, path: str, query: object = None, body: object = None) -> Any:
        """Answer with the next job."""
        assert (method, path, query, body) == ("GET", "/exports/one", None, None)
        return self.jobs.pop(0)


def test_a_job_is_asked_for_until_it_is_done() -> None:
    told: list[str] = []
    api = Api(job(None, status="running"), job("http://x"))

    last = ended(api, job(None, status="queued"), lambda one: told.append(str(one["status"])))

    assert told == ["queued", "running", "done"]
    assert last["url"] == "http://x"


def test_a_failed_job_says_why() -> None:
    failed = job(None, status="failed", error="nothing is sealed yet")

    with pytest.raises(FailedExportError, match="nothing is sealed yet"):
        ended(Api(), failed, lambda _: None)
