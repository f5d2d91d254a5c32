"""What the public may do with the bucket that receives a trail's logs, seen from the trail.

The bucket's own fact does the judging (`s3_access`); here its inputs and reasons are only renamed,
because in a trail's item they lie elsewhere and the bucket is not what the item is about.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.facts.s3_access import (
    ACCOUNT_BLOCK,
    BUCKET_BLOCK,
    BUCKET_OPENINGS_SCHEMA,
    GRANTS,
    OWNERSHIP,
    POLICY,
    bucket_openings,
    decisive_inputs,
)
from chalicelib.model import ConfigurationItem, Fact
from chalicelib.model.pointer import tokens_of, touches

BUCKET_NAME = "/properties/S3BucketName"

#: Pointer into a bucket's item → pointer into a trail's.
IN_TRAIL: Mapping[str, str] = {
    POLICY: "/observed/LogBucketPolicy",
    GRANTS: "/observed/LogBucketGrants",
    OWNERSHIP: "/observed/LogBucketOwnershipControls",
    BUCKET_BLOCK: "/observed/LogBucketPublicAccessBlock",
    ACCOUNT_BLOCK: "/observed/LogBucketAccountBlock",
}


def log_bucket_openings(item: ConfigurationItem) -> list[dict[str, Any]]:
    """Return what the public certainly may do with the log bucket (`BUCKET_OPENINGS_SCHEMA`)."""
    return [
        {
            **row,
            "Because": [_placed(pointer) for pointer in row["Because"]],
            "Despite": [{**switch, "At": _placed(switch["At"])} for switch in row["Despite"]],
        }
        for row in bucket_openings(_bucket_in(item))
    ]


def log_bucket_is_settled(item: ConfigurationItem) -> bool:
    """Tell whether no gap can add an opening or take one away."""
    decisive = (
        BUCKET_NAME,
        *(IN_TRAIL[pointer] for pointer in decisive_inputs(_bucket_in(item))),
    )
    unread = [tokens_of(gap.pointer) for gap in item.gaps]
    return not any(touches(gap, tokens_of(pointer)) for gap in unread for pointer in decisive)


def _bucket_in(item: ConfigurationItem) -> ConfigurationItem:
    """Return the log bucket as the bucket's fact knows it."""
    sections: dict[str, dict[str, Any]] = {"properties": {}, "observed": {}}
    for theirs, ours in IN_TRAIL.items():
        section, name = tokens_of(theirs)
        sections[section][name] = item.observed.get(tokens_of(ours)[1])
    back = {ours: theirs for theirs, ours in IN_TRAIL.items()}
    return replace(
        item,
        ref=replace(item.ref, id=item.properties.get("S3BucketName") or ""),
        properties=sections["properties"],
        observed=sections["observed"],
        gaps=tuple(
            replace(gap, pointer=back[gap.pointer]) for gap in item.gaps if gap.pointer in back
        ),
    )


def _placed(pointer: str) -> str:
    for theirs, ours in IN_TRAIL.items():
        if pointer == theirs or pointer.startswith(f"{theirs}/"):
            return ours + pointer[len(theirs) :]
    return pointer


LOG_BUCKET_ACCESS = Fact(
    name="LogBucketAccess",
    inputs=(BUCKET_NAME, *IN_TRAIL.values()),
    compute=log_bucket_openings,
    schema=BUCKET_OPENINGS_SCHEMA,
    partial=True,
    settled=log_bucket_is_settled,
)
