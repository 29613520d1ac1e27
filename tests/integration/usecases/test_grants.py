"""A function knows no more of the deployment than it is granted: its policy has nothing else.

What is not granted keeps a default, which may be the zero address: nothing would fail, and
everything would be wrong.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast

import pytest

from shared_lib.adapters.postgres.database import Connect
from shared_lib.domain.money import USDT
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.policy import Policy
from shared_lib.events import Event
from tests.fakes.chain import USDT_CONTRACT
from tests.integration.usecases.support import ANN, buy
from tests.integration.usecases.swap_support import BITCOIN, pass_minutes
from tests.sandbox.stack.plan import PROJECT
from tests.world import World

TETHER = PayoutTarget(USDT, "0x52908400098527886E0F7030069857D2E4169EE7", None)
# What a policy says only where the setting is given.
SETTINGS = {
    "host_wallet": "HOST_WALLET_ADDRESS",
    "chain_id": "ETHEREUM_CHAIN_ID",
    "confirmations": "ETHEREUM_CONFIRMATIONS",
    "usdt_contract": "USDT_CONTRACT",
    "public_url": "PUBLIC_URL",
    "ipn_url": "IPN_URL",
    "settlement_asset": "SETTLEMENT_ASSET",
    "fee_bps": "PLATFORM_FEE_BPS",
}
FUNCTIONS: dict[str, dict[str, Any]] = json.loads(
    (PROJECT / "terraform/functions.json").read_text()
)["functions"]
CONSUMERS = {event: name for name, one in FUNCTIONS.items() for event in one["consumes"]}


@dataclass(frozen=True)
class Granted:
    """A policy as a function sees it; asking it for anything else fails the test."""

    policy: Policy
    function: str

    def __getattr__(self, name: str) -> Any:
        setting, function = SETTINGS.get(name), FUNCTIONS[self.function]
        granted = setting is None or setting in function["settings"]
        assert granted, f"{self.function} reads {name} and is not granted {setting}"
        return getattr(self.policy, name)


class GrantedWorld(World):
    """Each event is handled with what its function is granted."""

    def _handle(self, event: Event) -> None:
        whole = self.policy
        self.policy = cast("Policy", Granted(whole, CONSUMERS[event.type]))
        try:
            super()._handle(event)
        finally:
            self.policy = whole


@pytest.fixture
def granted(connect: Connect) -> Iterator[GrantedWorld]:
    with closing(GrantedWorld(connect)) as world:
        world.set_policy(usdt_contract=USDT_CONTRACT)
        world.top_up()
        yield world


def _direct(world: World) -> None:
    buy(world, world.open_shop())


def _swapped(world: World) -> None:
    buy(world, world.open_shop(target=BITCOIN))


def _collected(world: World) -> None:
    shop = world.open_shop(target=TETHER, threshold_cents=2_000)
    for buyer in range(3):
        buy(world, shop, ANN + buyer)


def _joined(world: World) -> None:
    buy(world, world.open_shop())
    world.run()
    world.join(ANN, world.invite_urls(ANN)[0])


def _in_part(world: World) -> None:
    invoice = world.order(ANN, world.open_shop())
    world.pay_part(invoice)
    pass_minutes(world, 5)
    world.finish(max(world.fake_provider.invoices), "0.001")


@pytest.mark.parametrize("play", [_direct, _swapped, _collected, _joined, _in_part])
def test_no_function_reads_what_it_is_not_granted(
    granted: GrantedWorld, play: Callable[[World], None]
) -> None:
    play(granted)
    pass_minutes(granted, 30)
    granted.run()
    assert not granted.rows("SELECT id FROM review_items WHERE closed_at IS NULL")


def test_what_is_not_granted_is_noticed(granted: GrantedWorld) -> None:
    with pytest.raises(AssertionError, match="notify reads host_wallet and is not granted HOST"):
        _ = Granted(granted.policy, "notify").host_wallet
