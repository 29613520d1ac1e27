"""A fresh world for every story, and the count of what was tried."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.databases import Databases, opened, running_databases
from tests.world import World


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with running_databases(tmp_path_factory.mktemp("postgres")) as databases:
        yield databases


class Worlds:
    """Worlds that forget each other."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    @contextmanager
    def fresh(self) -> Iterator[World]:
        with self._databases.fresh() as url:
            world = World(lambda: opened(url))
            try:
                yield world
            finally:
                world.close()


@pytest.fixture
def worlds(databases: Databases) -> Worlds:
    return Worlds(databases)
