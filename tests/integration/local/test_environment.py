"""Vigil's own parts on one machine: a change goes all the way, on both databases."""

import json
import os
from pathlib import Path
from typing import Any

import boto3
import pytest
from slack_sdk import WebClient

from vigil.local._dynoxide import Dynoxide, DynoxideError, find_binary
from vigil.local._principals import applied, client_for, user_environment
from vigil.local.environment import SLACK_CHANNEL, LocalOptions, LocalVigil
from vigil.local.moto_server import EmbeddedAws

IDLE_SECONDS = 30
PATTERN = {"detail": {"eventName": [{"prefix": "PutBucket"}]}}
HISTORY = {
    "TableName": "vigil-history",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}
DATABASES = [False, True] if find_binary() else [False]


def remember(event: dict[str, Any], _: Any) -> None:
    """Stand in for `evaluate`: a history entry per change."""
    table = boto3.client("dynamodb")
    for record in event["Records"]:
        change = json.loads(record["body"])["detail"]
        item = {
            "pk": {"S": change["eventID"]},
            "kind": {"S": "opened"},
            "name": {"S": change["eventName"]},
            "raw": {"B": b"\x00"},
        }
        table.put_item(TableName=os.environ["VIGIL_HISTORY_TABLE"], Item=item)


def publish(event: dict[str, Any], _: Any) -> None:
    """Stand in for `announce`."""
    for record in event["Records"]:
        boto3.client("sns").publish(
            TopicArn=os.environ["VIGIL_TOPIC_ARN"],
            Message=record["dynamodb"]["NewImage"]["name"]["S"],
        )


def post(event: dict[str, Any], _: Any) -> None:
    """Stand in for `slack`."""
    bot = WebClient("xoxb-local", base_url=os.environ["VIGIL_SLACK_API_URL"])
    for record in event["Records"]:
        bot.chat_postMessage(channel=os.environ["VIGIL_SLACK_CHANNEL"], text=record["body"])


HANDLERS = {"evaluate": remember, "announce": publish, "slack": post}


def options(**overrides: Any) -> LocalOptions:
    return LocalOptions(**({"tables": [HISTORY]} | overrides))


@pytest.mark.parametrize("with_dynoxide", DATABASES, ids=lambda on: "dynoxide" if on else "moto")
def test_a_change_goes_from_aws_to_slack(with_dynoxide: bool) -> None:
    with (
        EmbeddedAws(require_trail=False, managed_policies=False) as aws,
        LocalVigil(aws, HANDLERS, [PATTERN], options=options(with_dynoxide=with_dynoxide)) as vigil,
    ):
        s3 = client_for(aws.url, "s3")
        s3.create_bucket(Bucket="records")
        s3.put_bucket_acl(Bucket="records", ACL="public-read")

        assert vigil.idle(IDLE_SECONDS)
        assert vigil.database == ("dynoxide" if with_dynoxide else "moto")
        assert [m.payload["text"] for m in vigil.slack.messages] == ["PutBucketAcl"]
        assert vigil.slack.messages[0].channel == SLACK_CHANNEL
        assert not vigil.bus.failures
        assert not aws.crashes


def test_a_failing_announcement_is_retried_and_then_set_aside_alone() -> None:
    announced: list[str] = []

    def picky(event: dict[str, Any], _: Any) -> None:
        names = [record["dynamodb"]["NewImage"]["name"]["S"] for record in event["Records"]]
        if "PutBucketPolicy" in names:
            raise ZeroDivisionError
        announced.extend(names)

    with (
        EmbeddedAws(require_trail=False, managed_policies=False) as aws,
        LocalVigil(
            aws, {"evaluate": remember, "announce": picky}, [PATTERN], options=options()
        ) as vigil,
    ):
        s3 = client_for(aws.url, "s3")
        s3.create_bucket(Bucket="records")
        s3.put_bucket_acl(Bucket="records", ACL="private")
        s3.put_bucket_policy(
            Bucket="records", Policy=json.dumps({"Version": "2012-10-17", "Statement": []})
        )
        s3.put_bucket_versioning(Bucket="records", VersioningConfiguration={"Status": "Enabled"})

        assert vigil.idle(IDLE_SECONDS)
        assert sorted(announced) == ["PutBucketAcl", "PutBucketVersioning"]
        assert len(vigil.bus.failures) >= 5


def test_the_handlers_act_as_the_auditor_and_the_persons_settings_stay_aside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAPERSON")

    with (
        EmbeddedAws(managed_policies=False) as aws,
        LocalVigil(aws, {}, [], {"VIGIL_DEFAULT_OWNER": "red"}, options=options()),
    ):
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["VIGIL_DEFAULT_OWNER"] == "red"
        caller = boto3.session.Session().client("sts").get_caller_identity()
        assert caller["Arn"].startswith("arn:aws:sts::123456789012:assumed-role/vigil-auditor/")

    assert os.environ["AWS_PROFILE"] == "production"
    assert os.environ["AWS_ACCESS_KEY_ID"] == "AKIAPERSON"
    assert "VIGIL_TOPIC_ARN" not in os.environ


def test_a_person_acts_as_an_iam_user() -> None:
    with EmbeddedAws(require_trail=False, managed_policies=False) as aws:
        settings = user_environment(aws.url, "alice")
        with applied(os.environ, settings):
            boto3.session.Session().client("sqs").create_queue(QueueName="q")

        assert aws.trail.wait_until_written(30)
        assert aws.trail.history[-1]["userIdentity"]["userName"] == "alice"


def test_dead_letters_can_be_read_without_taking_them() -> None:
    with (
        EmbeddedAws(managed_policies=False) as aws,
        LocalVigil(aws, {}, [], options=options(with_dynoxide=False)) as vigil,
    ):
        sqs = client_for(aws.url, "sqs")
        url = sqs.get_queue_url(QueueName="vigil-changes-dlq")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="lost")

        assert vigil.dead_letters("changes") == ["lost"]
        assert vigil.dead_letters("changes") == ["lost"]


@pytest.mark.parametrize("rounds", [2] if find_binary() else [])
def test_with_a_data_folder_the_tables_survive(tmp_path: Path, rounds: int) -> None:
    counts = []
    for number in range(rounds):
        with (
            EmbeddedAws(managed_policies=False) as aws,
            LocalVigil(aws, {}, [], options=options(data=tmp_path)) as vigil,
        ):
            table = client_for(vigil.environment["AWS_ENDPOINT_URL_DYNAMODB"], "dynamodb")
            table.put_item(TableName="vigil-history", Item={"pk": {"S": str(number)}})
            counts.append(table.scan(TableName="vigil-history")["Count"])

    assert counts == [1, 2]


def test_a_database_that_does_not_start_says_so(tmp_path: Path) -> None:
    broken = tmp_path / "dynoxide"
    broken.write_text("#!/bin/sh\necho no such luck\n")
    broken.chmod(0o755)

    with pytest.raises(DynoxideError, match="no such luck"), Dynoxide(broken):
        pass
