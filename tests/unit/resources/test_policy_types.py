"""The types with a policy, read from answers as AWS gives them: absent, odd, paged, refused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.model import GapReason, ResourceRef, ResourceType, SweepRequest
from chalicelib.resources import (
    _frame,
    ecr_repository,
    events_event_bus,
    glacier_vault,
    kms_key,
    secretsmanager_secret,
    sns_topic,
    sqs_queue,
)
from chalicelib.resources._account_glue import GLUE_CATALOG
from tests.unit.resources.scripted_aws import (
    ACCOUNT,
    REGION,
    Reply,
    ScriptedAws,
    StoppedClock,
    everything,
    gaps,
    look,
    page,
    ref,
    refusal,
)

QUEUE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/q"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:t"
EMPTY = '{"Version":"2012-10-17","Statement":[]}'

GONE = [
    pytest.param(kms_key, "describe_key", "NotFoundException", id="key"),
    pytest.param(sns_topic, "get_topic_attributes", "NotFound", id="topic"),
    pytest.param(
        sqs_queue, "get_queue_attributes", "AWS.SimpleQueueService.NonExistentQueue", id="queue"
    ),
    pytest.param(sqs_queue, "get_queue_attributes", "QueueDoesNotExist", id="queue, JSON"),
    pytest.param(
        secretsmanager_secret, "describe_secret", "ResourceNotFoundException", id="secret"
    ),
    pytest.param(
        ecr_repository, "describe_repositories", "RepositoryNotFoundException", id="repository"
    ),
    pytest.param(
        events_event_bus, "describe_event_bus", "ResourceNotFoundException", id="event bus"
    ),
    pytest.param(glacier_vault, "describe_vault", "ResourceNotFoundException", id="vault"),
]


@pytest.mark.parametrize(("module", "call", "code"), GONE)
def test_a_resource_is_absent_by_its_own_code_and_no_other(
    module: Any, call: str, code: str
) -> None:
    kind = module.RESOURCE_TYPE
    denied = ScriptedAws(dict.fromkeys(_operations(kind), refusal("AccessDeniedException")))

    assert look(ScriptedAws({call: refusal(code)}), kind) is None
    assert look(denied, kind) is not None


def _operations(kind: ResourceType) -> set[str]:
    calls = {call.partition(":")[2] for facet in kind.facets for call in facet.calls}
    return {"".join(f"_{c.lower()}" if c.isupper() else c for c in call)[1:] for call in calls}


def secret_aws(policy: Reply, **described: Any) -> ScriptedAws:
    secret = {"ARN": SECRET, "Name": "shop", **described}
    return ScriptedAws({"describe_secret": secret, "get_resource_policy": policy})


SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:shop-AbCdEf"
CREATED = datetime(2026, 1, 1, tzinfo=UTC)
REPOSITORY = {"repositoryName": "shop/web", "createdAt": CREATED}
VAULT = {"VaultName": "v", "CreationDate": "2026-01-01T00:00:00.000Z"}


@pytest.mark.parametrize(
    ("module", "replies", "pointer"),
    [
        pytest.param(
            sqs_queue,
            {
                "get_queue_attributes": {
                    "Attributes": {"QueueArn": "arn:aws:sqs:::q", "CreatedTimestamp": "1"}
                }
            },
            "/observed/Policy",
            id="queue",
        ),
        pytest.param(
            secretsmanager_secret,
            {
                "describe_secret": {"ARN": SECRET, "Name": "shop"},
                "get_resource_policy": {"ARN": SECRET, "Name": "shop"},
            },
            "/observed/ResourcePolicy",
            id="secret",
        ),
        pytest.param(
            ecr_repository,
            {
                "describe_repositories": {"repositories": [REPOSITORY]},
                "get_repository_policy": refusal("RepositoryPolicyNotFoundException"),
            },
            "/properties/RepositoryPolicyText",
            id="repository",
        ),
        pytest.param(
            events_event_bus,
            {"describe_event_bus": {"Name": "b", "Arn": "arn"}},
            "/properties/Policy",
            id="event bus",
        ),
        pytest.param(
            glacier_vault,
            {
                "describe_vault": VAULT,
                "get_vault_access_policy": refusal("ResourceNotFoundException"),
            },
            "/observed/Policy",
            id="vault",
        ),
    ],
)
def test_no_policy_opens_nothing_and_is_no_gap(
    module: Any, replies: dict[str, Reply], pointer: str
) -> None:
    item = look(ScriptedAws(replies), module.RESOURCE_TYPE)

    assert item is not None
    section, name = pointer[1:].split("/")
    assert item.gaps == ()
    assert item.document()[section][name] is None
    assert item.derived["PolicyOpenings"] == []


@pytest.mark.parametrize(
    ("module", "replies"),
    [
        pytest.param(sns_topic, {"get_topic_attributes": {"Attributes": {}}}, id="topic"),
        pytest.param(
            sns_topic,
            {"get_topic_attributes": {"Attributes": {"TopicArn": "arn:aws:sns:::t"}}},
            id="topic without its policy",
        ),
        pytest.param(sqs_queue, {"get_queue_attributes": {}}, id="queue"),
        pytest.param(events_event_bus, {"describe_event_bus": {}}, id="event bus"),
        pytest.param(
            glacier_vault,
            {"describe_vault": VAULT, "get_vault_access_policy": {}},
            id="vault",
        ),
        pytest.param(
            ecr_repository,
            {
                "describe_repositories": {"repositories": [REPOSITORY]},
                "get_repository_policy": {"repositoryName": "shop/web"},
            },
            id="repository",
        ),
        pytest.param(
            secretsmanager_secret,
            {"describe_secret": {"ARN": SECRET, "Name": "s"}, "get_resource_policy": {}},
            id="secret",
        ),
    ],
)
def test_an_answer_that_lacks_what_aws_always_sends_is_a_gap(
    module: Any, replies: dict[str, Reply]
) -> None:
    found = gaps(look(ScriptedAws(replies), module.RESOURCE_TYPE))

    assert found["/derived/PolicyOpenings"][0] is GapReason.MALFORMED


def test_a_vault_that_vanishes_between_two_calls_is_no_error() -> None:
    gone = ScriptedAws({"describe_vault": refusal("ResourceNotFoundException")})

    assert look(gone, glacier_vault.RESOURCE_TYPE) is None
    assert gone.asked == ["describe_vault"]


def test_a_secret_that_vanishes_between_two_calls_is_absent() -> None:
    aws = secret_aws(refusal("ResourceNotFoundException"))

    assert look(aws, secretsmanager_secret.RESOURCE_TYPE) is None


def test_a_replica_is_judged_by_the_policy_it_has_in_its_own_region() -> None:
    everybody = '{"Statement":{"Effect":"Allow","Principal":"*","Action":"secretsmanager:*"}}'
    aws = secret_aws({"ARN": SECRET, "ResourcePolicy": everybody}, PrimaryRegion="us-east-1")

    item = look(aws, secretsmanager_secret.RESOURCE_TYPE, SECRET)

    assert item is not None
    assert [row["Audience"] for row in item.derived["PolicyOpenings"]] == ["anyone"]


@pytest.mark.parametrize(
    ("raw", "calls"),
    [
        pytest.param(SECRET, [], id="whole ARN"),
        pytest.param("shop", ["describe_secret"], id="name"),
        pytest.param(SECRET.removesuffix("-AbCdEf"), ["describe_secret"], id="ARN without its end"),
    ],
)
def test_a_secret_is_resolved_to_its_whole_arn(raw: str, calls: list[str]) -> None:
    aws = secret_aws({})
    resolve = secretsmanager_secret.RESOURCE_TYPE.resolve
    assert resolve is not None

    found = resolve(aws, ref(secretsmanager_secret.RESOURCE_TYPE, raw))

    assert found is not None
    assert found.id == SECRET
    assert aws.asked == calls


def test_a_secret_of_no_known_name_resolves_to_nothing() -> None:
    aws = ScriptedAws({"describe_secret": refusal("ResourceNotFoundException")})
    resolve = secretsmanager_secret.RESOURCE_TYPE.resolve
    assert resolve is not None

    assert resolve(aws, ref(secretsmanager_secret.RESOURCE_TYPE, "shop")) is None


@pytest.mark.parametrize(
    ("module", "replies", "later", "call"),
    [
        pytest.param(
            ecr_repository,
            {"describe_repositories": {"repositories": [REPOSITORY]}},
            {"repositories": [{**REPOSITORY, "createdAt": datetime(2026, 2, 1, tzinfo=UTC)}]},
            "describe_repositories",
            id="repository",
        ),
        pytest.param(
            glacier_vault,
            {"describe_vault": VAULT},
            {**VAULT, "CreationDate": "2026-02-01T00:00:00.000Z"},
            "describe_vault",
            id="vault",
        ),
        pytest.param(
            sqs_queue,
            {
                "get_queue_attributes": {
                    "Attributes": {"QueueArn": "arn:aws:sqs:::q", "CreatedTimestamp": "1"}
                }
            },
            {"Attributes": {"QueueArn": "arn:aws:sqs:::q", "CreatedTimestamp": "2"}},
            "get_queue_attributes",
            id="queue",
        ),
    ],
)
def test_what_is_made_again_under_its_name_is_another_resource(
    module: Any, replies: dict[str, Reply], later: Any, call: str
) -> None:
    aws = ScriptedAws({**replies, call: [replies[call], later]})
    kind = module.RESOURCE_TYPE
    exists = frozenset({kind.facets[0].pointers[0]})

    first, second = (
        _frame.describe(aws, kind, ref(kind, "x"), exists, StoppedClock()) for _ in range(2)
    )

    assert first is not None
    assert second is not None
    assert first.ref.unique_id
    assert first.ref.unique_id != second.ref.unique_id


LISTINGS = [
    pytest.param(
        sns_topic,
        "list_topics",
        {"Topics": [{"TopicArn": TOPIC}], "NextToken": "more"},
        {"NextToken": "more"},
        TOPIC,
        id="topics",
    ),
    pytest.param(
        sqs_queue,
        "list_queues",
        {"QueueUrls": [f"https://{REGION}.queue.amazonaws.com/{ACCOUNT}/q"], "NextToken": "more"},
        {"NextToken": "more", "MaxResults": 1000},
        QUEUE,
        id="queues",
    ),
    pytest.param(
        secretsmanager_secret,
        "list_secrets",
        {"SecretList": [{"ARN": SECRET, "Name": "shop"}], "NextToken": "more"},
        {"NextToken": "more", "MaxResults": 100},
        SECRET,
        id="secrets",
    ),
    pytest.param(
        ecr_repository,
        "describe_repositories",
        {"repositories": [REPOSITORY], "nextToken": "more"},
        {"nextToken": "more", "maxResults": 1000},
        "shop/web",
        id="repositories",
    ),
    pytest.param(
        events_event_bus,
        "list_event_buses",
        {"EventBuses": [{"Name": "default", "Arn": "arn"}], "NextToken": "more"},
        {"NextToken": "more", "Limit": 100},
        "default",
        id="event buses",
    ),
    pytest.param(
        glacier_vault,
        "list_vaults",
        {"VaultList": [VAULT], "Marker": "more"},
        {"marker": "more", "accountId": "-"},
        "v",
        id="vaults",
    ),
]


@pytest.mark.parametrize(("module", "call", "answer", "asked_next", "name"), LISTINGS)
def test_a_listing_goes_on_where_it_stopped(
    module: Any, call: str, answer: dict[str, Any], asked_next: dict[str, Any], name: str
) -> None:
    last = {key: value for key, value in answer.items() if isinstance(value, list)}
    aws = ScriptedAws({call: [answer, last]})

    first = page(aws, module.RESOURCE_TYPE)
    second = page(aws, module.RESOURCE_TYPE, first.next_token)

    found = [*first.refs, *(item.ref for item in first.items)]
    assert [one.id for one in found] == [name]
    assert second.next_token is None
    assert aws.calls[-1] == (call, asked_next)
    assert aws.asked == [call, call]


def test_a_topic_says_where_an_address_may_be_of_any_protocol() -> None:
    policy = {
        "Statement": {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "SNS:Subscribe",
            "Condition": {"StringLike": {"SNS:Endpoint": "*@example.com"}},
        }
    }
    attributes = {"TopicArn": TOPIC, "Policy": policy}
    aws = ScriptedAws({"get_topic_attributes": {"Attributes": attributes}})

    item = look(aws, sns_topic.RESOURCE_TYPE, TOPIC)

    assert item is not None
    assert [row["Notes"] for row in item.derived["PolicyOpenings"]] == [
        ["endpoint-without-protocol"]
    ]


def test_no_queues_is_an_answer_without_the_member() -> None:
    assert page(ScriptedAws({"list_queues": {}}), sqs_queue.RESOURCE_TYPE).refs == ()


def test_listed_buses_need_no_further_call() -> None:
    aws = ScriptedAws({"list_event_buses": {"EventBuses": [{"Name": "b", "Policy": EMPTY}]}})
    kind = events_event_bus.RESOURCE_TYPE
    request = SweepRequest(account_id=ACCOUNT, region=REGION, type=kind.type)

    found = _frame.page(aws, kind, request, everything(kind), StoppedClock())

    assert found.items[0].properties["Policy"] == {"Version": "2012-10-17", "Statement": []}
    assert aws.asked == ["list_event_buses"]


@pytest.mark.parametrize(
    ("reply", "policy"),
    [
        pytest.param(refusal("EntityNotFoundException"), None, id="none"),
        pytest.param({}, None, id="empty answer"),
        pytest.param({"PolicyInJson": EMPTY}, {"Version": "2012-10-17", "Statement": []}, id="one"),
    ],
)
def test_the_catalog_has_one_policy_or_none(reply: Reply, policy: Any) -> None:
    (facet,) = GLUE_CATALOG.facets
    region = ResourceRef(
        account_id=ACCOUNT, region=REGION, type="Observed::Account::Region", id=REGION
    )

    reading = facet.read(ScriptedAws({"get_resource_policy": reply}), region)

    assert reading is not None
    assert reading.observed == {"GlueCatalogPolicy": policy}
