"""Amounts of money: integers in an asset's smallest unit, together with the asset.

`Decimal` appears only where text is parsed or printed. Nothing here rounds silently: a text with
more digits than the asset has is refused, and the fee rounds up by name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

_NUMBER = re.compile(r"[0-9]{1,40}(\.[0-9]{1,60})?([eE][+-]?[0-9]{1,3})?")
# Amounts are stored as numeric(78, 0).
_BASE_UNITS_LIMIT = Decimal(10) ** 78
# Enough digits that no amount that fits the database is ever rounded by the context itself.
_EXACT = Context(prec=160, rounding=ROUND_HALF_EVEN)


class InvalidAmountError(ValueError):
    """The text is not a plain non-negative number."""


class TooManyDecimalsError(InvalidAmountError):
    """The amount cannot be written in whole base units of its asset."""


class AssetMismatchError(ValueError):
    """Amounts of two assets were combined."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A coin on a network. `decimals` is how many digits a whole coin has behind the point."""

    ticker: str
    network: str
    decimals: int

    @property
    def id(self) -> str:
        """Ticker and network as ChangeNOW writes them: `usdt:eth`."""
        return f"{self.ticker}:{self.network}"


ETH = Asset("eth", "eth", 18)
USDT = Asset("usdt", "eth", 6)
# In which of them payments reach us is a deployment's choice.
SETTLEMENT_ASSETS = (ETH, USDT)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """A number of base units (wei for ETH, micro-dollars for USDT) of an asset."""

    base_units: int
    asset: Asset

    def __add__(self, other: "Money") -> "Money":
        return Money(self.base_units + self._same(other), self.asset)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.base_units - self._same(other), self.asset)

    def __neg__(self) -> "Money":
        return Money(-self.base_units, self.asset)

    def __lt__(self, other: "Money") -> bool:
        return self.base_units < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.base_units <= self._same(other)

    def __str__(self) -> str:
        return f"{format_amount(self)} {self.asset.ticker.upper()}"

    def _same(self, other: "Money") -> int:
        if other.asset != self.asset:
            raise AssetMismatchError(f"{self.asset.id} and {other.asset.id}")
        return other.base_units


def zero(asset: Asset) -> Money:
    """No money, of this asset."""
    return Money(0, asset)


def total(amounts: "list[Money]", asset: Asset) -> Money:
    """The sum of amounts that must all be of `asset`."""
    result = zero(asset)
    for amount in amounts:
        result = result + amount
    return result


def distribute(whole: Money, weights: Sequence[int]) -> list[Money]:
    """Divide `whole` in the ratio of the weights, by largest remainder: the parts sum to it.

    Of equal remainders the earlier weight gets the unit. Weights are not negative, and not all 0.
    """
    weight = sum(weights)
    if weight <= 0 or min(weights) < 0 or whole.base_units < 0:
        raise ValueError("only a positive sum of weights divides an amount")
    parts = [whole.base_units * one // weight for one in weights]
    remainders = [whole.base_units * one % weight for one in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: -remainders[index])
    for index in by_remainder[: whole.base_units - sum(parts)]:
        parts[index] += 1
    return [Money(part, whole.asset) for part in parts]


def parse_amount(text: str, asset: Asset) -> Money:
    """Read a decimal text in whole coins, such as `0.00149302` or `1e-7`.

    Raises InvalidAmountError for anything that is not a plain non-negative number, and
    TooManyDecimalsError when it is not a whole number of base units.
    """
    scaled = _scaled(text, asset)
    if scaled != scaled.to_integral_value(context=_EXACT):
        raise TooManyDecimalsError(f"{text} has more than {asset.decimals} decimals of {asset.id}")
    return Money(int(scaled), asset)


def parse_amount_down(text: str, asset: Asset) -> Money:
    """Read a decimal text in whole coins, rounded down to whole base units.

    For amounts that are told and not ours to count, such as an estimate: providers write them with
    more digits than the asset has. Raises InvalidAmountError.
    """
    return Money(int(_scaled(text, asset).to_integral_value(ROUND_DOWN, context=_EXACT)), asset)


def _scaled(text: str, asset: Asset) -> Decimal:
    """A text's number in base units, not rounded."""
    if not _NUMBER.fullmatch(text):
        raise InvalidAmountError(f"not a plain number: {text[:80]!r}")
    try:
        scaled = Decimal(text).scaleb(asset.decimals, context=_EXACT)
    except InvalidOperation:
        raise InvalidAmountError(f"not a plain number: {text[:80]!r}") from None
    if scaled >= _BASE_UNITS_LIMIT:
        raise InvalidAmountError(f"{text[:80]} is more than any amount that can be stored")
    return scaled


def format_amount(money: Money) -> str:
    """Whole coins with every digit that matters and none that does not: `0.00149302`."""
    scaled = Decimal(money.base_units).scaleb(-money.asset.decimals, context=_EXACT)
    text = f"{scaled:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_cents(cents: int) -> str:
    """`499` → `4.99`."""
    return f"{cents // 100}.{cents % 100:02d}"


def format_usd(cents: int) -> str:
    """`499` → `$4.99`."""
    return f"${format_cents(cents)}"


@dataclass(frozen=True, slots=True)
class Split:
    """How a received amount divides between the owner and the platform."""

    owner: Money
    fee: Money


BASIS_POINTS = 10_000


def split_fee(received: Money, fee_bps: int) -> Split:
    """Take the platform's fee, rounded up to a whole base unit; the rest is the owner's.

    `fee_bps` is in basis points, 0 to 10,000. The parts always sum to `received`.
    """
    if not 0 <= fee_bps <= BASIS_POINTS:
        raise ValueError(f"fee of {fee_bps} basis points is outside 0..{BASIS_POINTS}")
    if received.base_units < 0:
        raise ValueError("a negative amount was received")
    fee = -(-received.base_units * fee_bps // BASIS_POINTS)
    return Split(
        owner=Money(received.base_units - fee, received.asset),
        fee=Money(fee, received.asset),
    )
