"""The coins that owners can be paid in: what is ours and final, and what the provider says."""

from dataclasses import replace
from typing import Any

import pg8000.native
import pytest

from shared_lib.domain.address import memo_need
from shared_lib.domain.currency import KNOWN_ASSETS, Currency, Listing, asset_of, swap_decimals
from shared_lib.domain.money import ETH, USDT, Asset
from tests.databases import RecordingDatabase
from tests.integration.domain_rows import BTC, DAY, NOW

FACTS = "is_offered, needs_memo, token_contract, legacy_ticker, refreshed_at"
CONTRACT = "0x" + "dA" * 20


def listing(asset: Asset, **changes: Any) -> Listing:
    """What a provider says of a coin that it sells."""
    sold = Listing(
        ticker=asset.ticker,
        network=asset.network,
        can_be_bought=True,
        supports_fixed_rate=True,
        needs_memo=False,
        token_contract=None,
        legacy_ticker=None,
    )
    return replace(sold, **changes)


def facts(connection: pg8000.native.Connection, asset: Asset) -> list[Any]:
    """Offered, memo, contract, old ticker, and of when that is."""
    [row] = connection.run(f"SELECT {FACTS} FROM currencies WHERE id = :id", id=asset.id)
    return list(row)


def is_offered(database: RecordingDatabase, asset: Asset) -> bool | None:
    with database.transaction() as tx:
        currency = tx.currencies.get(asset.id)
    assert currency is not None
    return currency.is_offered


def refresh(database: RecordingDatabase, *listings: Listing, days: int = 0) -> None:
    with database.transaction() as tx:
        tx.currencies.refresh(listings, NOW + days * DAY)


# ---- what is ours --------------------------------------------------------------------------------


def test_the_table_holds_the_coins_that_the_code_knows(
    owner_connection: pg8000.native.Connection,
) -> None:
    """Wrong decimals would send a wrong amount, and a wrong memo would lose it."""
    rows = owner_connection.run(
        "SELECT id, ticker, network, decimals, swap_decimals, memo FROM currencies"
    )
    known = [
        (
            asset.id,
            asset.ticker,
            asset.network,
            asset.decimals,
            swap_decimals(asset),
            memo_need(asset.network).value,
        )
        for asset in KNOWN_ASSETS
    ]
    assert sorted(map(tuple, rows)) == sorted(known)


def test_every_coin_is_read_as_not_offered_until_the_provider_was_asked(
    database: RecordingDatabase,
) -> None:
    """In an order that is the same for all."""
    in_order = sorted(KNOWN_ASSETS, key=lambda asset: (asset.network, asset.ticker))
    with database.transaction() as tx:
        coins = tx.currencies.all()
        assert coins == [tx.currencies.get(asset.id) for asset in in_order]
    expected = [Currency(asset, payout_enabled=True, is_offered=None) for asset in in_order]
    assert coins == expected
    assert not any(coin.is_payable for coin in coins)


@pytest.mark.parametrize("asset_id", ["doge:eth", "BTC:btc", "", "eth"])
def test_a_coin_that_is_not_in_the_table_is_none(
    database: RecordingDatabase, asset_id: str
) -> None:
    with database.transaction() as tx:
        assert tx.currencies.get(asset_id) is None


def test_a_coin_that_we_stopped_is_not_payable_though_the_provider_sells_it(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    """What the provider says never undoes what an operator has set."""
    owner_connection.run("UPDATE currencies SET payout_enabled = false WHERE id = :id", id=BTC.id)
    refresh(database, listing(BTC), listing(ETH))
    with database.transaction() as tx:
        stopped, running = tx.currencies.get(BTC.id), tx.currencies.get(ETH.id)
    assert stopped == Currency(BTC, payout_enabled=False, is_offered=True)
    assert running == Currency(ETH, payout_enabled=True, is_offered=True)
    assert (stopped.is_payable, running.is_payable) == (False, True)


# ---- what the provider says ----------------------------------------------------------------------


def test_a_coin_is_offered_while_it_is_listed(database: RecordingDatabase) -> None:
    """The same ticker on another network is another coin."""
    with database.transaction() as tx:
        tx.currencies.refresh([listing(BTC), listing(USDT)], NOW)
        offered = {coin.asset for coin in tx.currencies.all() if coin.is_offered}
        answers = {coin.is_offered for coin in tx.currencies.all()}
    assert offered == {BTC, USDT}
    assert answers == {True, False}
    refresh(database, listing(USDT))
    assert (is_offered(database, BTC), is_offered(database, USDT)) == (False, True)
    refresh(database, listing(BTC))
    assert (is_offered(database, BTC), is_offered(database, USDT)) == (True, False)


@pytest.mark.parametrize("can_be_bought", [True, False])
@pytest.mark.parametrize("supports_fixed_rate", [True, False])
def test_a_coin_is_offered_if_it_can_be_bought_at_a_fixed_rate(
    database: RecordingDatabase, can_be_bought: bool, supports_fixed_rate: bool
) -> None:
    said = listing(BTC, can_be_bought=can_be_bought, supports_fixed_rate=supports_fixed_rate)
    refresh(database, said)
    assert is_offered(database, BTC) is (can_be_bought and supports_fixed_rate)


def test_a_provider_that_lists_nothing_offers_nothing(database: RecordingDatabase) -> None:
    refresh(database, listing(BTC))
    refresh(database)
    with database.transaction() as tx:
        assert {coin.is_offered for coin in tx.currencies.all()} == {False}


def test_a_coin_that_we_do_not_know_is_left_out(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    """Nobody has said how many decimals it has."""
    unknown = [listing(Asset("doge", "eth", 8)), listing(Asset("'; DROP--", "Ünïcode", 0))]
    refresh(database, *unknown, listing(BTC))
    assert owner_connection.run("SELECT count(*) FROM currencies") == [[len(KNOWN_ASSETS)]]
    assert is_offered(database, BTC) is True


@pytest.mark.parametrize("is_sold_last", [True, False])
def test_of_a_coin_that_is_listed_twice_the_last_word_counts(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection, is_sold_last: bool
) -> None:
    first = listing(BTC, can_be_bought=not is_sold_last, legacy_ticker="first")
    last = listing(BTC, can_be_bought=is_sold_last, legacy_ticker="last")
    refresh(database, first, listing(ETH), last)
    assert facts(owner_connection, BTC) == [is_sold_last, False, None, "last", NOW]


def test_what_the_provider_says_of_a_coin_is_kept_after_it_is_gone(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    """All but that it is offered; when that was learned is told too."""
    said = listing(USDT, needs_memo=True, token_contract=CONTRACT, legacy_ticker="usdt-ünï📈")
    refresh(database, said)
    assert facts(owner_connection, USDT) == [True, True, CONTRACT, "usdt-ünï📈", NOW]
    refresh(database, days=1)
    gone = [False, True, CONTRACT, "usdt-ünï📈", NOW + DAY]
    assert facts(owner_connection, USDT) == gone
    changed = replace(said, needs_memo=False, token_contract=CONTRACT.lower(), legacy_ticker=None)
    refresh(database, changed, days=2)
    back = [True, False, CONTRACT.lower(), "usdt-ünï📈", NOW + 2 * DAY]
    assert facts(owner_connection, USDT) == back


def test_what_the_provider_says_changes_nothing_that_is_ours(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    """Neither decimals nor memo: those decide where money ends up."""
    ours = (
        "SELECT id, ticker, network, decimals, swap_decimals, memo, payout_enabled "
        "FROM currencies ORDER BY id"
    )
    before = owner_connection.run(ours)
    refresh(database, *(listing(asset, needs_memo=True) for asset in KNOWN_ASSETS))
    assert owner_connection.run(ours) == before
    with database.transaction() as tx:
        assert [coin for coin in tx.currencies.all() if not coin.is_payable] == []


def test_a_stopped_refresh_leaves_what_was_said_before(database: RecordingDatabase) -> None:
    """It is one statement in the caller's transaction: all of the list, or nothing of it."""
    refresh(database, listing(asset_of("sol:sol")))

    def fail() -> None:
        with database.transaction() as tx:
            tx.currencies.refresh([listing(BTC)], NOW + DAY)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert (is_offered(database, BTC), is_offered(database, asset_of("sol:sol"))) == (False, True)
