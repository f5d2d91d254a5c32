"""Clients that reach the embedded AWS of their own process without a network between them.

Half of what a call costs there is HTTP and the local CloudTrail, and a test makes two thousand.
"""

from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from typing import Any

import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from werkzeug.test import EnvironBuilder

from chalicelib.lean_models import read_leanly
from vigil.local._call import Layer, call_from
from vigil.local.moto_server import EmbeddedAws


def _core() -> botocore.session.Session:
    session = botocore.session.get_session()
    read_leanly(session)
    return session


@dataclass(frozen=True, slots=True)
class ShortSession:
    """Implements `chalicelib.aws.Session`."""

    aws: EmbeddedAws
    region_name: str = "us-east-1"
    _botocore: botocore.session.Session = field(default_factory=_core)

    def client(self, service: str, /, *, region_name: str, config: Config) -> Any:
        """Return a new client, whose keys nobody checks."""
        client = self._botocore.create_client(
            service,
            region_name=region_name,
            endpoint_url=self.aws.url,
            aws_access_key_id="AKIAROOT",
            aws_secret_access_key="none",
            config=config,
        )
        # The layer below the trail: nobody listens to what happens here.
        answer: Any = partial(_answered, self.aws.faults)
        client.meta.events.register("before-send", answer)
        return client


class _Raw(BytesIO):
    """A body as botocore reads it off a connection."""

    def stream(self, **_: Any) -> Any:
        """Yield it, in one piece."""
        yield self.read()


def _answered(layer: Layer, request: AWSPreparedRequest, **_: Any) -> Any:
    answer = layer(call_from(_environ(request)))
    headers: Any = dict(answer.headers)
    return AWSResponse(request.url, answer.status, headers, _Raw(answer.body))


def _environ(request: Any) -> dict[str, Any]:
    headers = {
        key: value.decode() if isinstance(value, bytes) else value
        for key, value in request.headers.items()
    }
    body = request.body.read() if hasattr(request.body, "read") else request.body
    address, _, query = request.url.partition("?")
    scheme, _, host, path = address.split("/", 3)
    return EnvironBuilder(
        path=f"/{path}",
        base_url=f"{scheme}//{host}",
        query_string=query,
        method=request.method,
        content_type=headers.pop("Content-Type", None),
        headers=list(headers.items()),
        data=body.encode() if isinstance(body, str) else bytes(body or b""),
    ).get_environ()
