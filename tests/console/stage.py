"""The console over the real API of a local Vigil, whose store holds what a test wrote into it.

No function listens but the API and the exports: nothing moves by itself, so pages hold still.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.evaluate.bundle import bundle_from
from chalicelib.findings.store import DynamoStore
from chalicelib.model import Commit, Known, LedgerRow, Look, Transition
from tests.console.browser import chromium
from vigil.client import ApiClient
from vigil.console.server import ConsoleServer
from vigil.local._principals import client_for, user_environment
from vigil.local.console import api_as, console_as
from vigil.local.deployment import HANDLERS
from vigil.local.environment import LocalVigil
from vigil.local.moto_server import EmbeddedAws
from vigil.rulefiles import built_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

USER, OTHER_USER = "alice", "bob"
#: `seal` because exports are made of what is sealed.
WORKING = ("api", "export", "seal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A local Vigil, the console of one person, the API of another, and a browser."""

    aws: EmbeddedAws
    vigil: LocalVigil
    console: ConsoleServer
    browser: "Browser"
    other: ApiClient

    def store(self) -> DynamoStore:
        """Return a store to write into."""
        return DynamoStore(self.database(), "vigil-findings", "vigil-history", "vigil-ledger")

    def database(self) -> Any:
        """Return a client of the database."""
        return client_for(self.vigil.environment["AWS_ENDPOINT_URL_DYNAMODB"], "dynamodb")

    def keep(self, *histories: Iterable[Transition]) -> None:
        """Write histories, each entry upon what the one before it left."""
        store = self.store()
        for entry in (entry for history in histories for entry in history):
            ref = entry.subject.ref
            known = store.known(ref)
            mine = tuple(f for f in known.findings if f.rule_id == entry.rule_id)
            look = None if known.look else _look_of(entry)
            before = Known(look=known.look, findings=mine)
            store.commit(Commit(ref=ref, known=before, look=look, transitions=(entry,)))

    def log(self, *rows: LedgerRow) -> None:
        """Write rows of the ledger."""
        for row in rows:
            self.store().log(row)

    def page(self, **options: Any) -> "Page":
        """Open the console in a browser of its own, with its session."""
        usual = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}
        context = self.browser.new_context(**{**usual, **options})
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.goto(self.console.url)
        page.wait_for_selector("#who .who-name")
        return page

    def visit(self, page: "Page", path: str) -> None:
        """Go to a page as its links do, which costs a browser less than loading it."""
        page.evaluate(
            "path => { history.pushState(null, '', path); dispatchEvent(new Event('popstate')); }",
            path,
        )

    def at(self, path: str) -> str:
        """Return the address of a page."""
        return self.console.origin + path


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Start all of it."""
    handlers = {name: HANDLERS[name] for name in WORKING if name in HANDLERS}
    bundle = folder / "bundle.json"
    bundle.write_bytes(bundle_from(built_in().rules))
    with EmbeddedAws(require_trail=False, managed_policies=False) as aws:
        alice, bob = (user_environment(aws.url, name) for name in (USER, OTHER_USER))
        with (
            LocalVigil(aws, handlers, [], {"VIGIL_BUNDLE": str(bundle)}) as vigil,
            console_as(alice) as console,
            chromium() as browser,
        ):
            other = api_as(bob)
            yield Stage(aws=aws, vigil=vigil, console=console, browser=browser, other=other)


def _look_of(entry: Transition) -> Look:
    at = entry.times.decided
    return Look(rev=1, started_at=at, ended_at=at, fingerprint="f")
