"""What a swap provider asks and gives for a coin, in memory: rates, fees and limits.

All prices are whole numbers of millionths of a US dollar for a whole coin, so that every rate is a
ratio of integers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from types import MappingProxyType

from shared_lib.domain.currency import ASSETS, Listing, swap_decimals, swappable_part
from shared_lib.domain.money import BASIS_POINTS, Asset, Money
from shared_lib.domain.swap import Limits, Quote, pair_id
from shared_lib.ports import OutOfRangeError, PairUnavailableError, PermanentError

DOLLAR = 1_000_000
PRICES: Mapping[str, int] = MappingProxyType(
    {
        "btc": 100_000 * DOLLAR,
        "wbtc": 100_000 * DOLLAR,
        "eth": 4_000 * DOLLAR,
        "bnb": 800 * DOLLAR,
        "bch": 500 * DOLLAR,
        "xmr": 300 * DOLLAR,
        "sol": 200 * DOLLAR,
        "ltc": 100 * DOLLAR,
        "zec": 50 * DOLLAR,
        "link": 20 * DOLLAR,
        "ton": 3 * DOLLAR,
        "xrp": 2 * DOLLAR,
        "usdt": DOLLAR,
        "usdc": DOLLAR,
        "dai": DOLLAR,
        "ada": 800_000,
        "matic": 500_000,
        "trx": 300_000,
        "xlm": 250_000,
        "doge": 200_000,
        "shib": 12,
    }
)
# Networks on which one address serves many people, told apart by a memo.
MEMO_NETWORKS = frozenset({"xrp", "xlm"})


def _listings() -> dict[str, Listing]:
    return {
        asset.id: Listing(
            ticker=asset.ticker,
            network=asset.network,
            can_be_bought=True,
            supports_fixed_rate=True,
            needs_memo=asset.network in MEMO_NETWORKS,
            token_contract=None,
            legacy_ticker=asset.ticker,
        )
        for asset in ASSETS.values()
    }


@dataclass
class Market:
    """A test may change every field.

    `spread_bps` is what a fixed rate takes off the market's, and `deposit_fee_bps` what is kept of
    the sold coin, both in basis points; `withdrawal_fee` and `least` are in millionths of a US
    dollar. `rates` (whole bought coins for a whole sold one), `limits` and `withdrawn` go by
    `pair_id`, and `listings` by asset id.
    """

    spread_bps: int = 50
    deposit_fee_bps: int = 0
    withdrawal_fee: int = 50_000
    least: int = 2 * DOLLAR
    rates: dict[str, Fraction] = field(default_factory=dict)
    limits: dict[str, Limits] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    listings: dict[str, Listing] = field(default_factory=_listings)

    def set_rate(self, sold: Asset, bought: Asset, given: int, for_sold: int = 1) -> None:
        """Give so many whole coins of `bought` for `for_sold` whole coins of `sold`."""
        self.rates[pair_id(sold, bought)] = Fraction(given, for_sold)

    def set_limits(self, least: Money, bought: Asset, most: Money | None = None) -> None:
        """Swap only amounts from `least` to `most`."""
        self.limits[pair_id(least.asset, bought)] = Limits(least, most)

    def withdraw(self, sold: Asset, bought: Asset) -> None:
        """Stop swapping a pair."""
        self.withdrawn.add(pair_id(sold, bought))

    def restore(self, sold: Asset, bought: Asset) -> None:
        """Swap a pair again."""
        self.withdrawn.discard(pair_id(sold, bought))

    def offered(self) -> list[Listing]:
        """What can be bought at a fixed rate."""
        listed = self.listings.values()
        return [one for one in listed if one.can_be_bought and one.supports_fixed_rate]

    def limits_of(self, sold: Asset, bought: Asset) -> Limits:
        """The limits of a pair. Raises PairUnavailableError."""
        self._require_pair(sold, bought)
        least = Limits(_worth(self.least, sold), None)
        return self.limits.get(pair_id(sold, bought), least)

    def quote(self, sold: Money, bought: Asset, spread_bps: int = 0) -> Quote:
        """What `sold` brings, `spread_bps` below the market. Raises as the port says."""
        self.require_swappable(sold, bought)
        deposit_fee = -(-sold.base_units * self.deposit_fee_bps // BASIS_POINTS)
        swapped = Fraction(sold.base_units - deposit_fee, 10**sold.asset.decimals)
        value = swapped * self._rate(sold.asset, bought) * 10**bought.decimals
        gross = Money(int(value * (BASIS_POINTS - spread_bps) / BASIS_POINTS), bought)
        withdrawal_fee = _worth(self.withdrawal_fee, bought)
        if gross <= withdrawal_fee:
            raise OutOfRangeError("deposit_too_small", is_too_small=True)
        return Quote(
            sold=sold,
            bought=swappable_part(gross - withdrawal_fee),
            deposit_fee=Money(deposit_fee, sold.asset),
            withdrawal_fee=withdrawal_fee,
        )

    def require_swappable(self, sold: Money, bought: Asset) -> None:
        """Raise what the port says, unless this amount of this pair is swapped now."""
        limits = self.limits_of(sold.asset, bought)
        if sold < limits.least:
            raise OutOfRangeError("deposit_too_small", is_too_small=True)
        if limits.most is not None and limits.most < sold:
            raise OutOfRangeError("deposit_too_large", is_too_small=False)
        if swappable_part(sold) != sold:
            raise PermanentError("not_valid_params: more digits than are counted")

    def _require_pair(self, sold: Asset, bought: Asset) -> None:
        listed = {one.asset_id for one in self.offered()}
        pair = pair_id(sold, bought)
        if sold == bought or bought.id not in listed or pair in self.withdrawn:
            raise PairUnavailableError(f"pair_is_inactive: {pair}")

    def _rate(self, sold: Asset, bought: Asset) -> Fraction:
        usual = Fraction(PRICES[sold.ticker], PRICES[bought.ticker])
        return self.rates.get(pair_id(sold, bought), usual)


def _worth(millionths: int, asset: Asset) -> Money:
    """As much of a coin as so many millionths of a dollar, rounded up to what is counted in."""
    counted = 10 ** swap_decimals(asset)
    units = ceil(Fraction(millionths * counted, PRICES[asset.ticker]))
    return Money(units * 10**asset.decimals // counted, asset)
