"""A deployment in which people accept risks: three of them, one of whom has more than one name."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.exempting import Exempting
from chalicelib.findings.exemptions import exemption_for, exemption_ref
from chalicelib.findings.register import DynamoRegister
from chalicelib.findings.store import DynamoStore
from chalicelib.model import Finding, Identity, Scope
from chalicelib.model.ruleset import ExemptionPolicy
from tests.integration.conftest import Database
from tests.integration.findings.looking import look
from tests.unit.findings.exempting import ACCOUNT, ANA, BEN, MEG, MEG_IN_SLACK, REASON, ROOT
from tests.unit.findings.given import REF, RULE_ID, T0, opened

START = T0 + timedelta(hours=1)
THE_DOOR = Scope(rule_id=RULE_ID, account=ACCOUNT, resource=REF.id)


@dataclass
class Clock:
    """A clock that stands still until told."""

    instant: datetime = START

    def now(self) -> datetime:
        """Return the instant."""
        return self.instant

    def wait(self, span: timedelta) -> None:
        """Let time pass."""
        self.instant += span


@dataclass
class Office:
    """Vigil's register and store, and people around them."""

    database: Database
    clock: Clock = field(default_factory=Clock)
    made: int = 0

    def __post_init__(self) -> None:
        #: Somebody's own client of the tables: with it one may write whatever one likes.
        self.client = self.database.client()
        names = (self.database.table(role) for role in ("findings", "history", "ledger"))
        self.store = DynamoStore(self.client, *names)

    def service(self, **changes: Any) -> Exempting:
        """Return the service; `changes` replace parts of it."""
        made = Exempting(
            register=self.register,
            store=self.store,
            clock=self.clock,
            account_id=ACCOUNT,
            policy=lambda: ExemptionPolicy(max_days=90, remind_days=14),
            new_id=self._new_id,
        )
        return replace(made, **changes)

    @property
    def register(self) -> DynamoRegister:
        """The register over real tables."""
        names = (self.database.table("work"), self.database.table("history"))
        return DynamoRegister(self.client, *names)

    def staff(self) -> "Office":
        """Enrol Ana and Ben, whom nobody confirms, and Meg, whom Ben does."""
        service = self.service()
        service.enrol("ana", "Ana", [ANA.key], by=ROOT)
        service.enrol("ben", "Ben", [BEN.key], by=ANA)
        service.enrol("meg", "Meg", [MEG.key, MEG_IN_SLACK.key], by=ANA)
        service.confirm("meg", by=BEN)
        return self

    def open_the_door(self) -> Finding:
        """Let a look find something."""
        look(self.store, opened())
        return self.door()

    def door(self) -> Finding:
        """Return the finding as it is."""
        found = self.store.finding(REF, RULE_ID)
        assert found is not None
        return found

    def ask(self, by: Identity = MEG, scope: Scope = THE_DOOR, days: int = 30) -> str:
        """Ask for an exemption; return its id."""
        until = self.clock.now() + timedelta(days=days)
        return self.service().request(scope, REASON, until, by).id

    def accepted(self) -> str:
        """Let Meg ask and Ben approve; return the exemption's id."""
        exemption_id = self.ask()
        self.service().approve(exemption_id, BEN)
        return exemption_id

    def kinds(self, key: str = REF.key) -> list[str]:
        """Return what happened, oldest first."""
        return [entry.kind.value for entry in self.register.history(key)]

    def is_exempt(self) -> bool:
        """Tell whether the door's finding stands under an exemption now."""
        now = self.clock.now()
        return exemption_for(self.door(), self.service().exemptions(), now) is not None

    def _new_id(self) -> str:
        self.made += 1
        return f"ex-{self.made}"


def key_of(exemption_id: str) -> str:
    """Return what an exemption's history is kept under."""
    return exemption_ref(exemption_id, ACCOUNT).key
