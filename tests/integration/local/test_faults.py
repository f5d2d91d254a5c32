"""Injected faults look to a client exactly as AWS's own."""

import threading
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.integration.local.conftest import ClientFactory, keys_of, signed
from vigil.local._call import Answer, Call, call_from
from vigil.local.faults import Effect, Fault, Faults
from vigil.local.moto_server import EmbeddedAws

CALLS: dict[str, Callable[[ClientFactory], Any]] = {
    "s3": lambda client: client("s3").list_buckets(),
    "s3control": lambda client: client("s3control").get_public_access_block(
        AccountId="123456789012"
    ),
    "ec2": lambda client: client("ec2").describe_security_groups(),
    "iam": lambda client: client("iam").list_roles(),
    "cloudtrail": lambda client: client("cloudtrail").describe_trails(),
    "lambda": lambda client: client("lambda").list_functions(),
    "dynamodb": lambda client: client("dynamodb").list_tables(),
}
#: service → the code that AWS uses there, by effect
CODES = {
    "s3": ("AccessDenied", "SlowDown", "InternalError"),
    "s3control": ("AccessDenied", "SlowDown", "InternalError"),
    "ec2": ("UnauthorizedOperation", "RequestLimitExceeded", "InternalError"),
    "iam": ("AccessDenied", "Throttling", "InternalFailure"),
    "cloudtrail": ("AccessDeniedException", "ThrottlingException", "InternalFailure"),
    "lambda": ("AccessDeniedException", "TooManyRequestsException", "ServiceException"),
    "dynamodb": ("AccessDeniedException", "ThrottlingException", "InternalFailure"),
}
EFFECTS = (Effect.DENIED, Effect.THROTTLED, Effect.FAILED)
EXPECTED = [
    pytest.param(service, effect, code, id=f"{service} {effect}")
    for service, codes in CODES.items()
    for effect, code in zip(EFFECTS, codes, strict=True)
]


def bucket(client: ClientFactory) -> None:
    client("s3").create_bucket(
        Bucket="bkt", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )


@pytest.mark.parametrize(("service", "effect", "code"), EXPECTED)
def test_each_service_refuses_in_its_own_words(
    aws: EmbeddedAws, client: ClientFactory, service: str, effect: Effect, code: str
) -> None:
    aws.faults.add(Fault(effect=effect, service=service))

    with pytest.raises(ClientError) as refused:
        CALLS[service](client)

    assert refused.value.response["Error"]["Code"] == code


def test_a_denial_names_the_caller_and_the_action(aws: EmbeddedAws, client: ClientFactory) -> None:
    client("iam").create_user(UserName="auditor")
    key = client("iam").create_access_key(UserName="auditor")["AccessKey"]
    aws.faults.deny("s3", "GetBucketAcl")
    bucket(client)

    with pytest.raises(ClientError) as refused:
        client("s3", **keys_of(key)).get_bucket_acl(Bucket="bkt")

    assert refused.value.response["Error"]["Message"] == (
        "User: arn:aws:iam::123456789012:user/auditor is not authorized to perform: s3:GetBucketAcl"
    )


def test_a_fault_for_one_key_leaves_everybody_else_alone(
    aws: EmbeddedAws, client: ClientFactory
) -> None:
    bucket(client)
    aws.faults.deny("s3", access_key="AKIAVIGIL")

    with pytest.raises(ClientError, match="AccessDenied"):
        client("s3", aws_access_key_id="AKIAVIGIL", aws_secret_access_key="x").get_bucket_acl(
            Bucket="bkt"
        )
    assert client("s3").get_bucket_acl(Bucket="bkt")["Grants"]


@pytest.mark.parametrize(
    ("fault", "denied"),
    [
        (Fault(effect=Effect.DENIED, service="s3", operation="GetBucketAcl"), True),
        (Fault(effect=Effect.DENIED, service="s3", operation="GetBucketPolicy"), False),
        (Fault(effect=Effect.DENIED, service="ec2"), False),
        (Fault(effect=Effect.DENIED, resource="/bkt"), True),
        (Fault(effect=Effect.DENIED, resource="/other"), False),
    ],
    ids=["this operation", "another operation", "another service", "this bucket", "another bucket"],
)
def test_a_fault_meets_only_what_it_names(
    aws: EmbeddedAws, client: ClientFactory, fault: Fault, denied: bool
) -> None:
    bucket(client)
    aws.faults.add(fault)

    met = False
    try:
        client("s3").get_bucket_acl(Bucket="bkt")
    except ClientError:
        met = True

    assert met is denied
    assert fault.hits == int(denied)


def test_a_fault_may_pass_after_a_few_calls(aws: EmbeddedAws, client: ClientFactory) -> None:
    aws.faults.add(Fault(effect=Effect.THROTTLED, service="iam", times=2))

    for _ in range(2):
        with pytest.raises(ClientError, match="Throttling"):
            client("iam").list_roles()
    assert client("iam").list_roles()["Roles"] == []


def test_cleared_faults_are_gone(aws: EmbeddedAws, client: ClientFactory) -> None:
    aws.faults.deny("iam")
    aws.faults.clear()

    assert client("iam").list_roles()["Roles"] == []


def test_one_fault_can_be_taken_away(aws: EmbeddedAws, client: ClientFactory) -> None:
    fault = aws.faults.deny("iam")
    aws.faults.deny("ec2")
    aws.faults.remove(fault)

    assert client("iam").list_roles()["Roles"] == []
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        client("ec2").describe_security_groups()


def test_a_denied_change_changes_nothing_and_is_recorded(
    aws: EmbeddedAws, client: ClientFactory
) -> None:
    aws.faults.deny("sqs", "CreateQueue")

    with pytest.raises(ClientError, match="AccessDenied"):
        client("sqs").create_queue(QueueName="q")

    assert "QueueUrls" not in client("sqs").list_queues()
    assert aws.trail.wait_until_written(30)
    assert aws.trail.history[-1]["errorCode"] == "AccessDeniedException"


def test_a_silent_service_lets_the_client_time_out(aws: EmbeddedAws, client: ClientFactory) -> None:
    aws.faults.add(Fault(effect=Effect.SILENT, service="iam", seconds=30))
    impatient = Config(read_timeout=0.3, retries={"total_max_attempts": 1}, proxies={})

    with pytest.raises(ReadTimeoutError):
        client("iam", config=impatient).list_roles()


def test_clearing_lets_a_hanging_call_go(aws: EmbeddedAws, client: ClientFactory) -> None:
    fault = aws.faults.add(Fault(effect=Effect.SILENT, service="iam", seconds=30))
    ended = threading.Event()

    def call() -> None:
        with pytest.raises(ClientError):
            client("iam").list_roles()
        ended.set()

    threading.Thread(target=call, daemon=True).start()
    deadline = time.monotonic() + 5
    while fault.hits == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    aws.faults.clear()

    assert ended.wait(5)


def test_a_stale_read_shows_the_state_of_some_seconds_ago() -> None:
    world: dict[str, Any] = {"now": 0.0, "state": b"closed"}
    faults = Faults(
        lambda _: Answer(status=200, body=world["state"]), lambda _: "iam", lambda: world["now"]
    )
    faults.add(Fault(effect=Effect.STALE, service="iam", seconds=5))
    call = signed_call("ListRoles")

    seen = []
    for now, state in [(0, b"closed"), (1, b"open"), (5.5, b"open"), (6, b"open"), (7, b"shut")]:
        world |= {"now": now, "state": state}
        seen.append(faults(call).body)

    assert seen == [b"closed", b"closed", b"closed", b"open", b"open"]


def signed_call(action: str) -> Call:
    body = f"Action={action}&Version=2010-05-08".encode()
    return call_from(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "1",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_AUTHORIZATION": signed("iam")["Authorization"],
            "wsgi.input": BytesIO(body),
            "wsgi.url_scheme": "http",
        }
    )
