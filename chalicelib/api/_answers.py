"""What the API answers about findings and resources: presenters fill it, OpenAPI is made of it.

A key that is listed here is always there; null says that there is nothing to say.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

#: RFC 3339 in UTC with milliseconds.
Stamp = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Json = dict[str, Any]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457: why a request was not done.

    Attributes:
        errors: What is wrong where, for a request that is wrong in itself.
    """

    type: str
    title: str
    status: int
    detail: str
    errors: list["Wrong"] | msgspec.UnsetType = msgspec.UNSET


class Wrong(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong in one place of a request."""

    at: str
    detail: str


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """What API Gateway itself says to a caller whom it does not let in."""

    message: str | None


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody; `person` is the id of the person it is known to be."""

    name: str
    person: str | None


class ExemptionMark(msgspec.Struct, frozen=True, kw_only=True):
    """The exemption that is in force for a finding."""

    id: str
    expires_at: Stamp


class FindingSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A finding in a list."""

    finding_id: str
    rule_id: str
    title: str
    severity: str
    status: str
    account_id: str
    region: str
    resource_type: str
    resource_id: str
    resource_arn: str | None
    owner: str | None
    assignee: str | None
    acknowledged_at: Stamp | None
    opened_at: Stamp
    changed_at: Stamp
    resolved_at: Stamp | None
    due_at: Stamp | None
    overdue: bool
    exemption: ExemptionMark | None
    message: str
    episode: int
    actor: str | None


class FindingList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of findings."""

    items: list[FindingSummary]
    next: str | None


class FixText(msgspec.Struct, frozen=True, kw_only=True):
    """How a person repairs it, and the id of the remediation that could."""

    text: str
    remediation: str | None


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Before → after of one attribute; null where it was not there or is not known."""

    pointer: str
    before: Any
    after: Any


class ItemRef(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration that is kept: SHA-256 of its canonical JSON, and that JSON's size."""

    hash: str
    size: int


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """The change that is proven to have led somewhere."""

    event_id: str | None
    event_source: str
    event_name: str
    event_time: Stamp
    actor: Json


class FindingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A finding with everything that is known of it."""

    schema_version: str
    finding_id: str
    rule_id: str
    rule_hash: str
    title: str
    severity: str
    severity_because: str | None
    status: str
    compliance: str | None
    episode: int
    revision: int
    reason: str
    account_id: str
    region: str
    partition: str
    resource_type: str
    resource_id: str
    resource_arn: str | None
    resource_unique_id: str | None
    tags: dict[str, str]
    owner: Json | None
    message: str
    risk: str
    fix: FixText
    evidence: list[Json]
    gaps: list[Json]
    differences: list[Difference]
    item: ItemRef | None
    cause: Cause | None
    seen_by: str | None
    frameworks: dict[str, list[str]]
    times: dict[str, Stamp | None]
    overdue: bool
    acknowledged_by: str | None
    assignee: str | None
    exemption: Json | None
    integrity: Json


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a history; `hash` is the SHA-256 of its stored bytes."""

    at: Stamp
    kind: str
    reason: str
    seq: int
    hash: str
    prev: str | None
    by: Who | None
    note: str | None
    rule_id: str
    severity: str | None
    message: str | None
    differences: list[Difference]
    cause: Cause | None
    item: ItemRef | None


class History(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a history, oldest first."""

    items: list[HistoryEntry]
    next: str | None


class ResourceName(msgspec.Struct, frozen=True, kw_only=True):
    """What identifies a resource."""

    account_id: str
    region: str
    type: str
    id: str
    partition: str
    unique_id: str | None


class ResourceStep(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration in a resource's timeline; no item where the resource was gone."""

    at: Stamp
    item: ItemRef | None
    differences: list[Difference]
    event_id: str | None


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """A resource as it was last looked at, or at an instant; `item` is the configuration."""

    key: str
    ref: ResourceName
    arn: str | None
    item: Json | None
    item_ref: ItemRef | None
    looked_at: Stamp | None
    findings: list[FindingSummary]
    timeline: list[ResourceStep]


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A record that was received, and what became of it."""

    event_id: str | None
    event_time: Stamp
    received_at: Stamp
    event_source: str
    event_name: str
    account_id: str
    region: str
    disposition: str
    actor: str | None
    detail: str | None


class ChangeList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of changes, newest first."""

    items: list[ChangeRow]
    next: str | None


class RuleText(msgspec.Struct, frozen=True, kw_only=True):
    """A rule in force."""

    id: str
    kind: str
    title: str
    severity: str
    resource_type: str | None
    risk: str
    fix: FixText
    frameworks: dict[str, list[str]]
    hash: str


class RuleList(msgspec.Struct, frozen=True, kw_only=True):
    """Every rule in force, by id."""

    items: list[RuleText]
    next: str | None
