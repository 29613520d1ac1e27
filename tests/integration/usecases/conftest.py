"""A fresh world for each test, and the invariants once the test is over."""

from collections.abc import Iterator

import pytest

from shared_lib.adapters.postgres.database import Connect
from tests.invariants import assert_sound
from tests.world import Shop, World


@pytest.fixture
def world(connect: Connect) -> Iterator[World]:
    """The whole product on an empty database; whatever the test did, it must be sound after it."""
    made = World(connect, checks_grants=True)
    try:
        yield made
        assert_sound(made)
    finally:
        made.close()


@pytest.fixture
def shop(world: World) -> Shop:
    """A channel for sale, and a wallet with gas money."""
    world.top_up()
    return world.open_shop()
