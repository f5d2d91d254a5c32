"""AWS::S3::Bucket: who can reach what is in it, with policy, ACL and every block considered.

The bucket alone does not decide: the account's public access block does as well, so it is part of
the item, and a change of it makes every bucket of the account due.
"""

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.facts.policy import POLICY_SCHEMA
from chalicelib.facts.s3_access import (
    ACCOUNT_BLOCK,
    BUCKET_OPENINGS_SCHEMA,
    GRANTS,
    GRANTS_SCHEMA,
    OWNERSHIP,
    POLICY,
    bucket_openings,
    decisive_inputs,
)
from chalicelib.facts.s3_access import BUCKET_BLOCK as BLOCK
from chalicelib.facts.s3_block import BLOCK_SHORTFALLS_SCHEMA, block_shortfalls
from chalicelib.facts.s3_sharing import FOREIGN_WRITES_SCHEMA, bucket_foreign_writes
from chalicelib.facts.s3_tls import PLAINTEXT_OPENINGS_SCHEMA, bucket_plaintext_openings
from chalicelib.model import (
    ConfigurationItem,
    Fact,
    Page,
    ResourceRef,
    ResourceType,
)
from chalicelib.model.plugin import Record
from chalicelib.model.pointer import tokens_of, touches
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._listing import Listed, page_of
from chalicelib.resources._s3_block import BLOCK_SHAPE, all_flags
from chalicelib.resources._s3_events import (
    ACCOUNT_BLOCK_COMPANION,
    BUCKET_ROUTES,
    OWNERSHIPS,
    ownership,
)
from chalicelib.resources._s3_facets import FACETS
from chalicelib.resources._s3_protection_events import (
    PROTECTION_CHANGE_FACTS,
    PROTECTION_ROUTES,
)

TYPE = "AWS::S3::Bucket"
_PAGE_SIZE = 1000
_NAME = re.compile(r"[A-Za-z0-9._-]{3,255}")
#: Directory and table buckets: no ACLs, no public access block, other API endpoints.
_OTHER_KINDS = ("--x-s3", "--table-s3")


def _identify(raw: str, _record: Record) -> str | None:
    return raw if _NAME.fullmatch(raw) and not raw.endswith(_OTHER_KINDS) else None


def _arn(ref: ResourceRef) -> str:
    return f"arn:{ref.partition}:s3:::{ref.id}"


def _list(aws: Any, account_id: str, region: str, token: str | None) -> Page:
    client = aws.client("s3", account_id=account_id, region=region)
    paging = {"ContinuationToken": token} if token else {}
    answer = client.list_buckets(MaxBuckets=_PAGE_SIZE, BucketRegion=region, **paging)
    # No unique id: S3 moves a bucket's CreationDate when its policy is edited.
    return page_of(
        member(answer, "Buckets"),
        lambda bucket: _named(account_id, region, bucket),
        answer.get("ContinuationToken"),
    )


def _named(account_id: str, region: str, bucket: Mapping[str, Any]) -> Listed:
    if bucket.get("BucketRegion", region) != region:
        return None
    return ResourceRef(account_id=account_id, region=region, type=TYPE, id=bucket["Name"])


_TAG = closed({"Key": {"type": "string"}, "Value": {"type": "string"}})
_VERSIONING = {**closed({"Status": {"enum": ["Enabled", "Suspended"]}}), "type": ["object", "null"]}
_RULE = closed({"ObjectOwnership": {"enum": list(OWNERSHIPS)}})


def _access_is_settled(item: ConfigurationItem) -> bool:
    decisive = [tokens_of(pointer) for pointer in decisive_inputs(item)]
    unread = [tokens_of(gap.pointer) for gap in item.gaps]
    return not any(touches(gap, pointer) for gap in unread for pointer in decisive)


def _blocks_are_settled(item: ConfigurationItem) -> bool:
    # A bucket with all four flags on is blocked, whatever the account's say.
    return bool(item.properties["PublicAccessBlockConfiguration"] == all_flags(on=True))


_FACTS = (
    Fact(
        name="PublicAccess",
        inputs=(GRANTS, POLICY, OWNERSHIP, BLOCK, ACCOUNT_BLOCK),
        compute=bucket_openings,
        schema=BUCKET_OPENINGS_SCHEMA,
        partial=True,
        settled=_access_is_settled,
    ),
    Fact(
        name="PublicAccessBlockShortfalls",
        inputs=(BLOCK, ACCOUNT_BLOCK),
        compute=block_shortfalls,
        schema=BLOCK_SHORTFALLS_SCHEMA,
        partial=True,
        settled=_blocks_are_settled,
    ),
    Fact(
        name="PlaintextOpenings",
        inputs=(POLICY,),
        compute=bucket_plaintext_openings,
        schema=PLAINTEXT_OPENINGS_SCHEMA,
    ),
    Fact(
        name="ForeignWrites",
        inputs=(POLICY,),
        compute=bucket_foreign_writes,
        schema=FOREIGN_WRITES_SCHEMA,
    ),
)

#: A bucket as S3 creates it since April 2023: every block on, ACLs off.
_DEFAULTS = {
    "properties": {
        "PublicAccessBlockConfiguration": all_flags(on=True),
        "OwnershipControls": ownership("BucketOwnerEnforced"),
        "VersioningConfiguration": None,
        "Tags": [],
    },
    "observed": {
        "BucketPolicy": None,
        "Grants": [
            {"GranteeType": "CanonicalUser", "Grantee": "f" * 64, "Permission": "FULL_CONTROL"}
        ],
        "AccountPublicAccessBlock": all_flags(on=False),
        "MFADelete": "Disabled",
    },
}

RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="s3",
    noun="bucket",
    schema=closed(
        {
            "properties": closed(
                {
                    "PublicAccessBlockConfiguration": BLOCK_SHAPE,
                    "OwnershipControls": closed(
                        {"Rules": {"type": "array", "items": _RULE, "minItems": 1, "maxItems": 1}}
                    ),
                    "VersioningConfiguration": _VERSIONING,
                    "Tags": {"type": "array", "items": _TAG},
                }
            ),
            "observed": closed(
                {
                    "BucketPolicy": POLICY_SCHEMA,
                    "Grants": GRANTS_SCHEMA,
                    "AccountPublicAccessBlock": BLOCK_SHAPE,
                    "MFADelete": {"enum": ["Enabled", "Disabled"]},
                }
            ),
        }
    ),
    routes=(*BUCKET_ROUTES, *PROTECTION_ROUTES),
    companions=(ACCOUNT_BLOCK_COMPANION,),
    facets=FACETS,
    facts=_FACTS,
    list=_list,
    list_calls=("s3:ListBuckets",),
    list_permissions=("s3:ListAllMyBuckets",),
    identify=_identify,
    defaults=_DEFAULTS,
    arn=_arn,
    change_facts={"PublicAccess": BUCKET_OPENINGS_SCHEMA, **PROTECTION_CHANGE_FACTS},
)
