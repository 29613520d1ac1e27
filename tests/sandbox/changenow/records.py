"""What the stand-in remembers: plain records, kept as JSON in the state file."""

import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

Flow = Literal["standard", "fixed-rate"]
Direction = Literal["direct", "reverse"]

# In these an exchange goes on by itself; in the others it waits for a deposit or for a decision.
MOVING = ("new", "confirming", "exchanging", "sending")


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def iso(at_ms: int, *, zone: str = "Z") -> str:
    """A moment as the API writes it; inside nested arrays it leaves the zone out."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds") + zone


class Record(BaseModel):
    """A row of the state file. `owner` and `open` are columns, so that they can be asked for."""

    kind: ClassVar[str] = ""
    random_bits: ClassVar[int] = 0  # ids are counted, or as unpredictable as the real ones
    id: int = 0

    @property
    def owner(self) -> int | None:
        """The id of what this belongs to."""
        return None

    @property
    def open(self) -> bool:
        """Whether work is left, which a restart must take up."""
        return False


class Quote(Record):
    """A fixed rate that was promised, for one pair, amount and direction."""

    kind = "quote"
    random_bits = 60

    source: str
    target: str
    type: Direction
    from_amount: Decimal
    to_amount: Decimal
    valid_until: int

    @property
    def rate_id(self) -> str:
        return f"{self.id:015x}"


class Directives(BaseModel):
    """What a test has ordered for one exchange; see `orders.Direct`."""

    model_config = ConfigDict(extra="forbid")

    hold: str | None = None
    fail: bool = False
    refund: bool = False
    loss: Decimal = Decimal(0)
    finish_with: Decimal | None = None
    hide_amount_to: bool = False
    hide_payout_hash: bool = False
    hide_refund_hash: bool = False
    hide_refund_amount: bool = False
    status: str | None = None
    repeat_deposit: bool = False


class Exchange(Record):
    """One exchange. Its pay-in address has a key of its own, and is never used for another."""

    kind = "exchange"
    random_bits = 56

    status: str = "new"
    source: str
    target: str
    flow: Flow
    type: Direction
    from_amount: Decimal
    to_amount: Decimal
    payin_address: str
    payin_key: str | None = Field(default=None, repr=False)
    payin_extra_id: str | None = None
    payout_address: str
    payout_extra_id: str | None = None
    refund_address: str | None = None
    refund_extra_id: str | None = None
    user_id: str | None = None
    rate_id: str | None = None
    valid_until: int | None = None
    created_at: int = Field(default_factory=now_ms)
    updated_at: int = Field(default_factory=now_ms)
    due_at: int = 0

    # A deposit that belongs to no exchange of its own makes one, beside its `original`.
    original_id: int | None = None
    relation: Literal["repeated", "related"] | None = None

    amount_from: Decimal | None = None
    payin_hash: str | None = None
    sender: str | None = None
    deposit_received_at: int | None = None
    trouble: Literal["amount", "late", "repeated", "related"] | None = None

    owed: Decimal | None = None
    amount_to: Decimal | None = None
    payout_hash: str | None = None
    refunding_to: str | None = None
    refund_hash: str | None = None
    refund_amount: Decimal | None = None

    directives: Directives = Directives()

    @property
    def owner(self) -> int | None:
        return self.original_id

    @property
    def open(self) -> bool:
        orders = self.directives
        ordered = (orders.refund or orders.fail) and self.can_be_stopped
        repeats = orders.repeat_deposit and self.amount_from is not None
        refunding = self.refunding_to is not None and self.status != "refunded"
        return self.status in MOVING or ordered or repeats or refunding

    @property
    def public_id(self) -> str:
        return f"{self.id:014x}"

    @property
    def pair(self) -> str:
        return f"{self.source}>{self.target}"

    @property
    def can_be_stopped(self) -> bool:
        """Whether the deposit is still whole: here, and neither paid out nor on its way back."""
        underway = self.status in ("sending", "finished", "refunded") or self.refunding_to
        return self.amount_from is not None and not underway

    @property
    def actions_available(self) -> bool:
        """Whether the partner may decide; an AML hold is nobody's to decide."""
        troubled = self.status == "verifying" and self.trouble is not None
        return self.can_be_stopped and (self.status == "failed" or troubled)


class Deposit(Record):
    """A transfer on the chain to a pay-in address."""

    kind = "deposit"

    exchange_id: int
    coin: str
    units: int
    sender: str
    hash: str
    place: int | None = None  # of a token's event; a plain transfer has none
    seen_at: int = Field(default_factory=now_ms)
    gone: bool = False  # a reorganisation took it back

    @property
    def owner(self) -> int | None:
        return self.exchange_id


class Signed(BaseModel):
    """A transaction of the hot account. Kept before it is sent, so that it is sent as it is."""

    hash: str
    raw: str
    nonce: int


class Transfer(Record):
    """Something that the hot account sends on the chain, once whatever happens."""

    kind = "transfer"

    exchange_id: int
    purpose: Literal["payout", "refund", "repeat"]
    coin: str
    to: str
    units: int
    signed: list[Signed] = []
    mined: bool = False
    due_at: int = 0

    @property
    def owner(self) -> int | None:
        return self.exchange_id

    @property
    def open(self) -> bool:
        return not self.mined

    @property
    def hash(self) -> str | None:
        """The hash of the transaction that moves the money; what mints tokens comes before."""
        return self.signed[-1].hash if self.signed else None


class Account(Record):
    """What one holder has of a coin that is not on the local chain, in base units."""

    kind = "account"

    coin: str
    address: str | None = None  # None is the float from which payouts come
    extra_id: str | None = None
    units: int


class Plan(Record):
    """Orders for exchanges that are still to be created."""

    kind = "plan"

    pair: str | None = None
    times: int | None = 1
    directives: dict[str, Any] = {}

    @property
    def open(self) -> bool:
        return self.times is None or self.times > 0


class Call(Record):
    """A request as it came in, without its headers: the key is in one of them."""

    kind = "call"

    at: int = Field(default_factory=now_ms)
    operation: str
    method: str
    path: str
    query: dict[str, str]
    body: Any = None
    status: int | None = None
