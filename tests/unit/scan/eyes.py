"""An observer over a population that a test writes down, with whatever goes wrong in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.model import ConfigurationItem, Facet, Page, ResourceRef, SweepRequest
from tests.rulekit import ACCOUNT, NOW, THING, book, document, item
from vigil.scan.account import Account
from vigil.scan.looking import Eyes
from vigil.scan.plan import Task

HERE = Account(id=ACCOUNT, partition="aws", caller=f"arn:aws:iam::{ACCOUNT}:user/alice")
REGIONS = tuple(f"region-{number}" for number in range(6))
LISTED = replace(
    THING,
    list_calls=("unit:ListThings",),
    facets=(
        Facet(
            name="thing",
            calls=("unit:DescribeThing",),
            permissions=("unit:DescribeThing",),
            pointers=("/properties/Public",),
            read=lambda *_: None,
        ),
    ),
)
TASKS = tuple(Task(type=THING.type, region=region) for region in REGIONS)


class StoppedClock:
    """A clock that shows the same instant for ever."""

    def now(self) -> Any:
        """Return it."""
        return NOW


def thing(name: str, region: str = REGIONS[0], **values: Any) -> ConfigurationItem:
    """Return an item of the type that rules of the kit are about."""
    whole = item(**values)
    return replace(whole, ref=replace(whole.ref, id=name, region=region))


@dataclass
class Population:
    """Implements `ports.Observer`.

    Attributes:
        pages: (Region, token) → page, or what listing it raises.
        described: Id → item, None, or what describing it raises.
    """

    pages: Mapping[tuple[str, str | None], Page | Exception]
    described: Mapping[str, ConfigurationItem | Exception | None] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def page(self, request: SweepRequest) -> Page:
        """List."""
        self.asked.append(f"{request.region} {request.token or 'first'}")
        found = self.pages.get((request.region, request.token), Page())
        if isinstance(found, Exception):
            raise found
        return found

    def describe(self, ref: ResourceRef, observes: Mapping[str, Any]) -> ConfigurationItem | None:
        """Describe."""
        del observes
        self.asked.append(ref.id)
        found = self.described[ref.id]
        if isinstance(found, Exception):
            raise found
        return found

    def resolve(self, ref: ResourceRef) -> ResourceRef | None:
        """Names are canonical."""
        return ref


def rules() -> Rulebook:
    """Return two rules about things."""
    return book(
        document(),
        document(id="thing-small", compliant_when={"properties": {"Size": {"maximum": 5}}}),
    )


def eyes(population: Population, *, everything: bool = False) -> Eyes:
    """Return eyes that see a population."""
    return Eyes(
        observer=population,
        rulebook=rules(),
        types={LISTED.type: LISTED},
        clock=StoppedClock(),
        everything=everything,
    )
