"""AWS::EC2::Instance: how it answers for its metadata, and whose permissions it carries.

Only what ``DescribeInstances`` says: user data is not read. An instance that has ended stays in
the answers for about an hour; it is described like any other, and rules leave it out.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model import Facet, FacetReading, Page, ResourceRef, ResourceType
from chalicelib.resources._declared import closed
from chalicelib.resources._ec2 import TAGS, answer_by_id, arn_of, client_of, named, ref_of
from chalicelib.resources._errors import MalformedAnswerError, member
from chalicelib.resources._instance_events import (
    CHANGE_FACTS,
    METADATA,
    PROFILE,
    ROUTES,
    STATE,
    metadata_from,
    profile_from,
)
from chalicelib.resources._listing import Listed, beneath, page_of, whole
from chalicelib.resources._tags import TAGS_SHAPE, tags_from

TYPE = "AWS::EC2::Instance"

_CALL = "ec2:DescribeInstances"
_PAGE_SIZE = 1000


def _read(aws: Any, ref: ResourceRef) -> FacetReading | None:
    answer = answer_by_id(client_of(aws, ref).describe_instances, InstanceIds=[ref.id])
    if answer is None:
        return None
    instances = [i for each in member(answer, "Reservations") for i in member(each, "Instances")]
    if not instances:
        # What EC2 does not find, it says with an error.
        raise MalformedAnswerError("the answer names no instance")
    return _reading(instances[0])


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    client = aws.client("ec2", account_id=account_id, region=region)
    start = {"NextToken": token} if token else {}
    answer = client.describe_instances(MaxResults=_PAGE_SIZE, **start)
    rows = beneath(member(answer, "Reservations"), lambda each: member(each, "Instances"))
    return page_of(rows, lambda row: _item(account_id, region, row[1]), answer.get("NextToken"))


def _item(account_id: str, region: str, instance: Mapping[str, Any]) -> Listed:
    ref = ref_of(account_id, region, TYPE, instance["InstanceId"])
    return whole(ref, lambda: _reading(instance))


def _reading(instance: Mapping[str, Any]) -> FacetReading:
    state = member(instance, "State")
    return FacetReading(
        properties={
            "IamInstanceProfile": profile_from(instance.get("IamInstanceProfile")),
            # Options that are still being applied (their State is "pending") count as set.
            "MetadataOptions": metadata_from(instance.get("MetadataOptions")),
            "State": {"Code": state["Code"], "Name": state["Name"]},
            "Tags": tags_from(instance.get("Tags")),
        }
    )


RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="ec2",
    noun="instance",
    schema=closed(
        {
            "properties": closed(
                {
                    "IamInstanceProfile": {"type": ["string", "null"]},
                    "MetadataOptions": closed(
                        {
                            "HttpTokens": {"enum": ["optional", "required"]},
                            "HttpEndpoint": {"enum": ["disabled", "enabled"]},
                        }
                    ),
                    "State": closed({"Code": {"type": "integer"}, "Name": {"type": "string"}}),
                    "Tags": TAGS_SHAPE,
                }
            ),
            "observed": closed({}),
        }
    ),
    routes=ROUTES,
    facets=(
        Facet(
            name="instance",
            calls=(_CALL,),
            permissions=(_CALL,),
            pointers=(PROFILE, METADATA, STATE, TAGS),
            read=_read,
            existence=True,
        ),
    ),
    list=_list,
    list_calls=(_CALL,),
    list_permissions=(_CALL,),
    identify=named("i"),
    defaults={
        "properties": {
            "IamInstanceProfile": None,
            "MetadataOptions": {"HttpTokens": "optional", "HttpEndpoint": "enabled"},
            "State": {"Code": 16, "Name": "running"},
            "Tags": [],
        },
        "observed": {},
    },
    arn=arn_of("instance"),
    change_facts=CHANGE_FACTS,
)
