"""Exports fetched from where the API says they are: in pieces, and believed only by their hash."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any, Protocol

import urllib3

from chalicelib.errors import PermanentError
from vigil.errors import UnreachableError

#: The API itself calls a job given up after as long.
PATIENCE_SECONDS = 6 * 3_600
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 3.0
_BLOCK_BYTES = 1 << 16
_TIMEOUT = urllib3.Timeout(connect=5, read=60)
_OVER = ("done", "failed")
_OK = 200

Job = Mapping[str, Any]


class Calling(Protocol):
    """The API's client."""

    def call(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None
    ) -> Any:
        """Send a request and return the JSON of the answer."""


class FailedExportError(PermanentError):
    """An export came to nothing, or what came of it is not what was made."""


def ended(client: Calling, job: Job, advance: Callable[[Job], None]) -> Job:
    """Wait for a job's end and return it then.

    Args:
        client: The API.
        job: As the API gave it.
        advance: Told how far it is, each time it is asked.

    Raises:
        FailedExportError: It failed.
        UnreachableError: It did not end in time.
    """
    for pause in _pauses():
        advance(job)
        if job["status"] in _OVER:
            break
        threading.Event().wait(pause)
        job = client.call("GET", f"/exports/{job['id']}")
    if job["status"] == "failed":
        raise FailedExportError(f"the export failed: {job['error']}")
    if job["status"] != "done" or not job["url"]:
        raise UnreachableError(f"export {job['id']} did not end within {PATIENCE_SECONDS} s")
    return job


def fetch(job: Job, file: IO[bytes]) -> None:
    """Write a finished job's file.

    Raises:
        UnreachableError: It cannot be fetched.
        FailedExportError: It is not the file that was made.
    """
    digest, size = hashlib.sha256(), 0
    try:
        for block in _blocks(job["url"]):
            digest.update(block)
            size += len(block)
            if size > job["size"]:
                break
            file.write(block)
    except urllib3.exceptions.HTTPError as error:
        why = type(error).__name__
        raise UnreachableError(f"the export could not be fetched: {why}") from error
    if (size, digest.hexdigest()) != (job["size"], job["sha256"]):
        raise FailedExportError("what was fetched is not the file that was made: try again")


def _blocks(url: str) -> Iterator[bytes]:
    with urllib3.PoolManager() as pool:
        answer = pool.request("GET", url, preload_content=False, timeout=_TIMEOUT, redirect=False)
        if answer.status != _OK:
            raise UnreachableError(f"the export could not be fetched: S3 answered {answer.status}")
        yield from answer.stream(_BLOCK_BYTES, decode_content=False)
        answer.release_conn()


def _pauses() -> Iterator[float]:
    """Yield how long to wait before asking again: longer each time, and not for ever."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = FIRST_PAUSE_SECONDS
    while time.monotonic() < deadline:
        yield pause
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
