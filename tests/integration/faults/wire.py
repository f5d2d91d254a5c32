"""AWS at the wire: moto's answers are given again, and one call answers what a test says.

Faults are bytes, statuses and broken connections below botocore, so that its own parsing, its
errors and its paginators are part of what is tested.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from moto import mock_aws

from chalicelib.answers import refuse_unusable
from tests.integration.resources.recorded_aws import ACCOUNT

#: botocore's own retries only cost time here; what they do has a test of its own.
ONCE = Config(retries={"total_max_attempts": 1})
SESSION = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing")

#: Wire format → how an error looks in it.
_ERRORS = {
    "json": '{{"__type": "{0}", "message": "{1}"}}',
    "ec2": "<Response><Errors><Error><Code>{0}</Code><Message>{1}</Message></Error></Errors>"
    "</Response>",
    "query": "<ErrorResponse><Error><Code>{0}</Code><Message>{1}</Message></Error></ErrorResponse>",
    "rest-json": '{{"code": "{0}", "message": "{1}"}}',
    "rest-xml": "<Error><Code>{0}</Code><Message>{1}</Message></Error>",
}


@dataclass(frozen=True)
class Raw:
    """An HTTP answer, and the format that its service speaks."""

    status: int
    headers: dict[str, str]
    body: bytes
    protocol: str

    def answer(self, url: str) -> AWSResponse:
        """Return it as botocore's HTTP layer would."""
        headers: Any = self.headers
        return AWSResponse(url, self.status, headers, _Body(self.body))


class _Body:
    """What urllib3's response is to botocore."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """Yield everything."""
        yield self._body


#: What becomes of a good answer.
Fault = Callable[[Raw], Raw | Exception]
_Key = tuple[str, str, bytes]


def error(code: str, status: int = 400, message: str = "no") -> Fault:
    """Answer with an error of AWS in the service's own format."""

    def answered(good: Raw) -> Raw:
        body = _ERRORS[good.protocol].format(code, message.replace('"', "'"))
        return Raw(status, {}, body.encode(), good.protocol)

    return answered


def http(status: int, body: bytes = b"") -> Fault:
    """Answer with something that is not of AWS."""
    return lambda good: Raw(status, {}, body, good.protocol)


def cut(good: Raw) -> Raw:
    """Lose the second half of the body."""
    return Raw(good.status, {}, good.body[: len(good.body) // 2], good.protocol)


def broken(error: Exception) -> Fault:
    """Break the connection."""
    return lambda _: error


@dataclass
class WireAws:
    """Implements `ports.Aws`: notes good answers inside `mock_aws`, gives them again afterwards.

    Attributes:
        calls: ``service:Operation`` of every call, in order.
        faults: Call → what becomes of its answer.
        beside: Call → its answer, where moto has none: never on a wire, so never at fault.
    """

    calls: list[str] = field(default_factory=list)
    faults: dict[str, Fault] = field(default_factory=dict)
    answers: dict[_Key, Raw] = field(default_factory=dict)
    beside: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_recording: bool = True
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str, *, account_id: str = ACCOUNT, region: str) -> Any:
        """Return a client for the one account there is."""
        assert account_id == ACCOUNT
        where = "us-east-1" if region == "global" else region
        if (service, where) not in self._clients:
            self._clients[service, where] = self._build(service, where)
        return self._clients[service, where]

    def answer(self, call: str, answer: dict[str, Any], *, region: str = "") -> None:
        """Answer a call that moto does not know."""
        del region
        self.beside[call] = answer

    def _build(self, service: str, region: str) -> Any:
        build: Any = SESSION.client  # its stubs know literal service names only
        client = build(service, region, config=ONCE)
        refuse_unusable(client)
        protocol = client.meta.service_model.resolved_protocol
        sent: list[_Key] = []

        def before_send(event_name: str, request: Any, **_: Any) -> AWSResponse | None:
            key = (f"{service}:{event_name.rpartition('.')[2]}", request.url, _bytes(request.body))
            self.calls.append(key[0])
            sent.append(key)
            return None if self.is_recording else self._answered(key)

        def after_call(http_response: AWSResponse, **_: Any) -> None:
            response = http_response
            headers = dict(response.headers)
            self.answers.setdefault(
                sent[-1], Raw(response.status_code, headers, response.content, protocol)
            )

        def before_call(model: Any, **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
            parsed = self.beside.get(f"{service}:{model.name}")
            if parsed is None:
                return None
            sent.append((f"{service}:{model.name}", "", b""))
            status = {"ResponseMetadata": {"HTTPStatusCode": 200}}
            return Raw(200, {}, b"", protocol).answer(""), {**copy.deepcopy(parsed), **status}

        client.meta.events.register("before-call", before_call)
        client.meta.events.register_first("before-send", before_send)
        client.meta.events.register("after-call", after_call)
        return client

    def _answered(self, key: _Key) -> AWSResponse:
        # A call that was never recorded would leave this machine.
        good = self.answers[key]
        fault = self.faults.get(key[0])
        answer = fault(good) if fault else good
        if isinstance(answer, Exception):
            raise answer
        return answer.answer(key[1])


@contextmanager
def recording() -> Iterator[WireAws]:
    """Play an empty AWS account; afterwards only what was asked for meanwhile is answered."""
    aws = WireAws()
    with mock_aws():
        yield aws
    aws.is_recording = False


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else bytes(body)
