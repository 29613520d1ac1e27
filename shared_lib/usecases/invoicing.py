"""What a hosted invoice is asked for."""

from shared_lib.domain.order import Order, OrderKind
from shared_lib.ports import InvoiceRequest, Ports


def invoice_request(ports: Ports, order: Order, channel_title: str) -> InvoiceRequest:
    """The invoice of an order; the pages it returns to belong to the order that is bought."""
    page = f"{ports.policy.public_url.rstrip('/')}/pay/{order.tops_up or order.id}"
    rest = "" if order.tops_up is None else ", the rest of the price"
    return InvoiceRequest(
        order_id=order.id,
        price_cents=order.price_cents,
        description=f"{channel_title}, {_what(order)}{rest}",
        ipn_url=ports.policy.ipn_url,
        success_url=f"{page}?result=success",
        cancel_url=f"{page}?result=cancel",
        partially_paid_url=f"{page}?result=partial",
    )


def _what(order: Order) -> str:
    if order.kind is OrderKind.DONATION:
        return "a donation"
    return "for life" if order.days is None else f"{order.days} days"
