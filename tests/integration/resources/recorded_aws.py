"""AWS played by moto for the resource types: notes every call, refuses what it is told to."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.validate import ParamValidator
from moto import mock_aws

ACCOUNT = "123456789012"
#: Reads each service's model once for all tests.
SESSION = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
AUDITOR = f"arn:aws:sts::{ACCOUNT}:assumed-role/vigil/look"


class StoppedClock:
    """A clock that shows noon for ever."""

    def now(self) -> datetime:
        """Return noon."""
        return NOON


@dataclass
class RecordedAws:
    """Implements `ports.Aws` inside `mock_aws`.

    Attributes:
        calls: ``service:Operation`` of every call, in order.
        refused: Call → error code it is answered with.
        answers: Call → its answer, where moto has none.
        heard: Call → the first answer to it.
        once: Call → its next answer.
    """

    calls: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    heard: dict[str, dict[str, Any]] = field(default_factory=dict)
    once: dict[str, dict[str, Any]] = field(default_factory=dict)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str, *, account_id: str = ACCOUNT, region: str) -> Any:
        """Return a client for the one account there is."""
        assert account_id == ACCOUNT
        where = "us-east-1" if region == "global" else region
        if (service, where) not in self._clients:
            self._clients[service, where] = self._build(service, where)
        return self._clients[service, where]

    def deny(self, *calls: str) -> None:
        """Answer these calls with AccessDenied from now on."""
        self.refused |= dict.fromkeys(calls, "AccessDenied")

    def answer(self, call: str, answer: dict[str, Any], *, region: str = "us-east-1") -> None:
        """Answer a call that moto does not know; the answer must have the shape AWS declares."""
        service, _, operation = call.partition(":")
        model = self.client(service, region=region).meta.service_model.operation_model(operation)
        report = ParamValidator().validate(answer, model.output_shape)
        assert not report.has_errors(), report.generate_report()
        self.answers[call] = answer

    def _build(self, service: str, region: str) -> Any:
        client = SESSION.client(service, region_name=region)  # type: ignore[call-overload]  # reason: the service name is data

        def note(model: Any, **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
            call = f"{service}:{model.name}"
            self.calls.append(call)
            if call in self.refused:
                return _refusal(self.refused[call])
            if call in self.once:
                return _answer({})
            return _answer(self.answers[call]) if call in self.answers else None

        def hear(model: Any, parsed: dict[str, Any], **_: Any) -> None:
            call = f"{service}:{model.name}"
            said = {key: value for key, value in parsed.items() if key != "ResponseMetadata"}
            self.heard.setdefault(call, said)
            # Here botocore has done with it: its own handlers never see such answers.
            parsed.update(self.once.pop(call, {}))

        client.meta.events.register("before-call", note)
        client.meta.events.register_last("after-call", hear)
        return client


@contextmanager
def aws_on_moto() -> Iterator[RecordedAws]:
    """Play an empty AWS account."""
    with mock_aws():
        yield RecordedAws()


def _answer(parsed: dict[str, Any]) -> tuple[AWSResponse, dict[str, Any]]:
    status = {"ResponseMetadata": {"HTTPStatusCode": 200}}
    # botocore's own handlers work on what they are given: policies become objects in place.
    return AWSResponse("https://aws.invalid", 200, {}, None), {**deepcopy(parsed), **status}


def _refusal(code: str) -> tuple[AWSResponse, dict[str, Any]]:
    message = f"User: {AUDITOR} is not authorized to perform this"
    parsed = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": 403},
    }
    return AWSResponse("https://aws.invalid", 403, {}, None), parsed
