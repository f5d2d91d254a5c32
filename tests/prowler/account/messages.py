"""Topics, queues and event buses, by policy."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.prowler.account.conditions import CLOSING, OPEN
from tests.prowler.account.seeding import (
    ACCOUNT,
    REGION,
    STRANGER,
    Seeding,
    Statement,
    allow,
    deny,
    document,
    filled,
)


def _subscribe(endpoint: str) -> Statement:
    condition = {"StringLike": {"sns:Endpoint": endpoint}}
    return allow({"AWS": "*"}, "sns:Subscribe", "{arn}", Condition=condition)


def _from(service: str, **condition: Any) -> Statement:
    more = {"Condition": condition} if condition else {}
    return allow({"Service": service}, "sqs:SendMessage", "{arn}", **more)


TOPICS: Mapping[str, Sequence[Statement]] = {
    "public": (allow({"AWS": "*"}, "sns:Publish", "{arn}"),),
    "public-upper-case": (allow("*", "SNS:Publish", "{arn}"),),
    "source-owner": (
        allow(
            {"AWS": "*"},
            "sns:Publish",
            "{arn}",
            Condition={"StringEquals": {"AWS:SourceOwner": ACCOUNT}},
        ),
    ),
    "subscribe-by-mail": (_subscribe("*@example.com"),),
    "subscribe-anywhere": (_subscribe("*"),),
    "not-principal": (
        {
            "Effect": "Allow",
            "NotPrincipal": {"AWS": STRANGER},
            "Action": "sns:Publish",
            "Resource": "{arn}",
        },
    ),
    "denied-outright": (allow("*", "sns:Publish", "{arn}"), deny("sns:*", "{arn}")),
    "stranger": (allow({"AWS": STRANGER}, "sns:Publish", "{arn}"),),
    **{
        f"closed-{name}": (allow("*", "sns:Publish", "{arn}", Condition=condition),)
        for name, condition in CLOSING.items()
    },
    **{
        f"open-{name}": (allow("*", "sns:Publish", "{arn}", Condition=condition),)
        for name, condition in OPEN.items()
    },
}
QUEUES: Mapping[str, Sequence[Statement]] = {
    "no-policy": (),
    "public": (allow("*", "sqs:SendMessage", "{arn}"),),
    "public-upper-case": (allow("*", "SQS:SendMessage", "{arn}"),),
    "public-and-closed": (
        allow("*", "sqs:SendMessage", "{arn}", Condition=CLOSING["org-id"]),
        allow("*", "sqs:ReceiveMessage", "{arn}"),
    ),
    "any-topic": (
        allow(
            "*",
            "sqs:SendMessage",
            "{arn}",
            Condition={"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}},
        ),
    ),
    "some-bucket": (_from("s3.amazonaws.com", ArnLike={"aws:SourceArn": "arn:aws:s3:::photos"}),),
    "bucket-of-ours": (
        _from(
            "s3.amazonaws.com",
            ArnLike={"aws:SourceArn": "arn:aws:s3:::photos"},
            StringEquals={"aws:SourceAccount": ACCOUNT},
        ),
    ),
    "event-rule-of-ours": (
        _from(
            "events.amazonaws.com",
            ArnEquals={"aws:SourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/hourly"},
        ),
    ),
    "any-event-rule": (_from("events.amazonaws.com"),),
    "denied-outright": (allow("*", "sqs:SendMessage", "{arn}"), deny("sqs:*", "{arn}")),
    "stranger": (allow({"AWS": STRANGER}, "sqs:SendMessage", "{arn}"),),
    "not-action": (
        {"Effect": "Allow", "Principal": "*", "NotAction": "sqs:DeleteQueue", "Resource": "{arn}"},
    ),
    **{
        f"closed-{name}": (allow("*", "sqs:SendMessage", "{arn}", Condition=condition),)
        for name, condition in CLOSING.items()
    },
    **{
        f"open-{name}": (allow("*", "sqs:SendMessage", "{arn}", Condition=condition),)
        for name, condition in OPEN.items()
    },
}
BUSES: Mapping[str, Sequence[Statement]] = {
    "no-policy": (),
    "public": (allow("*", "events:PutEvents", "{arn}"),),
    "ours": (allow({"AWS": ACCOUNT}, "events:PutEvents", "{arn}"),),
    "stranger": (allow({"AWS": f"arn:aws:iam::{STRANGER}:root"}, "events:PutEvents", "{arn}"),),
    "closed-org-id": (allow("*", "events:PutEvents", "{arn}", Condition=CLOSING["org-id"]),),
}


def seed(aws: Seeding) -> None:
    """Make them."""
    _topics(aws)
    _queues(aws)
    _buses(aws)


def _topics(aws: Seeding) -> None:
    sns = aws.client("sns")
    sns.create_topic(Name="topic-as-made")
    for name, statements in TOPICS.items():
        arn = sns.create_topic(Name=f"topic-{name}")["TopicArn"]
        policy = document(*filled(statements, {"arn": arn}))
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    aws.made += len(TOPICS) + 1


def _queues(aws: Seeding) -> None:
    sqs = aws.client("sqs")
    for name, statements in QUEUES.items():
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue-{name}"
        policy = document(*filled(statements, {"arn": arn}))
        attributes = {"Policy": policy} if statements else {}
        sqs.create_queue(QueueName=f"queue-{name}", Attributes=attributes)
    aws.made += len(QUEUES)


def _buses(aws: Seeding) -> None:
    events = aws.client("events")
    for name, statements in BUSES.items():
        made = events.create_event_bus(Name=f"bus-{name}")["EventBusArn"]
        if statements:
            said = [
                {**one, "Sid": f"s{number}"}
                for number, one in enumerate(filled(statements, {"arn": made}))
            ]
            events.put_permission(EventBusName=f"bus-{name}", Policy=document(*said))
        aws.made += 1
