"""The composition root of the seal: what its functions do, over clients that are built once.

Kept apart from `wiring`, so that sealing imports neither rules nor resource types. What is wrong
with the history is told by findings like any other: through the store, and thus by the history.
"""

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.aws import Clients, SystemClock
from chalicelib.errors import ConflictError
from chalicelib.findings._images import batch_from
from chalicelib.findings.archive import Archive
from chalicelib.findings.recount import Recount
from chalicelib.findings.seal import Seal, Signer, sign_head
from chalicelib.findings.store import DynamoStore
from chalicelib.findings.tampering import altered, recounted, subject_of
from chalicelib.model import Commit, Known, Subject
from chalicelib.ports import Clock
from chalicelib.settings import Settings

#: Only the functions of the seal move these findings, and people who act on them.
ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """The seal and all that guards it."""

    clock: Clock
    store: DynamoStore
    seal: Seal
    archive: Archive
    signer: Signer
    recount: Recount
    subject: Subject

    def stream(self, records: Iterable[Mapping[str, Any]]) -> int:
        """Seal a batch of the history's stream; return the number of its lines.

        What others did to the history is told after it is sealed: a batch that fails in between
        comes again, is sealed twice, and told once.

        Raises:
            RetryableError: The batch has to come again.
        """
        batch = batch_from(records)
        now = self.clock.now()
        if batch.lines:
            self.seal.append(batch.lines, now)
        if batch.alterations:
            self._tell(lambda known: altered(known, self.subject, batch.alterations, now))
        return len(batch.lines)

    def sign(self) -> int:
        """Sign the newest manifest; return its number, 0 where nothing is new."""
        manifest = sign_head(self.archive, self.signer, self.clock.now())
        return manifest.number if manifest else 0

    def count(self) -> int:
        """Count the history against the seal; return the number of hours that do not agree."""
        now = self.clock.now()
        result = self.recount.run(now)
        if result is None:
            return 0
        self._tell(lambda known: recounted(known, self.subject, result.counts, now))
        self.recount.keep(result.cursor)
        return sum(not count.agrees for count in result.counts)

    def _tell(self, decide: Callable[[Known], Commit | None]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            commit = decide(self.store.known(self.subject.ref))
            try:
                if commit is not None:
                    self.store.commit(commit)
            except ConflictError:
                if attempt == ATTEMPTS:
                    raise
            else:
                return


def prepare() -> None:
    """Build what every invocation needs."""
    sealing(Settings.from_env())


def seal_stream(records: Iterable[Mapping[str, Any]]) -> int:
    """Seal what the stream says; return the number of lines."""
    return sealing(Settings.from_env()).stream(records)


def sign() -> int:
    """Sign the newest manifest; return its number, 0 where nothing is new."""
    return sealing(Settings.from_env()).sign()


def recount() -> int:
    """Count the history against the seal; return the number of hours that do not agree."""
    return sealing(Settings.from_env()).count()


@functools.cache
def sealing(settings: Settings) -> Sealing:
    """Return the seal of one environment."""
    return sealing_over(settings, Clients(endpoint_url=settings.endpoint_url), SystemClock())


def sealing_over(settings: Settings, clients: Clients, clock: Clock) -> Sealing:
    """Return the seal over given clients and a given clock."""
    dynamodb, s3 = clients.client("dynamodb"), clients.client("s3")
    archive = Archive(s3, settings.evidence_bucket)
    return Sealing(
        clock=clock,
        store=DynamoStore(
            dynamodb, settings.findings_table, settings.history_table, settings.ledger_table
        ),
        seal=Seal(s3, settings.evidence_bucket),
        archive=archive,
        signer=Signer(functools.partial(clients.client, "kms"), settings.seal_key_id),
        recount=Recount(dynamodb, settings.history_table, settings.work_table, archive),
        subject=subject_of(
            settings.history_table,
            settings.account_id,
            str(dynamodb.meta.region_name),
            settings.partition,
        ),
    )
