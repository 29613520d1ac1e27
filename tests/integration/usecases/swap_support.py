"""What the tests of swaps order of a world, and how they read it."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from shared_lib.domain.currency import asset_of
from shared_lib.domain.money import ETH, Money, parse_amount
from shared_lib.domain.offer import PayoutTarget
from shared_lib.events import SwapCheckDue
from shared_lib.ports import ProviderError
from tests.fakes.failures import Failures
from tests.fakes.swaps import FakeExchange
from tests.integration.usecases.support import (
    ANN,
    MANY,
    balance,
    buy,
    change,
    column,
    reviews,
    state_of,
    value,
)
from tests.invariants import assert_sound
from tests.world import Shop, World

BTC, XRP, USDT_TRON = asset_of("btc:btc"), asset_of("xrp:xrp"), asset_of("usdt:trx")
BITCOIN = PayoutTarget(BTC, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", None)
RIPPLE = PayoutTarget(XRP, "rDsbeomae4FXwgQTJp9Rs64Qg9vDiTCdBv", "12345")
HOUR = 3_600.0
# An owner's part of a purchase of 0.0025 ETH, which is worth 8.50 USD here.
SHARE = 2_125 * 10**12


# ---- the provider --------------------------------------------------------------------------------


def break_swaps(
    world: World, method: str, error: ProviderError, *, after_effect: bool = False
) -> None:
    """Let every call of `method` fail until `repair_swaps`."""
    for _ in range(MANY):
        world.fake_swaps.fail_next(method, error, after_effect=after_effect)


def repair_swaps(world: World) -> None:
    """Nothing fails any more."""
    world.fake_swaps.failures = Failures()


def calls(world: World, method: str | None = None) -> int:
    """How often the provider was asked, by one method or by all that swapping needs."""
    asked = [name for name, _ in world.fake_swaps.calls]
    return len([one for one in asked if one == method or (method is None and one != "currencies")])


def made(world: World) -> list[FakeExchange]:
    """Every exchange that the provider has made, oldest first."""
    return list(world.fake_swaps.exchanges.values())


def funded(world: World) -> list[FakeExchange]:
    """The exchanges that money was sent to."""
    return [world.fake_swaps.exchanges[one] for one in world.fake_swaps.funded]


def eth(text: str) -> Money:
    """An amount of ETH, from its decimal text."""
    return parse_amount(text, ETH)


# ---- acting --------------------------------------------------------------------------------------


def pass_minutes(world: World, minutes: int) -> None:
    """Time passes with blocks and ticks, and all that is due is delivered."""
    for _ in range(minutes):
        world.tick()
        world.drain()


def pass_hours(world: World, hours: int, step_minutes: int = 10) -> None:
    """Time passes in longer steps, which is enough where nothing is due more often."""
    for _ in range(hours * 60 // step_minutes):
        world.clock.pass_time(step_minutes * 60 - 60)
        world.tick()
        world.drain()


def until(world: World, is_reached: Callable[[], bool], minutes_most: int = 60) -> None:
    """Let the world go on until something is so."""
    for _ in range(minutes_most):
        world.drain()
        if is_reached():
            return
        world.tick()
    raise AssertionError(f"not reached after {minutes_most} minutes")


def stop_sends(world: World) -> None:
    """An operator throws the kill switch."""
    values = "'stop_sends', 'operator', 'a test', now()"
    change(world, f"INSERT INTO controls (name, actor, reason, set_at) VALUES ({values})")


def allow_sends(world: World) -> None:
    """An operator puts it back."""
    change(world, "DELETE FROM controls")


def swap_shop(world: World, target: PayoutTarget = BITCOIN, number: int = 1) -> Shop:
    """A channel whose owner is paid in another coin, and a wallet with gas money."""
    if not world.rows("SELECT id FROM ledger_transactions WHERE kind = 'top_up'"):
        world.top_up()
    return world.open_shop(number, target=target)


def bought(world: World, target: PayoutTarget = BITCOIN, amount: str = "0.0025") -> Shop:
    """A channel whose owner is paid in another coin, and one purchase; nothing has gone on yet."""
    shop = swap_shop(world, target)
    buy(world, shop, ANN, amount)
    return shop


def swapping(world: World, target: PayoutTarget = BITCOIN) -> FakeExchange:
    """One purchase whose exchange is funded, by a confirmed transfer; it does not go on by itself.

    The exchange that it is.
    """
    bought(world, target)
    return funding(world)


def funding(world: World) -> FakeExchange:
    """Let the payout go on until an exchange is funded by a confirmed transfer; which one."""
    world.exchanges_go_on = False
    until(world, lambda: _is_funded(world))
    return funded(world)[-1]


def _is_funded(world: World) -> bool:
    sql = (
        "SELECT s.id FROM swaps s JOIN transfers t ON t.swap_id = s.id "
        "WHERE s.state = 'funded' AND t.state = 'confirmed'"
    )
    return bool(world.rows(sql))


def live_swap(world: World) -> UUID:
    """The id of the only swap that is on its way."""
    [found] = column(world, "SELECT id FROM swaps WHERE next_check_at IS NOT NULL")
    assert isinstance(found, UUID)
    return found


def check_of(world: World) -> SwapCheckDue:
    """The event that checks the only swap on its way."""
    return SwapCheckDue(swap_id=live_swap(world))


def end_well(world: World) -> None:
    """Let everything come to its end as it should."""
    repair_swaps(world)
    world.exchanges_go_on = True
    world.run()


# ---- reading -------------------------------------------------------------------------------------


def waiting_for(world: World) -> str | None:
    """Why the only payout waits."""
    found: str | None = value(world, "SELECT waiting_for FROM payouts")
    return found


def events(world: World, kind: str) -> list[str]:
    """What was kept of this kind, oldest first."""
    return column(world, f"SELECT body FROM swap_events WHERE kind = '{kind}' ORDER BY id")


def abandoned(world: World) -> list[str]:
    """Why swaps were given up, oldest first."""
    sql = "SELECT abandoned_because FROM swaps WHERE state = 'abandoned' ORDER BY created_at, id"
    return column(world, sql)


def evidence(world: World, reason: str) -> dict[str, Any]:
    """The facts of the only open review item with this reason."""
    sql = f"SELECT evidence FROM review_items WHERE closed_at IS NULL AND reason = '{reason}'"
    found = value(world, sql)
    read: dict[str, Any] = json.loads(found) if isinstance(found, str) else found
    return read


def shares(world: World) -> list[tuple[str, str, int]]:
    """Kind, state and amount of every share, oldest first."""
    rows = world.rows("SELECT kind, state, amount FROM shares ORDER BY created_at, kind, id")
    return [(row["kind"], row["state"], int(row["amount"])) for row in rows]


def sold_in(world: World, state: str) -> int:
    """What swaps in this state were made for, in wei."""
    return int(value(world, f"SELECT coalesce(sum(sold), 0) FROM swaps WHERE state = '{state}'"))


def assert_swapped_once(world: World) -> None:
    """The owner has the coin, by one funding of one exchange, and nobody has to look."""
    end_well(world)
    [exchange] = funded(world)
    assert len(exchange.deposits) == 1
    assert exchange.paid_in.base_units == sold_in(world, "finished")
    assert state_of(world, "payouts") == ["settled"]
    assert {state for _, state, _ in shares(world)} <= {"paid", "pending"}
    assert balance(world, "in_flight") == 0
    assert reviews(world) == set()
    assert_sound(world)
