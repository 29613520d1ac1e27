from dataclasses import dataclass, field
from random import Random


@dataclass
class Weather:
    """Random troubles of delivery, and the switch that makes the whole API unavailable."""

    duplicate: float = 0.0
    reorder_seconds: float = 0.0
    down: bool = False
    dice: Random = field(default_factory=Random)

    def set(self, *, duplicate: float, reorder_seconds: float, seed: int | None) -> None:
        if not 0 <= duplicate <= 1 or reorder_seconds < 0:
            raise ValueError("duplicate is 0..1, reorder_seconds at least 0")
        self.duplicate = duplicate
        self.reorder_seconds = reorder_seconds
        if seed is not None:
            self.dice.seed(seed)

    def delay_seconds(self) -> float:
        """How much later than planned a delivery starts."""
        return self.dice.uniform(0, self.reorder_seconds) if self.reorder_seconds else 0.0

    def repeats(self) -> bool:
        """Whether a delivery happens once more than it should."""
        return self.duplicate > 0 and self.dice.random() < self.duplicate
