"""The hosted page on which a customer chooses a coin and pays."""

from html import escape
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.sandbox.nowpayments import catalogue, checks, control, js, money, payments
from tests.sandbox.nowpayments.errors import ApiError
from tests.sandbox.nowpayments.orders import Pay
from tests.sandbox.nowpayments.records import UNDERWAY, Invoice, Payment
from tests.sandbox.nowpayments.world import World

STYLE = """
body{margin:0;font:16px/1.5 system-ui,sans-serif;background:#eef2f7;color:#16202e}
main{max-width:26rem;margin:8vh auto;padding:2rem;background:#fff;border-radius:1rem;
box-shadow:0 8px 30px #16202e1a}
h1{margin:0;font-size:2rem}p{margin:.5rem 0 1.5rem;color:#44546a;overflow-wrap:anywhere}
label{display:block;font-weight:600;margin-bottom:.25rem}
select,button{width:100%;padding:.75rem;font:inherit;border-radius:.5rem;border:1px solid #b6c2d2}
button{margin-top:1rem;border:0;background:#1f5eff;color:#fff;font-weight:600;cursor:pointer}
small{display:block;margin-top:1rem;color:#5b6b80}
"""


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


def _form(world: World, invoice: Invoice) -> Response:
    description = escape(invoice.order_description or "")
    cancel = f'<a href="{escape(invoice.cancel_url)}">Cancel</a>' if invoice.cancel_url else ""
    return _page(
        f"Pay {_price(invoice)}",
        f"<h1>{escape(_price(invoice))}</h1><p>{description}</p>"
        '<form method="post" action="/payment/">'
        f'<input type="hidden" name="iid" value="{invoice.id}">'
        '<label for="coin">Pay with</label>'
        f'<select id="coin" name="pay_currency">{_options(world, invoice)}</select>'
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
        with world.store.together():
            order = Pay(invoice_id=invoice.id, pay_currency=ticker)
            payment_id = control.pay(world, order)
    except ApiError as error:
        return _page("Not possible", f"<h1>Not possible</h1><p>{escape(str(error))}</p>", 400)
    return RedirectResponse(_return_url(invoice, payment_id), 303)


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
