"""A person who acts by hand on the platform's behalf, and the switches that only they turn."""

from dataclasses import dataclass
from enum import StrEnum

NAME_MOST = 100
REASON_LEAST, REASON_MOST = 3, 500
EVIDENCE_LEAST, EVIDENCE_MOST = 8, 200


class ActionRefusedError(ValueError):
    """The action would do harm, or has nothing to act on; the text says which fact forbids it."""


class Switch(StrEnum):
    """What an operator can stop at once, for the whole platform."""

    STOP_SENDS = "stop_sends"
    STOP_REMOVALS = "stop_removals"


@dataclass(frozen=True, slots=True)
class Operator:
    """Who acts, and why: both are kept with the action. Raises ActionRefusedError if one lacks."""

    name: str
    reason: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.strip()) <= NAME_MOST:
            raise ActionRefusedError(f"name: must have 1 to {NAME_MOST} characters")
        if not REASON_LEAST <= len(self.reason.strip()) <= REASON_MOST:
            raise ActionRefusedError(
                f"reason: must have {REASON_LEAST} to {REASON_MOST} characters"
            )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves what was done outside: a transaction's hash, or a provider's number of it.

    Raises ActionRefusedError for a text that cannot be one.
    """

    text: str

    def __post_init__(self) -> None:
        if not EVIDENCE_LEAST <= len(self.text.strip()) <= EVIDENCE_MOST:
            raise ActionRefusedError(
                f"evidence: must have {EVIDENCE_LEAST} to {EVIDENCE_MOST} characters"
            )
