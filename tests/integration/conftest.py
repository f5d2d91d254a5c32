"""A DynamoDB to keep things in: dynoxide where it is installed, and moto behind its lock."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

from chalicelib.findings.store import DynamoStore, table_definitions
from vigil.local._dynoxide import Dynoxide, find_binary
from vigil.local.moto_server import EmbeddedAws

CONFIG = Config(
    retries={"total_max_attempts": 1}, read_timeout=30, connect_timeout=5, max_pool_connections=16
)
DYNOXIDE = find_binary()
#: moto is always there; dynoxide is the better likeness of DynamoDB.
DATABASES = ["dynoxide", "moto"] if DYNOXIDE else ["moto"]


@dataclass(frozen=True)
class Database:
    """A database with four tables of its own, empty."""

    url: str
    prefix: str

    def client(self) -> Any:
        """Return a client that never retries: a test wants to see every refusal."""
        return boto3.client(
            "dynamodb",
            region_name="eu-west-1",
            endpoint_url=self.url,
            aws_access_key_id="AKIAROOT",
            aws_secret_access_key="x",
            config=CONFIG,
        )

    def store(self) -> DynamoStore:
        """Return a store with a client of its own."""
        findings, history, ledger, _work = (self._name(d) for d in table_definitions())
        return DynamoStore(self.client(), findings, history, ledger)

    def table(self, role: str) -> str:
        """Return a table's name: ``findings``, ``history``, ``ledger`` or ``work``."""
        return f"{self.prefix}-vigil-{role}"

    def create_tables(self) -> None:
        """Create the tables."""
        client = self.client()
        for definition in table_definitions():
            client.create_table(**{**definition, "TableName": self._name(definition)})

    def _name(self, definition: Mapping[str, Any]) -> str:
        return f"{self.prefix}-{definition['TableName']}"


def _server(kind: str) -> Dynoxide | EmbeddedAws:
    return Dynoxide(DYNOXIDE) if kind == "dynoxide" and DYNOXIDE else EmbeddedAws()


def fresh(url: str) -> Database:
    """Return new tables in a running database."""
    database = Database(url, uuid.uuid4().hex[:8])
    database.create_tables()
    return database


@pytest.fixture(scope="module", params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server of every kind there is, one after the other; emptied for each module."""
    with _server(request.param) as server:
        yield server.url


@pytest.fixture(scope="module")
def fast_database_url() -> Iterator[str]:
    """The fastest server there is."""
    with _server(DATABASES[0]) as server:
        yield server.url


@pytest.fixture
def database(database_url: str) -> Database:
    """Empty tables in every kind of database."""
    return fresh(database_url)


@pytest.fixture
def fast_database(fast_database_url: str) -> Database:
    """Empty tables in the fastest database."""
    return fresh(fast_database_url)


@pytest.fixture
def store(database: Database) -> DynamoStore:
    """An empty store."""
    return database.store()
