"""Policies whose Statement is an object, not a list: IAM's grammar has both.

Four of them, so that every check that reads such a policy meets one.
"""

from tests.prowler.account.buckets import PLAIN, TLS
from tests.prowler.account.seeding import Seeding, Statement, allow, document, filled

BUCKETS: dict[str, Statement] = {"odd-public": PLAIN, "odd-tls": TLS}
QUEUE = "odd-public.fifo"
TOPIC = "odd-public"


def seed(aws: Seeding) -> None:
    """Make them."""
    for name, statement in BUCKETS.items():
        (said,) = filled((statement,), {"arn": f"arn:aws:s3:::{name}"})
        aws.client("s3").create_bucket(Bucket=name)
        aws.client("s3").put_bucket_policy(Bucket=name, Policy=document(said, single=True))
    policy = document(allow("*", "sqs:SendMessage"), single=True)
    aws.client("sqs").create_queue(
        QueueName=QUEUE, Attributes={"FifoQueue": "true", "Policy": policy}
    )
    topic = aws.client("sns").create_topic(Name=TOPIC)["TopicArn"]
    said = document(allow("*", "sns:Publish", topic), single=True)
    aws.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=said
    )
    aws.made += 4
