"""The embedded AWS as a server: locks, honest refusals, proxies, pages, a clean end."""

import contextlib
import json
import threading
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from moto.core.model_instances import model_data

from tests.integration.local.conftest import ClientFactory, clients_of, raw_request, signed
from vigil.local._call import Answer, Call, call_from
from vigil.local._locked_moto import LockedMoto
from vigil.local.moto_server import EmbeddedAws

WORKERS = 8
ROUNDS = 12
TABLE = {
    "TableName": "races",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def raced(work: Any) -> list[Any]:
    """Run `work(worker)` in all workers at once and return their results."""
    barrier = threading.Barrier(WORKERS)
    results: list[Any] = []

    def run(worker: int) -> None:
        barrier.wait()
        results.append(work(worker))

    threads = [threading.Thread(target=run, args=(worker,)) for worker in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_one_transaction_wins_a_race_to_create(client: ClientFactory) -> None:
    dynamodb = client("dynamodb")
    dynamodb.create_table(**TABLE)

    def put(key: str, worker: int) -> dict[str, Any]:
        item = {"pk": {"S": key}, "by": {"N": str(worker)}}
        condition = "attribute_not_exists(pk)"
        return {"Put": {"TableName": "races", "Item": item, "ConditionExpression": condition}}

    def create(worker: int) -> list[bool]:
        won = []
        for number in range(ROUNDS):
            pair = [put(f"{number}-{half}", worker) for half in ("a", "b")]
            try:
                dynamodb.transact_write_items(TransactItems=pair)
                won.append(True)
            except dynamodb.exceptions.TransactionCanceledException:
                won.append(False)
        return won

    winners = [sum(round_) for round_ in zip(*raced(create), strict=True)]
    assert winners == [1] * ROUNDS


def test_an_operation_that_moto_lacks_says_so_in_the_services_own_form(
    client: ClientFactory,
) -> None:
    calls = [
        lambda: client("ec2").get_serial_console_access_status(),
        lambda: client("cloudtrail").lookup_events(),
        lambda: client("accessanalyzer").list_policy_generations(),
    ]
    for call in calls:
        with pytest.raises(ClientError) as refused:
            call()
        assert refused.value.response["Error"]["Code"] == "NotImplemented"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_a_crash_of_moto_is_an_internal_error_and_is_kept(
    aws: EmbeddedAws, client: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("moto.cloudtrail.models.CloudTrailBackend.describe_trails", crash)

    with pytest.raises(ClientError) as refused:
        client("cloudtrail").describe_trails()

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert refused.value.response["Error"]["Code"] == "InternalFailure"
    assert [type(error) for error in aws.crashes] == [ZeroDivisionError]


def test_a_proxy_request_reaches_the_account_level_api(
    aws: EmbeddedAws, client: ClientFactory
) -> None:
    body = b"<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>"
    body += b"</PublicAccessBlockConfiguration>"
    target = "http://123456789012.aws.local/v20180820/configuration/publicAccessBlock"
    headers = signed("s3") | {"x-amz-account-id": "123456789012", "Host": "123456789012.aws.local"}

    status, _, _ = raw_request(aws.url, "PUT", target, body=body, headers=headers)

    assert status in {200, 201}
    block = client("s3control").get_public_access_block(AccountId="123456789012")
    assert block["PublicAccessBlockConfiguration"]["BlockPublicAcls"] is True
    assert aws.trail.wait_until_written(30)
    assert aws.trail.history[-1]["eventName"] == "PutAccountPublicAccessBlock"


def test_unsigned_paths_are_pages_and_signed_ones_are_aws(
    aws: EmbeddedAws, client: ClientFactory
) -> None:
    def page(_: Call) -> Answer:
        return Answer(status=200, body=b"a page")

    aws.add_page("/slack", page)
    client("s3").create_bucket(
        Bucket="slack", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )

    assert raw_request(aws.url, "GET", "/slack")[2] == "a page"
    assert raw_request(aws.url, "GET", "/slack/below")[2] == "a page"
    assert client("s3").list_objects_v2(Bucket="slack")["KeyCount"] == 0


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_web_page_of_elsewhere_cannot_drive_it(aws: EmbeddedAws, origin: str) -> None:
    status, _, _ = raw_request(aws.url, "PUT", "/bucket", headers=signed("s3") | {"Origin": origin})

    assert status == 403


def test_its_own_pages_may_call_it(aws: EmbeddedAws) -> None:
    aws.add_page("/", lambda _: Answer(status=200, body=b"index"))

    assert raw_request(aws.url, "GET", "/", headers={"Origin": aws.url})[0] == 200


def test_motos_own_reset_is_out_of_reach(aws: EmbeddedAws) -> None:
    assert raw_request(aws.url, "POST", "/moto-api/reset")[0] == 404


@pytest.mark.parametrize(
    ("method", "target", "headers", "body"),
    [
        ("POST", "/", signed("dynamodb"), b"{}"),
        ("POST", "/", signed("iam") | {"Content-Type": "application/x-www-form-urlencoded"}, b"%"),
        ("PUT", "/%ff%fe", signed("s3"), b""),
        ("POST", "/", {"Authorization": "AWS4-HMAC-SHA256 Credential=/////"}, b""),
        ("POST", "/slack/../..", {}, b"\x00"),
    ],
)
def test_nonsense_is_answered_and_the_server_lives(
    aws: EmbeddedAws, method: str, target: str, headers: dict[str, str], body: bytes
) -> None:
    status, _, _ = raw_request(aws.url, method, target, headers=headers, body=body)

    assert 200 <= status < 600
    assert raw_request(aws.url, "GET", "/", headers=signed("s3"))[0] == 200


def test_records_are_kept_in_the_data_folder(tmp_path: Path) -> None:
    with EmbeddedAws(data=tmp_path, require_trail=False, managed_policies=False) as aws:
        clients_of(aws)("sqs").create_queue(QueueName="q")

    lines = (tmp_path / "cloudtrail.jsonl").read_text().splitlines()
    assert [json.loads(line)["eventName"] for line in lines] == ["CreateQueue"]


def test_awss_own_policies_exist_unless_left_out() -> None:
    policy = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    with EmbeddedAws() as aws:
        assert clients_of(aws)("iam").get_policy(PolicyArn=policy)["Policy"]["Arn"] == policy


def test_every_start_is_an_empty_aws() -> None:
    for _ in range(2):
        with EmbeddedAws(require_trail=False, managed_policies=False) as aws:
            assert clients_of(aws)("sqs").list_queues().get("QueueUrls", []) == []
            clients_of(aws)("sqs").create_queue(QueueName="left-over")


def test_it_ends_at_once_even_during_a_long_poll() -> None:
    with EmbeddedAws(require_trail=False, managed_policies=False) as aws:
        sqs = clients_of(aws)("sqs")
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        threading.Thread(target=poll_for_long, args=(sqs, url), daemon=True).start()
        began = time.monotonic()

    assert time.monotonic() - began < LONG_POLL_SECONDS / 2


LONG_POLL_SECONDS = 8


def poll_for_long(sqs: Any, url: str) -> None:
    with contextlib.suppress(BotoCoreError):
        sqs.receive_message(QueueUrl=url, WaitTimeSeconds=LONG_POLL_SECONDS)


def test_moto_does_not_hoard_what_it_made() -> None:
    moto = LockedMoto()
    listing = call_from(request_for("sns", b"Action=CreateTopic&Name=t&Version=2010-03-31"))

    for _ in range(600):
        moto(listing)

    assert len(model_data["sns"]["Topic"].instances_tracked) < 200


def request_for(service: str, body: bytes) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_AUTHORIZATION": signed(service)["Authorization"],
        "HTTP_HOST": "127.0.0.1",
        "wsgi.input": BytesIO(body),
        "wsgi.url_scheme": "http",
    }
