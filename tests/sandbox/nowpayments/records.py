"""What the stand-in remembers: plain records, kept as JSON in the state file."""

import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from pydantic import BaseModel, Field

UNDERWAY = ("waiting", "confirming", "confirmed", "sending")


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def iso(at_ms: int) -> str:
    """A moment as the API writes it."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Record(BaseModel):
    """A row of the state file. `owner` and `open` are columns, so that they can be asked for."""

    kind: ClassVar[str] = ""
    first_id: ClassVar[int] = 1
    id: int = 0

    @property
    def owner(self) -> int | None:
        """The id of what this belongs to."""
        return None

    @property
    def open(self) -> bool:
        """Whether work is left, which a restart must take up."""
        return False


class Invoice(Record):
    kind = "invoice"
    first_id = 4_400_112_233  # ids do not fit 32 bits, as in the real world

    price_amount: Decimal
    price_currency: str
    pay_currency: str | None = None
    ipn_callback_url: str | None = None
    order_id: str | None = None
    order_description: str | None = None
    success_url: str | None = None
    cancel_url: str | None = None
    partially_paid_url: str | None = None
    is_fixed_rate: bool = False
    is_fee_paid_by_user: bool = False
    created_at: int = Field(default_factory=now_ms)


class Fee(BaseModel):
    """What the provider keeps, in the settlement currency."""

    deposit: Decimal = Decimal(0)
    service: Decimal = Decimal(0)
    withdrawal: Decimal = Decimal(0)


class Plan(BaseModel):
    """What a customer is still going to do about a payment."""

    steps: list[str] = []
    portion: Decimal = Decimal(1)
    weather: dict[str, Any] = {}
    hide_payout_hash: bool = False
    internal_payout: bool = False


class Payment(Record):
    kind = "payment"
    first_id = 5_544_332_211

    invoice_id: int | None = None
    parent_payment_id: int | None = None
    purchase_id: int
    payment_status: str = "waiting"
    pay_address: str
    payin_extra_id: str | None = None
    price_amount: Decimal
    price_currency: str
    pay_amount: Decimal
    actually_paid: Decimal = Decimal(0)
    pay_currency: str
    order_id: str | None = None
    order_description: str | None = None
    outcome_amount: Decimal
    outcome_currency: str
    fee: Fee = Fee()
    payin_hash: str | None = None
    payout_hash: str | None = None
    ipn_callback_url: str | None = None
    is_fixed_rate: bool = False
    is_fee_paid_by_user: bool = False
    created_at: int = Field(default_factory=now_ms)
    updated_at: int = Field(default_factory=now_ms)
    plan: Plan = Plan()
    forced: str = "{}"  # JSON text, so that forced numbers keep their digits

    @property
    def owner(self) -> int | None:
        return self.invoice_id

    @property
    def open(self) -> bool:
        return bool(self.plan.steps)


class Attempt(BaseModel):
    """One delivery: an HTTP `status`, or the `error` that came instead of one."""

    at: int
    seconds: float
    status: int | None = None
    error: str | None = None


class Callback(Record):
    kind = "callback"

    payment_id: int
    payment_status: str
    url: str
    body: str
    signature: str
    state: str = "pending"  # held, pending, delivered, gave_up or resent
    copy_of: int | None = None
    due_at: int = Field(default_factory=now_ms)
    created_at: int = Field(default_factory=now_ms)
    attempts: list[Attempt] = []

    @property
    def owner(self) -> int | None:
        return self.payment_id

    @property
    def open(self) -> bool:
        return self.state == "pending"


class Deposit(Record):
    """A transfer to the merchant. Written before it is sent, so that a restart sends it once."""

    kind = "deposit"

    payment_id: int
    settles: bool = True
    to: str
    value: int
    from_block: int
    attempted: bool = False
    hash: str | None = None
    mined: bool = False

    @property
    def owner(self) -> int | None:
        return self.payment_id


class Call(Record):
    kind = "call"

    at: int = Field(default_factory=now_ms)
    operation: str
    method: str
    path: str
    query: str
    body: str
    status: int | None = None
