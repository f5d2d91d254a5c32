"""Events of the policy types: which resource, what was written, and to whom it opens."""

import json
from typing import Any

import pytest

from chalicelib.findings._matching import carries
from chalicelib.ingest.routing import Origin, Routing, Trace
from chalicelib.model import Touch
from chalicelib.resources import (
    account_region,
    ecr_repository,
    events_event_bus,
    glacier_vault,
    kms_key,
    secretsmanager_secret,
    sns_topic,
    sqs_queue,
)
from chalicelib.resources._kms_events import GRANT_OPENINGS, key_id

ACCOUNT = "111122223333"
STRANGER = "444455556666"
REGION = "eu-west-1"
ORIGIN = Origin(account_id=ACCOUNT, region=REGION, partition="aws")

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:t"
QUEUE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/q"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:shop-AbCdEf"

MODULES = (
    kms_key,
    sns_topic,
    sqs_queue,
    secretsmanager_secret,
    ecr_repository,
    events_event_bus,
    glacier_vault,
    account_region,
)
ROUTING = Routing.of([module.RESOURCE_TYPE for module in MODULES])

NORMAL = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "a", "Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["x:*"]},
    ],
}
TEXT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Sid": "a", "Effect": "Allow", "Principal": "*", "Action": "x:*"},
    }
)


def record(source: str, action: str, /, **parameters: Any) -> dict[str, Any]:
    return {
        "eventSource": f"{source}.amazonaws.com",
        "eventName": action,
        "awsRegion": REGION,
        "recipientAccountId": ACCOUNT,
        "requestParameters": parameters,
    }


def trace(event: dict[str, Any]) -> Trace:
    return ROUTING.written(event, (event["eventSource"], event["eventName"]), ORIGIN)


def touch(event: dict[str, Any]) -> Touch:
    (found,) = trace(event).touches
    return found


@pytest.mark.parametrize(
    ("event", "name", "proposed"),
    [
        pytest.param(
            record("kms", "PutKeyPolicy", keyId=KEY, policyName="default", policy=TEXT),
            KEY,
            {"/properties/KeyPolicy": NORMAL},
            id="key policy",
        ),
        pytest.param(
            record("kms", "DisableKey", keyId=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY}"),
            KEY,
            {"/observed/KeyState": "Disabled"},
            id="disabled key",
        ),
        pytest.param(
            record("kms", "EnableKeyRotation", keyId=KEY, rotationPeriodInDays=180),
            KEY,
            {"/properties/EnableKeyRotation": True, "/properties/RotationPeriodInDays": 180},
            id="rotation on",
        ),
        pytest.param(
            record("kms", "EnableKeyRotation", keyId=KEY),
            KEY,
            {"/properties/EnableKeyRotation": True},
            id="rotation on, period unsaid",
        ),
        pytest.param(
            record("kms", "DisableKeyRotation", keyId=KEY),
            KEY,
            {"/properties/EnableKeyRotation": False, "/properties/RotationPeriodInDays": None},
            id="rotation off",
        ),
        pytest.param(
            {
                **record("kms", "ScheduleKeyDeletion", keyId=KEY),
                "responseElements": {"keyId": KEY, "keyState": "PendingReplicaDeletion"},
            },
            KEY,
            {"/observed/KeyState": "PendingReplicaDeletion"},
            id="primary key scheduled",
        ),
        pytest.param(
            record("kms", "ScheduleKeyDeletion", keyId=KEY), KEY, {}, id="scheduled, state unsaid"
        ),
        pytest.param(
            record(
                "sns",
                "SetTopicAttributes",
                topicArn=TOPIC,
                attributeName="Policy",
                attributeValue=TEXT,
            ),
            TOPIC,
            {"/observed/Policy": NORMAL},
            id="topic policy",
        ),
        pytest.param(
            record(
                "sns",
                "SetTopicAttributes",
                topicArn=TOPIC,
                attributeName="DisplayName",
                attributeValue=TEXT,
            ),
            TOPIC,
            {"/observed/Policy": {}},
            id="topic name",
        ),
        pytest.param(
            record("sns", "RemovePermission", topicArn=TOPIC, label="x"),
            TOPIC,
            {"/observed/Policy/Statement": []},
            id="topic statement removed",
        ),
        pytest.param(
            record("sqs", "SetQueueAttributes", queueUrl=QUEUE, attributes={"Policy": TEXT}),
            QUEUE,
            {"/observed/Policy": NORMAL},
            id="queue policy, all of it",
        ),
        pytest.param(
            record("sqs", "SetQueueAttributes", queueUrl=QUEUE, attributes={"Policy": ""}),
            QUEUE,
            {"/observed/Policy": None},
            id="queue policy taken away",
        ),
        pytest.param(
            record("sqs", "SetQueueAttributes", queueUrl=QUEUE, attributes={"DelaySeconds": "1"}),
            QUEUE,
            {"/observed/Policy": {}},
            id="queue delay",
        ),
        pytest.param(
            {
                **record("sqs", "CreateQueue", queueName="q"),
                "responseElements": {"queueUrl": QUEUE},
            },
            QUEUE,
            {"/observed/Policy": None},
            id="new queue",
        ),
        pytest.param(
            record("sqs", "AddPermission", queueUrl=QUEUE, label="x", aWSAccountIds=[STRANGER]),
            QUEUE,
            {"/observed/Policy/Statement": [{"Sid": "x", "Effect": "Allow"}]},
            id="queue statement added",
        ),
        pytest.param(
            {
                **record(
                    "secretsmanager", "PutResourcePolicy", secretId="shop", resourcePolicy=TEXT
                ),
                "responseElements": {"aRN": SECRET, "name": "shop"},
            },
            SECRET,
            {"/observed/ResourcePolicy": NORMAL},
            id="secret policy",
        ),
        pytest.param(
            record("secretsmanager", "RestoreSecret", secretId="shop"),
            "shop",
            {"/observed/DeletedDate": None},
            id="secret restored",
        ),
        pytest.param(
            record("ecr", "SetRepositoryPolicy", repositoryName="shop/web", policyText=TEXT),
            "shop/web",
            {"/properties/RepositoryPolicyText": NORMAL},
            id="repository policy",
        ),
        pytest.param(
            record("ecr", "DeleteRepositoryPolicy", repositoryName="shop/web"),
            "shop/web",
            {"/properties/RepositoryPolicyText": None},
            id="repository policy taken away",
        ),
        pytest.param(
            record("events", "PutPermission", policy=TEXT),
            "default",
            {"/properties/Policy": NORMAL, "/properties/Policy/Statement": []},
            id="bus policy",
        ),
        pytest.param(
            record(
                "events",
                "PutPermission",
                eventBusName="shop",
                action="events:PutEvents",
                principal="*",
                statementId="all",
            ),
            "shop",
            {
                "/properties/Policy": {},
                "/properties/Policy/Statement": [{"Sid": "all", "Effect": "Allow"}],
            },
            id="bus statement",
        ),
        pytest.param(
            record("events", "RemovePermission", statementId="all"),
            "default",
            {"/properties/Policy/Statement": []},
            id="bus statement removed",
        ),
        pytest.param(
            record(
                "glacier",
                "SetVaultAccessPolicy",
                accountId="-",
                vaultName="v",
                policy={"policy": TEXT},
            ),
            "v",
            {"/observed/Policy": NORMAL},
            id="vault policy",
        ),
        pytest.param(
            record("glue", "PutResourcePolicy", policyInJson=TEXT),
            REGION,
            {"/observed/GlueCatalogPolicy": NORMAL},
            id="catalog policy",
        ),
    ],
)
def test_a_call_says_what_it_wrote_to_which_resource(
    event: dict[str, Any], name: str, proposed: dict[str, Any]
) -> None:
    found = touch(event)

    assert found.ref.id == name
    assert found.proposed == proposed
    assert proposed.keys() <= set(found.writes)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(
            record(
                "sns",
                "SetTopicAttributes",
                topicArn=TOPIC,
                attributeName="DisplayName",
                attributeValue="x",
            ),
            id="topic name",
        ),
        pytest.param(
            record("sqs", "SetQueueAttributes", queueUrl=QUEUE, attributes={}), id="queue"
        ),
        pytest.param(record("sqs", "RemovePermission", queueUrl=QUEUE, label="b"), id="removal"),
        pytest.param(
            record("sqs", "AddPermission", queueUrl=QUEUE, label="b", aWSAccountIds=["*"]),
            id="another statement",
        ),
        pytest.param(
            record("events", "PutPermission", principal="*", statementId="b"), id="bus statement"
        ),
    ],
)
def test_who_wrote_something_else_is_not_blamed_for_a_statement(event: dict[str, Any]) -> None:
    found = touch(event)
    statements = NORMAL["Statement"]

    blamed = [
        carries(
            found.proposed.get(written, NORMAL),
            ("0",) if written.endswith("Statement") else ("Statement", "0"),
            statements if written.endswith("Statement") else NORMAL,
        )
        for written in found.writes
    ]

    assert blamed
    assert not any(blamed)


@pytest.mark.parametrize(
    ("event", "deletes"),
    [
        (
            {
                **record("kms", "DeleteKey"),
                "requestParameters": None,
                "serviceEventDetails": {"keyId": KEY},
            },
            KEY,
        ),
        (
            {
                **record("kms", "DeleteKey"),
                "requestParameters": None,
                "resources": [{"ARN": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY}"}],
            },
            KEY,
        ),
        (record("sns", "DeleteTopic", topicArn=TOPIC), TOPIC),
        (record("sqs", "DeleteQueue", queueUrl=QUEUE), QUEUE),
        (record("ecr", "DeleteRepository", repositoryName="shop"), "shop"),
        (record("events", "DeleteEventBus", name="shop"), "shop"),
        (record("glacier", "DeleteVault", accountId="-", vaultName="v"), "v"),
        (record("secretsmanager", "DeleteSecret", secretId=SECRET), SECRET),
    ],
    ids=lambda value: value["eventSource"] if isinstance(value, dict) else "",
)
def test_a_deletion_is_known_as_one(event: dict[str, Any], deletes: str) -> None:
    found = touch(event)

    assert found.deletes
    assert found.ref.id == deletes


def test_the_registrys_own_policy_and_public_repositories_touch_no_repository() -> None:
    registry = record("ecr", "PutRegistryPolicy", policyText=TEXT)
    public = record("ecr-public", "SetRepositoryPolicy", repositoryName="shop", policyText=TEXT)

    assert trace(registry) == trace(public) == Trace()


def test_what_writes_no_part_of_an_item_is_understood_and_not_delivered() -> None:
    routes = [route for module in MODULES for route in module.RESOURCE_TYPE.routes]

    idle = [r for r in routes if not (r.writes or r.deletes or r.derive or r.observe)]

    assert idle
    assert not any(route.delivered for route in idle)


def grant(grantee: str, **more: Any) -> dict[str, Any]:
    given = {"keyId": KEY, "granteePrincipal": grantee, "operations": ["Decrypt"], **more}
    return record("kms", "CreateGrant", **given)


@pytest.mark.parametrize(
    ("grantee", "audience"),
    [
        pytest.param(f"arn:aws:iam::{STRANGER}:role/x", "outsiders", id="foreign role"),
        pytest.param(STRANGER, "outsiders", id="foreign account"),
        pytest.param(f"arn:aws:iam::{ACCOUNT}:role/x", "own-account", id="own role"),
        pytest.param(
            f"arn:aws:sts::{ACCOUNT}:assumed-role/aws:ec2-infrastructure/i-1",
            "own-account",
            id="EC2 for an instance",
        ),
        pytest.param("dynamodb.eu-west-1.amazonaws.com", "aws-service", id="a service"),
    ],
)
def test_a_grant_opens_to_whom_it_is_given(grantee: str, audience: str) -> None:
    found = trace(grant(grantee))

    (row,) = found.derived[GRANT_OPENINGS]
    assert row["Audience"] == audience
    assert row["Actions"] == ["kms:Decrypt"]


def test_only_a_grant_that_leaves_the_account_leads_to_a_look() -> None:
    assert touch(grant(STRANGER)).ref.id == KEY
    assert trace(grant(ACCOUNT)).touches == ()
    assert key_id(KEY, record("kms", "DisableKey", keyId=KEY)) == KEY


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({}, id="nobody"),
        pytest.param({"granteePrincipal": None}, id="null"),
        pytest.param({"granteePrincipal": ["*"]}, id="a list"),
        pytest.param({"granteePrincipal": STRANGER, "operations": None}, id="no operation"),
    ],
)
def test_a_grant_that_cannot_be_read_breaks_nothing(parameters: dict[str, Any]) -> None:
    event = record("kms", "CreateGrant", keyId=KEY, **parameters)

    rows = trace(event).derived[GRANT_OPENINGS]

    assert [row["Audience"] for row in rows] in ([], ["outsiders"])
