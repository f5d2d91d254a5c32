"""An evidence bucket under Object Lock, a signing key and four tables, all in one moto."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import boto3
import pytest
from botocore.config import Config

from chalicelib.findings.archive import Archive
from chalicelib.findings.recount import Recount
from chalicelib.findings.seal import Seal, Signer
from chalicelib.findings.store import DynamoStore
from chalicelib.findings.tampering import subject_of
from chalicelib.model import Commit
from chalicelib.sealing import Sealing
from tests.integration.conftest import Database, fresh
from tests.unit.findings.given import T0
from vigil.local._evidence import evidence_environment
from vigil.local._principals import client_for
from vigil.local._streams import _lambda_form
from vigil.local.moto_server import EmbeddedAws

ACCOUNT = "111122223333"
REGION = "us-east-1"
CONFIG = Config(retries={"total_max_attempts": 1}, max_pool_connections=16)


@dataclass
class Clock:
    """A clock that stands still."""

    instant: datetime = T0

    def now(self) -> datetime:
        """Return the instant."""
        return self.instant

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.instant += timedelta(**span)


@dataclass
class World:
    """The seal over real services, and the stream of the table that it guards."""

    url: str
    bucket: str
    key_id: str
    database: Database
    clock: Clock
    iterators: dict[str, str] = field(default_factory=dict)
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Return a client that never retries."""
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                region_name=REGION,
                endpoint_url=self.url,
                aws_access_key_id="AKIAROOT",
                aws_secret_access_key="x",
                config=CONFIG,
            )
        return self.clients[service]

    @cached_property
    def dynamodb(self) -> Any:
        """A client of the tables."""
        return self.database.client()

    @cached_property
    def store(self) -> DynamoStore:
        """The store whose history is sealed."""
        return self.database.store()

    @property
    def archive(self) -> Archive:
        """What reads the seal back."""
        return Archive(self.client("s3"), self.bucket)

    def sealing(self, seal: Seal | None = None) -> Sealing:
        """Return what the functions use; a new one knows nothing of what another sealed."""
        table = self.database.table
        return Sealing(
            clock=self.clock,
            store=self.store,
            seal=seal or Seal(self.client("s3"), self.bucket),
            archive=self.archive,
            signer=Signer(lambda: self.client("kms"), self.key_id),
            recount=Recount(self.dynamodb, table("history"), table("work"), self.archive),
            subject=subject_of(table("history"), ACCOUNT, REGION, "aws"),
        )

    def stream(self) -> list[dict[str, Any]]:
        """Return what the history's stream says and nobody read yet, as Lambda hands it over."""
        records = []
        for shard in list(self._iterators()):
            answer = self._streams.get_records(ShardIterator=self.iterators[shard])
            self.iterators[shard] = answer["NextShardIterator"]
            records += [_lambda_form(record, "arn:of:stream") for record in answer["Records"]]
        return records

    def happened(self, *commits: Commit) -> list[dict[str, Any]]:
        """Commit to the store; return what the stream says of it."""
        for commit in commits:
            self.store.commit(commit)
        return self.stream()

    def tamper(self, item: dict[str, Any]) -> None:
        """Do what no IAM condition can forbid."""
        self.dynamodb.put_item(TableName=self.database.table("history"), Item=item)

    @cached_property
    def _streams(self) -> Any:
        return client_for(self.database.url, "dynamodbstreams")

    def _iterators(self) -> dict[str, str]:
        if not self.iterators:
            table = self.dynamodb.describe_table(TableName=self.database.table("history"))
            arn = table["Table"]["LatestStreamArn"]
            shards = self._streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
            for shard in shards:
                where = {"StreamArn": arn, "ShardId": shard["ShardId"]}
                answer = self._streams.get_shard_iterator(**where, ShardIteratorType="TRIM_HORIZON")
                self.iterators[shard["ShardId"]] = answer["ShardIterator"]
        return self.iterators


@pytest.fixture(scope="module")
def evidence() -> Iterator[tuple[str, dict[str, str]]]:
    """A moto with the bucket and the key as a deployment has them."""
    with EmbeddedAws(managed_policies=False) as aws:
        yield aws.url, evidence_environment(aws.url)


@pytest.fixture
def world(evidence: tuple[str, dict[str, str]], fast_database_url: str) -> World:
    """An empty seal: a bucket of its own, the key of all."""
    url, settings = evidence
    made = World(
        url=url,
        bucket=f"evidence-{uuid.uuid4().hex[:12]}",
        key_id=settings["VIGIL_SEAL_KEY_ID"],
        database=fresh(fast_database_url),
        clock=Clock(),
    )
    lock_bucket(made.client("s3"), made.bucket)
    return made


def lock_bucket(s3: Any, bucket: str) -> None:
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    s3.put_object_lock_configuration(
        Bucket=bucket,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}},
        },
    )
