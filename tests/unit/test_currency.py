"""The coins that are known, and how much of an amount of one can be swapped."""

from collections import Counter

import pytest

from shared_lib.domain.currency import (
    ASSETS,
    KNOWN_ASSETS,
    SWAP_DECIMALS_MOST,
    Currency,
    Listing,
    UnknownAssetError,
    asset_of,
    swap_decimals,
    swappable_part,
)
from shared_lib.domain.money import ETH, USDT, Asset, Money

SHIB = asset_of("shib:eth")

# ---- which coins there are -----------------------------------------------------------------------


def test_assets_are_found_by_ticker_and_network() -> None:
    assert asset_of("eth:eth") is ETH
    assert asset_of("usdt:eth") is USDT
    assert (ETH.decimals, USDT.decimals) == (18, 6)


@pytest.mark.parametrize(
    "asset_id", ["", "eth", "usdt:arb", "ETH:ETH", "eth:eth ", "eth:ETH", ":", "usdt:eth:eth"]
)
def test_nothing_is_guessed_about_an_unknown_asset(asset_id: str) -> None:
    with pytest.raises(UnknownAssetError, match="unknown asset"):
        asset_of(asset_id)


@pytest.mark.parametrize(
    ("asset_id", "decimals"),
    [
        ("usdt:eth", 6),
        ("usdt:trx", 6),
        ("usdt:bsc", 18),
        ("usdt:sol", 6),
        ("usdt:ton", 6),
        ("usdc:eth", 6),
        ("usdc:bsc", 18),
        ("eth:base", 18),
        ("wbtc:eth", 8),
        ("btc:btc", 8),
        ("xlm:xlm", 7),
        ("xmr:xmr", 12),
        ("sol:sol", 9),
    ],
)
def test_the_same_ticker_may_have_other_decimals_on_another_network(
    asset_id: str, decimals: int
) -> None:
    asset = asset_of(asset_id)
    assert (asset.id, asset.decimals) == (asset_id, decimals)


def test_every_known_asset_is_named_once_in_lower_case_and_keeps_to_what_a_chain_can_count() -> (
    None
):
    ids = Counter(asset.id for asset in KNOWN_ASSETS)
    assert set(ids.values()) == {1}
    assert dict(ids).keys() == ASSETS.keys()
    for asset in KNOWN_ASSETS:
        assert asset.id == asset.id.lower()
        assert 0 < asset.decimals <= 18


# ---- what can be swapped -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asset", "decimals"),
    [
        (ETH, 8),
        (SHIB, 8),
        (asset_of("xmr:xmr"), 8),
        (asset_of("sol:sol"), 8),
        (asset_of("btc:btc"), 8),
        (asset_of("xlm:xlm"), 7),
        (USDT, 6),
        (Asset("points", "none", 0), 0),
    ],
)
def test_amounts_are_swapped_in_eight_decimals_or_the_fewer_that_a_coin_has(
    asset: Asset, decimals: int
) -> None:
    assert SWAP_DECIMALS_MOST == 8
    assert swap_decimals(asset) == decimals


@pytest.mark.parametrize(
    ("amount", "swappable"),
    [
        (Money(0, ETH), 0),
        (Money(1, ETH), 0),
        (Money(10**10 - 1, ETH), 0),
        (Money(10**10, ETH), 10**10),
        (Money(10**10 + 1, ETH), 10**10),
        (Money(1_269_067_000_000_000, ETH), 1_269_060_000_000_000),
        (Money(10**33, SHIB), 10**33),
        (Money(10**33 + 10**10 - 1, SHIB), 10**33),
        (Money(10**33 - 1, SHIB), 10**33 - 10**10),
        (Money(4_990_001, USDT), 4_990_001),
        (Money(123_456_789, asset_of("sol:sol")), 123_456_780),
        (Money(1_234_567_891_234, asset_of("xmr:xmr")), 1_234_567_890_000),
        (Money(7, asset_of("btc:btc")), 7),
    ],
)
def test_an_amount_is_swapped_down_to_the_last_digit_that_is_counted(
    amount: Money, swappable: int
) -> None:
    """Of the worked example's 0.001269067 ETH, 0.00126906 are swapped and the rest waits."""
    assert swappable_part(amount) == Money(swappable, amount.asset)


# ---- what an owner may choose --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payout_enabled", "is_offered", "is_payable"),
    [
        (True, True, True),
        (True, False, False),
        (False, True, False),
        (False, False, False),
        (True, None, False),
        (False, None, False),
    ],
)
def test_a_coin_may_be_chosen_if_we_allow_it_and_the_provider_sells_it(
    payout_enabled: bool, is_offered: bool | None, is_payable: bool
) -> None:
    """A coin that the provider was never asked about is not offered."""
    assert Currency(ETH, payout_enabled, is_offered).is_payable is is_payable


def test_a_listing_is_of_the_asset_with_its_ticker_and_network() -> None:
    listing = Listing(
        ticker="usdt",
        network="trx",
        can_be_bought=True,
        supports_fixed_rate=True,
        needs_memo=False,
        token_contract=None,
        legacy_ticker="usdttrc20",
    )
    assert asset_of(listing.asset_id) == Asset("usdt", "trx", 6)
