"""Observed::Account::Global: what an account is as a whole, apart from any Region.

The account is no CloudFormation resource and has no ARN: its id is the account id, its Region
``global``. It always exists, so no facet proves its absence.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.facts.trails import MANAGEMENT_EVENT_TRAILS
from chalicelib.model import Facet, FacetReading, Page, ResourceRef, ResourceType, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._declared import closed
from chalicelib.resources._s3_block import (
    ACCOUNT_DELETE_ACTIONS,
    ACCOUNT_PUT_ACTIONS,
    BLOCK_SHAPE,
    account_block,
    all_flags,
    proposed_block,
)
from chalicelib.resources._trail_events import TRAIL_ROUTES
from chalicelib.resources._trails import TRAILS_FACET, TRAILS_SHAPE

TYPE = "Observed::Account::Global"
_BLOCK = "/observed/PublicAccessBlockConfiguration"
_S3 = "s3.amazonaws.com"


def _read_block(aws: Any, ref: ResourceRef) -> FacetReading:
    block = account_block(aws, ref.account_id)
    return FacetReading(observed={"PublicAccessBlockConfiguration": block})


def _propose_block(record: Record) -> Mapping[str, Any]:
    block = proposed_block(record)
    return {} if block is None else {_BLOCK: block}


def _propose_no_block(_record: Record) -> Mapping[str, Any]:
    return {_BLOCK: all_flags(on=False)}


def _list(_aws: Any, account_id: str, _region: str, _token: str | None) -> Page:
    ref = ResourceRef(account_id=account_id, region="global", type=TYPE, id=account_id)
    return Page(refs=(ref,))


RESOURCE_TYPE = ResourceType(
    type=TYPE,
    service="account",
    noun="account",
    is_global=True,
    schema=closed(
        {
            "properties": closed({}),
            "observed": closed(
                {"PublicAccessBlockConfiguration": BLOCK_SHAPE, "Trails": TRAILS_SHAPE}
            ),
        }
    ),
    routes=(
        Route(source=_S3, actions=ACCOUNT_PUT_ACTIONS, writes=(_BLOCK,), propose=_propose_block),
        Route(
            source=_S3, actions=ACCOUNT_DELETE_ACTIONS, writes=(_BLOCK,), propose=_propose_no_block
        ),
        *TRAIL_ROUTES,
    ),
    facets=(
        Facet(
            name="public_access_block",
            calls=("s3control:GetPublicAccessBlock",),
            permissions=("s3:GetAccountPublicAccessBlock",),
            pointers=(_BLOCK,),
            read=_read_block,
        ),
        TRAILS_FACET,
    ),
    facts=(MANAGEMENT_EVENT_TRAILS,),
    list=_list,
    list_calls=(),
    list_permissions=(),
    # A new account has neither a public access block nor a trail.
    defaults={
        "properties": {},
        "observed": {"PublicAccessBlockConfiguration": all_flags(on=False), "Trails": {}},
    },
)
