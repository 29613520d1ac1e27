"""Callbacks as the provider writes and signs them, made before anything is measured."""

from decimal import Decimal

from tests.bench.load import Post
from tests.sandbox.nowpayments import callbacks, js, views
from tests.sandbox.nowpayments.records import Payment
from tests.sandbox.nowpayments.weather import Weather

# What the provider reports of a payment that goes well, in this order.
STATUSES = ("waiting", "confirming", "confirmed", "sending", "finished")


def reports(payment: Payment, secret: str) -> list[Post]:
    """All callbacks of a payment, signed as our function expects it."""
    return [report(payment, status, secret) for status in STATUSES]


def report(payment: Payment, status: str, secret: str) -> Post:
    """One callback. As nearly always, its bytes are the very text that is signed."""
    shown = payment.model_copy(update={"payment_status": status})
    body = views.callback(shown, Weather())
    text = js.text(body, ordered=True)
    return Post(text.encode(), callbacks.signature(secret, body))


def unknown_payment(number: int) -> Payment:
    """A payment of which nobody has heard, for an order that is none of ours."""
    return Payment(
        id=7_000_000_000 + number,
        invoice_id=4_400_000_000 + number,
        purchase_id=5_500_000_000 + number,
        pay_address="ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9",
        price_amount=Decimal("9.99"),
        price_currency="usd",
        pay_amount=Decimal("0.11894"),
        actually_paid=Decimal("0.11894"),
        pay_currency="ltc",
        order_id=f"00000000-0000-4000-8000-{number:012d}",
        order_description="30 days of A & B <3 daily",
        outcome_amount=Decimal("0.002983472183421"),
        outcome_currency="eth",
    )
