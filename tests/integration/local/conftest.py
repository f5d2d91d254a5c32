"""One embedded AWS per test, and clients that speak to it."""

import functools
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import boto3
import pytest
from botocore.config import Config

from vigil.local.moto_server import EmbeddedAws

REGION = "eu-west-1"
CONFIG = Config(retries={"total_max_attempts": 1}, read_timeout=30, connect_timeout=5, proxies={})

#: service, **overrides → a client that does not retry.
ClientFactory = Callable[..., Any]


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws(require_trail=False, managed_policies=False) as embedded:
        yield embedded


@pytest.fixture
def client(aws: EmbeddedAws) -> ClientFactory:
    return clients_of(aws)


@functools.cache
def session() -> boto3.session.Session:
    """One for all tests: a session reads a service's model once, and EC2's takes a while."""
    return boto3.session.Session("AKIAROOT", "x", region_name=REGION)


def clients_of(embedded: EmbeddedAws) -> ClientFactory:
    def make(service: str, **overrides: Any) -> Any:
        settings = {"endpoint_url": embedded.url, "config": CONFIG}
        made = session().client(service, **settings | overrides)
        if service == "s3control":
            made.meta.events.register("before-sign.s3-control.*", _without_account_host)
        return made

    return make


def _without_account_host(request: Any, **_: Any) -> None:
    request.url = request.url.replace("//123456789012.", "//")


def keys_of(credentials: dict[str, Any]) -> dict[str, Any]:
    """Client overrides that act with what CreateAccessKey or AssumeRole returned."""
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials.get("SessionToken"),
    }


def raw_request(
    url: str, method: str, target: str, *, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], str]:
    """Speak HTTP without a client's opinions; return status, headers (lower case) and text."""
    with closing(HTTPConnection(url.removeprefix("http://"), timeout=30)) as connection:
        connection.request(method, target, body, headers or {})
        response = connection.getresponse()
        text = response.read().decode()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, text


def signed(service: str, key: str = "AKIAROOT", region: str = REGION) -> dict[str, str]:
    """A signature as far as the local AWS reads it."""
    scope = f"{key}/20260101/{region}/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, Signature=0"}
