"""What the pipeline needs from the outside world, as Protocols; `wiring` provides the real ones."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from chalicelib.model import (
    Commit,
    ConfigurationItem,
    ItemRef,
    Known,
    LastSweep,
    LedgerRow,
    LookRequest,
    Occurrence,
    Page,
    ResourceRef,
    RuleCount,
    Sweep,
    SweepRequest,
    Transition,
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

    def describe(self, ref: ResourceRef, observes: Mapping[str, Any]) -> ConfigurationItem | None:
        """Describe what the enabled rules need; None where the resource does not exist.

        Args:
            ref: The resource.
            observes: Pointer → value that the event itself proves; it overrides what AWS says.
        """

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

    def summarise(self, account_id: str, since: datetime | None) -> tuple[RuleCount, ...]:
        """Count open findings that a first look or new rules brought since then, worst first."""

    def append(self, transition: Transition) -> None:
        """Write a history entry that belongs to no finding (a summary), if it is not there."""

    def due(self, until: datetime) -> Iterable[ResourceRef]:
        """Yield every resource that time alone makes due by `until`."""

    def dependents(self, companion_key: str, dependent_type: str) -> tuple[ResourceRef, ...]:
        """Return the resources of a type whose last look named this companion."""


class Items(Protocol):
    """Where configurations are kept, each distinct one once."""

    def put(self, document: Mapping[str, Any]) -> ItemRef:
        """Keep a configuration and say under which name; idempotent.

        Raises:
            RetryableError: It is not kept, so nothing may refer to it.
        """


class Queue(Protocol):
    """Work for later; waiting is the queue's, never ours."""

    def enqueue(self, *requests: LookRequest | SweepRequest, delay_seconds: int = 0) -> None:
        """Send requests, in batches; SQS caps the delay at 900 s."""


class Sweeps(Protocol):
    """The bookkeeping of sweeps whose outcome is told as one summary."""

    def last(self, account_id: str) -> LastSweep | None:
        """Return the account's last finished sweep that was told as one, or None."""

    def begin(self, sweep_id: str, tasks: Iterable[str]) -> None:
        """Note tasks that must end before the sweep is over; idempotent."""

    def waits_for(self, sweep_id: str, task: str) -> bool:
        """Tell whether a task was begun and has not ended."""

    def finish(self, sweep_id: str, task: str) -> bool:
        """Note the end of a task; True where none is left, also when asked again."""

    def close(self, sweep: Sweep, at: datetime) -> None:
        """Note that the account was swept with this bundle, and when it was summarised."""


class Rates(Protocol):
    """The counting of what rate rules object to only in numbers."""

    def count(self, one: Occurrence) -> tuple[str, ...]:
        """Keep an occurrence and return the marks of its stretch, its own included; idempotent.

        Empty where the burst is told already, or so much is kept that others must have told it.
        """

    def settle(self, one: Occurrence) -> None:
        """Note that the burst is told: nothing more is counted in this stretch."""
