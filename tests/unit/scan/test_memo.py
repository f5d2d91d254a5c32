"""What many resources ask alike reaches AWS once a minute, and never answers another question."""

from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from chalicelib.aws import Clients
from vigil.scan.account import CountedClients
from vigil.scan.memo import KEPT_ANSWERS, KEPT_SECONDS, SHARED, Memo

OURS, OTHERS = "123456789012", "444455556666"
BLOCK = (
    b'<PublicAccessBlockConfiguration xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/">'
    b"<BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>"
)
NO_HEADERS: Any = {}
NO_BLOCK = b"<Error><Code>NoSuchPublicAccessBlockConfiguration</Code></Error>"
DENIED = b"<Error><Code>AccessDenied</Code></Error>"


@dataclass
class Body:
    """A body as botocore reads it off a connection."""

    said: bytes

    def stream(self, **_: Any) -> Any:
        """Yield it."""
        yield self.said


@dataclass
class Aws:
    """Answers without a network, and keeps what arrived.

    Attributes:
        arrived: Accounts that were asked about.
    """

    status: int = 200
    said: bytes = BLOCK
    seconds: float = 0.0
    arrived: list[str] = field(default_factory=list)
    memo: Memo = field(init=False)

    def __post_init__(self) -> None:
        self.memo = Memo(now=lambda: self.seconds)

    def client(self, service: str = "s3control", region: str = "eu-west-1") -> Any:
        """Return a client that this answers."""
        client = boto3.client(
            service, region_name=region, aws_access_key_id="a", aws_secret_access_key="b"
        )
        client.meta.events.register("before-send", self.answer)
        self.memo.attach(client)
        return client

    def answer(self, request: Any, **_: Any) -> AWSResponse:
        """Answer a request."""
        asked = request.headers.get("x-amz-account-id") or request.body
        self.arrived.append(asked.decode() if isinstance(asked, bytes) else str(asked))
        return AWSResponse(request.url, self.status, NO_HEADERS, Body(self.said))


def block_of(client: Any, account: str = OURS) -> Any:
    return client.get_public_access_block(AccountId=account)["PublicAccessBlockConfiguration"]


def test_a_shared_answer_is_asked_for_once() -> None:
    aws = Aws()
    client = aws.client()

    answers = [block_of(client) for _ in range(3)]

    assert answers == [{"BlockPublicAcls": True}] * 3
    assert aws.arrived == [OURS]


def test_an_answer_is_asked_for_again_after_a_minute() -> None:
    aws = Aws()
    client = aws.client()
    block_of(client)

    aws.seconds = KEPT_SECONDS - 0.1
    block_of(client)
    aws.seconds = KEPT_SECONDS
    block_of(client)

    assert len(aws.arrived) == 2


def test_another_question_has_another_answer() -> None:
    aws = Aws()
    client = aws.client()

    block_of(client)
    block_of(client, OTHERS)
    block_of(aws.client(region="eu-west-2"))

    assert aws.arrived == [OURS, OTHERS, OURS]


def test_questions_in_a_body_are_told_apart() -> None:
    aws = Aws(said=b"<ListAccessKeysResponse><ListAccessKeysResult/></ListAccessKeysResponse>")
    client = aws.client("iam")

    for name in ("ada", "bob", "ada"):
        client.list_access_keys(UserName=name)

    assert ["UserName=ada" in body for body in aws.arrived] == [True, False]


def test_that_there_is_none_is_an_answer() -> None:
    aws = Aws(status=404, said=NO_BLOCK)
    client = aws.client()

    for _ in range(2):
        with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
            block_of(client)

    assert len(aws.arrived) == 1


def test_a_refusal_is_not_remembered() -> None:
    aws = Aws(status=403, said=DENIED)
    client = aws.client()
    with pytest.raises(ClientError, match="AccessDenied"):
        block_of(client)

    aws.status, aws.said = 200, BLOCK

    assert block_of(client) == {"BlockPublicAcls": True}


def test_whoever_changes_an_answer_changes_only_his_own() -> None:
    client = Aws().client()

    first = client.get_public_access_block(AccountId=OURS)
    first.clear()
    client.get_public_access_block(AccountId=OURS).clear()

    assert block_of(client) == {"BlockPublicAcls": True}


def test_what_is_about_one_resource_is_asked_for_every_time() -> None:
    aws = Aws(said=b"<LocationConstraint>eu-west-1</LocationConstraint>")
    client = aws.client("s3")

    for _ in range(2):
        client.get_bucket_location(Bucket="shop")

    assert len(aws.arrived) == 2


def test_the_oldest_answer_goes_first() -> None:
    aws = Aws()
    client = aws.client()
    for number in range(KEPT_ANSWERS + 1):
        aws.memo._keep(
            AWSResponse("", 200, NO_HEADERS, Body(b"")), {}, {"vigil-scan-asked": str(number)}
        )

    block_of(client)
    block_of(client)

    assert len(aws.memo._kept) == KEPT_ANSWERS
    assert "0" not in aws.memo._kept
    assert aws.arrived == [OURS]


@pytest.mark.parametrize("call", sorted(SHARED))
def test_every_shared_call_exists(call: str) -> None:
    service, _, operation = call.partition(":")
    botocores = {"s3-control": "s3control", "cloudwatch-logs": "logs"}

    client = Clients().client(botocores.get(service, service), region="eu-west-1")

    assert str(client.meta.service_model.service_id.hyphenize()) == service
    assert operation in client.meta.service_model.operation_names


def test_clients_of_a_scan_remember(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    aws = Aws()
    client = CountedClients(Clients()).client("s3control", region="eu-west-1")
    client.meta.events.register("before-send", aws.answer)

    block_of(client)
    block_of(client)

    assert len(aws.arrived) == 1
