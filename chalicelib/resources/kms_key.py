"""AWS::KMS::Key: who may use or manage a key, whether it rotates, whether it is about to go.

Keys that AWS manages for its services (``aws/s3``) lie in the account and are nobody's to judge:
their policy is not asked for, and neither is the rotation of a key that cannot rotate by itself.
What was not asked is null; rules look at ``KeyManager`` and its like first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.model import Facet, FacetReading, Gap, Page, ResourceRef, ResourceType
from chalicelib.resources._asking import answer_or_none
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import READ_ERRORS, gaps_from, is_unanswered, member
from chalicelib.resources._kms_events import (
    CHANGE_FACTS,
    KEY_POLICY,
    KEY_TYPE,
    MANAGER,
    ORIGIN,
    PERIOD,
    ROTATION,
    ROUTES,
    SERVICE,
    SPEC,
    STATE,
    key_id,
)
from chalicelib.resources._listing import page_of
from chalicelib.resources._resource_policy import POLICY_SCHEMA, policy_fact, policy_from

TYPE = "AWS::KMS::Key"

_GONE = "NotFoundException"
_PAGE_SIZE = 1000
#: KMS: the number of days between rotations that nobody chose otherwise.
_DEFAULT_PERIOD_DAYS = 365

_KEY_STATES = (
    "Creating",
    "Disabled",
    "Enabled",
    "PendingDeletion",
    "PendingImport",
    "PendingReplicaDeletion",
    "Unavailable",
    "Updating",
)

Metadata = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Properties that a call of their own gives, for some keys only; null for the others."""

    call: str
    pointers: tuple[str, ...]
    applies: Callable[[Metadata], bool]
    ask: Callable[[Any, str], dict[str, Any]]


def _is_ours(key: Metadata) -> bool:
    return bool(member(key, "KeyManager") == "CUSTOMER")


def _rotates(key: Metadata) -> bool:
    """Tell whether the key is one for which KMS has a rotation that can be on or off here."""
    return (
        _is_ours(key)
        and key["KeySpec"] == "SYMMETRIC_DEFAULT"
        and key["Origin"] == "AWS_KMS"
        and key["KeyState"] == "Enabled"
        and _multi_region_type(key) != "REPLICA"
    )


def _multi_region_type(key: Metadata) -> str | None:
    """Return ``PRIMARY`` or ``REPLICA``; None for a key of one Region, which says nothing."""
    configuration: Metadata = key.get("MultiRegionConfiguration") or {}
    return configuration.get("MultiRegionKeyType")


def _ask_policy(client: Any, key: str) -> dict[str, Any]:
    answer = client.get_key_policy(KeyId=key, PolicyName="default")
    return {"KeyPolicy": policy_from(member(answer, "Policy"))}


def _ask_rotation(client: Any, key: str) -> dict[str, Any]:
    answer = client.get_key_rotation_status(KeyId=key)
    enabled = member(answer, "KeyRotationEnabled")
    period = answer.get("RotationPeriodInDays", _DEFAULT_PERIOD_DAYS) if enabled else None
    return {"EnableKeyRotation": enabled, "RotationPeriodInDays": period}


_PARTS = (
    Part(
        call="kms:GetKeyPolicy",
        pointers=(KEY_POLICY,),
        applies=_is_ours,
        ask=_ask_policy,
    ),
    Part(
        call="kms:GetKeyRotationStatus",
        pointers=(ROTATION, PERIOD),
        applies=_rotates,
        ask=_ask_rotation,
    ),
)
_UNASKED = {"KeyPolicy": None, "EnableKeyRotation": None, "RotationPeriodInDays": None}


def _read(aws: Any, ref: ResourceRef) -> FacetReading | None:
    client = aws.client("kms", account_id=ref.account_id, region=ref.region)
    answer = answer_or_none(client.describe_key, _GONE, KeyId=ref.id)
    if answer is None:
        return None
    key = member(answer, "KeyMetadata")
    reading = _metadata_reading(key)
    for part in _PARTS:
        if part.applies(key):
            reading = _with_part(reading, part, client, ref.id)
    return reading


def _metadata_reading(key: Metadata) -> FacetReading:
    return FacetReading(
        properties={
            "KeySpec": member(key, "KeySpec"),
            "Origin": member(key, "Origin"),
            **_UNASKED,
        },
        observed={
            "KeyManager": member(key, "KeyManager"),
            "KeyState": member(key, "KeyState"),
            "MultiRegionKeyType": _multi_region_type(key),
        },
    )


def _with_part(reading: FacetReading, part: Part, client: Any, key: str) -> FacetReading:
    """Add what a further call says; where it fails, the part is a gap and the rest stays known."""
    try:
        return replace(reading, properties={**reading.properties, **part.ask(client, key)})
    except READ_ERRORS as error:
        if is_unanswered(error):
            # A silent service is not asked again in the same look: all of it is unread.
            raise
        return replace(reading, gaps=(*reading.gaps, *_gaps(error, part)))


def _gaps(error: Exception, part: Part) -> tuple[Gap, ...]:
    return gaps_from(error, replace(_KEY, calls=(part.call,), pointers=part.pointers))


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    client = aws.client("kms", account_id=account_id, region=region)
    paging = {"Marker": token} if token else {}
    answer = client.list_keys(Limit=_PAGE_SIZE, **paging)
    return page_of(
        member(answer, "Keys"),
        lambda key: ResourceRef(account_id=account_id, region=region, type=TYPE, id=key["KeyId"]),
        answer.get("NextMarker") if answer.get("Truncated") else None,
    )


def _arn(ref: ResourceRef) -> str:
    return f"arn:{ref.partition}:kms:{ref.region}:{ref.account_id}:key/{ref.id}"


_KEY = Facet(
    name="key",
    calls=("kms:DescribeKey", *(part.call for part in _PARTS)),
    permissions=("kms:DescribeKey", *(part.call for part in _PARTS)),
    pointers=(SPEC, ORIGIN, KEY_POLICY, ROTATION, PERIOD, MANAGER, STATE, KEY_TYPE),
    read=_read,
    existence=True,
)

_PROPERTIES = {
    "KeySpec": {"type": "string"},
    "Origin": {"type": "string"},
    "KeyPolicy": POLICY_SCHEMA,
    "EnableKeyRotation": {"type": ["boolean", "null"]},
    "RotationPeriodInDays": {"type": ["integer", "null"]},
}
_OBSERVED = {
    "KeyManager": {"enum": ["AWS", "CUSTOMER"]},
    "KeyState": {"enum": list(_KEY_STATES)},
    "MultiRegionKeyType": {"enum": ["PRIMARY", "REPLICA", None]},
}
_DEFAULT_POLICY = {
    "Version": "2012-10-17",
    "Id": "key-default-1",
    "Statement": [
        {
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": {"AWS": ["arn:aws:iam::111122223333:root"]},
            "Action": ["kms:*"],
            "Resource": ["*"],
        }
    ],
}

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service=SERVICE,
    noun="key",
    schema=closed({"properties": closed(_PROPERTIES), "observed": closed(_OBSERVED)}),
    routes=ROUTES,
    facets=(_KEY,),
    facts=(policy_fact(KEY_POLICY, SERVICE),),
    list=_list,
    list_calls=("kms:ListKeys",),
    list_permissions=("kms:ListKeys",),
    identify=key_id,
    arn=_arn,
    defaults={
        "properties": {
            "KeySpec": "SYMMETRIC_DEFAULT",
            "Origin": "AWS_KMS",
            "KeyPolicy": _DEFAULT_POLICY,
            "EnableKeyRotation": False,
            "RotationPeriodInDays": None,
        },
        "observed": {
            "KeyManager": "CUSTOMER",
            "KeyState": "Enabled",
            "MultiRegionKeyType": None,
        },
    },
    change_facts=CHANGE_FACTS,
)
