"""The coins and fiat currencies that the stand-in knows, with made-up prices and minimums."""

from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256

from tests.sandbox.nowpayments.errors import currency_unavailable
from tests.sandbox.nowpayments.weather import Weather

D = Decimal


@dataclass(frozen=True)
class Coin:
    """A coin on a network. `places` is the precision of amounts that a customer is asked for."""

    ticker: str
    name: str
    network: str
    price_usd: Decimal
    minimum_usd: Decimal
    places: int = 8
    memo: bool = False
    ceiling: bool = False
    contract: str | None = None
    prefix: str = "0x"
    decimals: int | None = None

    def address(self, seed: object) -> str:
        """A deposit address of this coin's looks."""
        return self.prefix + sha256(f"{self.ticker}:{seed}".encode()).hexdigest()[:40]


USDT_ETH = "0xdac17f958d2ee523a2206206994597c13d831ec7"
USDT_BSC = "0x55d398326f99059ff775485246999027b3197955"
USDT_POLYGON = "0xc2132d05d31c914a87c6611c10748aeb04b58e8f"
USDC_ETH = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
USDT_TRON = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"

COINS = {
    coin.ticker: coin
    for coin in (
        Coin("btc", "Bitcoin", "btc", D("97123.41"), D("12.5"), prefix="bc1q"),
        Coin("eth", "Ethereum", "eth", D("3333.33"), D("3.1"), places=12),
        Coin("ltc", "Litecoin", "ltc", D("101.37"), D("0.4"), prefix="ltc1q"),
        Coin("doge", "Dogecoin", "doge", D("0.18731"), D("0.9"), prefix="D"),
        Coin("trx", "Tron", "trx", D("0.25143"), D("0.8"), places=6, prefix="T"),
        Coin("xrp", "Ripple", "xrp", D("2.3127"), D("0.6"), places=6, memo=True, prefix="r"),
        Coin("xlm", "Stellar", "xlm", D("0.41093"), D("0.3"), places=7, memo=True, prefix="G"),
        Coin("sol", "Solana", "sol", D("187.219"), D("0.7"), places=9, prefix="So"),
        Coin("ton", "Toncoin", "ton", D("5.2718"), D("0.5"), places=9, memo=True, prefix="UQ"),
        Coin("xmr", "Monero", "xmr", D("203.44"), D("1.2"), places=12, ceiling=True, prefix="4"),
        Coin("bnbbsc", "Binance Coin", "bsc", D("655.13"), D("1.1"), ceiling=True),
        Coin("maticmainnet", "Polygon", "matic", D("0.45117"), D("0.6"), ceiling=True),
        Coin("usdtbsc", "Tether USD", "bsc", D("1.0003"), D("1"), 8, contract=USDT_BSC),
        Coin("usdtmatic", "Tether USD", "matic", D("1.0003"), D(1), 6, contract=USDT_POLYGON),
        Coin(
            *("usdttrc20", "Tether USD", "trx", D("1.0003"), D("4.2"), 6),
            contract=USDT_TRON,
            prefix="T",
            decimals=6,
        ),
        Coin(
            *("usdterc20", "Tether USD", "eth", D("1.0003"), D("7.5"), 6),
            contract=USDT_ETH,
            decimals=6,
        ),
        Coin(*("usdc", "USD Coin", "eth", D("0.9999"), D("7.5"), 6), contract=USDC_ETH, decimals=6),
    )
}
FIATS = {"usd": D(1), "eur": D("1.0847"), "gbp": D("1.2713")}


def coin(ticker: str) -> Coin:
    found = COINS.get(ticker.lower())
    if found is None:
        raise currency_unavailable(ticker)
    return found


def price_usd(ticker: str, weather: Weather) -> Decimal:
    """What one unit of a coin or fiat currency costs."""
    fiat = FIATS.get(ticker.lower())
    if fiat is not None:
        return fiat
    return weather.eth_price if ticker.lower() == "eth" else coin(ticker).price_usd


def minimum_usd(ticker: str, weather: Weather, *, fixed: bool = False) -> Decimal:
    """The least that can be paid in a coin; frozen rates and fees cost more."""
    least = weather.minimum_usd.get(ticker.lower(), coin(ticker).minimum_usd)
    return least * D("1.25") if fixed else least
