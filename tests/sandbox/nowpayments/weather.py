"""How the world behaves; by default much as the real one does."""

from decimal import Decimal
from random import Random
from typing import Any

from pydantic import BaseModel, ConfigDict

# These count payments down instead of giving a probability.
COUNTED = ("no_payout_hash", "internal_payout")


class Weather(BaseModel):
    """Settings of `POST /_sandbox/weather`. A flag given for a probability is 0 or 1."""

    model_config = ConfigDict(extra="forbid")

    seed: int = 1
    pace: float = 0.3
    latency: float = 0.01

    duplicate: float = 0.1
    reorder: float = 0.05
    unsorted: float = 0.1
    string_fees: float = 0.1
    updated_at: float = 0.7
    extra_fields: float = 0.2
    actually_paid_zero: float = 0.02
    silent: bool = False
    retry_count: int = 5
    retry_seconds: float = 2.0
    answer_seconds: float = 20.0

    no_payout_hash: int = 0
    internal_payout: int = 0
    deposit_difference_wei: int = 0

    eth_price: Decimal = Decimal("3333.33")
    service_fee_bps: Decimal = Decimal(50)
    deposit_fee: Decimal = Decimal("0.0000013712345")
    withdrawal_fee: Decimal = Decimal("0.0000121834567")
    minimum_usd: dict[str, Decimal] = {}
    ceiling_usd: Decimal = Decimal(2000)
    token_seconds: float = 300.0
    coins_key: str = "currencies"

    def changed(self, changes: dict[str, Any]) -> "Weather":
        """This weather with some settings replaced."""
        return Weather.model_validate({**self.model_dump(), **changes}) if changes else self

    def chance(self, name: str, about: object) -> bool:
        """Whether `name` happens to `about`: the same answer whenever asked with this seed."""
        probability: float = getattr(self, name)
        return self.dice(name, about).random() < probability

    def dice(self, name: str, about: object) -> Random:
        """Dice of one matter; concurrent payments cannot disturb each other's luck."""
        return Random(f"{self.seed}:{name}:{about}")
