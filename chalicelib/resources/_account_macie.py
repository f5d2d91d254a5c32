"""Whether Macie looks through the buckets of a Region, and whether there are any.

What a newcomer gets wrong: Macie has no code of its own for "not enabled". It answers with the
code of a refusal, AccessDeniedException, and only the sentence tells the two apart: a refusal
names the caller and the action ("User: … is not authorized to perform: …"), this one says that
Macie is not enabled. A sentence that is neither stays a refusal, so a gap.
"""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.model import Facet, FacetReading, ResourceRef, Route
from chalicelib.model.plugin import Record
from chalicelib.resources._account_safeguards import SAFEGUARDS_LOST, losses, unsaid
from chalicelib.resources._errors import code_of, member
from chalicelib.resources._parts import Part
from chalicelib.resources._payload import field, parameters_of

_STATUS = "MacieStatus"
_BUCKETS = "HoldsBuckets"
_POINTER = f"/observed/{_STATUS}"
_SOURCE = "macie2.amazonaws.com"
_NOT_ENABLED = "Macie is not enabled"


def _read_status(aws: Any, ref: ResourceRef) -> FacetReading:
    client = aws.client("macie2", account_id=ref.account_id, region=ref.region)
    try:
        session = client.get_macie_session()
    except ClientError as error:
        if _says_not_enabled(error):
            return FacetReading(observed={_STATUS: None})
        raise
    return FacetReading(observed={_STATUS: member(session, "status")})


def _says_not_enabled(error: ClientError) -> bool:
    message = str(error.response.get("Error", {}).get("Message", ""))
    return code_of(error) == "AccessDeniedException" and message.startswith(_NOT_ENABLED)


def _read_buckets(aws: Any, ref: ResourceRef) -> FacetReading:
    """Ask for a single bucket of the Region; which one does not matter.

    S3 may answer a page without buckets and a token, so only the last page proves that none is.
    """
    client = aws.client("s3", account_id=ref.account_id, region=ref.region)
    paging: dict[str, Any] = {}
    while True:
        answer = client.list_buckets(MaxBuckets=1, BucketRegion=ref.region, **paging)
        if any(_is_in(bucket, ref.region) for bucket in member(answer, "Buckets")):
            return FacetReading(observed={_BUCKETS: True})
        token = answer.get("ContinuationToken")
        if not token or token == paging.get("ContinuationToken"):
            return FacetReading(observed={_BUCKETS: False})
        paging = {"ContinuationToken": token}


def _is_in(bucket: Mapping[str, Any], region: str) -> bool:
    return bool(bucket.get("BucketRegion", region) == region)


def _propose_status(record: Record) -> Mapping[str, Any]:
    # Both calls leave the status alone, or enabled, where they do not name one.
    status = field(parameters_of(record), "status")
    if status is None and record.get("eventName") == "EnableMacie":
        status = "ENABLED"
    return unsaid(_POINTER) if status is None else {_POINTER: status}


def _propose_none(_record: Record) -> Mapping[str, Any]:
    return {_POINTER: None}


def _lost(record: Record) -> Mapping[str, Any]:
    paused = field(parameters_of(record), "status") == "PAUSED"
    return losses("macie", lost=paused or record.get("eventName") == "DisableMacie")


def _route(*actions: str, **more: Any) -> Route:
    return Route(source=_SOURCE, actions=actions, ids=("awsRegion",), writes=(_POINTER,), **more)


MACIE = Part(
    shapes={
        _STATUS: {"enum": ["ENABLED", "PAUSED", None]},
        _BUCKETS: {"type": "boolean"},
    },
    defaults={_STATUS: None, _BUCKETS: False},
    facets=(
        Facet(
            name="macie",
            calls=("macie2:GetMacieSession",),
            permissions=("macie2:GetMacieSession",),
            pointers=(_POINTER,),
            read=_read_status,
        ),
        # A new bucket comes with no route of its own: every other change in S3 would cost the
        # Region a look, and the next sweep sees the first one.
        Facet(
            name="buckets",
            calls=("s3:ListBuckets",),
            permissions=("s3:ListAllMyBuckets",),
            pointers=(f"/observed/{_BUCKETS}",),
            read=_read_buckets,
        ),
    ),
    routes=(
        _route("EnableMacie", propose=_propose_status),
        _route("UpdateMacieSession", propose=_propose_status, derive=_lost),
        _route("DisableMacie", propose=_propose_none, derive=_lost),
    ),
    change_facts=SAFEGUARDS_LOST,
)
