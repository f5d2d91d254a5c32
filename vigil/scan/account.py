"""Which account the caller's credentials lead to, and which of its Regions are switched on."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from chalicelib.aws import Clients
from chalicelib.errors import PermanentError
from vigil.scan.memo import Memo
from vigil.scan.plan import check_named

#: Enough for a full crew on one service without waiting for connections.
_CONNECTIONS = 32

#: Adaptive mode measures what a service accepts and slows down to it (botocore, "Retries").
SCAN_CONFIG = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "adaptive", "total_max_attempts": 8},
    max_pool_connections=_CONNECTIONS,
    user_agent_extra="vigil-scan",
)


_REFUSALS = (ClientError, BotoCoreError, ResponseParserError)


class CouldNotLookError(PermanentError):
    """No look is possible at all: credentials, network, or the question where to look denied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where a scan looks.

    Attributes:
        caller: ARN of whoever looks.
    """

    id: str
    partition: str
    caller: str


@dataclass(slots=True)
class CountedClients:
    """Implements `ports.Aws` for threads: clients are built one at a time, calls are counted.

    What every resource asks alike is asked once a minute (`memo`). botocore's clients are safe to
    share between threads; building them is not.
    """

    _clients: Clients
    _memo: Memo = field(default_factory=lambda: Memo(now=monotonic))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _counted: set[int] = field(default_factory=set)
    calls: int = 0

    def client(self, service: str, *, account_id: str = "", region: str = "") -> Any:
        """Return the client for a service in a Region."""
        with self._lock:
            client = self._clients.client(service, account_id=account_id, region=region)
            if id(client) not in self._counted:
                self._counted.add(id(client))
                client.meta.events.register("before-send", self._count)
                self._memo.attach(client)
            return client

    def forget(self, region: str) -> None:
        """Drop the clients of a Region that nobody asks any more: each holds a megabyte."""
        with self._lock:
            for client in self._clients.forget(region):
                self._counted.discard(id(client))

    def _count(self, **_: Any) -> None:
        self.calls += 1


def clients_of_caller() -> CountedClients:
    """Return clients with the caller's credentials, found the way boto3 finds them."""
    return CountedClients(
        Clients(endpoint_url=os.environ.get("AWS_ENDPOINT_URL"), config=SCAN_CONFIG)
    )


def account_of(clients: CountedClients) -> Account:
    """Ask who the caller is.

    Raises:
        CouldNotLookError: No credentials, wrong ones, or no network.
    """
    try:
        identity = clients.client("sts").get_caller_identity()
    except _REFUSALS as error:
        raise CouldNotLookError(f"who you are to AWS could not be asked: {_said(error)}") from error
    arn = str(identity["Arn"])
    return Account(id=str(identity["Account"]), partition=arn.split(":")[1], caller=arn)


def regions_of(clients: CountedClients, named: Sequence[str]) -> tuple[str, ...]:
    """Return the Regions to look at: those named, else all that the account has switched on.

    Where the account may not be asked, named ones are taken at their word.

    Raises:
        CouldNotLookError: None is named, and which there are cannot be asked.
        ScopeError: A named one is not switched on.
    """
    try:
        enabled = _enabled(clients)
    except _REFUSALS as error:
        if named:
            return tuple(dict.fromkeys(named))
        said = f"the account's Regions could not be listed: {_said(error)}"
        raise CouldNotLookError(f"{said}; name them with --region") from error
    check_named("Region that is switched on", named, enabled)
    return tuple(dict.fromkeys(named)) or enabled


def _enabled(clients: CountedClients) -> tuple[str, ...]:
    answer = clients.client("ec2").describe_regions()
    return tuple(sorted(region["RegionName"] for region in answer["Regions"]))


def _said(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code") or "an error without a code")
    return next(iter(str(error).splitlines()), type(error).__name__)
