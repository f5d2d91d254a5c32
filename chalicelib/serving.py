"""The composition root of reading: what the API answers with, over clients that are built once.

Whether a finding is exempt or overdue is asked of the register once per request, never remembered.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib import wiring
from chalicelib.aws import Clients, SystemClock
from chalicelib.errors import InvalidRequestError, NotFoundError
from chalicelib.evaluate.rulebook import Rulebook
from chalicelib.export.record import record_of
from chalicelib.facts.instants import stamp
from chalicelib.findings._exemption_states import exemption_ref
from chalicelib.findings._items import LEDGER_RETENTION
from chalicelib.findings.archive import Archive
from chalicelib.findings.changes import ChangesQuestion, DynamoChanges, Place
from chalicelib.findings.exemptions import exemption_for
from chalicelib.findings.filters import FindingFilter, Listed, is_overdue
from chalicelib.findings.history import Entry, hash_of, transition_from
from chalicelib.findings.items import S3Items
from chalicelib.findings.paging import Page
from chalicelib.findings.postures import DynamoPostures
from chalicelib.findings.reading import DynamoReader
from chalicelib.findings.register import DynamoRegister
from chalicelib.findings.store import DynamoStore
from chalicelib.findings.timeline import finding_as_of
from chalicelib.model import Exemption, Finding, LedgerRow
from chalicelib.model.export import ExportContext, ExportedFinding, ExportQuery, SealedEntry
from chalicelib.ports import Clock
from chalicelib.seeing import Seeing
from chalicelib.settings import Settings

#: Where records end that are no CloudTrail records: nothing in them is believed.
NOWHERE: Place = ("unknown", "unknown")
HOME_OF_GLOBAL = "us-east-1"
DEFAULT_WINDOW = timedelta(days=1)
WINDOW_LIMIT = LEDGER_RETENTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which part of the ledger; None for what is not said."""

    start: datetime | None
    end: datetime | None
    account: str | None
    region: str | None

    def covers(self, place: Place) -> bool:
        """Tell whether an account and Region are wanted."""
        return self.account in (None, place[0]) and self.region in (None, place[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What stands and how it came to be, as people ask for it."""

    settings: Settings
    clock: Clock
    reader: DynamoReader
    ledger: DynamoChanges
    register: DynamoRegister
    postures: DynamoPostures
    resources: Seeing
    archive: Archive

    @property
    def rulebook(self) -> Rulebook:
        """The rules in force."""
        return wiring.ports().rulebook

    def findings(self, wanted: FindingFilter, cursor: str | None, limit: int) -> Page[Listed]:
        """Return a page of findings; see `DynamoReader.findings`."""
        return self.reader.findings(wanted, self.judge(), cursor, limit)

    def listed(self, findings: Sequence[Finding]) -> tuple[Listed, ...]:
        """Return findings as a list shows them."""
        return tuple(map(self.judge(), findings))

    def finding(self, finding_id: str) -> Finding:
        """Return a finding.

        Raises:
            NotFoundError: There is none.
        """
        found = self.reader.finding(finding_id)
        if found is None:
            raise NotFoundError("there is no such finding")
        return found

    def record(self, finding: Finding, as_of: datetime | None = None) -> dict[str, Any]:
        """Return a finding's record as it is, or was at an instant.

        Raises:
            NotFoundError: There was no such finding yet.
        """
        at = as_of or self.clock.now()
        entries = self.reader.past.episode(finding, at)
        found = finding_as_of(entries, at, finding.id) if as_of else finding
        if found is None:
            raise NotFoundError("there was no such finding yet")
        exemptions = self._exemptions_at(as_of) if as_of else self.register.approved()
        exported = ExportedFinding(
            finding=found,
            entries=tuple(map(_sealed, entries)),
            exemption=exemption_for(found, exemptions, at),
        )
        return record_of(exported, self._about(at), at)

    def changes(self, wanted: Window, cursor: str | None, limit: int) -> Page[LedgerRow]:
        """Return a page of the ledger; see `DynamoChanges.page`.

        Raises:
            InvalidRequestError: The window is none, or the cursor is none of this list.
        """
        end = wanted.end or self.clock.now()
        start = wanted.start or end - DEFAULT_WINDOW
        if not timedelta(0) < end - start <= WINDOW_LIMIT:
            raise InvalidRequestError(
                f"from, to: expected a window of at most {WINDOW_LIMIT.days} days"
            )
        places = tuple(place for place in self._places() if wanted.covers(place))
        said = (_said(wanted.start), _said(wanted.end), wanted.account, wanted.region)
        question = ChangesQuestion(start=start, end=end, places=places, said=said)
        return self.ledger.page(question, cursor, limit)

    def unsealed(self, since: datetime) -> int:
        """Count the history's entries since an instant, as far as a few hours tell."""
        return self.reader.past.written(since, self.clock.now())

    def judge(self) -> "_Judge":
        """Return what says of a finding whether it is exempt or late now."""
        return _Judge(exemptions=self.register.approved(), now=self.clock.now())

    def _exemptions_at(self, at: datetime) -> tuple[Exemption, ...]:
        """Return every exemption as it was at an instant: one that holds now may not have held."""
        found = (self._exemption_at(one.id, at) for one in self.register.exemptions())
        return tuple(one for one in found if one is not None)

    def _exemption_at(self, exemption_id: str, at: datetime) -> Exemption | None:
        key = exemption_ref(exemption_id, self.settings.account_id).key
        moves = (transition_from(entry.body) for entry in self.register.history(key))
        return next((t.exemption for t in reversed(list(moves)) if t.times.decided <= at), None)

    def _about(self, at: datetime) -> ExportContext:
        query = ExportQuery(start=at - timedelta(milliseconds=1), end=at, format="")
        return ExportContext(
            query=query,
            manifest=0,
            manifest_hash=None,
            sealed_until=None,
            rules=self.rulebook.by_id,
        )

    def _places(self) -> tuple[Place, ...]:
        regions = dict.fromkeys((*self.settings.sweep_regions, HOME_OF_GLOBAL))
        return (*((self.settings.account_id, region) for region in regions if region), NOWHERE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    """Says of a finding what holds now; the exemptions were read once."""

    exemptions: tuple[Exemption, ...]
    now: datetime

    def __call__(self, finding: Finding) -> Listed:
        exemption = exemption_for(finding, self.exemptions, self.now)
        late = is_overdue(finding, exemption, self.now)
        return Listed(finding=finding, exemption=exemption, overdue=late)


def service() -> Serving:
    """Return what the environment describes."""
    return _service(Settings.from_env())


@functools.cache
def _service(settings: Settings) -> Serving:
    clients = Clients(endpoint_url=settings.endpoint_url)
    client = clients.client("dynamodb")
    findings, history, ledger, work = (
        settings.findings_table,
        settings.history_table,
        settings.ledger_table,
        settings.work_table,
    )
    clock, store = SystemClock(), DynamoStore(client, findings, history, ledger)
    reader = DynamoReader(client, findings, history, settings.account_id)
    return Serving(
        settings=settings,
        clock=clock,
        reader=reader,
        ledger=DynamoChanges(client, ledger),
        register=DynamoRegister(client, work, history),
        postures=DynamoPostures(client, work),
        resources=Seeing(
            store=store,
            past=reader.past,
            items=S3Items(functools.partial(clients.client, "s3"), settings.evidence_bucket),
            settings=settings,
            clock=clock,
        ),
        archive=Archive(clients.client("s3"), settings.evidence_bucket),
    )


def _said(instant: datetime | None) -> str | None:
    return stamp(instant) if instant else None


def _sealed(entry: Entry) -> SealedEntry:
    """Return an entry as exports take it; of the seal it says nothing."""
    return SealedEntry(
        pk=entry.pk,
        sk=entry.sk,
        kind=entry.kind.value,
        seq=entry.seq,
        hash=hash_of(entry.body),
        prev=entry.prev,
        body=entry.body,
        transition=transition_from(entry.body),
    )
