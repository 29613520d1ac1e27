"""Making invoices and payments out of requests."""

from decimal import Decimal
from typing import Any

from tests.sandbox.nowpayments import catalogue, checks, money
from tests.sandbox.nowpayments.errors import ApiError, invalid_params
from tests.sandbox.nowpayments.money import Terms
from tests.sandbox.nowpayments.records import Invoice, Payment
from tests.sandbox.nowpayments.weather import Weather
from tests.sandbox.nowpayments.world import World

PURCHASE_ID_OFFSET = 55_555_555


def terms(
    world: World, record: Invoice | Payment, pay_currency: str, weather: Weather | None = None
) -> Terms:
    return Terms(
        price_amount=record.price_amount,
        price_currency=record.price_currency,
        pay_currency=pay_currency,
        settlement_currency=world.settings.settlement_currency,
        fee_paid_by_user=record.is_fee_paid_by_user,
        weather=weather or world.weather,
    )


def create_invoice(world: World, body: dict[str, Any]) -> Invoice:
    """An invoice as POST /v1/invoice asks for it."""
    fee_paid_by_user = checks.flag(body, "is_fee_paid_by_user")
    pay_currency = checks.text(body, "pay_currency")
    invoice = Invoice(
        price_amount=checks.amount(body.get("price_amount"), "price_amount"),
        price_currency=checks.fiat(body, "price_currency"),
        pay_currency=pay_currency and catalogue.coin(pay_currency).ticker,
        ipn_callback_url=checks.url(body, "ipn_callback_url"),
        order_id=checks.text(body, "order_id"),
        order_description=checks.text(body, "order_description"),
        success_url=checks.url(body, "success_url"),
        cancel_url=checks.url(body, "cancel_url"),
        partially_paid_url=checks.url(body, "partially_paid_url"),
        # A fee paid by the customer must be known beforehand, so it freezes the rate.
        is_fixed_rate=checks.flag(body, "is_fixed_rate") or fee_paid_by_user,
        is_fee_paid_by_user=fee_paid_by_user,
    )
    if pay_currency:
        checks.affordable(terms(world, invoice, pay_currency), fixed=invoice.is_fixed_rate)
    return world.store.put(invoice)


def create_direct(world: World, body: dict[str, Any]) -> Payment:
    """A payment without an invoice, as POST /v1/payment asks for it."""
    if checks.text(body, "payout_address") and not checks.text(body, "payout_currency"):
        raise ApiError(400, "BAD_CREATE_PAYMENT_REQUEST", '"payout_currency" is required')
    # What a direct payment needs of an invoice is the same; only the invoice is never stored.
    fee_paid_by_user = checks.flag(body, "is_fee_paid_by_user")
    draft = Invoice(
        price_amount=checks.amount(body.get("price_amount"), "price_amount"),
        price_currency=checks.fiat(body, "price_currency"),
        ipn_callback_url=checks.url(body, "ipn_callback_url"),
        order_id=checks.text(body, "order_id"),
        order_description=checks.text(body, "order_description"),
        is_fixed_rate=checks.flag(body, "is_fixed_rate") or fee_paid_by_user,
        is_fee_paid_by_user=fee_paid_by_user,
    )
    ticker = checks.required_text(body, "pay_currency")
    given = body.get("pay_amount")
    pay_amount = None if given is None else checks.amount(given, "pay_amount")
    return _create(world, draft, ticker, pay_amount=pay_amount)


def create_of_invoice(
    world: World, invoice: Invoice, ticker: str, *, parent: Payment | None = None
) -> Payment:
    """A payment that a customer starts on an invoice; `parent` makes it a repeated deposit."""
    if invoice.pay_currency and invoice.pay_currency != ticker.lower() and parent is None:
        raise invalid_params(f"this invoice is paid in {invoice.pay_currency}")
    return _create(world, invoice, ticker, parent=parent)


def _create(
    world: World,
    invoice: Invoice,
    ticker: str,
    *,
    pay_amount: Decimal | None = None,
    parent: Payment | None = None,
) -> Payment:
    coin = catalogue.coin(ticker)
    agreed = terms(world, invoice, coin.ticker)
    if parent is None:  # a repeated deposit simply arrives, whatever its size
        checks.affordable(agreed, fixed=invoice.is_fixed_rate)
    outcome_amount, fee = money.outcome(agreed, Decimal(1))
    payment = Payment(
        invoice_id=invoice.id or None,
        parent_payment_id=parent.id if parent else None,
        purchase_id=invoice.id + PURCHASE_ID_OFFSET,
        pay_address=parent.pay_address if parent else "",
        price_amount=invoice.price_amount,
        price_currency=invoice.price_currency,
        pay_amount=pay_amount or money.asked(agreed),
        pay_currency=coin.ticker,
        order_id=invoice.order_id,
        order_description=invoice.order_description,
        outcome_amount=outcome_amount,
        outcome_currency=world.settings.settlement_currency,
        fee=fee,
        ipn_callback_url=invoice.ipn_callback_url,
        is_fixed_rate=invoice.is_fixed_rate,
        is_fee_paid_by_user=invoice.is_fee_paid_by_user,
    )
    return _addressed(world, world.store.put(payment), coin)


def _addressed(world: World, payment: Payment, coin: catalogue.Coin) -> Payment:
    """Give what depends on the payment's own id."""
    payment.pay_address = payment.pay_address or coin.address(payment.id)
    payment.payin_extra_id = str(payment.id % 10**8) if coin.memo else None
    if payment.invoice_id is None:
        payment.purchase_id = payment.id + PURCHASE_ID_OFFSET
    return world.store.put(payment)


def children(world: World, payment: Payment) -> list[int]:
    """The repeated deposits of a payment."""
    if payment.invoice_id is None:
        return []
    siblings = world.store.listed(Payment, owner=payment.invoice_id)
    return [one.id for one in siblings if one.parent_payment_id == payment.id]
