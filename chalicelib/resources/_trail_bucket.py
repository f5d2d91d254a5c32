"""The bucket that receives a trail's logs, as a facet of the trail, and what changes it.

Every part of the bucket is read, and can be missing, on its own. Each read names this account as
the owner the bucket should have: a bucket in a logging account is refused, which leaves gaps, and
so is a stranger's who took the name of a deleted bucket.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from chalicelib.facts.log_bucket import IN_TRAIL
from chalicelib.facts.policy import POLICY_SCHEMA
from chalicelib.facts.s3_acl import GRANTS_SCHEMA
from chalicelib.model import (
    Companion,
    Facet,
    FacetReading,
    Gap,
    GapReason,
    Relation,
    ResourceRef,
    Route,
)
from chalicelib.model.plugin import Record
from chalicelib.model.pointer import tokens_of
from chalicelib.resources._declared import closed
from chalicelib.resources._errors import READ_ERRORS, gaps_from, member
from chalicelib.resources._payload import field, parameters_of, scalar
from chalicelib.resources._s3_block import BLOCK_SHAPE, all_flags
from chalicelib.resources._s3_events import (
    ACCOUNT_BLOCK_COMPANION,
    BUCKET_ROUTES,
    OWNERSHIPS,
    bucket_route,
    ownership,
)
from chalicelib.resources._s3_facets import FACETS

_BUCKET = "AWS::S3::Bucket"
_LOGGING = "/observed/LogBucketLogging"
_GET_LOGGING = "s3:GetBucketLogging"
_DESCRIBE = "cloudtrail:DescribeTrails"

_RULE = closed({"ObjectOwnership": {"enum": list(OWNERSHIPS)}})

SHAPES: Mapping[str, Mapping[str, Any]] = {
    "LogBucketPolicy": POLICY_SCHEMA,
    "LogBucketGrants": GRANTS_SCHEMA,
    "LogBucketOwnershipControls": closed(
        {"Rules": {"type": "array", "items": _RULE, "minItems": 1, "maxItems": 1}}
    ),
    "LogBucketPublicAccessBlock": BLOCK_SHAPE,
    "LogBucketAccountBlock": BLOCK_SHAPE,
    "LogBucketLogging": {
        **closed({"DestinationBucketName": {"type": "string"}}),
        "type": ["object", "null"],
    },
}

#: A bucket as S3 creates it since April 2023; whoever else may write to it stands in its policy.
DEFAULTS: Mapping[str, Any] = {
    "LogBucketPolicy": None,
    "LogBucketGrants": [],
    "LogBucketOwnershipControls": ownership("BucketOwnerEnforced"),
    "LogBucketPublicAccessBlock": all_flags(on=True),
    "LogBucketAccountBlock": all_flags(on=False),
    "LogBucketLogging": None,
}


def _read_logging(aws: Any, bucket: ResourceRef) -> FacetReading:
    client = aws.client("s3", account_id=bucket.account_id, region=bucket.region)
    answer = client.get_bucket_logging(Bucket=bucket.id, ExpectedBucketOwner=bucket.account_id)
    # S3 answers with nothing where access is not logged.
    enabled = answer.get("LoggingEnabled")
    return FacetReading(
        observed={
            "LoggingConfiguration": enabled
            and {"DestinationBucketName": member(enabled, "TargetBucket")}
        }
    )


#: Facet of a bucket, and the pointer of a trail that its reading goes to.
_READS = (
    *(
        (facet, IN_TRAIL[pointer])
        for facet in FACETS
        for pointer in facet.pointers
        if pointer in IN_TRAIL
    ),
    (
        Facet(
            name="logging",
            calls=(_GET_LOGGING,),
            permissions=(_GET_LOGGING,),
            pointers=("/observed/LoggingConfiguration",),
            read=_read_logging,
        ),
        _LOGGING,
    ),
)


def read_log_bucket(aws: Any, trail: ResourceRef) -> FacetReading | None:
    """Read the parts of the log bucket; None where the trail is gone."""
    name = _bucket_of(aws, trail)
    if name is None:
        return None
    bucket = replace(trail, type=_BUCKET, id=name, unique_id=None)
    values: dict[str, Any] = {}
    gaps: tuple[Gap, ...] = ()
    for facet, pointer in _READS:
        value, missing = _part(aws, bucket, replace(facet, pointers=(pointer,)))
        values[tokens_of(pointer)[1]] = value
        gaps += missing
    # Bucket names are unique and no answer says the bucket's Region, so the edge does without.
    edge = f"{trail.account_id}#global#{_BUCKET}#{bucket.id}"
    return FacetReading(observed=values, gaps=gaps, companions=(edge,))


def _bucket_of(aws: Any, trail: ResourceRef) -> str | None:
    client = aws.client("cloudtrail", account_id=trail.account_id, region=trail.region)
    answer = client.describe_trails(trailNameList=[trail.id], includeShadowTrails=False)
    described = (each for each in member(answer, "trailList") if each["Name"] == trail.id)
    return next((str(member(each, "S3BucketName")) for each in described), None)


def _part(aws: Any, bucket: ResourceRef, facet: Facet) -> tuple[Any, tuple[Gap, ...]]:
    try:
        reading = facet.read(aws, bucket)
    except READ_ERRORS as error:
        return None, gaps_from(error, facet)
    if reading is None:
        return None, (_gone(facet),)
    (value,) = (*reading.properties.values(), *reading.observed.values())
    return value, ()


def _gone(facet: Facet) -> Gap:
    """A bucket that is not there is not private: whoever makes it next decides."""
    return Gap(
        pointer=facet.pointers[0],
        reason=GapReason.UNSUPPORTED,
        call=facet.calls[0],
        error="NoSuchBucket",
    )


LOG_BUCKET = Facet(
    name="log_bucket",
    calls=(_DESCRIBE, *(call for facet, _ in _READS for call in facet.calls)),
    permissions=(_DESCRIBE, *(action for facet, _ in _READS for action in facet.permissions)),
    pointers=tuple(pointer for _, pointer in _READS),
    read=read_log_bucket,
)


def _logging_set(record: Record) -> Mapping[str, Any]:
    status = field(parameters_of(record), "BucketLoggingStatus")
    if not isinstance(status, Mapping):
        return {}
    target = scalar(field(field(status, "LoggingEnabled"), "TargetBucket"))
    return {_LOGGING: {"DestinationBucketName": target} if isinstance(target, str) else None}


def _in_trail(route: Route) -> Route:
    """Return a bucket's or the account's route with the pointers of a trail."""
    return Route(
        source=route.source,
        actions=route.actions,
        ids=route.ids,
        writes=tuple(IN_TRAIL[pointer] for pointer in route.writes if pointer in IN_TRAIL),
        propose=route.propose and _renamed(route.propose),
    )


def _renamed(
    propose: Callable[[Record], Mapping[str, Any]],
) -> Callable[[Record], Mapping[str, Any]]:
    return lambda record: {
        IN_TRAIL[pointer]: value
        for pointer, value in propose(record).items()
        if pointer in IN_TRAIL
    }


def _concerns_access(route: Route) -> bool:
    return route.deletes or any(pointer in IN_TRAIL for pointer in route.writes)


LOG_BUCKET_COMPANIONS = (
    Companion(
        type=_BUCKET,
        region="global",
        relation=Relation.EDGE,
        routes=(
            *(_in_trail(route) for route in BUCKET_ROUTES if _concerns_access(route)),
            bucket_route("PutBucketLogging", _LOGGING, propose=_logging_set),
        ),
    ),
    replace(ACCOUNT_BLOCK_COMPANION, routes=tuple(map(_in_trail, ACCOUNT_BLOCK_COMPANION.routes))),
)
