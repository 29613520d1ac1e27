"""Which quote is taken for an owner's money, and what happens while there is none."""

from collections.abc import Callable

import pytest

from shared_lib.domain.money import ETH, Money
from shared_lib.domain.swap import Quote
from shared_lib.ports import (
    OutOfRangeError,
    PairUnavailableError,
    PermanentError,
    ProviderError,
    RetryableError,
)
from tests.fakes.swap_market import Market
from tests.integration.usecases.support import (
    ANN,
    BEN,
    buy,
    change,
    handle,
    reviews,
    state_of,
    stop_before,
    tick,
    twice_at_once,
    value,
)
from tests.integration.usecases.swap_support import (
    BTC,
    RIPPLE,
    SHARE,
    abandoned,
    allow_sends,
    assert_swapped_once,
    bought,
    break_swaps,
    calls,
    eth,
    made,
    pass_hours,
    pass_minutes,
    repair_swaps,
    shares,
    stop_sends,
    swap_shop,
    swapping,
    until,
    waiting_for,
)
from tests.world import World

REFUSALS: dict[str, tuple[ProviderError, str]] = {
    "too small": (OutOfRangeError("deposit_too_small", is_too_small=True), "below_minimum"),
    "too large": (OutOfRangeError("deposit_too_large", is_too_small=False), "above_maximum"),
    "no pair": (PairUnavailableError("pair_is_inactive"), "pair_unavailable"),
}


# ---- quotes that are not taken -------------------------------------------------------------------


@pytest.mark.parametrize("method", ["market_quote", "fixed_quote"])
@pytest.mark.parametrize("refusal", REFUSALS)
def test_an_amount_that_gets_no_quote_waits(world: World, refusal: str, method: str) -> None:
    """The limits may say otherwise: a quote's word counts."""
    error, reason = REFUSALS[refusal]
    world.fake_swaps.fail_next(method, error)
    bought(world)
    pass_minutes(world, 10)
    assert waiting_for(world) == reason
    assert shares(world) == [("payment", "pending", SHARE)]
    assert abandoned(world) == ["stood_down"]
    assert reviews(world) == set()
    assert_swapped_once(world)


@pytest.mark.parametrize("spread_bps", [510, -510], ids=["too little", "too good to be true"])
def test_a_quote_off_the_market_is_not_taken(world: World, spread_bps: int) -> None:
    """More than five per cent in either direction; asked again an hour later."""
    shop = swap_shop(world)
    usual, world.fake_swaps.market.spread_bps = world.fake_swaps.market.spread_bps, spread_bps
    buy(world, shop)
    pass_minutes(world, 10)
    assert waiting_for(world) == "quote_off_market"
    assert shares(world) == [("payment", "pending", SHARE)]
    pass_hours(world, 2)
    assert 2 <= calls(world, "fixed_quote") <= 4
    assert made(world) == []
    world.fake_swaps.market.spread_bps = usual
    assert_swapped_once(world)


@pytest.mark.parametrize("spread_bps", [490, -490])
def test_a_quote_near_the_market_is_taken(world: World, spread_bps: int) -> None:
    world.fake_swaps.market.spread_bps = spread_bps
    bought(world)
    assert_swapped_once(world)


def _dear_deposit(market: Market) -> None:
    market.deposit_fee_bps = 1_010


def _dear_withdrawal(market: Market) -> None:
    market.withdrawal_fee = 900_000


def _dear_together(market: Market) -> None:
    market.deposit_fee_bps, market.withdrawal_fee = 600, 450_000


@pytest.mark.parametrize("raise_fees", [_dear_deposit, _dear_withdrawal, _dear_together])
def test_fees_that_eat_more_than_a_tenth_let_it_wait(
    world: World, raise_fees: Callable[[Market], None]
) -> None:
    """The owner's money is not fed to the provider: it merges with the next."""
    shop = swap_shop(world)
    raise_fees(world.fake_swaps.market)
    buy(world, shop)
    pass_minutes(world, 10)
    assert waiting_for(world) == "cost_too_high"
    assert made(world) == []
    world.fake_swaps.market = Market()
    assert_swapped_once(world)


def test_fixed_fees_weigh_less_on_more_money(world: World) -> None:
    shop = swap_shop(world)
    world.fake_swaps.market.withdrawal_fee = 900_000
    buy(world, shop, ANN)
    pass_minutes(world, 10)
    buy(world, shop, BEN)
    assert_swapped_once(world)


def test_a_quote_that_ends_too_soon_is_put_off(world: World) -> None:
    """There must be time to sign for it."""
    shop = swap_shop(world)
    usual, world.fake_swaps.quote_seconds = world.fake_swaps.quote_seconds, 590
    buy(world, shop)
    pass_minutes(world, 30)
    assert state_of(world, "swaps") == ["quoting"]
    assert 3 <= calls(world, "fixed_quote") <= 10
    assert reviews(world) == set()
    world.fake_swaps.quote_seconds = usual
    assert_swapped_once(world)


# ---- the quote that is ---------------------------------------------------------------------------


def test_a_quote_is_kept_word_for_word_with_the_market_beside_it(world: World) -> None:
    """The market's value is for the books: fees taken out, and no spread."""
    shop = swap_shop(world)
    world.fake_swaps.market.deposit_fee_bps = 100
    buy(world, shop)
    handle(world, stop_before(world, "swap.requested"))
    [row] = world.rows("SELECT * FROM swaps")
    sold = eth("0.002125")
    market = world.fake_swaps.market.quote(sold, BTC)
    fixed = world.fake_swaps.market.quote(sold, BTC, world.fake_swaps.market.spread_bps)
    assert row["state"] == "quoted"
    assert (row["sold"], row["quoted"]) == (sold.base_units, fixed.bought.base_units)
    assert row["deposit_fee"] == fixed.deposit_fee.base_units == 2_125 * 10**10
    assert row["withdrawal_fee"] == fixed.withdrawal_fee.base_units
    assert row["market"] == _market_value(market).base_units > fixed.bought.base_units
    assert row["quote_ends_at"] > row["quoted_at"]
    assert_swapped_once(world)


def _market_value(quote: Quote) -> Money:
    """By the formula in the rules of money, written out once more."""
    gross = quote.bought.base_units + quote.withdrawal_fee.base_units
    swapped = quote.sold.base_units - quote.deposit_fee.base_units
    return Money(quote.sold.base_units * gross // swapped, quote.bought.asset)


def test_two_quotes_at_once_keep_one(world: World) -> None:
    bought(world)
    twice_at_once(world, stop_before(world, "swap.requested"), times=3)
    assert state_of(world, "swaps") == ["quoted"]
    assert_swapped_once(world)
    assert len(made(world)) == 1


def test_a_late_delivery_does_not_replace_a_quote(world: World) -> None:
    """An exchange may have been made of it."""
    bought(world)
    event = stop_before(world, "swap.requested")
    handle(world, event)
    kept = value(world, "SELECT rate_id FROM swaps")
    handle(world, event)
    assert value(world, "SELECT rate_id FROM swaps") == kept
    assert calls(world, "fixed_quote") == 1
    assert_swapped_once(world)


def test_while_sends_are_stopped_nothing_is_quoted(world: World) -> None:
    """A quote would only die. It goes on once the switch is off."""
    shop = swap_shop(world)
    stop_sends(world)
    buy(world, shop)
    pass_minutes(world, 15)
    assert state_of(world, "swaps") == ["quoting"]
    assert calls(world, "market_quote") == calls(world, "fixed_quote") == 0
    assert reviews(world) == set()
    allow_sends(world)
    assert_swapped_once(world)


def test_while_the_wallet_is_frozen_nothing_is_quoted(world: World) -> None:
    """Each quote would end as an exchange that nobody funds, and the next one would follow."""
    shop = swap_shop(world)
    buy(world, shop)
    stop_before(world, "swap.requested")
    change(world, "UPDATE wallets SET frozen_because = 'a person looks'")
    pass_minutes(world, 30)
    assert state_of(world, "swaps") == ["quoting"]
    assert calls(world, "fixed_quote") == 0
    change(world, "UPDATE wallets SET frozen_because = NULL")
    assert_swapped_once(world)


# ---- a provider in trouble -----------------------------------------------------------------------


@pytest.mark.parametrize("method", ["limits", "market_quote", "fixed_quote", "create_exchange"])
def test_a_wish_for_a_pause_holds_for_all_that_ask(world: World, method: str) -> None:
    """Whichever function was told to wait: also another channel's payout asks nothing meanwhile."""
    first, second = swap_shop(world), swap_shop(world, RIPPLE, number=2)
    world.fake_swaps.fail_next(method, RetryableError("too many requests", 900))
    buy(world, first)
    pass_minutes(world, 6)
    asked = calls(world)
    assert world.fake_swaps.calls[-1][0] == method
    buy(world, second, BEN)
    pass_minutes(world, 9)
    assert calls(world) == asked
    world.run()
    assert state_of(world, "payouts") == ["settled", "settled"]
    assert reviews(world) == set()


@pytest.mark.parametrize("told", ["exchange", "limits"])
def test_a_wish_for_a_pause_holds_between_checks_and_payouts(world: World, told: str) -> None:
    """Whoever of them was told, the other does not ask either."""
    swapping(world)
    world.fake_swaps.fail_next(told, RetryableError("too many requests", 600))
    shop = swap_shop(world, RIPPLE, number=2)
    if told == "exchange":
        tick(world)
    buy(world, shop, BEN)
    until(world, lambda: world.fake_swaps.calls[-1][0] == told)
    asked = calls(world)
    pass_minutes(world, 9)
    assert calls(world) == asked
    world.exchanges_go_on = True
    world.run()
    assert state_of(world, "payouts") == ["settled", "settled"]
    assert reviews(world) == set()


@pytest.mark.parametrize("method", ["limits", "market_quote", "fixed_quote", "create_exchange"])
def test_a_refused_key_is_shown_at_once_and_closes_itself(world: World, method: str) -> None:
    shop = swap_shop(world)
    break_swaps(world, method, PermanentError("401: the key is refused"))
    buy(world, shop)
    pass_minutes(world, 6)
    subject = "share" if method == "limits" else "swap"
    assert reviews(world) == {(subject, "refused_by_provider")}
    assert made(world) == []
    repair_swaps(world)
    transfer = stop_before(world, "transfer.requested")
    assert reviews(world) == set(), "closed as soon as there is an exchange"
    handle(world, transfer)
    assert_swapped_once(world)


def test_a_refusal_is_past_once_its_swap_is_given_up(world: World) -> None:
    """Nobody is left with an item about a swap that does not exist any more."""
    shop = swap_shop(world)
    world.fake_swaps.fail_next("fixed_quote", PermanentError("401: the key is refused"))
    buy(world, shop)
    until(world, lambda: reviews(world) != set())
    world.fake_swaps.market.withdraw(ETH, BTC)
    pass_minutes(world, 5)
    assert waiting_for(world) == "pair_unavailable"
    assert reviews(world) == set()
    world.fake_swaps.market.restore(ETH, BTC)
    assert_swapped_once(world)


@pytest.mark.parametrize("method", ["limits", "fixed_quote"])
def test_a_provider_that_is_down_is_asked_less_and_less(world: World, method: str) -> None:
    """After a day a person is told; it goes on by itself, and the item closes."""
    shop = swap_shop(world)
    break_swaps(world, method, RetryableError("503"))
    buy(world, shop)
    pass_hours(world, 2)
    early = calls(world, method)
    pass_hours(world, 12, step_minutes=30)
    assert early >= 4
    assert 6 <= calls(world, method) - early <= 13, "once an hour by now"
    assert reviews(world) == set()
    pass_hours(world, 12, step_minutes=60)
    assert ("share" if method == "limits" else "swap", "failing_for_a_day") in reviews(world)
    repair_swaps(world)
    assert_swapped_once(world)
