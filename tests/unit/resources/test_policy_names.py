"""What the policy types go by: every spelling of one resource, and nothing that is no resource."""

from typing import Any

import pytest

from chalicelib.resources import (
    ecr_repository,
    events_event_bus,
    glacier_vault,
    kms_key,
    secretsmanager_secret,
    sns_topic,
    sqs_queue,
)
from chalicelib.resources.sqs_queue import queue_url
from tests.unit.resources.scripted_aws import ACCOUNT, REGION

SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:shop-AbCdEf"
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:t"
QUEUE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/q"


def record(**parameters: Any) -> dict[str, Any]:
    return {
        "eventSource": "events.amazonaws.com",
        "awsRegion": REGION,
        "recipientAccountId": ACCOUNT,
        "requestParameters": parameters,
    }


@pytest.mark.parametrize(
    ("module", "raw", "parameters", "name"),
    [
        (kms_key, KEY, {}, KEY),
        (kms_key, f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY}", {}, KEY),
        (
            kms_key,
            "mrk-1234abcd12ab34cd56ef1234567890ab",
            {},
            "mrk-1234abcd12ab34cd56ef1234567890ab",
        ),
        (kms_key, "alias/shop", {}, None),
        (kms_key, f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/shop", {}, None),
        (kms_key, "a\n", {}, None),
        (sns_topic, TOPIC, {}, TOPIC),
        (sns_topic, f"{TOPIC}:8a7b", {}, None),
        (sns_topic, "t", {}, None),
        (sns_topic, f"arn:aws:sqs:{REGION}:{ACCOUNT}:t", {}, None),
        (sqs_queue, QUEUE, {}, QUEUE),
        (sqs_queue, QUEUE.replace(ACCOUNT, "444455556666"), {}, None),
        (sqs_queue, "q", {}, None),
        (secretsmanager_secret, SECRET, {}, SECRET),
        (secretsmanager_secret, "shop/db", {}, "shop/db"),
        (secretsmanager_secret, "", {}, None),
        (secretsmanager_secret, f"arn:aws:sns:{REGION}:{ACCOUNT}:t", {}, None),
        (ecr_repository, "shop/web", {}, "shop/web"),
        (ecr_repository, "shop/web", {"registryId": ACCOUNT}, "shop/web"),
        (ecr_repository, "shop/web", {"registryId": "444455556666"}, None),
        (ecr_repository, "Shop", {}, None),
        (events_event_bus, "shop", {"eventBusName": "shop"}, "shop"),
        (events_event_bus, "events.amazonaws.com", {}, "default"),
        (
            events_event_bus,
            "events.amazonaws.com",
            {"eventBusName": "events.amazonaws.com"},
            "events.amazonaws.com",
        ),
        (events_event_bus, f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/a/b", {}, "a/b"),
        (events_event_bus, f"arn:aws:events:{REGION}:{ACCOUNT}:rule/a", {}, None),
        (glacier_vault, "v", {"accountId": "-"}, "v"),
        (glacier_vault, "v", {"accountId": ACCOUNT}, "v"),
        (glacier_vault, "v", {"accountId": "444455556666"}, None),
        (glacier_vault, "v/w", {}, None),
    ],
)
def test_a_raw_id_names_one_resource_of_ours_or_none(
    module: Any, raw: str, parameters: dict[str, Any], name: str | None
) -> None:
    assert module.RESOURCE_TYPE.identify(raw, record(**parameters)) == name


@pytest.mark.parametrize(
    ("raw", "region", "url"),
    [
        pytest.param(QUEUE, REGION, QUEUE, id="as SQS says it"),
        pytest.param(QUEUE.replace("sqs.", "sqs-fips."), REGION, QUEUE, id="FIPS"),
        pytest.param(
            f"https://{REGION}.queue.amazonaws.com/{ACCOUNT}/q", REGION, QUEUE, id="legacy"
        ),
        pytest.param(f"https://sqs.{REGION}.api.aws/{ACCOUNT}/q", REGION, QUEUE, id="dual stack"),
        pytest.param(
            f"https://vpce-1a2b.sqs.{REGION}.vpce.amazonaws.com/{ACCOUNT}/q",
            REGION,
            QUEUE,
            id="VPC endpoint",
        ),
        pytest.param(
            f"https://queue.amazonaws.com/{ACCOUNT}/q.fifo",
            "us-east-1",
            f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/q.fifo",
            id="us-east-1 of old, FIFO",
        ),
        pytest.param(
            f"https://sqs.cn-north-1.amazonaws.com.cn/{ACCOUNT}/q",
            "cn-north-1",
            f"https://sqs.cn-north-1.amazonaws.com.cn/{ACCOUNT}/q",
            id="China",
        ),
        pytest.param(
            f"http://localhost:5000/{ACCOUNT}/q",
            REGION,
            f"http://localhost:5000/{ACCOUNT}/q",
            id="an AWS of one's own",
        ),
        pytest.param(f"https://amazonaws.com.evil.example/{ACCOUNT}/q?x", REGION, None, id="query"),
        pytest.param(f"ftp://sqs.amazonaws.com/{ACCOUNT}/q", REGION, None, id="no web address"),
        pytest.param(f"{QUEUE}/x", REGION, None, id="a path too long"),
    ],
)
def test_one_queue_has_one_url(raw: str, region: str, url: str | None) -> None:
    assert queue_url(raw, region) == url
