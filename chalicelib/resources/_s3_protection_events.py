"""What S3's events say about what protects a bucket: versions, logs, encryption, copies.

There is no call that switches versioning or access logging off: a Put call does, with a payload
that says "Suspended" or says nothing inside an empty element. A payload that is not there at all
derives nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.facts.s3_access import payload_openings
from chalicelib.facts.s3_acl import grants_from_request
from chalicelib.model import Route
from chalicelib.model.plugin import Record
from chalicelib.resources._payload import field, parameters_of, partition_of, scalar
from chalicelib.resources._s3_events import Proposal, bucket_route

VERSIONING = "/properties/VersioningConfiguration"
MFA_DELETE = "/observed/MFADelete"

_STATUSES = frozenset({"Enabled", "Suspended", "Disabled"})
_TEXT_OR_NULL = {"type": ["string", "null"]}
_DAYS_DIGITS = 6


def _object(**properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


#: VersioningRequest: what was asked for; null where the payload does not say.
#: LoggingTarget: the bucket that access logs are to go to; null where they are switched off.
#: Expiry: the fewest days after which an enabled lifecycle rule deletes; null where none does.
#: ReplicatedTo: accounts other than the bucket's own that copies are handed over to.
PROTECTION_CHANGE_FACTS: Mapping[str, Mapping[str, Any]] = {
    "VersioningRequest": _object(
        Status={"enum": [*sorted(_STATUSES), None]}, MfaDelete={"enum": [*sorted(_STATUSES), None]}
    ),
    "LoggingTarget": _object(Bucket=_TEXT_OR_NULL),
    "Expiry": _object(Days={"type": ["integer", "null"]}),
    "ReplicatedTo": {"type": "array", "items": _object(Account={"type": "string"})},
}


def _versioning(record: Record) -> dict[str, str | None] | None:
    configuration = field(parameters_of(record), "VersioningConfiguration")
    if not isinstance(configuration, Mapping):
        return None
    given = (scalar(field(configuration, name)) for name in ("Status", "MfaDelete"))
    status, mfa = (text if text in _STATUSES else None for text in map(_text, given))
    return {"Status": status, "MfaDelete": mfa}


def _with_versioning(record: Record) -> Proposal:
    asked = _versioning(record)
    if asked is None:
        return {}
    status = {} if asked["Status"] is None else {VERSIONING: {"Status": asked["Status"]}}
    mfa = {} if asked["MfaDelete"] is None else {MFA_DELETE: asked["MfaDelete"]}
    return {**status, **mfa}


def _versioning_request(record: Record) -> Proposal:
    asked = _versioning(record)
    return {} if asked is None else {"VersioningRequest": asked}


def _logging_target(record: Record) -> Proposal:
    parameters = parameters_of(record)
    status = scalar(field(parameters, "BucketLoggingStatus"))
    if not (isinstance(status, Mapping) or status == ""):
        return {}
    target = _text(scalar(field(scalar(field(status, "LoggingEnabled")), "TargetBucket")))
    return {"LoggingTarget": {"Bucket": target}}


def _expiry(record: Record) -> Proposal:
    configuration = field(parameters_of(record), "LifecycleConfiguration")
    if not isinstance(configuration, Mapping):
        return {}
    rules = field(configuration, "Rule") or field(configuration, "Rules")
    days = [each for rule in _listed(rules) for each in _days(rule)]
    return {"Expiry": {"Days": min(days, default=None)}}


def _days(rule: Any) -> Iterator[int]:
    if field(rule, "Status") != "Enabled":
        return
    for part, name in (("Expiration", "Days"), ("NoncurrentVersionExpiration", "NoncurrentDays")):
        days = scalar(field(field(rule, part), name))
        if isinstance(days, int | str) and str(days).isdecimal() and len(str(days)) <= _DAYS_DIGITS:
            yield int(days)


def _replicated_to(record: Record) -> Proposal:
    configuration = field(parameters_of(record), "ReplicationConfiguration")
    if not isinstance(configuration, Mapping):
        return {}
    rules = field(configuration, "Rule") or field(configuration, "Rules")
    own = field(record, "recipientAccountId")
    named = (_text(field(field(rule, "Destination"), "Account")) for rule in _listed(rules))
    others = sorted({account for account in named if account and account != own})
    return {"ReplicatedTo": [{"Account": account} for account in others]}


def _opened_object(record: Record) -> Proposal:
    # Rows about an object have no place in the bucket's item to point at.
    grants = grants_from_request(parameters_of(record)) or ()
    bucket = _text(scalar(field(parameters_of(record), "bucketName"))) or ""
    rows = payload_openings(bucket=bucket, partition=partition_of(record), grants=grants)
    return {"PublicAccess": [{**row, "Because": []} for row in rows]}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


PROTECTION_ROUTES: tuple[Route, ...] = (
    bucket_route(
        "PutBucketVersioning",
        *(VERSIONING, MFA_DELETE),
        propose=_with_versioning,
        derive=_versioning_request,
    ),
    bucket_route("PutBucketLogging", derive=_logging_target),
    bucket_route("PutBucketLifecycle", derive=_expiry),
    bucket_route("PutBucketReplication", derive=_replicated_to),
    bucket_route("DeleteBucketReplication"),
    bucket_route("DeleteBucketEncryption"),
    bucket_route("PutObjectAcl", derive=_opened_object),
)
