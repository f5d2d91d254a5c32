"""Calls of real clients leave records of the shapes that CloudTrail gives them."""

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local.conftest import ClientFactory, keys_of, raw_request, signed
from tests.integration.local.record_arrangements import (
    SSH,
    ZIPPED,
    Case,
    bucket,
    database,
    role,
    rule,
)
from tests.integration.local.record_cases_ec2 import EC2_CASES
from tests.integration.local.record_cases_other import OTHER_CASES
from tests.integration.local.record_cases_s3 import S3_CASES
from vigil.local.moto_server import EmbeddedAws

CASES = S3_CASES | EC2_CASES | OTHER_CASES


def records(aws: EmbeddedAws) -> list[dict[str, Any]]:
    assert aws.trail.wait_until_written(30)
    assert not aws.trail.failures
    return list(aws.trail.history)


def filled(expected: Any, made: Any) -> Any:
    """Put what `arrange` returned where an expectation says `{}`."""
    if isinstance(expected, dict):
        return {key: filled(value, made) for key, value in expected.items()}
    if isinstance(expected, list):
        return [filled(value, made) for value in expected]
    if isinstance(expected, str) and expected.startswith("{") and len(expected) < len("{10}"):
        return expected.format(*made) if isinstance(made, tuple) else expected.format(made)
    return expected


def shown_in(actual: Any, expected: Any) -> Any:
    """The part of `actual` that `expected` speaks of."""
    if isinstance(actual, dict) and isinstance(expected, dict):
        return {key: shown_in(actual.get(key), value) for key, value in expected.items()}
    return actual


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_call_is_recorded_as_cloudtrail_does(
    case: Case, aws: EmbeddedAws, client: ClientFactory
) -> None:
    made = case.arrange(client)

    case.act(client(case.service), made)

    record = records(aws)[-1]
    request, response = filled(case.request, made), filled(case.response, made)
    assert record["eventName"] == case.name
    assert record["eventSource"] == f"{case.source}.amazonaws.com"
    assert record["awsRegion"] == case.region
    assert shown_in(record["requestParameters"], request) == request
    assert shown_in(record["responseElements"], response) == (
        response or record["responseElements"]
    )


def test_a_record_has_the_frame_that_consumers_rely_on(
    aws: EmbeddedAws, client: ClientFactory
) -> None:
    bucket(client)

    (record,) = records(aws)
    assert record["eventVersion"] == "1.11"
    assert record["eventType"] == "AwsApiCall"
    assert record["eventCategory"] == "Management"
    assert record["managementEvent"] is True
    assert record["readOnly"] is False
    assert record["recipientAccountId"] == "123456789012"
    assert record["sourceIPAddress"] == "127.0.0.1"
    assert record["userAgent"].startswith("Boto3/")
    assert re.fullmatch(r"[0-9a-f-]{36}", record["eventID"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record["eventTime"])
    assert record["resources"] == [
        {"accountId": "123456789012", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::records"}
    ]


def test_a_refused_call_is_recorded_with_its_error(aws: EmbeddedAws, client: ClientFactory) -> None:
    group_id, _ = rule(client)

    with pytest.raises(ClientError, match="Duplicate"):
        client("ec2").authorize_security_group_ingress(GroupId=group_id, IpPermissions=SSH)

    record = records(aws)[-1]
    assert record["errorCode"] == "Client.InvalidPermission.Duplicate"
    assert record["errorMessage"] == "The specified rule already exists"
    assert record["responseElements"] is None


def test_an_error_outside_ec2_has_no_prefix(aws: EmbeddedAws, client: ClientFactory) -> None:
    with pytest.raises(ClientError):
        client("s3").put_bucket_acl(Bucket="nowhere", ACL="private")

    assert records(aws)[-1]["errorCode"] == "NoSuchBucket"


def test_reads_and_data_events_leave_no_record(aws: EmbeddedAws, client: ClientFactory) -> None:
    bucket(client)
    queue = client("sqs").create_queue(QueueName="q")["QueueUrl"]
    before = len(records(aws))

    client("s3").put_object(Bucket="records", Key="a/b", Body=b"x")
    client("s3").get_bucket_acl(Bucket="records")
    client("ec2").describe_instances()
    client("iam").list_roles()
    client("sqs").send_message(QueueUrl=queue, MessageBody="x")

    assert len(records(aws)) == before


def test_no_secret_reaches_a_record(aws: EmbeddedAws, client: ClientFactory) -> None:
    client("iam").create_user(UserName="alice")
    key = client("iam").create_access_key(UserName="alice")["AccessKey"]
    client("iam").create_login_profile(UserName="alice", Password="correct-horse-1A")
    session = client("sts").assume_role(RoleArn=role(client), RoleSessionName="session")[
        "Credentials"
    ]
    database(client)
    client("secretsmanager").create_secret(Name="s", SecretString="battery-staple")
    client("lambda").create_function(
        FunctionName="f",
        Runtime="python3.11",
        Role="arn:aws:iam::123456789012:role/r",
        Handler="a.b",
        Code=ZIPPED,
        Environment={"Variables": {"TOKEN": "tr0ub4dor"}},
    )

    written = json.dumps(records(aws))
    secrets = (
        key["SecretAccessKey"],
        session["SecretAccessKey"],
        session["SessionToken"],
        "correct-horse-1A",
        "battery-staple",
        "tr0ub4dor",
        "hunter22",
    )
    assert [secret for secret in secrets if secret in written] == []
    assert '"masterUserPassword": "****"' in written


def test_an_iam_user_is_named(aws: EmbeddedAws, client: ClientFactory) -> None:
    client("iam").create_user(UserName="alice")
    key = client("iam").create_access_key(UserName="alice")["AccessKey"]

    client("s3", **keys_of(key)).create_bucket(
        Bucket="records", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )

    identity = records(aws)[-1]["userIdentity"]
    assert identity["type"] == "IAMUser"
    assert identity["userName"] == "alice"
    assert identity["arn"] == "arn:aws:iam::123456789012:user/alice"
    assert identity["accessKeyId"] == key["AccessKeyId"]


def test_an_assumed_role_names_its_issuer(aws: EmbeddedAws, client: ClientFactory) -> None:
    session = client("sts").assume_role(RoleArn=role(client), RoleSessionName="mallory")

    client("ec2", **keys_of(session["Credentials"])).create_security_group(
        GroupName="web", Description="d"
    )

    identity = records(aws)[-1]["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["arn"] == "arn:aws:sts::123456789012:assumed-role/r/mallory"
    assert identity["principalId"].endswith(":mallory")
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == "arn:aws:iam::123456789012:role/r"


def test_another_accounts_change_is_received_by_that_account(
    aws: EmbeddedAws, client: ClientFactory
) -> None:
    session = client("sts").assume_role(
        RoleArn="arn:aws:iam::222233334444:role/other", RoleSessionName="session"
    )

    client("ec2", **keys_of(session["Credentials"])).create_security_group(
        GroupName="web", Description="d"
    )

    assert records(aws)[-1]["recipientAccountId"] == "222233334444"


def test_unknown_keys_are_the_root_user(aws: EmbeddedAws, client: ClientFactory) -> None:
    bucket(client)

    assert records(aws)[-1]["userIdentity"]["type"] == "Root"


def test_taking_on_a_role_is_read_only(aws: EmbeddedAws, client: ClientFactory) -> None:
    client("sts").assume_role(RoleArn=role(client), RoleSessionName="session")

    assert [record["readOnly"] for record in records(aws)] == [False, True]


@pytest.mark.parametrize(
    ("user", "mfa", "kind"), [("alice", True, "IAMUser"), (None, False, "Root")]
)
def test_a_sign_in_says_who_and_whether_with_a_second_factor(
    aws: EmbeddedAws, user: str | None, mfa: bool, kind: str
) -> None:
    aws.sign_in(user, mfa=mfa)

    (record,) = records(aws)
    assert record["eventType"] == "AwsConsoleSignIn"
    assert record["userIdentity"]["type"] == kind
    assert record["additionalEventData"]["MFAUsed"] == ("Yes" if mfa else "No")


def test_a_failed_sign_in_carries_no_error_code(aws: EmbeddedAws) -> None:
    aws.sign_in("alice", success=False)

    (record,) = records(aws)
    assert "errorCode" not in record
    assert record["responseElements"] == {"ConsoleLogin": "Failure"}


def test_a_signed_request_that_is_no_call_changes_and_breaks_nothing(aws: EmbeddedAws) -> None:
    for service, body in (("iam", b"\xff\xfe=%zz"), ("nosuchthing", b"{"), ("ec2", b"Action=Nope")):
        raw_request(aws.url, "POST", "/", body=body, headers=signed(service))

    assert aws.trail.wait_until_written(30)
    assert not aws.trail.history
