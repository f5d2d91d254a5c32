"""Whether EMR refuses clusters with security groups that are open to the world, as a Region's part.

What a newcomer gets wrong: the block is not all or nothing. It lists port ranges that stay
permitted, port 22 from the start, and a range 0-65535 there makes it worth nothing.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.model import Facet, FacetReading, ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._account_safeguards import SAFEGUARDS_LOST, losses, unsaid
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import member
from chalicelib.resources._parts import Part
from chalicelib.resources._payload import field, flag, parameters_of

_NAME = "BlockPublicAccessConfiguration"
_POINTER = f"/observed/{_NAME}"
_RANGES = "PermittedPublicSecurityGroupRuleRanges"
_CALL = "elasticmapreduce:GetBlockPublicAccessConfiguration"
_SSH = 22

_PORT = {"type": "integer", "minimum": 0, "maximum": 65535}
_SHAPE = closed(
    {
        "BlockPublicSecurityGroupRules": {"type": "boolean"},
        _RANGES: {"type": "array", "items": closed({"MinRange": _PORT, "MaxRange": _PORT})},
    }
)


def _read(aws: Any, ref: ResourceRef) -> FacetReading:
    client = aws.client("emr", account_id=ref.account_id, region=ref.region)
    block = member(client.get_block_public_access_configuration(), _NAME)
    member(block, "BlockPublicSecurityGroupRules")
    return FacetReading(observed={_NAME: _block_from(block)})


def _block_from(raw: Any) -> dict[str, Any]:
    """Normalise a block of an answer or a payload."""
    ranges = field(raw, _RANGES)
    return {
        "BlockPublicSecurityGroupRules": flag(field(raw, "BlockPublicSecurityGroupRules")),
        _RANGES: [_range_from(one) for one in ranges] if isinstance(ranges, list) else [],
    }


def _range_from(raw: Any) -> dict[str, Any]:
    first, last = field(raw, "MinRange"), field(raw, "MaxRange")
    # EMR takes a range without its end as a single port.
    return {"MinRange": first, "MaxRange": first if last is None else last}


def _propose(record: Record) -> Mapping[str, Any]:
    block = field(parameters_of(record), _NAME)
    return {_POINTER: _block_from(block)} if isinstance(block, Mapping) else unsaid(_POINTER)


def _lost(record: Record) -> Mapping[str, Any]:
    block = _block_from(field(parameters_of(record), _NAME))
    only_ssh = {"MinRange": _SSH, "MaxRange": _SSH}
    unblocked = block["BlockPublicSecurityGroupRules"] is False
    opened = unblocked or any(one != only_ssh for one in block[_RANGES])
    return losses("emr-public-access-block", lost=opened)


EMR_BLOCK = Part(
    shapes={_NAME: _SHAPE},
    # What AWS documents for accounts that made no cluster before July 2019.
    defaults={
        _NAME: {
            "BlockPublicSecurityGroupRules": True,
            _RANGES: [{"MinRange": _SSH, "MaxRange": _SSH}],
        }
    },
    facets=(
        Facet(
            name="emr_block",
            calls=("emr:GetBlockPublicAccessConfiguration",),
            permissions=(_CALL,),
            pointers=(_POINTER,),
            read=_read,
        ),
    ),
    routes=(
        Route(
            source="elasticmapreduce.amazonaws.com",
            actions=("PutBlockPublicAccessConfiguration",),
            ids=("awsRegion",),
            writes=(_POINTER,),
            propose=_propose,
            derive=_lost,
        ),
    ),
    change_facts=SAFEGUARDS_LOST,
)
