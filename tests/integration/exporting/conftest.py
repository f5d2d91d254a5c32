"""What exports are made from and put into: buckets, key, queue and tables, on an embedded AWS."""

import io
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3

from chalicelib.aws import Clients
from chalicelib.evaluate.bundle import bundle_from
from chalicelib.exporting import Exporting, exporting_over, signing_clients
from chalicelib.findings.archive import Archive
from chalicelib.findings.seal import Seal, Signer, sign_head
from chalicelib.making import Making, making_over
from chalicelib.model import Identity, IdentityKind
from chalicelib.model.export import ExportJob, ExportQuery, SealedEntry
from chalicelib.settings import Settings
from tests.integration.conftest import Database, fresh
from tests.integration.integrity.conftest import lock_bucket
from tests.unit.export.given import END, RULES, START
from tests.unit.export.seals import line_of
from vigil.local._evidence import evidence_environment
from vigil.local.moto_server import EmbeddedAws

ANA = Identity(kind=IdentityKind.IAM_USER, id="AIDAANA", name="ana", person="ana")
NOW = END + timedelta(hours=1)
QUERY = ExportQuery(start=START, end=END, format="pack")


@dataclass
class Clock:
    """A clock that stands still."""

    instant: datetime = NOW

    def now(self) -> datetime:
        """Return the instant."""
        return self.instant


@dataclass
class World:
    """One deployment's exports."""

    settings: Settings
    database: Database
    clients: Clients
    signing: Clients
    clock: Clock = field(default_factory=Clock)

    @property
    def exporting(self) -> Exporting:
        """What asks for exports."""
        return replace(exporting_over(self.settings, self.clients, self.signing), clock=self.clock)

    @property
    def making(self) -> Making:
        """What makes them."""
        return replace(making_over(self.settings, self.clients), clock=self.clock)

    def seal(self, entries: Iterable[SealedEntry], *, signed: bool = True) -> None:
        """Seal entries as the function does, and sign what is sealed then."""
        s3, bucket = self.clients.client("s3"), self.settings.evidence_bucket
        lines = [line_of(entry) for entry in entries]
        Seal(s3, bucket).append(lines, self.clock.now())
        if signed:
            signer = Signer(lambda: self.clients.client("kms"), self.settings.seal_key_id)
            sign_head(Archive(s3, bucket), signer, self.clock.now())

    def made(self, query: ExportQuery = QUERY) -> ExportJob:
        """Ask for an export, make it, and return what became of it."""
        job = self.exporting.start(query, ANA)
        self.making.make(job.id, "first", is_last=False)
        return self.exporting.job(job.id)

    def received(self) -> list[dict[str, Any]]:
        """Take what waits in the queue."""
        answer = self.clients.client("sqs").receive_message(
            QueueUrl=self.settings.exports_queue_url, MaxNumberOfMessages=10
        )
        return list(answer.get("Messages", []))


def fetched(job: ExportJob) -> bytes:
    """Fetch a job's file as a person does: without credentials."""
    assert job.url is not None
    return bytes(urllib3.request("GET", job.url).data)


def unpacked(pack: bytes, folder: Path) -> Path:
    """Unpack a pack."""
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        archive.extractall(folder)
    return folder


@dataclass(frozen=True)
class Site:
    """What all tests share: starting it takes longer than they do."""

    url: str
    evidence: dict[str, str]
    database: Database
    clients: Clients
    signing: Clients


@pytest.fixture(scope="module")
def site(fast_database_url: str) -> Iterator[Site]:
    """An AWS with the evidence's buckets and its key."""
    with EmbeddedAws(managed_policies=False) as embedded, pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": embedded.url,
            "AWS_ENDPOINT_URL_DYNAMODB": fast_database_url,
            "AWS_ACCESS_KEY_ID": "AKIAROOT",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            patch.setenv(name, value)
        yield Site(
            url=embedded.url,
            evidence=evidence_environment(embedded.url),
            database=fresh(fast_database_url),
            clients=Clients(endpoint_url=embedded.url),
            signing=signing_clients(embedded.url),
        )


@pytest.fixture
def world(site: Site, tmp_path: Path) -> World:
    """An empty seal and an empty queue; the tables are everybody's."""
    database, name = site.database, uuid.uuid4().hex[:8]
    lock_bucket(site.clients.client("s3"), f"evidence-{name}")
    queue = site.clients.client("sqs").create_queue(QueueName=f"exports-{name}")["QueueUrl"]
    bundle = tmp_path / "bundle.json"
    bundle.write_bytes(bundle_from(RULES.values()))
    settings = Settings(
        **{f"{role}_table": database.table(role) for role in ("findings", "history", "ledger")},
        work_table=database.table("work"),
        account_id="111122223333",
        bundle=bundle,
        evidence_bucket=f"evidence-{name}",
        exports_bucket=site.evidence["VIGIL_EXPORTS_BUCKET"],
        exports_queue_url=queue,
        seal_key_id=site.evidence["VIGIL_SEAL_KEY_ID"],
        endpoint_url=site.url,
    )
    return World(settings=settings, database=database, clients=site.clients, signing=site.signing)
