"""The views with historical names, read as a report would."""

from decimal import Decimal
from typing import Any

import pytest

from shared_lib.domain.currency import asset_of
from shared_lib.domain.offer import PayoutTarget
from tests.integration.usecases.support import ANN, buy
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


def test_amounts_keep_every_digit(world: World) -> None:
    """A division would round them."""
    [row] = world.rows("SELECT whole_coins(1234567890123456789012345678901::numeric, 18::smallint)")
    assert row["whole_coins"] == Decimal("1234567890123.456789012345678901")
