"""The reads of a bucket: one small call each, and what an absent part means.

A bucket that has no policy, no public access block or no ownership controls answers with an error;
that error is the value (null, all off, ``ObjectWriter``), not a gap. Every read names the account
that should own the bucket: the name of a deleted bucket may be a stranger's a moment later.
"""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.facts.policy import normalise_policy
from chalicelib.facts.s3_access import (
    ACCOUNT_BLOCK,
    GRANTS,
    OWNERSHIP,
    POLICY,
    described_grants,
    grants_from_acl,
)
from chalicelib.facts.s3_access import BUCKET_BLOCK as BLOCK
from chalicelib.model import Facet, FacetReading, ResourceRef
from chalicelib.model.pointer import tokens_of
from chalicelib.resources._errors import code_of, member
from chalicelib.resources._plain import plain
from chalicelib.resources._s3_block import ABSENT_CODE, account_block, block_from
from chalicelib.resources._s3_events import NO_OWNERSHIP, TAGS, ownership
from chalicelib.resources._s3_protection_events import MFA_DELETE, VERSIONING

_GONE = "NoSuchBucket"
_ACCOUNT_BLOCK_SOUND = frozenset({ACCOUNT_BLOCK})

Answer = Mapping[str, Any]


def _reader(
    pointer: str,
    ask: Callable[..., Answer],
    value: Callable[[Answer], Any],
    *,
    absent: str = "",
    sound: bool = False,
) -> Callable[[Any, ResourceRef], FacetReading | None]:
    """Make a read of one part; `value` gets the answer, empty where AWS's code was `absent`.

    What it then returns is `sound` as `FacetReading` means it.
    """
    section, name = tokens_of(pointer)
    known = frozenset({pointer}) if sound else frozenset[str]()

    def read(aws: Any, ref: ResourceRef) -> FacetReading | None:
        answer = _answer(aws, ref, ask, absent)
        if answer is None:
            return None
        part = {name: value(answer)}
        return (
            FacetReading(properties=part, sound=known)
            if section == "properties"
            else FacetReading(observed=part, sound=known)
        )

    return read


def _answer(aws: Any, ref: ResourceRef, ask: Callable[..., Answer], absent: str) -> Answer | None:
    client = aws.client("s3", account_id=ref.account_id, region=ref.region)
    try:
        return ask(client, Bucket=ref.id, ExpectedBucketOwner=ref.account_id)
    except ClientError as error:
        if code_of(error) == _GONE:
            return None
        if code_of(error) != absent:
            raise
        return {}


def _read_account_block(aws: Any, ref: ResourceRef) -> FacetReading:
    block = account_block(aws, ref.account_id)
    return FacetReading(observed={"AccountPublicAccessBlock": block}, sound=_ACCOUNT_BLOCK_SOUND)


def _read_versioning(aws: Any, ref: ResourceRef) -> FacetReading | None:
    answer = _answer(aws, ref, lambda s3, **bucket: s3.get_bucket_versioning(**bucket), "")
    if answer is None:
        return None
    # S3 leaves out the status of a bucket that never had versions, and MFA delete likewise.
    status = answer.get("Status")
    return FacetReading(
        properties={"VersioningConfiguration": status and {"Status": status}},
        observed={"MFADelete": answer.get("MFADelete", "Disabled")},
    )


def _grants(answer: Answer) -> Any:
    grants = member(answer, "Grants")
    rows = described_grants(grants)
    return plain(grants_from_acl(grants)) if rows is None else rows


def _policy(answer: Answer) -> dict[str, Any] | None:
    return normalise_policy(plain(answer.get("Policy")))


def _block(answer: Answer) -> dict[str, bool]:
    return block_from(answer.get("PublicAccessBlockConfiguration"))


def _ownership(answer: Answer) -> dict[str, Any]:
    rules = answer.get("OwnershipControls", NO_OWNERSHIP)["Rules"]
    return ownership(rules[0]["ObjectOwnership"])


def _tags(answer: Answer) -> list[dict[str, str]]:
    return [{"Key": tag["Key"], "Value": tag["Value"]} for tag in answer.get("TagSet", ())]


FACETS = (
    Facet(
        name="acl",
        calls=("s3:GetBucketAcl",),
        permissions=("s3:GetBucketAcl",),
        pointers=(GRANTS,),
        read=_reader(GRANTS, lambda s3, **bucket: s3.get_bucket_acl(**bucket), _grants, sound=True),
        existence=True,
    ),
    Facet(
        name="policy",
        calls=("s3:GetBucketPolicy",),
        permissions=("s3:GetBucketPolicy",),
        pointers=(POLICY,),
        read=_reader(
            POLICY,
            lambda s3, **bucket: s3.get_bucket_policy(**bucket),
            _policy,
            absent="NoSuchBucketPolicy",
            sound=True,
        ),
    ),
    Facet(
        name="public_access_block",
        calls=("s3:GetPublicAccessBlock",),
        permissions=("s3:GetBucketPublicAccessBlock",),
        pointers=(BLOCK,),
        read=_reader(
            BLOCK,
            lambda s3, **bucket: s3.get_public_access_block(**bucket),
            _block,
            absent=ABSENT_CODE,
            sound=True,
        ),
    ),
    Facet(
        name="ownership",
        calls=("s3:GetBucketOwnershipControls",),
        permissions=("s3:GetBucketOwnershipControls",),
        pointers=(OWNERSHIP,),
        read=_reader(
            OWNERSHIP,
            lambda s3, **bucket: s3.get_bucket_ownership_controls(**bucket),
            _ownership,
            absent="OwnershipControlsNotFoundError",
        ),
    ),
    Facet(
        name="account_block",
        calls=("s3control:GetPublicAccessBlock",),
        permissions=("s3:GetAccountPublicAccessBlock",),
        pointers=(ACCOUNT_BLOCK,),
        read=_read_account_block,
    ),
    Facet(
        name="tags",
        calls=("s3:GetBucketTagging",),
        permissions=("s3:GetBucketTagging",),
        pointers=(TAGS,),
        read=_reader(
            TAGS,
            lambda s3, **bucket: s3.get_bucket_tagging(**bucket),
            _tags,
            absent="NoSuchTagSet",
        ),
    ),
    Facet(
        name="versioning",
        calls=("s3:GetBucketVersioning",),
        permissions=("s3:GetBucketVersioning",),
        pointers=(VERSIONING, MFA_DELETE),
        read=_read_versioning,
    ),
)
