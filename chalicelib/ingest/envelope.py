"""An SQS body → the CloudTrail record in it, once its EventBridge envelope is believed.

Anybody in the account may put events on the bus, but nobody except AWS may use a source that
begins with ``aws.``, and EventBridge itself writes account and region. `source` is *not* compared
with ``eventSource``: AWS delivers CloudSearch's calls as ``aws.rds``.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.errors import InvalidRecordError
from chalicelib.ingest import canonical
from chalicelib.ingest.text import clean
from chalicelib.model.plugin import Record

BODY_LIMIT_BYTES = 1024 * 1024

DETAIL_TYPES = frozenset(
    {
        "AWS API Call via CloudTrail",
        "AWS Console Action via CloudTrail",
        "AWS Console Sign In via CloudTrail",
        "AWS Console Signin via CloudTrail",
        "AWS Service Event via CloudTrail",
    }
)

#: Services whose events carry the Region of their global endpoint, wherever the bus is.
GLOBAL_SOURCES = frozenset(
    {
        "account.amazonaws.com",
        "budgets.amazonaws.com",
        "ce.amazonaws.com",
        "cloudfront.amazonaws.com",
        "globalaccelerator.amazonaws.com",
        "health.amazonaws.com",
        "iam.amazonaws.com",
        "networkmanager.amazonaws.com",
        "organizations.amazonaws.com",
        "route53.amazonaws.com",
        "route53domains.amazonaws.com",
        "shield.amazonaws.com",
        "signin.amazonaws.com",
        "sts.amazonaws.com",
        "support.amazonaws.com",
        "trustedadvisor.amazonaws.com",
        "waf.amazonaws.com",
    }
)

_NAME_LIMIT_CHARS = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message of the bus.

    Attributes:
        record: The CloudTrail record; None where the event is something else on the same bus,
            which is no error: `detail_type` says what it was.
        account_id: The account whose bus delivered it, as EventBridge wrote it.
        source: Who put the event on the bus, e.g. ``aws.ec2``.
    """

    record: Record | None
    detail_type: str
    account_id: str
    region: str
    source: str
    received_at: datetime


def read(body: str | bytes, *, received_at: datetime) -> Received:
    """Read the EventBridge envelope of one message.

    Raises:
        InvalidRecordError: No envelope: not JSON, too large, or of another form; `spoofed` where
            it contradicts the record in it.
    """
    envelope = _object_in(body)
    detail_type = envelope.get("detail-type")
    if not isinstance(detail_type, str):
        raise InvalidRecordError("the body has no detail-type: not an EventBridge envelope")
    return Received(
        record=_believed(envelope) if detail_type in DETAIL_TYPES else None,
        detail_type=clean(detail_type, _NAME_LIMIT_CHARS) or "",
        account_id=clean(envelope.get("account"), _NAME_LIMIT_CHARS) or "",
        region=clean(envelope.get("region"), _NAME_LIMIT_CHARS) or "",
        source=clean(envelope.get("source"), _NAME_LIMIT_CHARS) or "",
        received_at=received_at,
    )


def _object_in(body: str | bytes) -> dict[str, Any]:
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    if len(raw) > BODY_LIMIT_BYTES:
        raise InvalidRecordError(f"the body has {len(raw)} bytes, more than {BODY_LIMIT_BYTES}")
    envelope = canonical.decode(raw)
    if not isinstance(envelope, dict):
        raise InvalidRecordError("the body is not a JSON object")
    return envelope


def _believed(envelope: dict[str, Any]) -> Record:
    record = envelope.get("detail")
    if not isinstance(record, dict):
        raise InvalidRecordError("the envelope's detail is not an object")
    if contradiction := _contradiction(envelope, record):
        raise InvalidRecordError(contradiction, spoofed=True)
    return record


def _contradiction(envelope: dict[str, Any], record: Record) -> str | None:
    if not str(envelope.get("source")).startswith("aws."):
        return "the envelope's source does not begin with 'aws.'"
    owner = _owner_of(record)
    if owner is not None and owner != envelope.get("account"):
        return "the envelope's account is not the record's"
    region = record.get("awsRegion")
    regional = str(record.get("eventSource")) not in GLOBAL_SOURCES
    if regional and region is not None and region != envelope.get("region"):
        return "the envelope's region is not the record's awsRegion"
    return None


def _owner_of(record: Record) -> Any:
    # recipientAccountId exists since event version 1.05; before, the caller's account is all
    # there is, and some identities (AWSService, null) have none.
    owner = record.get("recipientAccountId")
    identity = record.get("userIdentity")
    if owner is None and isinstance(identity, dict):
        return identity.get("accountId")
    return owner
