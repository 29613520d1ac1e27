"""Fresh worlds for stories."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from shared_lib.adapters.postgres.database import Connect
from tests.databases import Cleaner
from tests.world import World


class Worlds:
    """Worlds that forget each other, on one database that is emptied before each."""

    def __init__(self, cleaner: Cleaner, connect: Connect) -> None:
        self._cleaner = cleaner
        self._connect = connect

    @contextmanager
    def fresh(self) -> Iterator[World]:
        self._cleaner.empty()
        world = World(self._connect)
        try:
            yield world
        finally:
            world.close()


@pytest.fixture
def worlds(database_cleaner: Cleaner, connect: Connect) -> Worlds:
    return Worlds(database_cleaner, connect)
