"""The numbers by which a deployment runs. Defaults are production's."""

from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from shared_lib.domain.money import ETH, USDT, Asset
from shared_lib.domain.payout import DaySent

# How NOWPayments writes the assets in which a payment can reach us.
_PROVIDER_CURRENCIES = MappingProxyType({ETH.id: "eth", USDT.id: "usdterc20"})


@dataclass(frozen=True, slots=True)
class Policy:
    """Periods in seconds, fees in basis points, caps in base units of their asset.

    `call_seconds < lease_seconds`: a lease outlives the calls that it covers.
    """

    fee_bps: int = 1_500
    settlement_asset: Asset = ETH
    call_seconds: float = 20.0
    lease_seconds: float = 150.0
    retry_floor_seconds: float = 60.0
    outbox_grace_seconds: float = 10.0
    payment_check_seconds: float = 60.0
    payment_check_most_seconds: float = 3_600.0
    order_check_seconds: float = 300.0
    order_check_most_seconds: float = 21_600.0
    transfer_check_seconds: float = 15.0
    transfer_stuck_seconds: float = 180.0
    swap_check_seconds: float = 60.0
    swap_sign_seconds_least: float = 600.0
    swap_cancel_seconds: float = 300.0
    swap_market_tolerance_bps: int = 500
    payout_wait_seconds: float = 3_600.0
    notional_tolerance_bps: int = 500
    changenow_calls_per_second: int = 30
    price_cents_least: int = 499
    order_lifetime: timedelta = timedelta(days=7)
    credit_lifetime: timedelta = timedelta(days=7)
    wallet_hold: timedelta = timedelta(days=1)
    payout_cost_most_bps: int = 1_000
    transfer_cap: int = 10 * 10**18
    usdt_transfer_cap: int = 25_000 * 10**6
    channel_day_cap_cents: int = 2_500_000
    platform_day_cap_cents: int = 25_000_000
    deposit_tolerance_bps: int = 10
    confirmations: int = 12
    chain_id: int = 1
    host_wallet: str = "0x0000000000000000000000000000000000000000"
    usdt_contract: str | None = None
    telegram_messages_per_second: int = 30
    public_url: str = "https://example.com"
    ipn_url: str = "https://example.com/ipn"

    @staticmethod
    def provider_currency(asset: Asset) -> str:
        """How the payment provider writes an asset that we settle in. Raises KeyError."""
        return _PROVIDER_CURRENCIES[asset.id]

    def cap_of(self, asset: Asset) -> int:
        """The most that one transfer may move, in base units; nothing of what is never sent."""
        return {ETH.id: self.transfer_cap, USDT.id: self.usdt_transfer_cap}.get(asset.id, 0)

    def day_room_cents(self, sent: DaySent) -> int:
        """How much more may be paid out now, in US cents, after what was within a day."""
        channel = self.channel_day_cap_cents - sent.channel_cents
        return max(0, min(channel, self.platform_day_cap_cents - sent.platform_cents))

    @property
    def republish_seconds(self) -> float:
        """How long an item rests after it was published: longer than any lease on it lasts."""
        return self.lease_seconds * 1.2

    def retry_seconds(self, asked_seconds: float) -> float:
        """How long to wait after an expected failure; never less than the floor."""
        return max(self.retry_floor_seconds, asked_seconds)
