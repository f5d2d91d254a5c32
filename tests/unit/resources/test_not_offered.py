"""A Region without a service: said so for good, and told apart from servers that do not answer."""

import socket
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from chalicelib.errors import NotOfferedError, PermanentError, RetryableError
from chalicelib.model import GapReason, Page, SweepRequest
from chalicelib.resources import _frame
from chalicelib.resources._errors import reason_of
from tests.rulekit import ACCOUNT, NOW, THING

HOST = "https://glacier.mars-north-1.amazonaws.com/"


def unresolved(number: int) -> EndpointConnectionError:
    """Return what botocore raises where a host's name leads nowhere."""
    wrapped = OSError("Failed to resolve")
    wrapped.__cause__ = socket.gaierror(number, "no address")
    return EndpointConnectionError(endpoint_url=HOST, error=wrapped)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "ListVaults")


CASES: Mapping[str, tuple[Exception, GapReason, type[Exception]]] = {
    "no such host": (unresolved(socket.EAI_NONAME), GapReason.UNSUPPORTED, NotOfferedError),
    "name servers away": (unresolved(socket.EAI_AGAIN), GapReason.UNAVAILABLE, RetryableError),
    "nobody listens": (
        EndpointConnectionError(endpoint_url=HOST, error=ConnectionRefusedError()),
        GapReason.UNAVAILABLE,
        RetryableError,
    ),
    "silence": (ConnectTimeoutError(endpoint_url=HOST), GapReason.UNAVAILABLE, RetryableError),
    "not opted in": (refused("OptInRequired"), GapReason.UNSUPPORTED, NotOfferedError),
    "an unknown refusal": (refused("Strange"), GapReason.UNSUPPORTED, PermanentError),
    "denied": (refused("AccessDenied"), GapReason.DENIED, PermanentError),
}
each_case = pytest.mark.parametrize(("error", "reason", "kind"), CASES.values(), ids=CASES)


@each_case
def test_what_a_read_raised_is_told_apart(
    error: Exception, reason: GapReason, kind: type[Exception]
) -> None:
    del kind

    assert reason_of(error) is reason


@each_case
def test_a_listing_fails_in_kind(
    error: Exception, reason: GapReason, kind: type[Exception]
) -> None:
    del reason

    def listing(*_: Any) -> Page:
        raise error

    request = SweepRequest(account_id=ACCOUNT, region="mars-north-1", type=THING.type)
    with pytest.raises(kind) as raised:
        _frame.page(None, replace(THING, list=listing), request, frozenset(), _Noon())

    assert type(raised.value) is kind


class _Noon:
    def now(self) -> datetime:
        return NOW
