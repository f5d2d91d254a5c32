"""One account for all tests of a module, emptied before each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.pipeline.world import World, world_in


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("world")
    with world_in(folder) as made:
        yield made


@pytest.fixture
def world(shared_world: World) -> World:
    shared_world.empty()
    return shared_world
