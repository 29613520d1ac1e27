"""The coins that an owner can be paid in, and in which money is counted here.

A coin is a ticker on a network, written as ChangeNOW writes it. How many decimals it has never
changes and is never guessed: a coin that is not in this table is refused. What the provider says
of a coin today (whether it can be bought) is in the database, refreshed every hour.
"""

from dataclasses import dataclass

from shared_lib.domain.money import ETH, USDT, Asset, Money

# What ChangeNOW counts in unless a coin has fewer.
SWAP_DECIMALS_MOST = 8


def _on(network: str, **decimals_by_ticker: int) -> tuple[Asset, ...]:
    return tuple(Asset(ticker, network, digits) for ticker, digits in decimals_by_ticker.items())


KNOWN_ASSETS: tuple[Asset, ...] = (
    ETH,
    USDT,
    *_on("eth", usdc=6, dai=18, shib=18, link=18, wbtc=8),
    *_on("bsc", bnb=18, usdt=18, usdc=18),
    *_on("trx", trx=6, usdt=6),
    *_on("sol", sol=9, usdt=6, usdc=6),
    *_on("ton", ton=9, usdt=6),
    *_on("matic", matic=18, usdt=6, usdc=6),
    *_on("base", eth=18, usdc=6),
    *_on("btc", btc=8),
    *_on("ltc", ltc=8),
    *_on("bch", bch=8),
    *_on("doge", doge=8),
    *_on("ada", ada=6),
    *_on("xrp", xrp=6),
    *_on("xlm", xlm=7),
    *_on("xmr", xmr=12),
    *_on("zec", zec=8),
)
ASSETS = {asset.id: asset for asset in KNOWN_ASSETS}


class UnknownAssetError(ValueError):
    """No asset with this id is known here; nothing is guessed about its decimals."""


def asset_of(asset_id: str) -> Asset:
    """The asset with this id. Raises UnknownAssetError."""
    try:
        return ASSETS[asset_id]
    except KeyError:
        raise UnknownAssetError(f"unknown asset {asset_id!r}") from None


def swap_decimals(asset: Asset) -> int:
    """How many digits behind the point an amount to be swapped may have."""
    return min(asset.decimals, SWAP_DECIMALS_MOST)


def swappable_part(amount: Money) -> Money:
    """The amount rounded down to what can be swapped; the rest is dust that waits."""
    step = 10 ** (amount.asset.decimals - swap_decimals(amount.asset))
    return Money(amount.base_units // step * step, amount.asset)


@dataclass(frozen=True, slots=True)
class Listing:
    """What the swap provider says of a coin today."""

    ticker: str
    network: str
    can_be_bought: bool
    supports_fixed_rate: bool
    needs_memo: bool
    token_contract: str | None
    legacy_ticker: str | None

    @property
    def asset_id(self) -> str:
        """Ticker and network, as everywhere."""
        return f"{self.ticker}:{self.network}"


@dataclass(frozen=True, slots=True)
class Currency:
    """A coin as it may be chosen now. `is_offered` is None until the provider was first asked."""

    asset: Asset
    payout_enabled: bool
    is_offered: bool | None

    @property
    def is_payable(self) -> bool:
        """Whether an owner may choose it: we allow it, and the provider sells it."""
        return self.payout_enabled and bool(self.is_offered)
