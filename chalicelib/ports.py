"""What the pipeline needs from the outside world, as Protocols; `wiring` provides the real ones."""

from datetime import datetime
from typing import Any, Protocol

from chalicelib.model import (
    Commit,
    ConfigurationItem,
    Known,
    LedgerRow,
    LookRequest,
    Page,
    ResourceRef,
    SweepRequest,
)


class Clock(Protocol):
    """The time, in UTC, truncated to milliseconds."""

    def now(self) -> datetime:
        """Return the current instant."""


class Aws(Protocol):
    """boto3 clients, built lazily and kept."""

    def client(self, service: str, *, account_id: str, region: str) -> Any:
        """Return a client for `service` in an account and Region (``global`` → us-east-1)."""


class Observer(Protocol):
    """The eyes: describes resources through their types, with facts derived."""

    def resolve(self, ref: ResourceRef) -> ResourceRef | None:
        """Return the canonical reference, or None where it names nothing."""

    def describe(self, ref: ResourceRef) -> ConfigurationItem | None:
        """Describe what the enabled rules need; None where the resource does not exist."""

    def page(self, request: SweepRequest) -> Page:
        """Return a page of a type's population, facts derived."""


class Store(Protocol):
    """The memory: what stands, its history, the ledger."""

    def known(self, ref: ResourceRef) -> Known:
        """Read everything known of a resource (one consistent Query)."""

    def commit(self, commit: Commit) -> None:
        """Write a look with its transitions, all or nothing.

        Raises:
            ConflictError: The resource moved since it was read.
            DuplicateRecordError: The ledger row's record was processed before.
        """

    def log(self, row: LedgerRow) -> None:
        """Write one ledger row.

        Raises:
            DuplicateRecordError: The record was processed before.
        """

    def dependents(self, companion_key: str, dependent_type: str) -> tuple[ResourceRef, ...]:
        """Return the resources of a type whose last look named this companion."""


class Queue(Protocol):
    """Work for later; waiting is the queue's, never ours."""

    def enqueue(self, request: LookRequest | SweepRequest, *, delay_seconds: int = 0) -> None:
        """Send a request; SQS caps the delay at 900 s."""
