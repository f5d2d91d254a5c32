"""What S3's events say about a bucket: which parts a call writes, with what, and what that opens.

S3 replaces: a Put call writes a whole part, a Delete call writes what a bucket has without it.
A payload that cannot be read proposes nothing and opens nothing: the described state decides.
"""

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.facts.policy import PolicyError, normalise_policy
from chalicelib.facts.s3_access import (
    ACCOUNT_BLOCK,
    GRANTS,
    OWNERSHIP,
    POLICY,
    grants_from_request,
    payload_openings,
)
from chalicelib.facts.s3_access import BUCKET_BLOCK as BLOCK
from chalicelib.model import Companion, Relation, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._payload import field, parameters_of, partition_of, scalar
from chalicelib.resources._s3_block import (
    ACCOUNT_DELETE_ACTIONS,
    ACCOUNT_PUT_ACTIONS,
    all_flags,
    proposed_block,
)

SOURCE = "s3.amazonaws.com"

TAGS = "/properties/Tags"

OWNERSHIPS = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
_BUCKET = ("requestParameters.bucketName",)

Proposal = Mapping[str, Any]


def ownership(name: str) -> dict[str, Any]:
    """Return ownership controls as CloudFormation writes them."""
    return {"Rules": [{"ObjectOwnership": name}]}


#: How a bucket without ownership controls behaves: ACLs count.
NO_OWNERSHIP = ownership("ObjectWriter")


def _created(record: Record) -> Proposal:
    # A fresh bucket's block and ownership are S3's choice: whoever made it did not open it so.
    return {POLICY: None, GRANTS: grants_from_request(parameters_of(record)) or []}


def _with_grants(record: Record) -> Proposal:
    grants = grants_from_request(parameters_of(record))
    return {} if grants is None else {GRANTS: grants}


def _with_policy(record: Record) -> Proposal:
    policy = _policy_of(record)
    return {} if policy is None else {POLICY: policy}


def _with_ownership(record: Record) -> Proposal:
    controls = field(parameters_of(record), "OwnershipControls")
    rules = field(controls, "Rule") or field(controls, "Rules")
    chosen = field(scalar(rules), "ObjectOwnership")
    return {OWNERSHIP: ownership(chosen)} if _is_ownership(chosen) else {}


def _is_ownership(value: Any) -> bool:
    return isinstance(value, str) and value in OWNERSHIPS


def _with_block(record: Record) -> Proposal:
    block = proposed_block(record)
    return {} if block is None else {BLOCK: block}


def _with_account_block(record: Record) -> Proposal:
    block = proposed_block(record)
    return {} if block is None else {ACCOUNT_BLOCK: block}


def _always(pointer: str, value: Any) -> Callable[[Record], Proposal]:
    return lambda _record: {pointer: value}


def _opened_by_policy(record: Record) -> Proposal:
    return _opened(record, policy=_policy_of(record))


def _opened_by_grants(record: Record) -> Proposal:
    return _opened(record, grants=grants_from_request(parameters_of(record)) or ())


def _opened(record: Record, **payload: Any) -> Proposal:
    bucket = scalar(field(parameters_of(record), "bucketName"))
    if not isinstance(bucket, str):
        return {"PublicAccess": []}
    rows = payload_openings(bucket=bucket, partition=partition_of(record), **payload)
    return {"PublicAccess": rows}


def _policy_of(record: Record) -> dict[str, Any] | None:
    try:
        return normalise_policy(field(parameters_of(record), "bucketPolicy"))
    except PolicyError:
        return None


def bucket_route(action: str, *writes: str, **how: Any) -> Route:
    """Return the route of a call on one bucket."""
    return Route(source=SOURCE, actions=(action,), ids=_BUCKET, writes=writes, **how)


BUCKET_ROUTES = (
    bucket_route(
        "CreateBucket",
        *(TAGS, POLICY, GRANTS),
        creates=True,
        propose=_created,
        derive=_opened_by_grants,
    ),
    bucket_route("DeleteBucket", deletes=True),
    bucket_route("PutBucketPolicy", POLICY, propose=_with_policy, derive=_opened_by_policy),
    bucket_route("DeleteBucketPolicy", POLICY, propose=_always(POLICY, None)),
    bucket_route("PutBucketAcl", GRANTS, propose=_with_grants, derive=_opened_by_grants),
    bucket_route("PutBucketOwnershipControls", OWNERSHIP, propose=_with_ownership),
    bucket_route(
        "DeleteBucketOwnershipControls", OWNERSHIP, propose=_always(OWNERSHIP, NO_OWNERSHIP)
    ),
    bucket_route("PutBucketPublicAccessBlock", BLOCK, propose=_with_block),
    bucket_route(
        "DeleteBucketPublicAccessBlock", BLOCK, propose=_always(BLOCK, all_flags(on=False))
    ),
    bucket_route("PutBucketTagging", TAGS),
    bucket_route("DeleteBucketTagging", TAGS, propose=_always(TAGS, [])),
)

ACCOUNT_BLOCK_COMPANION = Companion(
    type="Observed::Account::Global",
    region="global",
    relation=Relation.ACCOUNT,
    routes=(
        Route(
            source=SOURCE,
            actions=ACCOUNT_PUT_ACTIONS,
            writes=(ACCOUNT_BLOCK,),
            propose=_with_account_block,
        ),
        Route(
            source=SOURCE,
            actions=ACCOUNT_DELETE_ACTIONS,
            writes=(ACCOUNT_BLOCK,),
            propose=_always(ACCOUNT_BLOCK, all_flags(on=False)),
        ),
    ),
)
