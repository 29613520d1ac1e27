"""The bodies of control requests."""

from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from tests.sandbox.nowpayments.customer import End


class Order(BaseModel):
    """A body of a control request; a misspelt field is an error, not a silent default."""

    model_config = ConfigDict(extra="forbid")


class Pay(Order):
    """`POST /_sandbox/pay`: a customer pays an invoice, or goes on with a payment.

    `portion` of the price is sent (default 1, or 0.6 for `partially_paid`); `end` defaults to
    `finished`, or `partially_paid` below a portion of 1. `parent_payment_id` makes it a repeated
    deposit, `wrong_order` replaces the order id, `fields` overlay what is shown of the payment
    and `weather` overlays the weather for this payment alone.
    """

    invoice_id: int | None = None
    payment_id: int | None = None
    pay_currency: str = "ltc"
    portion: Decimal | None = None
    end: End | None = None
    parent_payment_id: int | None = None
    wrong_order: str | None = None
    fields: dict[str, Any] = {}
    weather: dict[str, Any] = {}


class Force(Order):
    """`POST /_sandbox/status`: forces a status and fields, known or not.

    What was being played ends. `deposit` first moves the outcome on the chain, once;
    `callback: false` changes only what the API shows.
    """

    payment_id: int
    status: str | None = None
    fields: dict[str, Any] = {}
    deposit: bool = False
    callback: bool = True


class Resend(Order):
    """`POST /_sandbox/resend`: stored callbacks again, byte for byte, `times` each.

    Without `status` all of the payment, in their order.
    """

    payment_id: int
    status: str | None = None
    times: int = 1
    at_once: bool = False


class Transfer(Order):
    """`POST /_sandbox/deposit`: one more transfer, by default of the outcome to the merchant.

    `show` makes its hash the payout hash that the API shows.
    """

    payment_id: int
    wei: int | None = None
    to: str | None = None
    show: bool = False


class Canned(Order):
    """`POST /_sandbox/canned`: a fault with a ready-made body, see errors.py."""

    operation: str
    name: str
    times: int | None = 1
    retry_after: int = 1
