"""Amounts: exact decimals inside, and only such values outside as a double can carry."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal

from tests.sandbox.nowpayments import catalogue, js
from tests.sandbox.nowpayments.records import Fee
from tests.sandbox.nowpayments.weather import Weather

# The service gives ETH amounts with more digits than a wallet shows, but never below one wei.
OUTCOME_PLACES = {"eth": 16}
TOKEN_PLACES = 6
SETTLEMENT_DECIMALS = {"eth": 18}


def as_double(amount: Decimal, places: int, rounding: str = ROUND_DOWN) -> Decimal:
    """`amount` cut to `places`, as it survives the double of a JSON number."""
    return Decimal(js.number(amount.quantize(Decimal(1).scaleb(-places), rounding)))


def base_units(amount: Decimal, currency: str) -> int:
    """Wei, or a token's smallest unit; refuses what the asset cannot carry."""
    scaled = amount.scaleb(SETTLEMENT_DECIMALS.get(currency, TOKEN_PLACES))
    if scaled != int(scaled):
        raise ValueError(f"{amount} {currency} has too many decimals")
    return int(scaled)


@dataclass(frozen=True)
class Terms:
    """What is to be paid, in which coin, and under which weather."""

    price_amount: Decimal
    price_currency: str
    pay_currency: str
    settlement_currency: str
    fee_paid_by_user: bool
    weather: Weather

    @property
    def price_usd(self) -> Decimal:
        return self.price_amount * catalogue.price_usd(self.price_currency, self.weather)


def asked(terms: Terms) -> Decimal:
    """The amount of coins that a customer is asked for."""
    coin = catalogue.coin(terms.pay_currency)
    usd = terms.price_usd
    if terms.fee_paid_by_user:
        usd *= 1 + terms.weather.service_fee_bps / 10_000
    amount = usd / catalogue.price_usd(coin.ticker, terms.weather)
    return as_double(amount, coin.places, ROUND_CEILING)


def received(terms: Terms, pay_amount: Decimal, portion: Decimal, about: object) -> Decimal:
    """What the customer really sent: never quite the digits that were asked for."""
    places = catalogue.coin(terms.pay_currency).places
    units = terms.weather.dice("received", about).choice((-2, -1, 1, 2, 3))
    sent = pay_amount * portion + Decimal(units).scaleb(-places)
    return max(as_double(sent, places), Decimal(1).scaleb(-places))


def outcome(terms: Terms, portion: Decimal) -> tuple[Decimal, Fee]:
    """What reaches the merchant of `portion` of the price, and what the provider keeps."""
    settled_in = terms.settlement_currency
    places = OUTCOME_PLACES.get(settled_in, TOKEN_PLACES)
    unit = catalogue.price_usd(settled_in, terms.weather)
    gross = terms.price_usd / unit * portion
    fee = Fee() if terms.fee_paid_by_user else _fee(terms.weather, gross, unit, places)
    net = gross - fee.deposit - fee.service - fee.withdrawal
    return as_double(max(net, Decimal(0)), places), fee


def _fee(weather: Weather, gross: Decimal, unit_usd: Decimal, places: int) -> Fee:
    # The network fees are set in ETH; another settlement currency pays their worth.
    worth = weather.eth_price / unit_usd
    return Fee(
        deposit=as_double(weather.deposit_fee * worth, places),
        service=as_double(gross * weather.service_fee_bps / 10_000, places),
        withdrawal=as_double(weather.withdrawal_fee * worth, places),
    )
