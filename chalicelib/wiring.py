"""The composition root: builds every adapter once per cold start and hands them to the pipeline.

Clients stay unbuilt until their first call; only the store's is built at once, because every
message needs it and the first one should not wait.
"""

import functools
from collections.abc import Callable
from typing import Any

from chalicelib import pipeline, resources
from chalicelib.aws import Clients, SystemClock
from chalicelib.evaluate.bundle import rules_from
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.findings.store import DynamoStore
from chalicelib.findings.sweeps import DynamoSweeps
from chalicelib.ingest.routing import Routing
from chalicelib.model import (
    ConfigurationItem,
    LookRequest,
    Reason,
    ResourceRef,
    ResourceType,
    Subject,
)
from chalicelib.plugins import discover
from chalicelib.ports import Clock
from chalicelib.queues import SqsQueue
from chalicelib.resources._frame import fingerprint, owner_of
from chalicelib.resources._observer import ResourceObserver
from chalicelib.settings import Settings


def ports() -> pipeline.Ports:
    """Return the outside world that the environment describes; built once per environment."""
    return _ports_for(Settings.from_env())


def start_sweep() -> int:
    """Queue a sweep of the account this runs in; return the number of listings."""
    settings = Settings.from_env()
    return pipeline.start_sweep(settings.account_id, settings.partition, ports())


def queue_due() -> int:
    """Queue looks at everything that time makes due; return how many."""
    world = ports()
    due = world.store.due(world.clock.now())
    requests = [LookRequest(ref=ref, reason=Reason.TIME) for ref in due]
    world.bulk.enqueue(*requests)
    return len(requests)


@functools.cache
def resource_types() -> tuple[ResourceType, ...]:
    """Return every resource type there is."""
    return discover(resources, "RESOURCE_TYPE", ResourceType)


@functools.cache
def _ports_for(settings: Settings) -> pipeline.Ports:
    return ports_over(settings, Clients(endpoint_url=settings.endpoint_url), SystemClock())


def ports_over(settings: Settings, clients: Clients, clock: Clock) -> pipeline.Ports:
    """Return the outside world over given clients and a given clock."""
    types = {t.type: t for t in resource_types()}
    rulebook = Rulebook.of(rules_from(settings.bundle.read_bytes()), types.values())
    dynamodb = clients.client("dynamodb")
    return pipeline.Ports(
        clock=clock,
        observer=ResourceObserver(clients, types, rulebook.pointers_for, clock),
        store=DynamoStore(
            dynamodb, settings.findings_table, settings.history_table, settings.ledger_table
        ),
        sweeps=DynamoSweeps(dynamodb, settings.work_table),
        live=SqsQueue(_lazy(clients, "sqs"), settings.changes_queue_url),
        bulk=SqsQueue(_lazy(clients, "sqs"), settings.sweep_queue_url),
        rulebook=rulebook,
        routing=Routing.of(types.values()),
        confirm_seconds=settings.confirm_seconds,
        places=_places(settings),
        subject_of=_subject_of(types, settings.default_owner),
        fingerprint_of=lambda item: fingerprint(types[item.ref.type], item),
    )


def _lazy(clients: Clients, service: str) -> Callable[[], Any]:
    return functools.partial(clients.client, service)


def _subject_of(
    types: dict[str, ResourceType], default_owner: str | None
) -> Callable[[ResourceRef, ConfigurationItem | None], Subject]:
    def subject_of(ref: ResourceRef, item: ConfigurationItem | None) -> Subject:
        arn = types[ref.type].arn if ref.type in types else None
        owner = owner_of(item) if item else None
        return Subject(ref=ref, arn=arn(ref) if arn else None, owner=owner or default_owner)

    return subject_of


def _places(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Every (type, Region) to sweep; S3 buckets belong to Regions, IAM to none."""
    return tuple(
        (t.type, region)
        for t in resource_types()
        for region in (("global",) if t.is_global else settings.sweep_regions)
    )
