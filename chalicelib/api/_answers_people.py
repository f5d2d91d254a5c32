"""What the API answers about people and their work; see `_answers` for the conventions."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.api._answers import FindingSummary, HistoryEntry, Json, Stamp, Who


class ScopeText(msgspec.Struct, frozen=True, kw_only=True):
    """Which findings an exemption is about."""

    rule_id: str
    account: str
    region: str
    resource: str
    resource_type: str | None
    tags: dict[str, str]


class ExemptionText(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted risk, or one that somebody asks to accept."""

    id: str
    scope: ScopeText
    reason: str
    requested_by: Who
    requested_at: Stamp
    expires_at: Stamp
    matched: int
    pinned: list[str] | None
    status: str
    in_force: bool
    decided_by: Who | None
    decided_at: Stamp | None
    ended_by: Who | None
    ended_at: Stamp | None


class ExemptionDetail(ExemptionText, frozen=True, kw_only=True):
    """An exemption with everything that happened to it, oldest first."""

    history: list[HistoryEntry]


class ExemptionList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of exemptions."""

    items: list[ExemptionText]
    next: str | None


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What an exemption would be about: how many open findings, and the first of them."""

    matched: int
    findings: list[FindingSummary]


class PersonText(msgspec.Struct, frozen=True, kw_only=True):
    """A person and the identities that are theirs."""

    id: str
    name: str
    identities: list[str]
    confirmed: bool
    removed: bool
    enrolled_by: Who | None


class PersonList(msgspec.Struct, frozen=True, kw_only=True):
    """Every person."""

    items: list[PersonText]
    next: str | None


class IdentityText(msgspec.Struct, frozen=True, kw_only=True):
    """What AWS proves about a caller."""

    kind: str
    id: str
    name: str
    arn: str | None


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever calls, and the person they are known to be."""

    identity: IdentityText
    person: str | None


class ExportText(msgspec.Struct, frozen=True, kw_only=True):
    """An export; `url` is where the finished file can be fetched for a short time."""

    id: str
    status: str
    format: str
    # `from` is a keyword in Python and the name in JSON.
    start: Annotated[Stamp, Meta(description="Inclusive")] = msgspec.field(name="from")
    to: Stamp
    requested_by: Who
    requested_at: Stamp
    done: int
    total: int | None
    size: int | None
    sha256: str | None
    url: str | None
    key_fingerprint: str | None
    error: str | None


class ExportList(msgspec.Struct, frozen=True, kw_only=True):
    """Exports, the newest first."""

    items: list[ExportText]
    next: str | None


class Posture(msgspec.Struct, frozen=True, kw_only=True):
    """How an account stands now, and how it stood."""

    now: Json
    series: list[Json]


class HealthCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that must work."""

    name: str
    ok: bool
    detail: str


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Whether Vigil works; `unsealed` counts entries that were written after `sealed_until`."""

    status: str
    version: str
    bundle: str
    sealed_until: Stamp | None
    unsealed: int | None
    checks: list[HealthCheck]
