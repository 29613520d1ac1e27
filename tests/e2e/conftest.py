"""One stack for all end-to-end tests; every process of it lives in New York's time zone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.nodeid import coerce_node_id

from tests.e2e.stage import Stage
from tests.invariants import RULES
from tests.sandbox.stack.plan import Plan, function_table
from tests.sandbox.stack.run import Stack, running_stack

ONE_ETHER = 10**18


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let one worker run all tests of a group, and so start one stack.

    pytest-xdist writes the group to where pytest, since 9.2, does not look for a test's id.
    """
    if not config.getoption("loadgroup", default=False):
        return
    for item in items:
        group = item.get_closest_marker("xdist_group")
        if group is not None and not item.nodeid.endswith(f"@{group.args[0]}"):
            item._id = coerce_node_id(f"{item.nodeid}@{group.args[0]}")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole product and its outside world, quicker than in the demo and as noisy."""
    folder: Path = tmp_path_factory.mktemp("stack")
    plan = Plan(folder, folder / "stack.json", block_seconds=0.5, pace_seconds=0.15)
    with pytest.MonkeyPatch.context() as environment:
        # No date may move by it. Programs keep it when they are started again.
        environment.setenv("TZ", "America/New_York")
        environment.setenv("PUBSUB_EMULATOR_HOST", plan.pubsub_host)
        with running_stack(plan, durable=False) as running:
            yield running


@pytest.fixture(scope="session")
def scene(stack: Stack) -> Iterator[Stage]:
    """People and channels on the stack, with gas money in the wallet."""
    stage = Stage(stack)
    try:
        stage.top_up(ONE_ETHER)
        yield stage
    finally:
        stage.close()


@pytest.fixture(autouse=True)
def _books_are_sound(scene: Stage) -> Iterator[None]:
    """After every test the ledger balances, and shares equal what it owes to owners."""
    yield
    broken = {rule: found for rule, sql in RULES.items() if (found := scene.rows(sql))}
    assert not broken


@pytest.fixture(autouse=True)
def _logs_keep_secrets(scene: Stage) -> Iterator[None]:
    """After every test no function has written a secret, an invite link or a whole address."""
    yield
    found = {
        path.name: secret[:6]
        for path in _logs_of_functions(scene)
        for secret in _unspeakable(scene)
        if secret in path.read_text(errors="replace")
    }
    assert not found


def _logs_of_functions(scene: Stage) -> list[Path]:
    folder = scene.stack.plan.folder / "logs"
    return [folder / f"{name}.log" for name in function_table()["functions"]]


def _unspeakable(scene: Stage) -> list[str]:
    plan = scene.stack.plan
    key = plan.wallet_key.removeprefix("0x")
    ours = [key, plan.bot_token, plan.webhook_secret, plan.ipn_secret]
    secrets = [*ours, plan.api_key, plan.changenow_key]
    return [*secrets, "t.me/+", plan.wallet_address, scene.stack.database_url]
