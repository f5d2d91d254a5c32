"""A resource, and what was seen of it at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRef:
    """Names one resource.

    Attributes:
        region: AWS Region, or ``global`` for IAM, account and other global resources.
        type: CloudFormation type name, or ``Observed::…`` where CloudFormation has none.
        id: What CloudFormation's ``Ref`` gives (bucket name, group id, role name, trail ARN).
        unique_id: AWS's never-reused id (RoleId, creation date of a bucket) where known;
            two different ones under one id are two resources.
    """

    account_id: str
    region: str
    type: str
    id: str
    partition: str = "aws"
    unique_id: str | None = None

    @property
    def key(self) -> str:
        """Partition key in the store; the same for a recreated resource."""
        return f"{self.account_id}#{self.region}#{self.type}#{self.id}"


class GapReason(StrEnum):
    """Why something could not be read."""

    DENIED = "denied"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    UNSUPPORTED = "unsupported"
    MALFORMED = "malformed"


#: How AWS says that a Region, or the account in it, does not have a service or a call of it. The
#: last is botocore's: the Region has no such host. Other refusals for good count: a log bucket that
#: is gone, or a call that we get wrong.
NOT_OFFERED = (
    "InvalidAction",
    "NotImplemented",
    "OptInRequired",
    "RegionDisabled",
    "SubscriptionRequired",
    "UnknownOperation",
    "EndpointConnectionError",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A part of an item that could not be read, and why.

    Attributes:
        pointer: JSON Pointer into the item document; everything at and below it is unknown.
        call: The API call that failed, ``service:Operation``.
        error: AWS's error code, or the name of a transport error.
        principal: Who was refused, where AWS says so.
    """

    pointer: str
    reason: GapReason
    call: str
    error: str
    principal: str | None = None

    @property
    def is_not_offered(self) -> bool:
        """Tell whether the Region, or the account in it, does not have what was asked for."""
        return self.reason is GapReason.UNSUPPORTED and self.error.startswith(NOT_OFFERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationItem:
    """A resource as described in one look.

    ``properties`` use CloudFormation names, ``observed`` is what AWS says beyond CloudFormation,
    ``derived`` what `facts` concludes. All three are plain JSON values; absent things are an
    explicit ``None`` or ``[]``, unreadable things are named in ``gaps``.

    Attributes:
        companions: Store keys of resources whose change can change this one's verdict.
    """

    ref: ResourceRef
    properties: Mapping[str, Any]
    observed: Mapping[str, Any]
    derived: Mapping[str, Any] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    companions: tuple[str, ...] = ()
    started_at: datetime
    ended_at: datetime

    def document(self) -> dict[str, Any]:
        """Return what rules are judged against; pointers start here."""
        return {
            "properties": self.properties,
            "observed": self.observed,
            "derived": self.derived,
        }
