"""Everything the story needs from outside, in one record that `wiring` fills."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.ingest.routing import Routing
from chalicelib.model import ConfigurationItem, ResourceRef, Subject
from chalicelib.ports import Clock, Observer, Queue, Rates, Store, Sweeps


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The outside world of one deployment.

    Attributes:
        live: Queue of changes and their confirming looks.
        bulk: Queue of sweeps, due looks and companions' dependents: a backlog of these never
            delays a live change.
        confirm_seconds: Delays of the first, second, … confirming look.
        places: Every (type, Region) that a sweep covers.
        subject_of: Names the resource as people do (ARN, owner); the item may be absent.
    """

    clock: Clock
    observer: Observer
    store: Store
    sweeps: Sweeps
    rates: Rates
    live: Queue
    bulk: Queue
    rulebook: Rulebook
    routing: Routing
    confirm_seconds: tuple[int, ...]
    places: tuple[tuple[str, str], ...]
    subject_of: Callable[[ResourceRef, ConfigurationItem | None], Subject]
    fingerprint_of: Callable[[ConfigurationItem], str]
