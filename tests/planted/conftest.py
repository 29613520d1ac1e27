"""Fresh stages, and a database whose keys can be taken away."""

from collections.abc import Callable

import pg8000.native
import pytest

from shared_lib.adapters.postgres.database import Connect
from tests.databases import Cleaner
from tests.planted.patching import OwnersKeys
from tests.planted.stage import Stage


@pytest.fixture
def fresh(database_cleaner: Cleaner, connect: Connect) -> Callable[[], Stage]:
    """Makes stages on an empty database."""

    def make() -> Stage:
        database_cleaner.empty()
        return Stage(connect)

    return make


@pytest.fixture
def keys(owner_connection: pg8000.native.Connection, database_cleaner: Cleaner) -> OwnersKeys:
    return OwnersKeys(owner_connection, database_cleaner.empty)
