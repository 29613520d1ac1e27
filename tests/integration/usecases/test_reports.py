"""The views with historical names, read as a report would."""

from decimal import Decimal
from typing import Any

import pytest

from shared_lib.domain.currency import asset_of
from shared_lib.domain.money import USDT, Money
from shared_lib.domain.offer import PayoutTarget
from tests.fakes.chain import WALLET
from tests.integration.usecases.support import ANN, BEN, buy
from tests.world import World

XRP = PayoutTarget(asset_of("xrp:xrp"), "rEb8TK3gBgk5auZkwc6sHnwrGVJH8DuaLh", "7421")


@pytest.fixture
def paid(world: World) -> World:
    """An owner who wants XRP was paid out once."""
    world.top_up()
    buy(world, world.open_shop(target=XRP), ANN, amount="0.00250000000000123")
    world.run()
    return world


def only(world: World, view: str) -> dict[str, Any]:
    [row] = world.rows(f"SELECT * FROM {view}")
    return row


def test_split_payout_request_shows_quote_and_market_value(paid: World) -> None:
    """What was asked for an owner in whole coins, beside the pure market value for the books."""
    row = only(paid, "split_payout_request")
    [exchange] = paid.fake_swaps.exchanges.values()
    quote = exchange.order.fixed.quote
    assert (row["from_currency"], row["to_currency"], row["to_network"]) == ("eth", "xrp", "xrp")
    assert row["from_amount"] == Decimal("0.002125")
    assert row["to_amount"] == Decimal(quote.bought.base_units).scaleb(-6)
    assert row["withdrawal_fee"] == Decimal(quote.withdrawal_fee.base_units).scaleb(-6)
    assert row["market_value"] == Decimal("4.25")  # 0.002125 ETH of 4,000 USD, at 2 USD a coin
    assert (row["client_wallet_address"], row["client_wallet_extra_id"]) == (XRP.address, XRP.memo)
    assert row["rate_id"] == exchange.order.fixed.rate_id


def test_split_payout_que_follows_the_exchange_to_its_end(paid: World) -> None:
    """Where it was paid in, what was promised and what arrived."""
    row = only(paid, "split_payout_que")
    [exchange] = paid.fake_swaps.exchanges.values()
    assert (row["cn_api_id"], row["payin_address"]) == (exchange.echo.id, exchange.payin_address)
    assert row["promised_amount"] == row["actual_amount"] > 0
    assert (row["state"], row["provider_status"]) == ("finished", "finished")
    assert (row["payout_hash"], row["refund_hash"]) == (exchange.payout_hash, None)


def test_hostpay_transactions_shows_hash_block_and_gas(paid: World) -> None:
    """What left the wallet, to the last wei, and what the network took for it."""
    row = only(paid, "hostpay_transactions")
    [exchange] = paid.fake_swaps.exchanges.values()
    mined = paid.fake_chain.mined(row["tx_hash"])
    assert mined is not None
    assert (row["cn_api_id"], row["payin_address"]) == (exchange.echo.id, exchange.payin_address)
    assert row["from_amount"] == Decimal("0.002125")
    assert row["gas_paid_eth"] == Decimal(mined.gas_paid).scaleb(-18)
    assert (row["block_number"], row["nonce"], row["is_complete"]) == (mined.block, 0, True)


def test_supported_mappings_list_each_coin_once_per_network(paid: World) -> None:
    """What an owner may choose now; ETH needs no provider, and is listed as one that it sells."""
    rows = paid.rows("SELECT * FROM currency_to_network_supported_mappings")
    by_pair = {(row["currency"], row["network"]): row for row in rows}
    assert len(by_pair) == len(rows)
    assert by_pair["XRP", "XRP"]["memo"] == "required"
    assert by_pair["USDT", "TRX"]["is_supported"]
    assert by_pair["USDT", "ETH"]["decimals"] == 6


# ---- owners who collect --------------------------------------------------------------------------

TETHER = PayoutTarget(USDT, "0x52908400098527886E0F7030069857D2E4169EE7", None)


@pytest.fixture
def collected(world: World) -> World:
    """Two purchases of a channel were converted, held, and paid out in one batch."""
    world.top_up()
    shop = world.open_shop(target=TETHER, threshold_cents=2_000)
    for user_id in (ANN, BEN):
        buy(world, shop, user_id)
        world.run()
    world.rows("UPDATE channels SET wants_payout = true")
    for _ in range(15):
        world.tick()
        world.drain()
    world.run()
    return world


def test_main_clients_database_lists_each_channel_with_its_tiers_and_its_wallet(
    collected: World,
) -> None:
    row = only(collected, "main_clients_database")
    assert (row["sub_1_price"], row["sub_1_time"]) == (Decimal("9.99"), 30)
    assert (row["sub_2_price"], row["sub_2_time"]) == (Decimal("19.99"), 90)
    assert (row["sub_3_price"], row["sub_3_time"]) == (None, None)
    assert (row["client_payout_currency"], row["client_payout_network"]) == ("USDT", "ETH")
    assert row["client_wallet_address"] == TETHER.address
    assert (row["payout_strategy"], row["payout_threshold_usd"]) == ("threshold", Decimal(20))
    assert row["closed_channel_id"] < row["open_channel_id"] < 0


def test_private_channel_users_database_lists_what_each_subscriber_bought(
    collected: World,
) -> None:
    rows = collected.rows("SELECT * FROM private_channel_users_database ORDER BY user_id")
    assert [row["user_id"] for row in rows] == sorted([ANN, BEN])
    for row in rows:
        assert (row["sub_price"], row["sub_time"]) == (Decimal("9.99"), 30)
        assert (row["expires_at"] - row["starts_at"]).days == 30
        assert row["nowpayments_outcome_amount"] == Decimal("0.0025")
        assert (row["nowpayments_payment_status"], row["is_active"]) == ("finished", True)


def test_payout_accumulation_follows_each_payment_into_usdt(collected: World) -> None:
    rows = collected.rows("SELECT * FROM payout_accumulation")
    batch = only(collected, "payout_batches")
    assert {row["user_id"] for row in rows} == {ANN, BEN}
    for row in rows:
        assert row["accumulated_eth"] == Decimal("0.002125")
        assert row["accumulated_amount_usdt"] == Decimal("8.4075")
        assert round(row["eth_to_usdt_rate"], 6) == Decimal("3956.470588")
        assert (row["is_paid_out"], row["payout_batch_id"]) == (True, batch["batch_id"])
        mined = collected.fake_chain.incoming(row["conversion_tx_hash"], WALLET, USDT)
        assert mined is not None
        assert mined.amount == Money(8_407_500, USDT)


def test_payout_batches_shows_what_left_for_the_owner(collected: World) -> None:
    row = only(collected, "payout_batches")
    assert (row["total_amount_usdt"], row["total_payments_count"]) == (Decimal("16.815"), 2)
    assert (row["client_payout_currency"], row["client_wallet_address"]) == ("USDT", TETHER.address)
    assert (row["status"], row["cn_api_id"]) == ("settled", None)
    amount = Money(16_815_000, USDT)
    assert collected.fake_chain.moved(row["tx_hash"], WALLET, TETHER.address, amount)


def test_amounts_keep_every_digit(world: World) -> None:
    """A division would round them."""
    [row] = world.rows("SELECT whole_coins(1234567890123456789012345678901::numeric, 18::smallint)")
    assert row["whole_coins"] == Decimal("1234567890123.456789012345678901")
