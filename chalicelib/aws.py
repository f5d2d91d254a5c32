"""Clients of AWS: one session, built lazily per service and Region, with explicit time-outs.

A client is built at its first use, never at import: EC2's model alone costs 60 ms and 10 MB. They
are botocore's: boto3 would add its resources and transfers to every cold start.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import botocore.session
from botocore.config import Config

from chalicelib.answers import refuse_unusable
from chalicelib.lean_models import read_leanly

#: Global services are called where they live; in other partitions botocore redirects.
GLOBAL_REGION = "us-east-1"

#: Standard mode backs off with jitter; past three attempts the queue's redelivery takes over. A
#: service that never answers costs a look 33 s of its function's 60.
CLIENT_CONFIG = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    user_agent_extra="vigil",
)


class SystemClock:
    """The wall clock in UTC, truncated to milliseconds: what the store can hold."""

    def now(self) -> datetime:
        """Return the current instant."""
        instant = datetime.now(UTC)
        return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


class Session(Protocol):
    """What makes clients; boto3's sessions do."""

    @property
    def region_name(self) -> str | None:
        """The default Region, where one is set."""

    def client(self, service: str, /, *, region_name: str, config: Config) -> Any:
        """Return a new client."""


class _CoreSession:
    def __init__(self) -> None:
        self._core = botocore.session.get_session()
        read_leanly(self._core)

    @property
    def region_name(self) -> str | None:
        region: str | None = self._core.get_config_variable("region")
        return region

    def client(self, service: str, /, *, region_name: str, config: Config) -> Any:
        return self._core.create_client(service, region_name=region_name, config=config)


@dataclass(slots=True)
class Clients:
    """Implements `ports.Aws`; keeps every client for the life of the process.

    Attributes:
        config: Time-outs and retries of the clients it builds.
    """

    endpoint_url: str | None = None
    session: Session = field(default_factory=_CoreSession)
    config: Config = CLIENT_CONFIG
    _cache: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str, *, account_id: str = "", region: str = "") -> Any:
        """Return the client for a service in a Region; ``global`` and empty mean the default."""
        del account_id  # one account for now; the port already carries it
        where = GLOBAL_REGION if region == "global" else region or self._home()
        key = (service, where)
        if key not in self._cache:
            self._cache[key] = self._build(service, where)
        return self._cache[key]

    def forget(self, region: str) -> tuple[Any, ...]:
        """Let go of the clients of a Region, and return them."""
        where = GLOBAL_REGION if region == "global" else region
        gone = tuple(key for key in self._cache if key[1] == where)
        return tuple(self._cache.pop(key) for key in gone)

    def _home(self) -> str:
        return self.session.region_name or GLOBAL_REGION

    def _build(self, service: str, region: str) -> Any:
        client = self.session.client(service, region_name=region, config=self.config)
        refuse_unusable(client)
        if service == "s3control" and self.endpoint_url:
            client.meta.events.register("before-sign.s3-control.*", _without_account_host)
        return client


def _without_account_host(request: Any, **_: Any) -> None:
    # botocore prefixes the host with the account id; on a custom endpoint that name resolves
    # nowhere, and the header carries the account anyway.
    request.url = re.sub(r"//\d{12}\.", "//", request.url, count=1)
