"""A stage for histories."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from shared_lib.adapters.postgres.connect import connector
from tests.databases import Cleaner, Databases
from tests.histories.history import Stage
from tests.histories.machine import Connections


@pytest.fixture
def stage(clean_database: Databases, database_cleaner: Cleaner) -> Iterator[Stage]:
    """The shared database, for histories one after the other."""
    with closing(Connections(connector(clean_database.application_url))) as connections:
        yield Stage(database_cleaner, connections)
