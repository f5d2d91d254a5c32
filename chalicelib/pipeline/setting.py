"""Everything the story needs from outside, in one record that `wiring` fills."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.ingest.routing import Routing
from chalicelib.model import ConfigurationItem, ResourceRef, Severity, Subject
from chalicelib.model.ruleset import DEFAULT_SLA, ExemptionPolicy
from chalicelib.ports import Clock, Items, Observer, Queue, Rates, Store, Sweeps


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
        items: Where configurations are kept; None for nowhere, and then there is no timeline.
        sla: Severity → hours within which a finding should be resolved.
        exemptions: How long a risk may be accepted.
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
    items: Items | None = None
    sla: Mapping[Severity, int] = field(default_factory=lambda: DEFAULT_SLA)
    exemptions: ExemptionPolicy = field(default_factory=ExemptionPolicy)
