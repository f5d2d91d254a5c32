"""What KMS's events say about a key: its policy, its state, its rotation, and who gets a grant.

A grant is access that no policy shows; CreateGrant is judged by what it gives to whom. What KMS
does by itself (deleting a key when its time has come) arrives as a service event, which names the
key elsewhere.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.facts.policy import OPENINGS_SCHEMA, PUBLIC_AUDIENCES
from chalicelib.model import Route
from chalicelib.model.plugin import Record
from chalicelib.resources._payload import field, parameters_of
from chalicelib.resources._resource_policy import (
    POLICY_CHANGE_FACTS,
    UNTOUCHED,
    derived_openings,
    openings_by,
    policy_at,
    proposed_by,
    proposed_policy,
)

SERVICE = "kms"

KEY_POLICY = "/properties/KeyPolicy"
ROTATION = "/properties/EnableKeyRotation"
PERIOD = "/properties/RotationPeriodInDays"
SPEC = "/properties/KeySpec"
ORIGIN = "/properties/Origin"
MANAGER = "/observed/KeyManager"
STATE = "/observed/KeyState"
KEY_TYPE = "/observed/MultiRegionKeyType"

#: Audiences of a grant that are not of the own account, by name or by everybody's.
FOREIGN = frozenset({*PUBLIC_AUDIENCES, "outsiders"})

#: Name of the change fact: whom a grant lets use the key.
GRANT_OPENINGS = "GrantOpenings"

CHANGE_FACTS: Mapping[str, Mapping[str, Any]] = {
    **POLICY_CHANGE_FACTS,
    GRANT_OPENINGS: OPENINGS_SCHEMA,
}

_SOURCE = "kms.amazonaws.com"
_KEY = ("requestParameters.keyId", "resources[].ARN")
_BY_KMS = ("serviceEventDetails.keyId", "resources[].ARN")
_KEY_ID = re.compile(r"[A-Za-z0-9-]{1,128}", re.ASCII)

Proposal = Mapping[str, Any]


def key_id(raw: str, record: Record) -> str | None:
    """Return the id in a key's id or ARN; None for aliases and other things.

    None as well for a grant that stays within the account: services make one for every volume
    they attach, nothing that is described changes, and a look costs three calls.
    """
    if field(record, "eventName") == "CreateGrant" and not _leaves_the_account(record):
        return None
    found = raw.partition(":key/")[2] if raw.startswith("arn:") else raw
    return found if _KEY_ID.fullmatch(found) else None


def grant_policy(record: Record) -> dict[str, Any] | None:
    """Return what a grant allows, as a policy; None where the payload names nobody."""
    parameters = parameters_of(record)
    service = field(parameters, "granteeServicePrincipal")
    grantee = service or field(parameters, "granteePrincipal")
    if not isinstance(grantee, str) or not grantee:
        return None
    # Older calls name a service where the principal stands.
    kind = "AWS" if grantee.startswith("arn:") or grantee.isdecimal() else "Service"
    operations = field(parameters, "operations")
    names = operations if isinstance(operations, list) else []
    statement = {
        "Effect": "Allow",
        "Principal": {kind: grantee},
        "Action": [f"kms:{name}" for name in names if isinstance(name, str)],
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


_granted = openings_by(SERVICE, grant_policy, name=GRANT_OPENINGS)


def _leaves_the_account(record: Record) -> bool:
    return any(row["Audience"] in FOREIGN for row in _granted(record)[GRANT_OPENINGS])


def _becomes(state: str) -> Callable[[Record], Proposal]:
    return lambda _record: {STATE: state}


def _scheduled(record: Record) -> Proposal:
    # A primary key with replicas waits for those first; the answer says which it is.
    state = field(field(record, "responseElements"), "keyState")
    return {STATE: state} if isinstance(state, str) else {}


def _rotation_enabled(record: Record) -> Proposal:
    period = field(parameters_of(record), "rotationPeriodInDays")
    chosen = {PERIOD: period} if isinstance(period, int) else {}
    return {ROTATION: True, **chosen}


def _rotation_disabled(_record: Record) -> Proposal:
    return {ROTATION: False, PERIOD: None}


_created_policy = policy_at("policy")
#: Without a policy of the caller's KMS gives a key one that lets in its own account alone.
_propose_created = proposed_by(KEY_POLICY, _created_policy, otherwise={KEY_POLICY: UNTOUCHED})


def _route(*actions: str, **how: Any) -> Route:
    return Route(source=_SOURCE, actions=actions, ids=_KEY, **how)


ROUTES = (
    Route(
        source=_SOURCE,
        actions=("CreateKey",),
        ids=("responseElements.keyMetadata.keyId", "responseElements.keyMetadata.arn"),
        writes=(SPEC, ORIGIN, KEY_POLICY, ROTATION, PERIOD, MANAGER, STATE, KEY_TYPE),
        creates=True,
        propose=_propose_created,
        derive=openings_by(SERVICE, _created_policy),
    ),
    _route(
        "PutKeyPolicy",
        writes=(KEY_POLICY,),
        propose=proposed_policy(KEY_POLICY, "policy"),
        derive=derived_openings(SERVICE, "policy"),
    ),
    # Of the key named here it changes nothing: the replica's Region records a CreateKey.
    _route("ReplicateKey", writes=(KEY_TYPE,), derive=derived_openings(SERVICE, "policy")),
    _route("UpdatePrimaryRegion", writes=(KEY_TYPE,)),
    _route("EnableKeyRotation", writes=(ROTATION, PERIOD), propose=_rotation_enabled),
    _route("DisableKeyRotation", writes=(ROTATION, PERIOD), propose=_rotation_disabled),
    _route("EnableKey", writes=(STATE,), propose=_becomes("Enabled")),
    _route("DisableKey", writes=(STATE,), propose=_becomes("Disabled")),
    _route("ScheduleKeyDeletion", writes=(STATE,), propose=_scheduled),
    _route("CancelKeyDeletion", writes=(STATE,), propose=_becomes("Disabled")),
    _route("ImportKeyMaterial", writes=(STATE,)),
    _route("DeleteImportedKeyMaterial", writes=(STATE,)),
    # A grant is no part of the item: what it opens is judged from the call itself.
    _route("CreateGrant", derive=_granted),
    Route(source=_SOURCE, actions=("DeleteKey",), ids=_BY_KMS, deletes=True),
    Route(
        source=_SOURCE,
        actions=("DeleteExpiredKeyMaterial", "SynchronizeMultiRegionKey"),
        ids=_BY_KMS,
        writes=(STATE, KEY_TYPE),
    ),
    # What these write is no part of the item: understood where records are read back.
    Route(source=_SOURCE, actions=("RotateKey",), ids=_BY_KMS, delivered=False),
    _route("RevokeGrant", "TagResource", "UntagResource", "UpdateKeyDescription", delivered=False),
)
