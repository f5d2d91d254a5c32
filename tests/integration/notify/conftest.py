"""One server for all tests of a module, one empty channel and empty tables for each test."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.integration.conftest import Database
from tests.integration.notify.account import Account, account_in
from tests.integration.notify.world import Clock, Line, World
from vigil.local.moto_server import EmbeddedAws
from vigil.local.slack_page import SlackStandIn


@pytest.fixture(scope="module")
def aws(fast_database_url: str) -> Iterator[EmbeddedAws]:
    # Where the tables lie in moto too, its state must not be emptied after they were made.
    assert fast_database_url
    with EmbeddedAws(require_trail=False, managed_policies=False) as embedded:
        yield embedded


@pytest.fixture
def world(aws: EmbeddedAws, fast_database: Database) -> World:
    return world_in(aws, fast_database)


def world_in(aws: EmbeddedAws, fast_database: Database) -> World:
    """Return an empty channel over empty tables."""
    clock = Clock()
    slack = SlackStandIn(clock=lambda: datetime.timestamp(clock.now()))
    line = Line(slack)
    aws.add_page("/slack", line)
    aws.faults.clear()
    return World(
        database=fast_database,
        url=aws.url,
        slack=slack,
        line=line,
        clock=clock,
        store=fast_database.store(),
        client=fast_database.client(),
    )


@pytest.fixture
def account(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    with account_in(world) as made:
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made
