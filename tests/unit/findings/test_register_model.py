"""No path hides a failure without an exemption that two humans agreed on, and that still holds.

Mallory has many identities and may write the work table. The others are honest: they confirm only
what is true, and approve whatever they are shown, because that is what approving means.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from chalicelib.errors import VigilError
from chalicelib.exempting import Exempting
from chalicelib.findings.exemptions import exemption_for, matches
from chalicelib.findings.register import DynamoRegister
from chalicelib.model import Commit, Exemption, Finding, Identity, ResourceRef, Scope
from chalicelib.model.ruleset import ExemptionPolicy
from tests.unit.findings.exempting import (
    ACCOUNT,
    ANA,
    BEN,
    FINDING,
    MEG,
    MEG_AS_ADMIN,
    MEG_AS_CI,
    MEG_IN_SLACK,
    MEGS_PUPPET,
    REASON,
    ROOT,
)
from tests.unit.findings.fake_tables import FakeTables
from tests.unit.findings.given import RULE_ID, T0

WORK, HISTORY = "work", "history"
#: Identity → the human who holds it. Meg is the one with tricks.
HUMANS: Mapping[Identity, str] = {
    ANA: "ana",
    BEN: "ben",
    MEG: "meg",
    MEG_IN_SLACK: "meg",
    MEG_AS_ADMIN: "meg",
    MEG_AS_CI: "meg",
    MEGS_PUPPET: "meg",
    ROOT: "meg",
}
MEGS = [identity for identity, human in HUMANS.items() if human == "meg"]
#: What of hers the service would take for a person's.
MEGS_OWN = (MEG, MEG_IN_SLACK, MEGS_PUPPET)
SCOPES = (
    Scope(rule_id=RULE_ID),
    Scope(rule_id="*", resource="front"),
    Scope(rule_id="*"),
    Scope(rule_id=RULE_ID, tags={"stage": "dev"}),
    Scope(rule_id=RULE_ID, region="us-*"),
)
PERSONS = ("ana", "ben", "meg", "puppet", "new")


@dataclass
class Findings:
    """One finding that is always open."""

    found: Finding = FINDING

    def open_findings(self, account_id: str) -> Iterator[Finding]:
        """Yield it."""
        assert account_id == ACCOUNT
        yield self.found

    def finding(self, _ref: ResourceRef, _rule_id: str) -> Finding:
        """Return it."""
        return self.found

    def commit(self, commit: Commit) -> None:
        """Keep what was written onto it."""
        (transition,) = commit.transitions
        assert transition.finding is not None
        self.found = transition.finding


@dataclass
class Clock:
    """Time that passes when the script says so."""

    instant: datetime = T0

    def now(self) -> datetime:
        """Return the instant."""
        return self.instant


@dataclass
class Plot:
    """One seed's story."""

    seed: int
    tables: FakeTables = field(default_factory=FakeTables)
    clock: Clock = field(default_factory=Clock)
    findings: Findings = field(default_factory=Findings)
    old_rows: list[tuple[tuple[str, str], Any]] = field(default_factory=list)
    #: Exemption id → (human who asked, human who approved), as the service let it happen.
    asked: dict[str, str] = field(default_factory=dict)
    approved: dict[str, set[str]] = field(default_factory=dict)
    hidden: int = 0
    refused: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.service = Exempting(
            register=DynamoRegister(self.tables, WORK, HISTORY),
            store=self.findings,
            clock=self.clock,
            account_id=ACCOUNT,
            policy=lambda: ExemptionPolicy(max_days=90, remind_days=14),
            new_id=lambda: f"ex-{self.random.getrandbits(32):x}",
        )
        self.service.enrol("ana", "Ana", [ANA.key], by=ANA)
        self.service.enrol("ben", "Ben", [BEN.key], by=BEN)
        self.steps = (
            *[self._ask, self._approve, self._approve, self._enrol, self._confirm] * 4,
            self._revoke,
            self._remove,
            self._edit,
            *[self._put_back] * 3,
            self._delete,
            self._wait,
        )

    def play(self, steps: int) -> None:
        """Take steps, and look at the truth after each."""
        for _ in range(steps):
            try:
                self.random.choice(self.steps)()
            except VigilError:
                self.refused += 1
            self._check()

    def _check(self) -> None:
        now = self.clock.now()
        holding = exemption_for(FINDING, self.service.exemptions(), now)
        if holding is None:
            return
        self.hidden += 1
        asker, approvers = self.asked[holding.id], self.approved.get(holding.id, set())
        assert approvers - {asker}, "one human hid a failure"
        assert holding.decided_at is not None
        assert holding.decided_at <= now < holding.expires_at
        assert matches(replace(holding.scope, tags={}), FINDING)

    # What people do through the service

    def _ask(self) -> None:
        by = self._somebody()
        days = self.random.choice((1, 20, 80, 100))
        until = self.clock.now() + timedelta(days=days)
        made = self.service.request(self.random.choice(SCOPES), REASON, until, by)
        self.asked[made.id] = HUMANS[by]

    def _approve(self) -> None:
        by = self._somebody()
        one = self._some_exemption()
        self.service.approve(one.id, by)
        self.approved.setdefault(one.id, set()).add(HUMANS[by])

    def _revoke(self) -> None:
        if self.random.random() < 0.3:
            self.service.revoke(self._some_exemption().id, self._somebody())

    def _enrol(self) -> None:
        by, person_id = self._somebody(), self.random.choice(PERSONS)
        keys = [i.key for i in self.random.sample(MEGS_OWN, self.random.choice((1, 2)))]
        self.service.enrol(person_id, person_id, keys, by)

    def _confirm(self) -> None:
        """Confirm anything as Meg, and only the truth as somebody else."""
        by = self._somebody()
        waiting = [p for p in self.service.people() if not p.confirmed and not p.removed]
        for person in waiting:
            if HUMANS[by] == "meg" or self._is_true(person.id, person.identities):
                self.service.confirm(person.id, by)

    def _is_true(self, person_id: str, keys: tuple[str, ...]) -> bool:
        """Honest people know Meg by one name, and that all of these are hers."""
        known = [HUMANS[identity] for identity in HUMANS if identity.key in keys]
        return set(known) == {person_id}

    def _remove(self) -> None:
        if self.random.random() < 0.3:
            self.service.remove(self.random.choice(PERSONS), self._somebody())

    def _wait(self) -> None:
        self.clock.instant += timedelta(days=self.random.choice((0, 1, 10, 40)))
        self.service.tick()

    # What Meg does to the table

    def _edit(self) -> None:
        """Write a row of a person or an exemption as Meg would like it to be."""
        key, row = self._some_row()
        self.old_rows.append((key, dict(row)))
        document = msgspec.json.decode(row["document"]["S"])
        lie = self.random.choice(LIES)
        row["document"] = {"S": msgspec.json.encode({**document, **lie}).decode()}

    def _put_back(self) -> None:
        if self.old_rows:
            key, row = self.old_rows.pop(self.random.randrange(len(self.old_rows)))
            self.tables.table(WORK)[key] = row

    def _delete(self) -> None:
        if self.random.random() < 0.2:
            key, row = self._some_row()
            self.old_rows.append((key, dict(row)))
            del self.tables.table(WORK)[key]

    def _somebody(self) -> Identity:
        return self.random.choice((ANA, BEN, self.random.choice(MEGS)))

    def _some_row(self) -> tuple[tuple[str, str], Any]:
        rows = [(k, r) for k, r in self.tables.table(WORK).items() if "document" in r]
        if not rows:
            raise VigilError("there is none")
        return self.random.choice(rows)

    def _some_exemption(self) -> Exemption:
        found = self.service.exemptions()
        if not found:
            raise VigilError("there is none")
        return self.random.choice(found)


LIES: tuple[dict[str, Any], ...] = (
    {"status": "approved", "decided_by": msgspec.to_builtins(BEN), "decided_at": T0.isoformat()},
    {"expires_at": "2099-01-01T00:00:00Z"},
    {"requested_by": msgspec.to_builtins(replace(ANA, person="ana"))},
    {"confirmed": True},
    {"identities": [MEGS_PUPPET.key]},
    {"removed": True},
    {"pinned": [FINDING.id]},
    {"head": "0" * 64},
)


def played(seeds: range, steps: int) -> tuple[int, int]:
    hidden = refused = 0
    for seed in seeds:
        plot = Plot(seed)
        plot.play(steps)
        hidden, refused = hidden + plot.hidden, refused + plot.refused
    return hidden, refused


def test_no_path_hides_a_failure_without_two_humans() -> None:
    hidden, refused = played(range(16), 40)

    # A model in which nothing is ever exempt, or nothing refused, proves nothing.
    assert hidden > 50
    assert refused > 100


@pytest.mark.slow
def test_no_path_hides_a_failure_without_two_humans_in_many_stories() -> None:
    hidden, refused = played(range(1_000, 3_000), 60)

    assert hidden > 1_000
    assert refused > 10_000
