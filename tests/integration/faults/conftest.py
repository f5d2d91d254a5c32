"""One account for all tests of a worker, emptied before each; queues with dead-letter queues."""

from collections.abc import Iterator

import pytest

from tests.integration.faults.mapping import Mapping
from tests.integration.pipeline.world import World, world_in


@pytest.fixture(scope="session")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("faults")) as made:
        yield made


@pytest.fixture
def world(shared_world: World) -> World:
    shared_world.empty()
    return shared_world


@pytest.fixture
def changes(world: World) -> Mapping:
    return Mapping.of(world, "changes")


@pytest.fixture
def sweeps(world: World) -> Mapping:
    return Mapping.of(world, "sweep")
