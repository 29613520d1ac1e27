"""An amount in wrong units is worth too much: no such money is ever signed for.

What a share is worth is told along two ways. One is the price that its payer was asked for; the
other is the market's value of what arrived, by the share's own amount.
"""

from typing import Any
from uuid import uuid4

import pytest

from shared_lib.domain.money import ETH, USDT, Asset, parse_amount
from shared_lib.events import Event, TransferRequested
from shared_lib.ports import PermanentError, ProviderError, RetryableError
from shared_lib.usecases.register_channel import NewTier
from tests.integration.usecases.support import (
    ANN,
    BEN,
    balance,
    break_down,
    buy,
    change,
    column,
    handle,
    repair,
    report,
    reviews,
    state_of,
    stop_before,
    tick,
    value,
)
from tests.integration.usecases.swap_support import break_swaps
from tests.world import Shop, World

# A purchase of 9.99 USD brings 0.0025 ETH here, of which 15 % are our fee.
NET, GROSS = 2_125 * 10**12, 2_500 * 10**12
TOO_HIGH = {("payment", "notional_too_high")}


def assert_settles(world: World) -> None:
    world.run()
    assert state_of(world, "payouts") == ["settled"]
    assert reviews(world) == set()


# ---- when a deposit is seen ----------------------------------------------------------------------


@pytest.mark.parametrize("amount", ["0.0026225", "0.005", "9.99"])
def test_a_payment_worth_more_than_its_price_goes_to_review(
    world: World, shop: Shop, amount: str
) -> None:
    """Access was granted by the callback; of the money nothing is pending."""
    buy(world, shop, amount=amount)
    world.run()
    assert reviews(world) == TOO_HIGH
    assert state_of(world, "shares") == ["expected"]
    assert state_of(world, "payouts") == []
    assert balance(world, "host_wallet") == 0
    assert world.signer.signed == []
    assert len(world.invite_urls(ANN)) == 1


@pytest.mark.parametrize("amount", ["0.00262", "0.0025", "0.0012"])
def test_a_payment_worth_its_price_and_a_few_per_cent_passes(
    world: World, shop: Shop, amount: str
) -> None:
    """Less than the price is no error of units that could cost anybody anything."""
    buy(world, shop, amount=amount)
    assert_settles(world)


@pytest.mark.parametrize(
    "told",
    [{"pay_amount": "10", "actually_paid": "30"}, {"pay_amount": "1e1", "actually_paid": "29.0"}],
    ids=["three times", "nearly"],
)
def test_a_payer_who_paid_three_times_the_price_passes(
    world: World, shop: Shop, told: dict[str, str]
) -> None:
    world.finish(world.order(ANN, shop), "0.0075", **told)
    assert_settles(world)
    assert world.fake_chain.balance(shop.destination).base_units == 3 * NET


@pytest.mark.parametrize(
    "told",
    [
        {"pay_amount": "10", "actually_paid": "20"},
        {"pay_amount": "10", "actually_paid": "0"},
        {"pay_amount": "0", "actually_paid": "30"},
        {"pay_amount": None, "actually_paid": "30"},
        {"pay_amount": "10"},
    ],
    ids=lambda told: "-".join(map(str, told.values())),
)
def test_three_times_the_value_needs_three_times_the_payment(
    world: World, shop: Shop, told: dict[str, Any]
) -> None:
    world.finish(world.order(ANN, shop), "0.0075", **told)
    world.run()
    assert reviews(world) == TOO_HIGH
    assert state_of(world, "shares") == ["expected"]


def test_an_overpayment_in_wrong_units_does_not_lift_the_limit(world: World, shop: Shop) -> None:
    """Of 9.99 USD as 9.99 ETH, paid 10^18 times by what the provider says."""
    world.finish(world.order(ANN, shop), "9.99", pay_amount="1", actually_paid=f"1{'0' * 18}")
    world.run()
    assert reviews(world) == TOO_HIGH
    assert state_of(world, "shares") == ["expected"]


@pytest.mark.parametrize("paid", ["0", 0, None, "null", "not a number"])
def test_a_genuine_payment_of_which_the_provider_says_nothing_was_paid_passes(
    world: World, shop: Shop, paid: Any
) -> None:
    """It was seen to say 0 of a payment that it calls finished."""
    world.finish(world.order(ANN, shop), "0.0025", pay_amount="10", actually_paid=paid)
    assert_settles(world)


@pytest.mark.parametrize("error", [RetryableError("503"), PermanentError("no such coin")])
def test_money_whose_value_is_not_known_waits_and_the_failures_are_counted(
    world: World, shop: Shop, error: ProviderError
) -> None:
    """Without the second way of telling, nothing becomes payable."""
    break_down(world.fake_provider, "usd_cents", error)
    buy(world, shop)
    for _ in range(10):
        world.tick()
        world.drain()
    assert state_of(world, "shares") == ["expected"]
    assert value(world, "SELECT market_cents FROM shares") is None
    assert value(world, "SELECT failures FROM payments") > 1
    assert balance(world, "host_wallet") == 0
    repair(world.fake_provider)
    assert_settles(world)
    [worth] = world.rows("SELECT list_cents, market_cents FROM shares")
    assert worth == {"list_cents": 850, "market_cents": 850}


def test_a_market_that_moves_after_the_deposit_holds_nothing_up(world: World, shop: Shop) -> None:
    """A share keeps the worth that it had when its deposit was seen."""
    buy(world, shop)
    event = stop_before(world, "transfer.requested")
    world.fake_provider.cents_per_coin[ETH.id] *= 2
    handle(world, event)
    assert state_of(world, "transfers") == ["authorized"]
    assert_settles(world)


# ---- errors of units in a share, with all that is derived from it --------------------------------


def expected(world: World, shop: Shop) -> Event:
    """A purchase whose share is written, and whose deposit is about to be looked at."""
    buy(world, shop)
    world.fake_chain.mine(world.policy.confirmations)
    return stop_before(world, "payment.check_due")


def plant(world: World, amount: int, asset: Asset = ETH) -> None:
    """The newest share is written in these units: payout and transfer will agree with it."""
    newest = "(SELECT id FROM shares ORDER BY created_at DESC LIMIT 1)"
    change(world, f"UPDATE shares SET amount = {amount}, asset = '{asset.id}' WHERE id = {newest}")


def open_pool(world: World) -> Shop:
    """A channel whose money is collected, so that it stays in the wallet."""
    pool = world.open_shop(9, (NewTier(price_cents=999_900, days=30),))
    collect = "UPDATE channels SET strategy = 'threshold', threshold_cents = 10000000"
    change(world, f"{collect} WHERE id = '{pool.channel_id}'")
    break_swaps(world, "limits", RetryableError("down"))
    return pool


def let_others_pay_in(world: World, pool: Shop, asset: Asset, amount: str) -> None:
    """There is enough money of others in the wallet, on the chain and in the books."""
    pay(world, pool, BEN, asset, amount, pay_amount="1", actually_paid="10")
    world.fake_chain.mine(world.policy.confirmations)
    for _ in range(3):
        tick(world)
    assert set(state_of(world, "shares")) <= {"pending", "held"}


def pay(world: World, shop: Shop, user_id: int, asset: Asset, amount: str, **fields: Any) -> None:
    """A purchase that is settled in this asset."""
    invoice = world.order(user_id, shop)
    units = parse_amount(amount, asset).base_units
    tx_hash = world.fake_chain.pay(world.policy.host_wallet, units, asset)
    currency = world.policy.provider_currency(asset)
    settled = {"outcome_amount": amount, "outcome_currency": currency, "payout_hash": tx_hash}
    world.call_back(world.fake_provider.pay(invoice, "finished", **settled, **fields))


def assert_refused(world: World, event: Event, amount: int) -> None:
    """Only its worth tells that this transfer is wrong, and it does."""
    [row] = world.rows(
        "SELECT t.amount, t.asset, t.destination, p.amount AS owed, p.asset AS owed_asset, "
        "p.destination_address FROM transfers t JOIN payouts p ON p.id = t.payout_id"
    )
    [locked] = world.rows("SELECT amount, asset FROM shares WHERE state = 'locked'")
    assert int(row["amount"]) == int(row["owed"]) == int(locked["amount"]) == amount
    assert row["asset"] == row["owed_asset"] == locked["asset"]
    assert row["destination"] == row["destination_address"]
    assert amount <= world.policy.transfer_cap
    handle(world, event)
    refused = "SELECT evidence->>'refusal' FROM review_items WHERE reason = 'transfer_refused'"
    assert column(world, refused) == ["over_notional"]
    assert state_of(world, "transfers") == ["review"]
    assert state_of(world, "payouts") == ["review"]
    assert world.signer.signed == []
    assert world.fake_chain.sent == {}


@pytest.mark.parametrize(
    "amount",
    [8_491_500 * 10**12, GROSS],
    ids=["USD as ETH: 8.4915 instead of 0.002125", "gross instead of net"],
)
def test_a_share_in_wrong_units_is_never_paid(world: World, amount: int) -> None:
    world.top_up()
    # The caps per day would hold it back before anything is signed.
    world.set_policy(channel_day_cap_cents=10_000_000)
    let_others_pay_in(world, open_pool(world), ETH, "20")
    event = expected(world, world.open_shop())
    plant(world, amount)
    handle(world, event)
    assert_refused(world, stop_before(world, "transfer.requested"), amount)
    plant(world, NET)


def test_a_share_that_changed_after_it_was_credited_is_never_paid(world: World) -> None:
    """Share, payout and transfer agree with each other, and not with what the payment brought."""
    world.top_up()
    let_others_pay_in(world, open_pool(world), ETH, "20")
    buy(world, world.open_shop())
    event = stop_before(world, "transfer.requested")
    plant(world, GROSS)
    for table in ("payouts", "transfers"):
        change(world, f"UPDATE {table} SET amount = {GROSS}")
    handle(world, event)
    refused = "SELECT evidence->>'refusal' FROM review_items WHERE reason = 'transfer_refused'"
    assert column(world, refused) == ["share_differs"]
    assert (state_of(world, "transfers"), state_of(world, "payouts")) == (["review"], ["review"])
    assert world.signer.signed == []
    plant(world, NET)


@pytest.mark.parametrize(
    ("amount", "asset"),
    [(8_491_500 * 25, USDT), (8_491_500 * 10**12, ETH)],
    ids=["a token's quantity as USDT: 212.2875 instead of 8.4915", "USDT as native ETH"],
)
def test_a_share_of_tokens_in_wrong_units_is_never_paid(
    world: World, amount: int, asset: Asset
) -> None:
    """Payments are settled in USDT here; of both coins there is enough in the wallet."""
    world.top_up()
    pool, shop = open_pool(world), world.open_shop()
    let_others_pay_in(world, pool, ETH, "20")
    world.set_policy(settlement_asset=USDT)
    let_others_pay_in(world, pool, USDT, "900")
    pay(world, shop, ANN, USDT, "9.99")
    world.fake_chain.mine(world.policy.confirmations)
    event = stop_before(world, "payment.check_due")
    plant(world, amount, asset)
    handle(world, event)
    world.queue.clear()
    assert_refused(world, hand_made_transfer(world, shop, amount, asset), amount)
    plant(world, 8_491_500, USDT)
    # Deposits are on their way, so that the wallet need not agree with the books yet.
    report(world, world.order(BEN, shop), "waiting")


def hand_made_transfer(world: World, shop: Shop, amount: int, asset: Asset) -> TransferRequested:
    """The newest share in a payout with its transfer, written as `start_payout` would."""
    payout_id, transfer_id, now = uuid4(), uuid4(), f"'{world.clock.now()}'::timestamptz"
    units, watched = f"'{asset.id}', {amount}", f"{now}, {now} + interval '1 day', {now}"
    times = "next_check_at, deadline_at, created_at"
    change(
        world,
        "INSERT INTO payouts (id, channel_id, strategy, state, asset, amount, destination_asset, "
        f"destination_address, {times}) VALUES ('{payout_id}', '{shop.channel_id}', 'instant', "
        f"'sending', {units}, '{asset.id}', '{shop.destination}', {watched})",
    )
    share_id = value(world, "SELECT id FROM shares ORDER BY created_at DESC LIMIT 1")
    change(
        world,
        f"INSERT INTO payout_shares (payout_id, share_id) VALUES ('{payout_id}', '{share_id}')",
    )
    locked = "state = 'locked', next_check_at = NULL, deadline_at = NULL"
    change(world, f"UPDATE shares SET {locked} WHERE id = '{share_id}'")
    change(world, f"UPDATE channels SET payout_asset = '{asset.id}' WHERE id = '{shop.channel_id}'")
    change(
        world,
        "INSERT INTO wallets (address, chain_id, next_nonce, created_at) "
        f"VALUES ('{world.policy.host_wallet}', {world.policy.chain_id}, 0, {now}) "
        "ON CONFLICT DO NOTHING",
    )
    change(
        world,
        f"INSERT INTO transfers (id, payout_id, wallet_address, asset, amount, destination, state, "
        f"{times}) VALUES ('{transfer_id}', '{payout_id}', '{world.policy.host_wallet}', {units}, "
        f"'{shop.destination}', 'requested', {watched})",
    )
    return TransferRequested(transfer_id=transfer_id)
