"""The shapes in which the API shows its records, types of ids as recorded."""

from decimal import Decimal
from typing import Any

from tests.sandbox.nowpayments import js
from tests.sandbox.nowpayments.catalogue import Coin, coin
from tests.sandbox.nowpayments.records import Invoice, Payment, iso
from tests.sandbox.nowpayments.weather import Weather

TWENTY_MINUTES_MS = 20 * 60 * 1000
SEVEN_DAYS_MS = 7 * 24 * 3600 * 1000


def invoice(record: Invoice, public_url: str) -> dict[str, Any]:
    """The answer to POST /v1/invoice: no payment, no status, and the price as a string."""
    return {
        "id": str(record.id),
        "token_id": str(record.id + 1_000_003),
        "order_id": record.order_id,
        "order_description": record.order_description,
        "price_amount": js.number(record.price_amount),
        "price_currency": record.price_currency,
        "pay_currency": record.pay_currency,
        "ipn_callback_url": record.ipn_callback_url,
        "invoice_url": f"{public_url}/payment/?iid={record.id}",
        "success_url": record.success_url,
        "cancel_url": record.cancel_url,
        "customer_email": None,
        "partially_paid_url": record.partially_paid_url,
        "payout_currency": None,
        "created_at": iso(record.created_at),
        "updated_at": iso(record.created_at),
        "is_fixed_rate": record.is_fixed_rate,
        "is_fee_paid_by_user": record.is_fee_paid_by_user,
        "source": None,
        "collect_user_data": False,
    }


def created_payment(record: Payment) -> dict[str, Any]:
    """The answer to POST /v1/payment and /v1/invoice-payment: ids are strings here."""
    paid_in: Coin = coin(record.pay_currency)
    until = iso(expiry_ms(record))
    return {
        "payment_id": str(record.id),
        "payment_status": record.payment_status,
        "pay_address": record.pay_address,
        "price_amount": record.price_amount,
        "price_currency": record.price_currency,
        "pay_amount": record.pay_amount,
        "pay_currency": record.pay_currency,
        "order_id": record.order_id,
        "order_description": record.order_description,
        "ipn_callback_url": record.ipn_callback_url,
        "created_at": iso(record.created_at),
        "updated_at": iso(record.created_at),
        "purchase_id": str(record.purchase_id),
        "amount_received": None,
        "payin_extra_id": record.payin_extra_id,
        "smart_contract": paid_in.contract or "",
        "network": paid_in.network,
        "network_precision": paid_in.decimals,
        "time_limit": None,
        "burning_percent": None,
        "expiration_estimate_date": until,
        "is_fixed_rate": record.is_fixed_rate,
        "is_fee_paid_by_user": record.is_fee_paid_by_user,
        "valid_until": until,
        "type": "crypto2crypto",
        "product": "api",
    }


def expiry_ms(record: Payment) -> int:
    """When the offer of a payment ends."""
    span = TWENTY_MINUTES_MS if record.is_fixed_rate else SEVEN_DAYS_MS
    return record.created_at + span


def payment(record: Payment, children: list[int], weather: Weather) -> dict[str, Any]:
    """The answer to GET /v1/payment/{id}: ids are numbers, dates are strings."""
    shown: dict[str, Any] = {
        "payment_id": record.id,
        "invoice_id": record.invoice_id,
        "payment_status": record.payment_status,
        "pay_address": record.pay_address,
        "payin_extra_id": record.payin_extra_id,
        "price_amount": record.price_amount,
        "price_currency": record.price_currency,
        "pay_amount": record.pay_amount,
        "actually_paid": record.actually_paid,
        "pay_currency": record.pay_currency,
        "order_id": record.order_id,
        "order_description": record.order_description,
        "purchase_id": record.purchase_id,
        "outcome_amount": record.outcome_amount,
        "outcome_currency": record.outcome_currency,
        "payin_hash": record.payin_hash,
        "created_at": iso(record.created_at),
        "updated_at": iso(record.updated_at),
        "burning_percent": "null",  # a string, as recorded
        "type": "crypto2crypto",
        "payment_extra_ids": children,
    }
    # Before there is one, the field is sometimes null and sometimes not there at all.
    hidden = record.plan.hide_payout_hash or record.payout_hash is None
    if not hidden or weather.dice("null_hash", record.id).random() < 1 / 2:
        shown["payout_hash"] = None if hidden else record.payout_hash
    return {**shown, **js.parse(record.forced)}


def listed_payment(record: Payment, weather: Weather) -> dict[str, Any]:
    """A row of the payment list."""
    shown = payment(record, [], weather)
    if record.parent_payment_id is not None:
        shown = {"parent_payment_id": record.parent_payment_id, **shown}
        shown["origin_type"] = "REPEATED"
    return shown


def callback(record: Payment, weather: Weather) -> dict[str, Any]:
    """The body of a callback, in an order that is not sorted at any depth."""
    about = f"{record.id}:{record.payment_status}"
    shown: dict[str, Any] = {
        "payment_id": record.id,
        "parent_payment_id": record.parent_payment_id,
        "invoice_id": record.invoice_id,
        "payment_status": record.payment_status,
        "pay_address": record.pay_address,
        "payin_extra_id": record.payin_extra_id,
        "price_amount": record.price_amount,
        "price_currency": record.price_currency,
        "pay_amount": record.pay_amount,
        "actually_paid": record.actually_paid,
        "actually_paid_at_fiat": 0,
        "pay_currency": record.pay_currency,
        "order_id": record.order_id,
        "order_description": record.order_description,
        "purchase_id": str(record.purchase_id),
        "outcome_amount": record.outcome_amount,
        "outcome_currency": record.outcome_currency,
        "payment_extra_ids": None,
        "fee": _fee(record, as_text=weather.chance("string_fees", record.id)),
    }
    if weather.chance("updated_at", record.id):
        shown["updated_at"] = record.updated_at
    if weather.chance("extra_fields", about):
        shown |= {"origin_type": None, "pay_network": coin(record.pay_currency).network}
    return {**shown, **js.parse(record.forced)}


def _fee(record: Payment, *, as_text: bool) -> dict[str, Any]:
    def shown(value: Decimal) -> Decimal | str:
        return js.number(value) if as_text else value

    return {
        "withdrawalFee": shown(record.fee.withdrawal),
        "serviceFee": shown(record.fee.service),
        "depositFee": shown(record.fee.deposit),
        "currency": record.outcome_currency,
    }


def full_currency(number: int, shown: Coin) -> dict[str, Any]:
    """A row of GET /v1/full-currencies, where codes are upper case."""
    pattern = f"^{shown.prefix}[0-9A-Za-z]{{20,80}}$"
    return {
        "id": 120 + number,
        "code": shown.ticker.upper(),
        "name": f"{shown.name} ({shown.network.upper()})" if shown.contract else shown.name,
        "enable": True,
        "wallet_regex": pattern,
        "priority": number + 1,
        "extra_id_exists": shown.memo,
        "extra_id_regex": "^[0-9]{1,19}$" if shown.memo else None,
        "logo_url": f"/images/coins/{shown.ticker}.svg",
        "track": True,
        "cg_id": shown.name.lower().replace(" ", "-"),
        "is_maxlimit": shown.ceiling,
        "network": shown.network,
        "smart_contract": shown.contract,
        "network_precision": None if shown.decimals is None else str(shown.decimals),
        "explorer_link_hash": None,
    }
