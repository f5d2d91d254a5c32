"""The account's own public access block for S3, as a part of the account."""

from collections.abc import Mapping
from typing import Any

from chalicelib.model import Facet, FacetReading, ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._parts import Part
from chalicelib.resources._s3_block import (
    ACCOUNT_DELETE_ACTIONS,
    ACCOUNT_PUT_ACTIONS,
    BLOCK_SHAPE,
    account_block,
    all_flags,
    proposed_block,
)

_NAME = "PublicAccessBlockConfiguration"
_BLOCK = f"/observed/{_NAME}"
_S3 = "s3.amazonaws.com"


def _read_block(aws: Any, ref: ResourceRef) -> FacetReading:
    return FacetReading(observed={_NAME: account_block(aws, ref.account_id)})


def _propose_block(record: Record) -> Mapping[str, Any]:
    block = proposed_block(record)
    return {} if block is None else {_BLOCK: block}


def _propose_no_block(_record: Record) -> Mapping[str, Any]:
    return {_BLOCK: all_flags(on=False)}


ACCOUNT_BLOCK = Part(
    shapes={_NAME: BLOCK_SHAPE},
    defaults={_NAME: all_flags(on=False)},
    facets=(
        Facet(
            name="public_access_block",
            calls=("s3control:GetPublicAccessBlock",),
            permissions=("s3:GetAccountPublicAccessBlock",),
            pointers=(_BLOCK,),
            read=_read_block,
        ),
    ),
    routes=(
        Route(source=_S3, actions=ACCOUNT_PUT_ACTIONS, writes=(_BLOCK,), propose=_propose_block),
        Route(
            source=_S3, actions=ACCOUNT_DELETE_ACTIONS, writes=(_BLOCK,), propose=_propose_no_block
        ),
    ),
)
