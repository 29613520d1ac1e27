"""The hosted page on which a customer chooses a coin and pays."""

import asyncio
from decimal import Decimal
from html import escape
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.sandbox.nowpayments import catalogue, checks, control, js, money, payments
from tests.sandbox.nowpayments.customer import End
from tests.sandbox.nowpayments.errors import ApiError
from tests.sandbox.nowpayments.orders import Pay
from tests.sandbox.nowpayments.records import UNDERWAY, Invoice, Payment
from tests.sandbox.nowpayments.world import World

STYLE = """
:root{color-scheme:light dark;--ground:#eef2f6;--surface:#fff;--ink:#101828;--muted:#4d5a6d;
--line:#d9e0e8;--accent:#0b5cad;--on:#fff}
@media(prefers-color-scheme:dark){:root{--ground:#0e141b;--surface:#17202a;--ink:#e8eef5;
--muted:#a4b1c1;--line:#2a3542;--accent:#6fb4ff;--on:#06223f}}
*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,sans-serif;background:var(--ground);
color:var(--ink)}
main{max-width:28rem;margin:6vh auto;padding:2rem;background:var(--surface);border-radius:1rem;
border:1px solid var(--line)}
h1{margin:0;font-size:2rem}p{margin:.5rem 0 1.5rem;color:var(--muted);overflow-wrap:anywhere}
label{font-weight:600}fieldset{border:1px solid var(--line);border-radius:.6rem;margin:1.2rem 0 0}
fieldset label{display:flex;gap:.6rem;font-weight:400;padding:.4rem 0}legend{font-weight:600}
select,button{width:100%;padding:.75rem;font:inherit;color:inherit;border-radius:.6rem;
border:1px solid var(--line);background:var(--surface)}
button{margin-top:1.2rem;border:0;background:var(--accent);color:var(--on);font-weight:600;
cursor:pointer}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
small{display:block;margin-top:1rem;color:var(--muted)}a{color:var(--accent)}
@media(max-width:32rem){main{margin:0;min-height:100vh;border:0;border-radius:0;padding:1.2rem}}
"""
_LATE_SECONDS = 0.5
# How a customer may pay, in the words of the page; a portion of the price, and how that ends.
WAYS: dict[str, tuple[str, Decimal | None, End | None]] = {
    "exactly": ("Exactly what is asked", None, None),
    "less": ("Less: six tenths of it", Decimal("0.6"), None),
    "more": ("More: half as much again", Decimal("1.5"), None),
    "late": ("Late: after the offer has expired", None, "expired"),
    "never": ("Not at all: let it expire", None, "expired"),
}


def _page(title: str, content: str, status: int = 200, *, head: str = "") -> HTMLResponse:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>{head}</head>"
        f"<body><main>{content}</main></body></html>"
    )
    return HTMLResponse(html, status)


def _price(invoice: Invoice) -> str:
    return f"{js.number(invoice.price_amount)} {invoice.price_currency.upper()}"


def _options(world: World, invoice: Invoice) -> str:
    """The coins in which this price can be paid."""
    shown = []
    wanted = [invoice.pay_currency] if invoice.pay_currency else list(catalogue.COINS)
    for ticker in sorted(wanted, key=lambda one: one != "ltc"):
        agreed = payments.terms(world, invoice, ticker)
        try:
            checks.affordable(agreed, fixed=invoice.is_fixed_rate)
        except ApiError:
            continue
        coin = catalogue.coin(ticker)
        label = f"{coin.name} ({coin.network.upper()}) · {js.number(money.asked(agreed))}"
        shown.append(f'<option value="{ticker}">{escape(label)}</option>')
    return "".join(shown)


def _ways() -> str:
    return "".join(
        f'<label><input type="radio" name="how" value="{name}"'
        f"{' checked' if name == 'exactly' else ''}>{escape(words)}</label>"
        for name, (words, _, _) in WAYS.items()
    )


def _form(world: World, invoice: Invoice) -> Response:
    description = escape(invoice.order_description or "")
    cancel = f'<a href="{escape(invoice.cancel_url)}">Cancel</a>' if invoice.cancel_url else ""
    return _page(
        f"Pay {_price(invoice)}",
        f"<h1>{escape(_price(invoice))}</h1><p>{description}</p>"
        '<form method="post" action="/payment/">'
        f'<input type="hidden" name="iid" value="{invoice.id}">'
        '<label for="coin">Coin</label>'
        f'<select id="coin" name="pay_currency">{_options(world, invoice)}</select>'
        f"<fieldset><legend>How much arrives</legend>{_ways()}</fieldset>"
        f'<button type="submit">Pay</button></form><small>Test payment page. {cancel}</small>',
    )


def _progress(payment: Payment) -> Response:
    """Shown where the invoice names no page to go back to."""
    underway = payment.payment_status in UNDERWAY
    head = '<meta http-equiv="refresh" content="1">' if underway else ""
    paid = f"{js.number(payment.pay_amount)} {payment.pay_currency.upper()}"
    status = escape(payment.payment_status.replace("_", " "))
    content = f"<h1>{escape(paid)}</h1><p>Payment {payment.id}: <b>{status}</b></p>"
    return _page("Payment", content, head=head)


def _invoice(world: World, given: str) -> Invoice | None:
    return world.store.get(Invoice, int(given)) if given.isascii() and given.isdigit() else None


def _show(world: World, request: Request) -> Response:
    query = request.query_params
    invoice = _invoice(world, query.get("iid", ""))
    if invoice is None:
        return _page("Not found", "<h1>Invoice not found</h1>", 404)
    chosen = query.get("paymentId", "")
    payment = world.store.get(Payment, int(chosen)) if chosen.isdecimal() else None
    if payment is not None and payment.invoice_id == invoice.id:
        return _progress(payment)
    return _form(world, invoice)


async def _pay(world: World, request: Request) -> Response:
    form = parse_qs((await request.body()).decode())
    invoice = _invoice(world, form.get("iid", [""])[0])
    if invoice is None:
        return _page("Not found", "<h1>Invoice not found</h1>", 404)
    ticker = form.get("pay_currency", ["ltc"])[0]
    try:
        payment_id = _paid(world, invoice, ticker, form.get("how", ["exactly"])[0])
    except ApiError as error:
        return _page("Not possible", f"<h1>Not possible</h1><p>{escape(str(error))}</p>", 400)
    return RedirectResponse(_return_url(invoice, payment_id), 303)


def _paid(world: World, invoice: Invoice, ticker: str, how: str) -> int:
    """Let the customer pay in one of the ways; the payment's id. Raises ApiError."""
    _, portion, end = WAYS.get(how, WAYS["exactly"])
    with world.store.together():
        order = Pay(invoice_id=invoice.id, pay_currency=ticker, portion=portion, end=end)
        payment_id = control.pay(world, order)
    if how == "late":
        world.spawn(_pay_late(world, payment_id))
    return payment_id


async def _pay_late(world: World, payment_id: int) -> None:
    """Once the offer has expired, the whole price arrives after all."""
    while True:
        await asyncio.sleep(_LATE_SECONDS)
        payment = world.store.get(Payment, payment_id)
        if payment is None or not payment.plan.steps:
            break
    with world.store.together():
        control.pay(world, Pay(payment_id=payment_id))


def _return_url(invoice: Invoice, payment_id: int) -> str:
    """Back to the merchant at once, long before the payment is finished, as may happen."""
    if invoice.success_url is None:
        return "/payment/?" + urlencode({"iid": invoice.id, "paymentId": payment_id})
    address, hashed, fragment = invoice.success_url.partition("#")
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}NP_id={payment_id}{hashed}{fragment}"


def routes(world: World) -> list[Route]:
    """The hosted page, with and without the last slash, as both are in use."""

    async def page(request: Request) -> Response:
        return await _pay(world, request) if request.method == "POST" else _show(world, request)

    return [Route(path, page, methods=["GET", "POST"]) for path in ("/payment/", "/payment")]
