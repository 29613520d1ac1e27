"""How the world behaves; by default much as the real one does."""

from decimal import Decimal
from random import Random
from typing import Any

from pydantic import BaseModel, ConfigDict


class Weather(BaseModel):
    """Settings of `POST /_sandbox/weather`. A flag given for a probability is 0 or 1.

    `calls_per_second` above zero answers 429 beyond that many; the real service's limit is 30.
    """

    model_config = ConfigDict(extra="forbid")

    seed: int = 1
    pace: float = 0.3
    latency: float = 0.01
    quote_seconds: float = 1200.0
    deposit_seconds: float = 1200.0
    calls_per_second: int = 0

    extra_fields: float = 0.15
    exponents: float = 0.1
    extra_digits: float = 0.3
    stale_updated_at: float = 0.1
    missing_nulls: float = 0.1

    drift: Decimal = Decimal("0.003")
    drift_seconds: float = 15.0
    spread_fixed: Decimal = Decimal("0.01")
    spread_standard: Decimal = Decimal("0.005")

    def changed(self, changes: dict[str, Any]) -> "Weather":
        """This weather with some settings replaced."""
        return Weather.model_validate({**self.model_dump(), **changes}) if changes else self

    def chance(self, name: str, about: object) -> bool:
        """Whether `name` happens to `about`: the same answer whenever asked with this seed."""
        probability: float = getattr(self, name)
        return self.dice(name, about).random() < probability

    def dice(self, name: str, about: object) -> Random:
        """Dice of one matter; concurrent exchanges cannot disturb each other's luck."""
        return Random(f"{self.seed}:{name}:{about}")

    def wave(self, about: object, at_seconds: float) -> Decimal:
        """Where a price stands between -1 and 1: from one random mark to the next, evenly."""
        step, rest = divmod(at_seconds, self.drift_seconds)
        here, there = (self.dice("wave", f"{about}:{int(step) + n}").uniform(-1, 1) for n in (0, 1))
        return Decimal(here + (there - here) * rest / self.drift_seconds)
