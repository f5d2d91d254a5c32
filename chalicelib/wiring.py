"""The composition root: builds every adapter once per cold start and hands them to the pipeline.

Clients stay unbuilt until their first call; only the store's is built at once, because every
message needs it and the first one should not wait.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from chalicelib import pipeline, resources
from chalicelib.aws import Clients, SystemClock
from chalicelib.deployed import DeployedRules, Pointer, RulesUnavailableError
from chalicelib.errors import RuleDocumentError
from chalicelib.evaluate.bundle import ruleset_from
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.evaluate.shapes import shapes_of
from chalicelib.findings.items import S3Items
from chalicelib.findings.rates import DynamoRates
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
from chalicelib.model.ruleset import Ruleset
from chalicelib.plugins import discover
from chalicelib.ports import Clock
from chalicelib.queues import SqsQueue
from chalicelib.resources._frame import fingerprint, subject_for, with_tags
from chalicelib.resources._observer import ResourceObserver
from chalicelib.settings import Settings

logger = Logger(service="vigil-rules")


def ports() -> pipeline.Ports:
    """Return the outside world that the environment describes, with the newest rules.

    Everything else is built once per environment.
    """
    return _world_for(Settings.from_env()).ports()


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


@dataclass(slots=True, kw_only=True)
class World:
    """The outside world of one environment, and the rules that are in force in it by now.

    Attributes:
        deployed: Where to look for newer rules than those of this build; None for nowhere.
    """

    settings: Settings
    clients: Clients
    clock: Clock
    deployed: DeployedRules | None
    _ports: pipeline.Ports | None = None

    def ports(self) -> pipeline.Ports:
        """Return it as the pipeline takes it, with the newest rules."""
        if self._ports is None:
            self._ports = ports_over(self.settings, self.clients, self.clock)
        if self.deployed is not None:
            self._ports = self._followed(self._ports, self.deployed)
        return self._ports

    def _followed(self, ports: pipeline.Ports, deployed: DeployedRules) -> pipeline.Ports:
        """Take rules that were deployed since; keep those in force where they cannot be had."""
        try:
            pointer = deployed.moved(self.clock.now())
            if pointer is None:
                return ports
            ruleset = _ruleset_at(pointer, deployed)
        except (RulesUnavailableError, RuleDocumentError) as error:
            logger.exception("deployed rules not taken", reason=str(error))
            return ports
        deployed.take(pointer)
        logger.info("deployed rules taken", version=pointer.version)
        return ports_over(self.settings, self.clients, self.clock, ruleset)


def _ruleset_at(pointer: Pointer, deployed: DeployedRules) -> Ruleset:
    if pointer.shapes != shapes_of(resource_types()):
        raise RuleDocumentError("compiled by another build of Vigil; deploy them again")
    return ruleset_from(deployed.fetch(pointer))


@functools.cache
def _world_for(settings: Settings) -> World:
    clients = Clients(endpoint_url=settings.endpoint_url)
    return World(
        settings=settings,
        clients=clients,
        clock=SystemClock(),
        deployed=_deployed(settings, clients) if settings.rules_bucket else None,
    )


def _deployed(settings: Settings, clients: Clients) -> DeployedRules:
    return DeployedRules(
        dynamodb=clients.client("dynamodb"),
        s3=_lazy(clients, "s3"),
        table=settings.work_table,
        bucket=settings.rules_bucket,
    )


def ports_over(
    settings: Settings, clients: Clients, clock: Clock, ruleset: Ruleset | None = None
) -> pipeline.Ports:
    """Return the outside world over given clients and a given clock.

    Without a `ruleset` the packaged one is in force.
    """
    types = {t.type: t for t in resource_types()}
    in_force = ruleset or ruleset_from(settings.bundle.read_bytes())
    rulebook = Rulebook.in_force(in_force, types.values())
    dynamodb = clients.client("dynamodb")
    return pipeline.Ports(
        clock=clock,
        observer=ResourceObserver(clients, types, _pointers_for(types, rulebook), clock),
        store=DynamoStore(
            dynamodb, settings.findings_table, settings.history_table, settings.ledger_table
        ),
        sweeps=DynamoSweeps(dynamodb, settings.work_table),
        rates=DynamoRates(dynamodb, settings.work_table),
        live=SqsQueue(_lazy(clients, "sqs"), settings.changes_queue_url),
        bulk=SqsQueue(_lazy(clients, "sqs"), settings.sweep_queue_url),
        rulebook=rulebook,
        routing=Routing.of(types.values()),
        confirm_seconds=settings.confirm_seconds,
        places=_places(settings, rulebook),
        subject_of=_subject_of(types, in_force, settings.default_owner),
        fingerprint_of=lambda item: fingerprint(types[item.ref.type], item),
        items=_items(settings, clients),
        sla=in_force.sla,
        exemptions=in_force.exemptions,
    )


def _items(settings: Settings, clients: Clients) -> S3Items | None:
    bucket = settings.evidence_bucket
    return S3Items(_lazy(clients, "s3"), bucket) if bucket else None


def _lazy(clients: Clients, service: str) -> Callable[[], Any]:
    return functools.partial(clients.client, service)


def _pointers_for(
    types: dict[str, ResourceType], rulebook: Rulebook
) -> Callable[[str], frozenset[str]]:
    return lambda name: with_tags(types[name], rulebook.pointers_for(name))


def _subject_of(
    types: dict[str, ResourceType], ruleset: Ruleset, default_owner: str | None
) -> Callable[[ResourceRef, ConfigurationItem | None], Subject]:
    def subject_of(ref: ResourceRef, item: ConfigurationItem | None) -> Subject:
        arn = types[ref.type].arn if ref.type in types else None
        return subject_for(
            ref,
            item,
            arn=arn(ref) if arn else None,
            ruleset=ruleset,
            default_owner=default_owner,
        )

    return subject_of


def _places(settings: Settings, rulebook: Rulebook) -> tuple[tuple[str, str], ...]:
    """Every (type, Region) to sweep; S3 buckets belong to Regions, IAM to none.

    What no rule judges is not listed: its last findings are looked at again because they stand.
    """
    return tuple(
        (t.type, region)
        for t in resource_types()
        if rulebook.pointers_for(t.type)
        for region in (("global",) if t.is_global else settings.sweep_regions)
    )
