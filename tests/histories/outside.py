"""What goes wrong at the providers, and what becomes of exchanges."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from shared_lib.domain.money import ETH, USDT, Money
from shared_lib.domain.swap import AWAITS_DEPOSIT, Limits, pair_id
from shared_lib.ports import (
    AddressRefusedError,
    OutOfRangeError,
    PairUnavailableError,
    PermanentError,
    ProviderError,
    RateExpiredError,
    RetryableError,
    UnknownOutcomeError,
)
from tests.fakes.swaps import QUOTE_SECONDS, FakeExchange
from tests.histories.machine import BTC, XRP, Machine, rule
from tests.histories.strikes import CountedFailures
from tests.world import CONFIRMATIONS

CALLS: dict[str, tuple[str, ...]] = {
    "provider": ("create_invoice", "payment", "usd_cents"),
    "telegram": ("is_inside", "create_join_link", "revoke_link", "approve", "decline", "send"),
    "swaps": ("limits", "market_quote", "fixed_quote", "create_exchange", "exchange"),
}
ERRORS: tuple[Callable[[], ProviderError], ...] = (
    lambda: RetryableError("503"),
    lambda: RetryableError("429", 150),
    lambda: PermanentError("400"),
    lambda: UnknownOutcomeError("the connection broke"),
    lambda: UnknownOutcomeError("the connection broke"),
)
SWAP_ERRORS: tuple[Callable[[], ProviderError], ...] = (
    lambda: RateExpiredError("rate_id_not_found_or_expired"),
    lambda: OutOfRangeError("deposit_too_small", is_too_small=True),
    lambda: OutOfRangeError("deposit_too_large", is_too_small=False),
    lambda: PairUnavailableError("pair_is_inactive"),
    lambda: AddressRefusedError("not_valid_address"),
)
OVER = ("finished", "refunded")


def failures_of(machine: Machine, whose: str) -> CountedFailures:
    """What was ordered to fail at one of the providers."""
    world = machine.world
    found = {
        "provider": world.fake_provider._failures,
        "telegram": world.fake_messenger._failures,
        "swaps": world.fake_swaps.failures,
    }[whose]
    assert isinstance(found, CountedFailures)
    return found


@rule(8, quiet=True)
def let_calls_fail(machine: Machine) -> bool:
    """The next calls of one method are refused, or their answers are lost after their effect."""
    dice = machine.dice
    whose = dice.choice(list(CALLS))
    method = dice.choice(CALLS[whose])
    make = dice.choice(ERRORS)
    if whose == "swaps" and machine.chance(30):
        make = dice.choice(SWAP_ERRORS)
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        error = make()
        is_lost = isinstance(error, UnknownOutcomeError) and machine.chance(60)
        failures_of(machine, whose).order(method, error, after_effect=is_lost)
    return True


@rule(1, quiet=True)
def begin_an_outage(machine: Machine) -> bool:
    failures = failures_of(machine, machine.dice.choice(list(CALLS)))
    if failures.outage is not None:
        return False
    failures.outage = machine.dice.choice(ERRORS)()
    return True


@rule(20, quiet=True)
def end_an_outage(machine: Machine) -> bool:
    over = [one for whose in CALLS if (one := failures_of(machine, whose)).outage is not None]
    if not over:
        return False
    machine.pick(over, lambda one: one.whose).outage = None
    return True


# ---- exchanges -----------------------------------------------------------------------------------


def funded(machine: Machine) -> list[FakeExchange]:
    """Exchanges under way whose deposit is as deep as a provider waits for, and more."""
    chain = machine.world.fake_chain
    deep = chain._blocks[max(0, len(chain._blocks) - CONFIRMATIONS)].accounts
    return [
        one
        for one in machine.world.fake_swaps.exchanges.values()
        if one.status not in OVER and deep.held(one.payin_address, contract_of(machine, one))
    ]


def contract_of(machine: Machine, one: FakeExchange) -> str | None:
    """The token's contract of what an exchange is paid in."""
    return machine.world.fake_chain._contracts.of(one.sold.asset)


@rule(5)
def finish_exchanges(machine: Machine) -> bool:
    """Those that just wait for their deposit go their ordinary way."""
    waiting = [one for one in funded(machine) if one.status in AWAITS_DEPOSIT]
    for one in waiting:
        _look(machine, one)
        machine.world.fake_swaps.finish(one.echo.id)
    return bool(waiting)


@rule(16)
def end_an_exchange(machine: Machine) -> bool:
    """In any of the ways in which exchanges end, or do not."""
    under_way = funded(machine)
    if not under_way:
        return False
    one = machine.pick(under_way, _key)
    _look(machine, one)
    # What has paid the owner once does not come back to us.
    name = "finishes" if one.payout_hash else machine.dice.choice(list(_ENDS))
    machine.strike(f"exchange: {name}")
    _ENDS[name](machine, one)
    return True


def _key(one: FakeExchange) -> str:
    return f"{one.order.target.address} {one.sold}"


def _look(machine: Machine, one: FakeExchange) -> None:
    """The provider sees what has come, whatever node we ask."""
    if not one.deposits:
        held = machine.world.fake_chain.held(one.payin_address, one.sold.asset)
        one.deposits.append(Money(held, one.sold.asset))


def _pays_less(machine: Machine, one: FakeExchange) -> None:
    less = Money(one.promised.base_units * 9 // 10, one.promised.asset)
    machine.world.fake_swaps.finish(one.echo.id, less)


def _refunds(machine: Machine, one: FakeExchange) -> None:
    machine.world.fake_swaps.refund(one.echo.id)


def _refunds_less(machine: Machine, one: FakeExchange) -> None:
    sold = one.sold.base_units
    loss = machine.dice.choice((1, sold // 300, sold // 2, sold - 1))
    machine.world.fake_swaps.refund(one.echo.id, loss)


def _makes_a_refund_up(machine: Machine, one: FakeExchange) -> None:
    """It says so, by no transaction, one that nobody knows, or one that is in the books."""
    world = machine.world
    booked = [row["hash"] for row in world.rows("SELECT hash FROM incoming_transactions")]
    said = machine.pick([None, "0x" + "ab" * 32, *booked])
    machine.made_up_refunds.add(one.echo.id)
    world.fake_swaps.advance(one.echo.id, "refunded", refund_hash=said)


def is_refunded(machine: Machine, one: FakeExchange) -> bool:
    """Whether the money was really sent back."""
    return one.status == "refunded" and one.echo.id not in machine.made_up_refunds


def _hides_amount(machine: Machine, one: FakeExchange) -> None:
    machine.world.fake_swaps.finish(one.echo.id)
    machine.world.fake_swaps.hide_amount(one.echo.id)


def _says(machine: Machine, one: FakeExchange) -> None:
    word = machine.dice.choice(("confirming", "exchanging", "sending", "waiting", "a_new_word"))
    machine.world.fake_swaps.advance(one.echo.id, word)


def _says_finished(machine: Machine, one: FakeExchange) -> None:
    """By no transaction, one that nobody knows, or one that is in the books; it pays later."""
    world = machine.world
    counted = list(world.fake_chain.received(world.policy.host_wallet, USDT))
    if one.promised.asset == USDT:
        said = machine.pick([None, "0x" + "cd" * 32, *counted])
        machine.made_up_payments.add(one.echo.id)
        world.fake_swaps.advance(one.echo.id, "finished", bought=one.promised, payout_hash=said)


def _is_paid_again(_machine: Machine, one: FakeExchange) -> None:
    one.deposits.append(one.sold)


_ENDS: dict[str, Callable[[Machine, FakeExchange], Any]] = {
    "finishes": lambda machine, one: machine.world.fake_swaps.finish(one.echo.id),
    "pays less": _pays_less,
    "refunds": _refunds,
    "refunds less": _refunds_less,
    "makes a refund up": _makes_a_refund_up,
    "makes up another refund": _makes_a_refund_up,
    "fails": lambda machine, one: machine.world.fake_swaps.fail(one.echo.id),
    "is held": lambda machine, one: machine.world.fake_swaps.hold(one.echo.id),
    "hides its amount": _hides_amount,
    "says another word": _says,
    "is paid again": _is_paid_again,
    "makes a payment up": _says_finished,
}


@rule(2, quiet=True)
def take_an_end_back(machine: Machine) -> bool:
    """The provider said finished, and then that it is still at it; in the end it finishes."""
    ended = [
        one
        for one in machine.world.fake_swaps.exchanges.values()
        if one.status == "finished" and one.echo.id not in machine.made_up_payments
    ]
    if not ended:
        return False
    one = machine.pick(ended, _key)
    machine.strike("exchange: status back")
    one.status = machine.dice.choice(("exchanging", "waiting"))
    return True


@rule(1, quiet=True)
def let_an_exchange_lapse(machine: Machine) -> bool:
    """Nobody paid in, and the provider does not wait any more."""
    waiting = [
        one
        for one in machine.world.fake_swaps.exchanges.values()
        if one.status in AWAITS_DEPOSIT and not one.deposits
    ]
    if not waiting:
        return False
    machine.strike("exchange: lapses")
    machine.pick(waiting, _key).status = "expired"
    return True


@rule(1, quiet=True)
def answer_something_else(machine: Machine) -> bool:
    """The next exchange is not the one that was asked for."""
    altered: tuple[dict[str, Any], ...] = (
        {"payout_address": "somebody's"},
        {"payout_address": "somebody's"},
        {"payout_address": "somebody's"},
        {"kind": "reverse"},
        {"payin_extra_id": "7"},
        {"rate_id": "another"},
    )
    if not machine.chance(50):
        return False
    machine.strike("exchange: is another")
    machine.world.fake_swaps.alter_next_echo(**machine.dice.choice(altered))
    return True


@rule(1, quiet=True)
def drop_the_rates(machine: Machine) -> bool:
    machine.strike("rates dropped")
    machine.world.fake_swaps.drop_rates()
    return True


# ---- the market ----------------------------------------------------------------------------------


@rule(2, quiet=True)
def change_the_market(machine: Machine) -> bool:
    """Rates, limits, fees, pairs, how long a quote is kept, and addresses that are refused."""
    machine.strike("market changed")
    machine.is_market_calm = False
    machine.dice.choice(_CHANGES)(machine)
    return True


@rule(10, quiet=True)
def calm_the_market(machine: Machine) -> bool:
    if machine.is_market_calm:
        return False
    calm(machine)
    return True


def calm(machine: Machine) -> None:
    """Everything is swapped again, at the usual rates."""
    machine.is_market_calm = True
    swaps = machine.world.fake_swaps
    market = swaps.market
    for changed in (market.limits, market.withdrawn, market.rates, swaps.refused_addresses):
        changed.clear()
    market.spread_bps, market.withdrawal_fee = 50, 50_000
    swaps.quote_seconds = QUOTE_SECONDS
    machine.world.fake_provider.cents_per_coin["eth:eth"] = 400_000


_PAIRS = ((ETH, BTC), (ETH, XRP), (ETH, USDT), (USDT, BTC))


def _move_a_rate(machine: Machine) -> None:
    sold, bought = machine.dice.choice(_PAIRS)
    divisor = 1 if bought == USDT else 1_000
    rate = Fraction(machine.dice.randint(1, 5_000), divisor)
    machine.world.fake_swaps.market.rates[pair_id(sold, bought)] = rate


def _change_limits(machine: Machine) -> None:
    sold, bought = machine.dice.choice(_PAIRS)
    # Of USDT it is as much in dollars, at 3,000 USD for an ETH.
    unit = 10**13 if sold == ETH else 30_000
    least = Money(machine.dice.choice((10, 300, 1_000)) * unit, sold)
    most = machine.dice.choice((None, Money(300 * unit, sold), Money(10_000 * unit, sold)))
    limits = Limits(least, most if most is None or least < most else None)
    machine.world.fake_swaps.market.limits[pair_id(sold, bought)] = limits


def _withdraw_a_pair(machine: Machine) -> None:
    machine.world.fake_swaps.market.withdraw(*machine.dice.choice(_PAIRS))


def _change_fees(machine: Machine) -> None:
    market = machine.world.fake_swaps.market
    market.spread_bps = machine.dice.choice((0, 50, 300, 700))
    market.withdrawal_fee = machine.dice.choice((0, 50_000, 2_000_000))


def _keep_quotes_shorter(machine: Machine) -> None:
    machine.world.fake_swaps.quote_seconds = machine.dice.choice((300, 700, QUOTE_SECONDS))


def _refuse_an_address(machine: Machine) -> None:
    address = machine.dice.choice(machine.dice.choice(machine.targets)).address
    machine.world.fake_swaps.refused_addresses.add(address)


def _move_the_price(machine: Machine) -> None:
    cents = machine.dice.choice((300_000, 410_000, 500_000))
    machine.world.fake_provider.cents_per_coin["eth:eth"] = cents


_CHANGES = (
    _move_a_rate,
    _change_limits,
    _withdraw_a_pair,
    _change_fees,
    _keep_quotes_shorter,
    _refuse_an_address,
    _move_the_price,
)
