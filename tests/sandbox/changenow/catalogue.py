"""The coins that the stand-in knows, each a ticker on a network, with made-up prices."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

D = Decimal

# On this network money is real: these coins are paid in and out on the local chain.
ETHER = "eth:eth"
CHAIN = "eth"
# What a coin has at most behind the point in amounts that are asked for or promised.
ASKED_PLACES = 8
PROMISED_PLACES = 12
_LEGACY = {"usdt:eth": "usdterc20", "usdt:trx": "usdttrc20", "matic:matic": "maticmainnet"}


@dataclass(frozen=True)
class Coin:
    """A coin on a network. `memo`: no payout without an extra id."""

    ticker: str
    network: str
    name: str
    price_usd: Decimal
    decimals: int
    contract: str | None = None
    memo: bool = False
    fiat: bool = False
    stable: bool = False
    active: bool = True
    fixed_rate: bool = True
    on_chain: bool = False

    @property
    def id(self) -> str:
        return f"{self.ticker}:{self.network}"

    @property
    def legacy_ticker(self) -> str:
        """The one word of the first version of the API."""
        if self.id in _LEGACY:
            return _LEGACY[self.id]
        return self.ticker if self.network in (self.ticker, CHAIN) else self.ticker + self.network

    @property
    def asked_places(self) -> int:
        return min(self.decimals, ASKED_PLACES)

    @property
    def promised_places(self) -> int:
        return min(self.decimals, PROMISED_PLACES)

    @property
    def deposit_fee_usd(self) -> Decimal:
        return D(0) if self.id == ETHER else D("0.05")

    @property
    def withdrawal_fee_usd(self) -> Decimal:
        return D("0.3") if self.network == CHAIN and self.contract else D("0.2")

    def units(self, amount: Decimal) -> int:
        """An amount in base units; refuses what the coin cannot carry."""
        scaled = amount.scaleb(self.decimals)
        if scaled != int(scaled):
            raise ValueError(f"{amount} {self.id} has too many decimals")
        return int(scaled)

    def amount(self, units: int) -> Decimal:
        """Base units in whole coins."""
        return Decimal(units).scaleb(-self.decimals)


def _usdt(network: str, decimals: int, contract: str, *, on_chain: bool = False) -> Coin:
    price = D("1.0003")
    return Coin(
        *("usdt", network, "Tether USD", price, decimals, contract), stable=True, on_chain=on_chain
    )


def _usdc(network: str, decimals: int, contract: str, *, on_chain: bool = False) -> Coin:
    price = D("0.9999")
    return Coin(
        *("usdc", network, "USD Coin", price, decimals, contract), stable=True, on_chain=on_chain
    )


def _coins() -> Iterator[Coin]:
    yield Coin("eth", "eth", "Ethereum", D("3333.33"), 18, on_chain=True)
    yield _usdt("eth", 6, "0xdAC17F958D2ee523a2206206994597C13D831ec7", on_chain=True)
    yield _usdc("eth", 6, "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", on_chain=True)
    shib = "0x95aD61b0a150d79219dCF64E1E6Cc01f0B64C4cE"
    yield Coin("shib", "eth", "Shiba Inu", D("0.00001273"), 18, shib, on_chain=True)
    yield from _other_tokens()
    yield Coin("trx", "trx", "Tron", D("0.25143"), 6)
    yield Coin("bnb", "bsc", "Binance Coin", D("655.13"), 18)
    yield Coin("sol", "sol", "Solana", D("187.219"), 9)
    yield Coin("ton", "ton", "Toncoin", D("5.2718"), 9)
    yield Coin("matic", "matic", "Polygon", D("0.45117"), 18)
    yield Coin("eth", "base", "Ethereum", D("3333.33"), 18)
    yield Coin("btc", "btc", "Bitcoin", D("97123.41"), 8)
    yield Coin("ltc", "ltc", "Litecoin", D("101.37"), 8)
    yield Coin("bch", "bch", "Bitcoin Cash", D("412.75"), 8)
    yield Coin("doge", "doge", "Dogecoin", D("0.18731"), 8)
    yield Coin("ada", "ada", "Cardano", D("0.7124"), 6)
    yield Coin("xrp", "xrp", "Ripple", D("2.3127"), 6, memo=True)
    yield Coin("xlm", "xlm", "Stellar", D("0.41093"), 7, memo=True)
    yield Coin("xmr", "xmr", "Monero", D("203.44"), 12)
    yield Coin("zec", "zec", "Zcash", D("54.86"), 8)
    yield from _of_no_use()


def _other_tokens() -> Iterator[Coin]:
    dai = "0x6B175474E89094C44Da98b954EedeAC495271d0F"
    yield Coin("dai", "eth", "Dai", D("0.9998"), 18, dai, stable=True)
    link = "0x514910771AF9Ca656af840dff83E8264EcF986CA"
    yield Coin("link", "eth", "Chainlink", D("17.84"), 18, link)
    wbtc = "0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599"
    yield Coin("wbtc", "eth", "Wrapped Bitcoin", D("97010.55"), 8, wbtc)
    yield _usdt("trx", 6, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")
    yield _usdt("bsc", 18, "0x55d398326f99059fF775485246999027B3197955")
    yield _usdt("sol", 6, "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB")
    yield _usdt("ton", 6, "EQCxE6mUtQJKFnGfaROTKOt1lZbDiiX1kCixRv7Nw2Id_sDs")
    yield _usdt("matic", 6, "0xc2132D05D31c914a87C6611C10748AEb04B58e8F")
    yield _usdc("bsc", 18, "0x8AC76a51cc950d9822D68b83fE1Ad97B32Cd580d")
    yield _usdc("sol", 6, "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")
    yield _usdc("matic", 6, "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359")
    yield _usdc("base", 6, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913")


def _of_no_use() -> Iterator[Coin]:
    """Coins that no client should offer: unknown to it, without a fixed rate, off, or money."""
    pepe = "0x6982508145454Ce325dDbE47a25d4ec3d2311933"
    yield Coin("pepe", "eth", "Pepe", D("0.00000842"), 18, pepe, fixed_rate=False)
    yield Coin("avax", "avaxc", "Avalanche", D("24.61"), 18)
    yield Coin("zil", "zil", "Zilliqa", D("0.01187"), 12, active=False)
    yield Coin("eur", "eur", "Euro", D("1.0847"), 2, fiat=True, fixed_rate=False)


COINS = {coin.id: coin for coin in _coins()}
EXCHANGED = {name: coin for name, coin in COINS.items() if not coin.fiat}
TOKENS = {coin.contract.lower(): coin for coin in COINS.values() if coin.on_chain and coin.contract}
BOOKED = [coin for coin in EXCHANGED.values() if not coin.on_chain]


def find(ticker: str, network: str | None) -> Coin | None:
    """A coin; without a network the first of that ticker, as careless as the real one."""
    if network:
        return EXCHANGED.get(f"{ticker}:{network}".lower())
    return next((coin for coin in EXCHANGED.values() if coin.ticker == ticker.lower()), None)
