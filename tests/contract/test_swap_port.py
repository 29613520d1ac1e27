"""The fake swap provider and the real adapter keep the same promises."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from eth_account import Account

from shared_lib.adapters.ethereum_address import checksum_address
from shared_lib.domain.currency import SWAP_DECIMALS_MOST, asset_of
from shared_lib.domain.money import ETH, USDT, Asset, Money, parse_amount, zero
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.swap import (
    AWAITS_DEPOSIT,
    ExchangeEcho,
    ExchangeOrder,
    Limits,
    echo_differences,
    is_near_market,
    pays_less,
)
from shared_lib.ports import (
    AddressRefusedError,
    OutOfRangeError,
    PairUnavailableError,
    PermanentError,
    ProviderError,
    RateExpiredError,
    RetryableError,
    SwapProvider,
    UnknownOutcomeError,
)
from tests.contract.swap_worlds import (
    OPERATIONS,
    FakeWorld,
    StandInWorld,
    World,
    adapter,
    running_stand_in,
    told_until,
)
from tests.sandbox.ethereum.launcher import EthereumServer, running_ethereum

BTC, XRP, BASE = asset_of("btc:btc"), asset_of("xrp:xrp"), asset_of("eth:base")
TRON_USDT, SOL = asset_of("usdt:trx"), asset_of("sol:sol")
WALLET = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
TARGETS = {
    "btc:btc": PayoutTarget(BTC, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", None),
    "usdt:trx": PayoutTarget(TRON_USDT, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", None),
    "xrp:xrp": PayoutTarget(XRP, "rPT1Sjq2YGrBMTttX4GZHjKu9dyfzbpAYe", "70042"),
    "eth:base": PayoutTarget(BASE, WALLET.lower(), None),
    "sol:sol": PayoutTarget(SOL, "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB", None),
}
TO_BTC = TARGETS["btc:btc"]
SOLD = parse_amount("0.05", ETH)
AMOUNTS = {"eth": SOLD, "usdt": parse_amount("150.25", USDT)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("swaps")


@pytest.fixture(scope="module")
def node(folder: Path) -> Iterator[EthereumServer]:
    with running_ethereum(folder / "chain.json", block_seconds=0) as server:
        yield server


@pytest.fixture(scope="module")
def stand_in_url(folder: Path, node: EthereumServer) -> Iterator[str]:
    with running_stand_in(folder / "swaps.sqlite", node) as url:
        yield url


@pytest.fixture
def stand_in(stand_in_url: str, node: EthereumServer) -> Iterator[StandInWorld]:
    world = StandInWorld(stand_in_url, node)
    yield world
    world.close()


@pytest.fixture(params=["fake", "stand_in"])
def world(request: pytest.FixtureRequest) -> World:
    found: World = FakeWorld() if request.param == "fake" else request.getfixturevalue("stand_in")
    return found


def ordered(
    world: World,
    target: PayoutTarget = TO_BTC,
    sold: Money = SOLD,
    refund_address: str = WALLET,
) -> ExchangeOrder:
    """An order by a fresh quote."""
    fixed = world.provider.fixed_quote(sold, target.asset)
    return ExchangeOrder(fixed, target, refund_address)


def created(
    world: World, sold: Money = SOLD, refund_address: str = WALLET
) -> tuple[ExchangeOrder, ExchangeEcho]:
    """A new exchange into BTC."""
    order = ordered(world, TO_BTC, sold, refund_address)
    return order, world.provider.create_exchange(order)


# ---- coins, limits and quotes --------------------------------------------------------------------


def test_the_coins_that_can_be_bought(world: World) -> None:
    listed = {one.asset_id: one for one in world.provider.currencies()}
    assert listed.keys() >= TARGETS.keys()
    assert all(one.can_be_bought and one.supports_fixed_rate for one in listed.values())
    assert {name for name in TARGETS if listed[name].needs_memo} == {"xrp:xrp"}


@pytest.mark.parametrize("sold", [ETH, USDT])
def test_a_pair_has_limits_that_hold(world: World, sold: Asset) -> None:
    limits = world.provider.limits(sold, BTC)
    assert zero(sold) < limits.least
    assert limits.most is None
    for quote in (world.provider.fixed_quote, world.provider.market_quote):
        with pytest.raises(OutOfRangeError) as caught:
            quote(parse_amount("0.00002", sold), BTC)
        assert caught.value.is_too_small


def test_an_amount_can_be_too_large(world: World) -> None:
    least, most = parse_amount("0.001", ETH), parse_amount("0.04", ETH)
    world.set_limits(BTC, Limits(least, most))
    assert world.provider.limits(ETH, BTC) == Limits(least, most)
    for quote in (world.provider.fixed_quote, world.provider.market_quote):
        with pytest.raises(OutOfRangeError) as caught:
            quote(SOLD, BTC)
        assert not caught.value.is_too_small
        assert quote(most, BTC)
        assert quote(least, BTC)


@pytest.mark.parametrize("sold", AMOUNTS.values(), ids=AMOUNTS)
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_a_promise_is_near_the_market(world: World, target: PayoutTarget, sold: Money) -> None:
    market = world.provider.market_quote(sold, target.asset)
    fixed = world.provider.fixed_quote(sold, target.asset)
    assert market.sold == fixed.quote.sold == sold
    assert zero(target.asset) < fixed.quote.bought < market.market_value
    assert is_near_market(fixed.quote, market.market_value, 200)
    assert fixed.quote.fees_bps < 200


def test_a_promise_is_kept_for_some_minutes(world: World) -> None:
    first, second = (world.provider.fixed_quote(SOLD, BTC) for _ in range(2))
    assert first.rate_id != second.rate_id
    left = first.valid_until - datetime.now(UTC)
    assert timedelta(minutes=19) < left <= timedelta(minutes=20)


def test_more_digits_than_are_counted_are_refused(world: World) -> None:
    assert SWAP_DECIMALS_MOST == 8
    for quote in (world.provider.fixed_quote, world.provider.market_quote):
        with pytest.raises(PermanentError):
            quote(SOLD + Money(1, ETH), BTC)


def test_a_pair_can_be_withdrawn(world: World) -> None:
    order = ordered(world)
    world.withdraw(ETH, BTC)
    asks: list[Callable[[], object]] = [
        lambda: world.provider.limits(ETH, BTC),
        lambda: world.provider.market_quote(SOLD, BTC),
        lambda: world.provider.fixed_quote(SOLD, BTC),
        lambda: world.provider.create_exchange(order),
    ]
    for ask in asks:
        with pytest.raises(PairUnavailableError):
            ask()
    assert world.provider.limits(ETH, XRP)


# ---- making an exchange --------------------------------------------------------------------------


@pytest.mark.parametrize("sold", AMOUNTS.values(), ids=AMOUNTS)
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_an_exchange_repeats_what_was_asked_for(
    world: World, target: PayoutTarget, sold: Money
) -> None:
    order = ordered(world, target, sold)
    echo = world.provider.create_exchange(order)
    assert echo_differences(order, echo) == []
    assert echo.payin_address == checksum_address(echo.payin_address)
    assert echo.valid_until is not None


def test_the_same_order_twice_makes_two_exchanges(world: World) -> None:
    order, before = ordered(world), world.made()
    first, second = (world.provider.create_exchange(order) for _ in range(2))
    assert first.id != second.id
    assert first.payin_address != second.payin_address
    assert world.made() == before + 2


def test_a_promise_ends(world: World) -> None:
    world.let_rates_die()
    order, before = ordered(world), world.made()
    with pytest.raises(RateExpiredError):
        world.provider.create_exchange(order)
    assert world.made() == before


def test_a_promise_is_for_one_amount_of_one_pair(world: World) -> None:
    order, before = ordered(world), world.made()
    unknown = replace(order, fixed=replace(order.fixed, rate_id="0123456789abcde"))
    other = replace(order.fixed.quote, sold=SOLD + parse_amount("0.01", ETH))
    wrong_amount = replace(order, fixed=replace(order.fixed, quote=other))
    for wrong in (unknown, wrong_amount, replace(order, target=TARGETS["sol:sol"])):
        with pytest.raises(RateExpiredError):
            world.provider.create_exchange(wrong)
    assert world.made() == before


@pytest.mark.parametrize(("most", "is_too_small"), [("1", True), ("0.04", False)])
def test_limits_are_looked_at_again(world: World, most: str, *, is_too_small: bool) -> None:
    order = ordered(world)
    least = parse_amount("0.06" if is_too_small else "0.001", ETH)
    world.set_limits(BTC, Limits(least, parse_amount(most, ETH)))
    with pytest.raises(OutOfRangeError) as caught:
        world.provider.create_exchange(order)
    assert caught.value.is_too_small is is_too_small


def test_an_address_that_is_none(world: World) -> None:
    world.refuse("nowhere")
    order, before = ordered(world), world.made()
    with pytest.raises(AddressRefusedError):
        world.provider.create_exchange(replace(order, target=replace(TO_BTC, address="nowhere")))
    with pytest.raises(PermanentError) as caught:
        world.provider.create_exchange(replace(order, refund_address="nowhere"))
    assert type(caught.value) is PermanentError
    assert world.made() == before


def test_memos_are_for_coins_that_have_them(world: World) -> None:
    for target in (replace(TO_BTC, memo="7"), replace(TARGETS["xrp:xrp"], memo=None)):
        with pytest.raises(PermanentError):
            world.provider.create_exchange(ordered(world, target))


# ---- what has become of it -----------------------------------------------------------------------


def test_an_exchange_waits_for_its_deposit(world: World) -> None:
    _, echo = created(world)
    report = world.provider.exchange(echo.id, ETH, BTC)
    assert report.status in AWAITS_DEPOSIT
    assert (report.id, report.payin_address) == (echo.id, echo.payin_address)
    assert (report.sold, report.bought, report.was_paid_again) == (None, None, False)
    assert (report.payout_hash, report.refund_hash) == (None, None)
    assert echo.id in report.body


@pytest.mark.parametrize("exchange_id", ["0a1b2c3d4e5f60", "", "no id", "../x", "x&id=1"])
def test_there_is_no_such_exchange(world: World, exchange_id: str) -> None:
    with pytest.raises(PermanentError):
        world.provider.exchange(exchange_id, ETH, BTC)


def test_an_exchange_of_another_pair_is_not_read(world: World) -> None:
    """Its amounts would be read with another coin's decimals."""
    _, echo = created(world)
    for pair in ((USDT, BTC), (ETH, SOL)):
        with pytest.raises(RetryableError):
            world.provider.exchange(echo.id, *pair)


@pytest.mark.parametrize("sold", AMOUNTS.values(), ids=AMOUNTS)
def test_a_deposit_brings_what_was_promised(world: World, sold: Money) -> None:
    order, echo = created(world, sold)
    world.finish(echo, sold)
    report = world.provider.exchange(echo.id, sold.asset, BTC)
    assert (report.status, report.sold) == ("finished", sold)
    assert report.bought is not None
    assert not pays_less(order.fixed.quote.bought, report.bought, 0)
    assert report.payout_hash
    assert report.refund_hash is None


def test_another_amount_is_put_on_hold(world: World) -> None:
    _, echo = created(world)
    more = SOLD + parse_amount("0.001", ETH)
    world.pay_in(echo, more)
    report = told_until(world, echo, (ETH, BTC), lambda one: one.status == "verifying")
    assert (report.sold, report.bought) == (more, None)


def test_a_second_deposit_is_seen(world: World) -> None:
    _, echo = created(world)
    world.finish(echo, SOLD)
    assert not world.provider.exchange(echo.id, ETH, BTC).was_paid_again
    world.pay_in(echo, SOLD)
    report = told_until(world, echo, (ETH, BTC), lambda one: one.was_paid_again)
    assert (report.status, report.sold) == ("finished", SOLD)


def test_an_exchange_can_be_held(world: World) -> None:
    _, echo = created(world)
    world.hold(echo, SOLD)
    report = world.provider.exchange(echo.id, ETH, BTC)
    assert (report.status, report.sold, report.bought) == ("verifying", SOLD, None)


def test_an_exchange_can_fail(world: World) -> None:
    _, echo = created(world)
    world.fail(echo, SOLD)
    report = world.provider.exchange(echo.id, ETH, BTC)
    assert (report.status, report.bought, report.refund_hash) == ("failed", None, None)


def test_a_refund_reaches_the_refund_address(world: World) -> None:
    refund_address = Account.create().address
    _, echo = created(world, refund_address=refund_address)
    loss = parse_amount("0.0001", ETH)
    world.refund(echo, SOLD, loss)
    report = world.provider.exchange(echo.id, ETH, BTC)
    assert (report.status, report.bought, report.payout_hash) == ("refunded", None, None)
    assert report.refund_hash
    assert report.refund_hash.startswith("0x")
    assert world.held(refund_address, ETH) == SOLD - loss


def test_what_was_paid_out_may_not_be_told(world: World) -> None:
    _, echo = created(world)
    world.finish(echo, SOLD)
    world.hide_amount(echo)
    report = world.provider.exchange(echo.id, ETH, BTC)
    assert (report.status, report.bought) == ("finished", None)


# ---- trouble on the way --------------------------------------------------------------------------

Act = Callable[[SwapProvider], object]


def acts(world: World) -> dict[str, Act]:
    """Every method, asked for something that is there."""
    order, echo = created(world)
    return {
        "currencies": lambda one: one.currencies(),
        "limits": lambda one: one.limits(ETH, BTC),
        "market_quote": lambda one: one.market_quote(SOLD, BTC),
        "fixed_quote": lambda one: one.fixed_quote(SOLD, BTC),
        "exchange": lambda one: one.exchange(echo.id, ETH, BTC),
        "create_exchange": lambda one: one.create_exchange(order),
    }


def silence(name: str) -> type[ProviderError]:
    return UnknownOutcomeError if name == "create_exchange" else RetryableError


def test_a_flood_says_how_long_to_wait(world: World) -> None:
    for name, act in acts(world).items():
        world.flood(name)
        with pytest.raises(RetryableError) as caught:
            act(world.provider)
        assert caught.value.after_seconds == 7


def test_an_exchange_without_an_answer_may_exist_or_not(world: World) -> None:
    order, before = ordered(world), world.made()
    world.drop("create_exchange")
    with pytest.raises(UnknownOutcomeError):
        world.provider.create_exchange(order)
    assert world.made() == before
    world.lose_answer("create_exchange")
    with pytest.raises(UnknownOutcomeError):
        world.provider.create_exchange(order)
    assert world.made() == before + 1


def test_a_question_without_an_answer_is_asked_again(world: World) -> None:
    for name, act in acts(world).items():
        world.drop(name)
        with pytest.raises(silence(name)):
            act(world.provider)
        assert act(world.provider)


# ---- the adapter alone ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["HTML_500", "HTML_520", "HTML_403", "EMPTY_200", "NOT_JSON_200"])
def test_an_unreadable_answer_proves_nothing(stand_in: StandInWorld, name: str) -> None:
    for method, act in acts(stand_in).items():
        stand_in.canned(method, name)
        with pytest.raises(silence(method)):
            act(stand_in.provider)


@pytest.mark.parametrize("code", ["not_valid_params", "user_not_found", "invalid_api_key"])
def test_a_refusal_carries_its_code(stand_in: StandInWorld, code: str) -> None:
    for method, act in acts(stand_in).items():
        if (method, code) == ("limits", "invalid_api_key"):
            continue  # its other endpoint answers instead
        stand_in.canned(method, code)
        with pytest.raises(PermanentError, match=code):
            act(stand_in.provider)


def test_a_key_with_few_rights(stand_in: StandInWorld) -> None:
    """Without the right to see both limits the lower is known; without that to quote, nothing."""
    stand_in.set_limits(BTC, Limits(parse_amount("0.001", ETH), SOLD))
    stand_in.order("entitlements", **{"range": False, "estimated-amount": False})
    assert stand_in.provider.limits(ETH, BTC) == Limits(parse_amount("0.001", ETH), None)
    with pytest.raises(PermanentError, match="forbidden"):
        stand_in.provider.fixed_quote(SOLD, BTC)


def test_a_wrong_key_is_refused_and_never_shown(stand_in_url: str, stand_in: StandInWorld) -> None:
    stranger = adapter(stand_in_url, api_key="wrong-and-private")
    for name, act in acts(stand_in).items():
        if name == "currencies":
            continue  # everybody may read it
        with pytest.raises(PermanentError, match="401") as caught:
            act(stranger)
        shown = f"{caught.value!r} {caught.value.__context__!r} {stranger!r}"
        assert "private" not in shown
    stranger.close()


ODD_WEATHER = {
    "extra_fields": 1,
    "exponents": 1,
    "extra_digits": 1,
    "stale_updated_at": 1,
    "missing_nulls": 1,
}


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("odd", [*ODD_WEATHER, "all"])
def test_odd_numbers_and_fields_are_read(
    stand_in: StandInWorld, odd: str, target: PayoutTarget
) -> None:
    """Exponents, more digits than a coin has, fields that nobody announced, nulls left out."""
    stand_in.order("weather", **(ODD_WEATHER if odd == "all" else {odd: 1}))
    for sold in AMOUNTS.values():
        assert stand_in.provider.limits(sold.asset, target.asset).least < sold
        order = ordered(stand_in, target, sold)
        echo = stand_in.provider.create_exchange(order)
        assert echo_differences(order, echo) == []
        assert stand_in.provider.exchange(echo.id, sold.asset, target.asset).sold is None


def test_a_changed_answer_is_told_as_it_is(stand_in: StandInWorld) -> None:
    """What is wrong with it is for others to say."""
    values = {"payoutAddress": "bc1qthief", "toAmount": 0.001, "payinExtraId": "12"}
    fault = {"kind": "custom", "name": "echo", "values": values}
    stand_in.order("faults", operation=OPERATIONS["create_exchange"], **fault)
    order, echo = created(stand_in)
    different = {"payoutAddress", "toAmount", "payinExtraId"}
    assert set(echo_differences(order, echo)) == different
