"""AWS::SNS::Topic: who may publish to it, subscribe to it, or change it.

A topic always has a policy. The one it is born with names everybody and limits that to its own
account by the old key ``AWS:SourceOwner``; that is closed.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.topics import topic_openings
from chalicelib.model import Facet, FacetReading, Page, ResourceRef, ResourceType, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._added_permission import AddedPermission
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._listing import page_of
from chalicelib.resources._payload import field, parameters_of
from chalicelib.resources._resource_policy import (
    POLICY_CHANGE_FACTS,
    POLICY_SCHEMA,
    UNTOUCHED,
    openings_by,
    policy_at,
    policy_fact,
    policy_from,
    proposed_by,
    proposes,
)

TYPE = "AWS::SNS::Topic"
SERVICE = "sns"

_SOURCE = "sns.amazonaws.com"
_GONE = "NotFound"
_ARN_PARTS = 6

_NAME = "/properties/TopicName"
_POLICY = "/observed/Policy"
_STATEMENTS = f"{_POLICY}/Statement"
_LEFT_ALONE = {_POLICY: UNTOUCHED}

_TOPIC = ("requestParameters.topicArn",)
_ADDED = AddedPermission(
    label="label",
    # The API says AWSAccountId and ActionName, its SDKs the plural: no record at hand settles it.
    principals=("aWSAccountId", "aWSAccountIds"),
    actions=("actionName", "actionNames"),
    service="SNS",
)


def _read(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = aws.client("sns", account_id=ref.account_id, region=ref.region)
    answer = answer_or_none(client.get_topic_attributes, _GONE, TopicArn=ref.id)
    if answer is None:
        return None
    attributes = member(answer, "Attributes")
    return FacetReading(
        properties={"TopicName": member(attributes, "TopicArn").rpartition(":")[2]},
        observed={"Policy": policy_from(member(attributes, "Policy"))},
    )


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    client = aws.client("sns", account_id=account_id, region=region)
    answer = client.list_topics(**({"NextToken": token} if token else {}))
    return page_of(
        member(answer, "Topics"),
        lambda topic: ResourceRef(
            account_id=account_id, region=region, type=TYPE, id=topic["TopicArn"]
        ),
        answer.get("NextToken"),
    )


def _identify(raw: str, _record: Record) -> str | None:
    parts = raw.split(":")
    return raw if len(parts) == _ARN_PARTS and parts[0] == "arn" and parts[2] == "sns" else None


def _set_policy(record: Record) -> Any:
    parameters = parameters_of(record)
    about_policy = field(parameters, "attributeName") == "Policy"
    return field(parameters, "attributeValue") if about_policy else None


def _added(record: Record) -> Mapping[str, Any]:
    return _ADDED.proposed(record, _STATEMENTS)


_created_policy = policy_at("attributes", "Policy")

_ROUTES = (
    Route(
        source=_SOURCE,
        actions=("CreateTopic",),
        ids=("responseElements.topicArn",),
        writes=(_NAME, _POLICY),
        creates=True,
        propose=proposed_by(_POLICY, _created_policy, otherwise=_LEFT_ALONE),
        derive=openings_by(SERVICE, _created_policy),
    ),
    Route(
        source=_SOURCE,
        actions=("SetTopicAttributes",),
        ids=_TOPIC,
        writes=(_POLICY,),
        propose=proposed_by(_POLICY, _set_policy, otherwise=_LEFT_ALONE),
        derive=openings_by(SERVICE, _set_policy),
    ),
    Route(
        source=_SOURCE,
        actions=("AddPermission",),
        ids=_TOPIC,
        writes=(_STATEMENTS,),
        propose=_added,
        derive=openings_by(SERVICE, _ADDED.policy),
    ),
    Route(
        source=_SOURCE,
        actions=("RemovePermission",),
        ids=_TOPIC,
        writes=(_STATEMENTS,),
        propose=proposes(_STATEMENTS, []),
    ),
    Route(source=_SOURCE, actions=("DeleteTopic",), ids=_TOPIC, deletes=True),
    # Subscribers are no part of the item: understood where records are read back, not delivered.
    Route(source=_SOURCE, actions=("Subscribe",), ids=_TOPIC, delivered=False),
)

#: What CloudFormation's Ref gives, in the account and Region that rule examples live in.
_EXAMPLE = "arn:aws:sns:us-east-1:111122223333:example"
_DEFAULT_POLICY = {
    "Version": "2008-10-17",
    "Id": "__default_policy_ID",
    "Statement": [
        {
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": ["*"]},
            "Action": [
                "SNS:GetTopicAttributes",
                "SNS:SetTopicAttributes",
                "SNS:AddPermission",
                "SNS:RemovePermission",
                "SNS:DeleteTopic",
                "SNS:Subscribe",
                "SNS:ListSubscriptionsByTopic",
                "SNS:Publish",
            ],
            "Resource": [_EXAMPLE],
            "Condition": {"StringEquals": {"AWS:SourceOwner": ["111122223333"]}},
        }
    ],
}

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service=SERVICE,
    noun="topic",
    schema=closed(
        {
            "properties": closed({"TopicName": {"type": "string"}}),
            "observed": closed({"Policy": POLICY_SCHEMA}),
        }
    ),
    routes=_ROUTES,
    facets=(
        Facet(
            name="topic",
            calls=("sns:GetTopicAttributes",),
            permissions=("sns:GetTopicAttributes",),
            pointers=(_NAME, _POLICY),
            read=_read,
            existence=True,
        ),
    ),
    facts=(policy_fact(_POLICY, SERVICE, openings_of=topic_openings),),
    list=_list,
    list_calls=("sns:ListTopics",),
    list_permissions=("sns:ListTopics",),
    identify=_identify,
    arn=lambda ref: ref.id,
    defaults={
        "properties": {"TopicName": "example"},
        "observed": {"Policy": _DEFAULT_POLICY},
    },
    change_facts=POLICY_CHANGE_FACTS,
)
