"""AWS::SQS::Queue: who may send to it, receive from it, or change it.

A queue goes by its URL, as in CloudFormation and CloudTrail; but one queue has several: AWS
answers on legacy, FIPS, dual-stack and VPC endpoints. All of AWS's own become one.
"""

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.model import Facet, FacetReading, Page, ResourceRef, ResourceType, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._added_permission import AddedPermission
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._listing import Listed, page_of
from chalicelib.resources._payload import field, parameters_of
from chalicelib.resources._resource_policy import (
    POLICY_CHANGE_FACTS,
    POLICY_SCHEMA,
    UNTOUCHED,
    derived_openings,
    openings_by,
    policy_fact,
    policy_from,
    proposes,
)

TYPE = "AWS::SQS::Queue"
SERVICE = "sqs"

_SOURCE = "sqs.amazonaws.com"
#: The first is what AWS has sent since before its JSON protocol, and still sends with it.
_GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
_PAGE_SIZE = 1000

_NAME = "/properties/QueueName"
_POLICY = "/observed/Policy"
_STATEMENTS = f"{_POLICY}/Statement"

_QUEUE = ("requestParameters.queueUrl",)
_ADDED = AddedPermission(
    label="label", principals=("aWSAccountIds",), actions=("actions",), service="SQS"
)

_URL = re.compile(
    r"https?://(?P<host>[A-Za-z0-9.:-]{1,255})"
    r"/(?P<account>\d{12})/(?P<name>[A-Za-z0-9_-]{1,80}(?:\.fifo)?)",
    re.ASCII,
)
_AWS_HOSTS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn")


def queue_url(raw: str, region: str) -> str | None:
    """Return the one URL that a queue goes by, or None for what is no queue's."""
    parts = _URL.fullmatch(raw)
    if parts is None:
        return None
    if not parts["host"].endswith(_AWS_HOSTS):
        return raw
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://sqs.{region}.{suffix}/{parts['account']}/{parts['name']}"


def _read(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = aws.client("sqs", account_id=ref.account_id, region=ref.region)
    answer = answer_or_none(
        client.get_queue_attributes, *_GONE, QueueUrl=ref.id, AttributeNames=["All"]
    )
    if answer is None:
        return None
    attributes = member(answer, "Attributes")
    return FacetReading(
        properties={"QueueName": member(attributes, "QueueArn").rpartition(":")[2]},
        # SQS leaves out attributes that are not set.
        observed={"Policy": policy_from(attributes.get("Policy"))},
        # A queue made again under its name has the same URL and ARN.
        unique_id=member(attributes, "CreatedTimestamp"),
    )


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    client = aws.client("sqs", account_id=account_id, region=region)
    # Without MaxResults, SQS gives the first 1,000 and no token.
    paging = {"NextToken": token} if token else {}
    answer = client.list_queues(MaxResults=_PAGE_SIZE, **paging)
    # No queues, no member.
    return page_of(
        answer.get("QueueUrls", ()),
        lambda url: _named(account_id, region, queue_url(url, region)),
        answer.get("NextToken"),
    )


def _named(account_id: str, region: str, url: str | None) -> Listed:
    if url is None:
        return None
    return ResourceRef(account_id=account_id, region=region, type=TYPE, id=url)


def _identify(raw: str, record: Record) -> str | None:
    url = queue_url(raw, str(field(record, "awsRegion") or ""))
    owner = field(record, "recipientAccountId")
    # The record of a call on another account's queue is of interest there, not here.
    return url if url and owner in (None, url.split("/")[3]) else None


def _arn(ref: ResourceRef) -> str:
    name = ref.id.rpartition("/")[2]
    return f"arn:{ref.partition}:sqs:{ref.region}:{ref.account_id}:{name}"


def _proposed(record: Record) -> Mapping[str, Any]:
    attributes = field(parameters_of(record), "attributes")
    document = field(attributes, "Policy")
    if document is None:
        return {_POLICY: UNTOUCHED}
    # An empty text takes the policy away.
    return {_POLICY: policy_from(document)}


def _created(record: Record) -> Mapping[str, Any]:
    proposed = _proposed(record)
    return proposed if proposed[_POLICY] else {_POLICY: None}


def _added(record: Record) -> Mapping[str, Any]:
    return _ADDED.proposed(record, _STATEMENTS)


_opened = derived_openings(SERVICE, "attributes", "Policy")

_ROUTES = (
    Route(
        source=_SOURCE,
        actions=("CreateQueue",),
        ids=("responseElements.queueUrl",),
        writes=(_NAME, _POLICY),
        creates=True,
        propose=_created,
        derive=_opened,
    ),
    Route(
        source=_SOURCE,
        actions=("SetQueueAttributes",),
        ids=_QUEUE,
        writes=(_POLICY,),
        propose=_proposed,
        derive=_opened,
    ),
    Route(
        source=_SOURCE,
        actions=("AddPermission",),
        ids=_QUEUE,
        writes=(_STATEMENTS,),
        propose=_added,
        derive=openings_by(SERVICE, _ADDED.policy),
    ),
    Route(
        source=_SOURCE,
        actions=("RemovePermission",),
        ids=_QUEUE,
        writes=(_STATEMENTS,),
        propose=proposes(_STATEMENTS, []),
    ),
    Route(source=_SOURCE, actions=("DeleteQueue",), ids=_QUEUE, deletes=True),
    # Tags are no part of the item: understood where records are read back, not delivered.
    Route(source=_SOURCE, actions=("TagQueue", "UntagQueue"), ids=_QUEUE, delivered=False),
)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service=SERVICE,
    noun="queue",
    schema=closed(
        {
            "properties": closed({"QueueName": {"type": "string"}}),
            "observed": closed({"Policy": POLICY_SCHEMA}),
        }
    ),
    routes=_ROUTES,
    facets=(
        Facet(
            name="queue",
            calls=("sqs:GetQueueAttributes",),
            permissions=("sqs:GetQueueAttributes",),
            pointers=(_NAME, _POLICY),
            read=_read,
            existence=True,
        ),
    ),
    facts=(policy_fact(_POLICY, SERVICE),),
    list=_list,
    list_calls=("sqs:ListQueues",),
    list_permissions=("sqs:ListQueues",),
    identify=_identify,
    arn=_arn,
    defaults={"properties": {"QueueName": "example"}, "observed": {"Policy": None}},
    change_facts=POLICY_CHANGE_FACTS,
)
