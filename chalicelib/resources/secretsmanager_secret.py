"""AWS::SecretsManager::Secret: who may read it, in this Region.

A secret goes by its ARN, which ends in six random characters; events also name it by its name or
by the ARN without them. A replica is a secret of its own, with a policy of its own. One that waits
for its deletion is still described, but nobody can read it.
"""

import re
from dataclasses import replace
from typing import Any

from chalicelib.model import (
    Facet,
    FacetReading,
    Page,
    ResourceRef,
    ResourceType,
    Route,
)
from chalicelib.model.plugin import Record
from chalicelib.resources._asking import Answer, answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._listing import Listed, page_of, whole
from chalicelib.resources._resource_policy import (
    POLICY_CHANGE_FACTS,
    POLICY_SCHEMA,
    derived_openings,
    policy_fact,
    policy_from,
    proposed_policy,
    proposes,
)
from chalicelib.resources._tags import TAGS_SHAPE, tags_from

TYPE = "AWS::SecretsManager::Secret"
SERVICE = "secretsmanager"

_SOURCE = "secretsmanager.amazonaws.com"
_GONE = "ResourceNotFoundException"
_PAGE_SIZE = 100
_ID_LIMIT_CHARS = 2048
_WHOLE_ARN = re.compile(r"arn:[^:]+:secretsmanager:[^:]*:\d{12}:secret:.+-[A-Za-z0-9]{6}", re.ASCII)

_NAME = "/properties/Name"
_TAGS = "/properties/Tags"
_POLICY = "/observed/ResourcePolicy"
_DELETED = "/observed/DeletedDate"

# The answer has the whole ARN; records before 2020 spell it aRN.
_SECRET = ("responseElements.arn", "requestParameters.secretId")


def _client(aws: Any, account_id: str, region: str) -> Any:
    return aws.client("secretsmanager", account_id=account_id, region=region)


def _described(aws: Any, ref: ResourceRef) -> Answer | None:
    client = _client(aws, ref.account_id, ref.region)
    return answer_or_none(client.describe_secret, _GONE, SecretId=ref.id)


def _read_secret(aws: Any, ref: ResourceRef) -> FacetReading | None:
    secret = _described(aws, ref)
    return None if secret is None else _secret_reading(secret)


def _read_policy(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = _client(aws, ref.account_id, ref.region)
    answer = answer_or_none(client.get_resource_policy, _GONE, SecretId=ref.id)
    if answer is None:
        return None
    member(answer, "ARN")
    # A secret without a policy answers without the member.
    return FacetReading(observed={"ResourcePolicy": policy_from(answer.get("ResourcePolicy"))})


def _secret_reading(secret: Answer) -> FacetReading:
    return FacetReading(
        properties={"Name": member(secret, "Name"), "Tags": tags_from(secret.get("Tags"))},
        # There only while the secret waits for its deletion.
        observed={"DeletedDate": secret.get("DeletedDate")},
    )


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    """Return secrets without their policies; those that wait for deletion are left out."""
    client = _client(aws, account_id, region)
    paging = {"NextToken": token} if token else {}
    answer = client.list_secrets(MaxResults=_PAGE_SIZE, **paging)
    found = member(answer, "SecretList")
    return page_of(found, lambda secret: _item(account_id, region, secret), answer.get("NextToken"))


def _item(account_id: str, region: str, secret: Answer) -> Listed:
    ref = ResourceRef(account_id=account_id, region=region, type=TYPE, id=member(secret, "ARN"))
    return whole(ref, lambda: _secret_reading(secret))


def _identify(raw: str, _record: Record) -> str | None:
    is_other_arn = raw.startswith("arn:") and ":secretsmanager:" not in raw
    return raw if 0 < len(raw) <= _ID_LIMIT_CHARS and not is_other_arn else None


def _resolve(aws: Any, ref: ResourceRef) -> ResourceRef | None:
    # AWS itself takes an ARN that ends like this for a whole one.
    if _WHOLE_ARN.fullmatch(ref.id):
        return ref
    secret = _described(aws, ref)
    return None if secret is None else replace(ref, id=str(member(secret, "ARN")))


def _route(*actions: str, **how: Any) -> Route:
    return Route(source=_SOURCE, actions=actions, ids=_SECRET, **how)


_ROUTES = (
    Route(
        source=_SOURCE,
        actions=("CreateSecret",),
        ids=("responseElements.arn", "requestParameters.name"),
        writes=(_NAME, _TAGS, _POLICY),
        creates=True,
        propose=proposes(_POLICY, None),
    ),
    _route(
        "PutResourcePolicy",
        writes=(_POLICY,),
        propose=proposed_policy(_POLICY, "resourcePolicy"),
        derive=derived_openings(SERVICE, "resourcePolicy"),
    ),
    _route("DeleteResourcePolicy", writes=(_POLICY,), propose=proposes(_POLICY, None)),
    _route("DeleteSecret", writes=(_DELETED,), deletes=True),
    _route("RestoreSecret", writes=(_DELETED,), propose=proposes(_DELETED, None)),
    _route("TagResource", "UntagResource", writes=(_TAGS,)),
    # What these write is no part of the item: understood where records are read back.
    _route(
        "CancelRotateSecret",
        "PutSecretValue",
        "RotateSecret",
        "UpdateSecret",
        delivered=False,
    ),
)

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service=SERVICE,
    noun="secret",
    schema=closed(
        {
            "properties": closed({"Name": {"type": "string"}, "Tags": TAGS_SHAPE}),
            "observed": closed(
                {"ResourcePolicy": POLICY_SCHEMA, "DeletedDate": {"type": ["string", "null"]}}
            ),
        }
    ),
    routes=_ROUTES,
    facets=(
        Facet(
            name="secret",
            calls=("secretsmanager:DescribeSecret",),
            permissions=("secretsmanager:DescribeSecret",),
            pointers=(_NAME, _TAGS, _DELETED),
            read=_read_secret,
            existence=True,
        ),
        Facet(
            name="policy",
            calls=("secretsmanager:GetResourcePolicy",),
            permissions=("secretsmanager:GetResourcePolicy",),
            pointers=(_POLICY,),
            read=_read_policy,
        ),
    ),
    facts=(policy_fact(_POLICY, SERVICE),),
    list=_list,
    list_calls=("secretsmanager:ListSecrets",),
    list_permissions=("secretsmanager:ListSecrets",),
    identify=_identify,
    resolve=_resolve,
    arn=lambda ref: ref.id,
    defaults={
        "properties": {"Name": "example", "Tags": []},
        "observed": {"ResourcePolicy": None, "DeletedDate": None},
    },
    change_facts=POLICY_CHANGE_FACTS,
)
