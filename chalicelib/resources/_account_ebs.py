"""Whether new EBS volumes of a Region are encrypted unless told otherwise."""

from typing import Any

from chalicelib.model import Facet, FacetReading, ResourceRef, Route
from chalicelib.resources._errors import member
from chalicelib.resources._parts import Part

_NAME = "EbsEncryptionByDefault"
_POINTER = f"/observed/{_NAME}"
_CALL = "ec2:GetEbsEncryptionByDefault"


def _read(aws: Any, ref: ResourceRef) -> FacetReading:
    client = aws.client("ec2", account_id=ref.account_id, region=ref.region)
    return FacetReading(observed={_NAME: member(client.get_ebs_encryption_by_default(), _NAME)})


def _route(action: str, *, on: bool) -> Route:
    return Route(
        source="ec2.amazonaws.com",
        actions=(action,),
        ids=("awsRegion",),
        writes=(_POINTER,),
        propose=lambda _record: {_POINTER: on},
    )


EBS_ENCRYPTION = Part(
    shapes={_NAME: {"type": "boolean"}},
    defaults={_NAME: False},
    facets=(
        Facet(
            name="ebs_encryption",
            calls=(_CALL,),
            permissions=(_CALL,),
            pointers=(_POINTER,),
            read=_read,
        ),
    ),
    routes=(
        _route("EnableEbsEncryptionByDefault", on=True),
        _route("DisableEbsEncryptionByDefault", on=False),
    ),
)
