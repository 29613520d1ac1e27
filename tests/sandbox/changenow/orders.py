"""The bodies of control requests."""

from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tests.sandbox.changenow.records import Exchange

PAIR = r"[a-z0-9]+:[a-z0-9]+>[a-z0-9]+:[a-z0-9]+"


class Order(BaseModel):
    """A body of a control request; a misspelt field is an error, not a silent default."""

    model_config = ConfigDict(extra="forbid")


class Direct(Order):
    """`POST /_sandbox/exchanges/{id}`: what is to become of one exchange.

    * `hold`: it stays at this status, once there, until `release`; `verifying` is also a way
      station that it would not have passed otherwise.
    * `release`: ends a hold; from `verifying` it goes on to pay out.
    * `fail`: `failed` as soon as it has the deposit and has not begun to pay out.
    * `refund`: under the same condition sends the deposit back, less `loss`.
    * `finish_with`: pays out this amount instead of the promised one.
    * `status`: is shown instead of the real one, which goes on behind it; null ends that.
    * `hide_…`: null is shown where there is a value.
    * `repeat_deposit`: pays the same amount in once more, as a careless customer would.
    * `deposit_seconds`: its deposit is late from then on, counted from its creation.
    """

    hold: str | None = None
    release: bool = False
    fail: bool = False
    refund: bool = False
    loss: Decimal = Field(default=Decimal(0), ge=0)
    finish_with: Decimal | None = Field(default=None, gt=0)
    hide_amount_to: bool = False
    hide_payout_hash: bool = False
    hide_refund_hash: bool = False
    hide_refund_amount: bool = False
    status: str | None = None
    repeat_deposit: bool = False
    deposit_seconds: float | None = None


class Planned(Order):
    """`POST /_sandbox/plans`: directives for the next `times` exchanges of a pair, or of any.

    `times: null` is for all of them. `DELETE` forgets all plans.
    """

    pair: str | None = Field(default=None, pattern=PAIR)
    times: int | None = Field(default=1, gt=0)
    directives: Direct


class Limit(Order):
    min: Decimal = Field(ge=0)
    max: Decimal | None = None


class LimitOrder(Order):
    """`POST /_sandbox/limits`: limits of a pair by flow; a flow given as null is as by default."""

    pair: str = Field(pattern=PAIR)
    fixed: Limit | None = None
    standard: Limit | None = None


class Inactive(Order):
    """`POST /_sandbox/inactive`: switches a pair off or on."""

    pair: str = Field(pattern=PAIR)
    inactive: bool = True


class Canned(Order):
    """`POST /_sandbox/canned`: a fault with a ready-made body, see errors.py."""

    operation: str
    name: str
    times: int | None = 1
    retry_after: int = 1


def apply(exchange: Exchange, order: Direct) -> None:
    """Write the fields that `order` gives into the exchange's directives."""
    given: dict[str, Any] = order.model_dump(include=order.model_fields_set)
    if given.pop("release", False):
        given["hold"] = None
    seconds = given.pop("deposit_seconds", None)
    if seconds is not None and exchange.valid_until is not None:
        exchange.valid_until = exchange.created_at + int(1000 * seconds)
    exchange.directives = exchange.directives.model_copy(update=given)
