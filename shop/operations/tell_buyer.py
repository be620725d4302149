"""The buyer has a mail: receipt with what their purchase gives, or an apology with what happens now."""

from __future__ import annotations

from datetime import datetime

from people.money import format_minor
from people.operations.queue_mail import queue_mail
from shop.links import make_link, order_address
from shop.models import Order, OrderRefund
from shop.queries.orders import order_view


def tell_buyer_paid(order: Order, *, now: datetime) -> None:
    """Queue the receipt, once per order. It holds a link of its own, because tokens are kept only as hashes."""
    _tell(order, "paid", f"Your order {order.number}: thank you", now)


def tell_buyer_refund_due(refund: OrderRefund, *, now: datetime) -> None:
    """Queue the apology of an order that was paid too late, once per order; `refund` is what gives it back."""
    order = refund.order
    _tell(order, "refund_due", f"Your order {order.number}: we are giving your money back", now, refund=refund)


def tell_buyer_charged_twice(refund: OrderRefund, *, now: datetime) -> None:
    """Queue the apology for a second charge, once per charge; `refund` is what gives it back."""
    order = refund.order
    subject = f"Your order {order.number} was charged twice: we are giving it back"
    _tell(order, "charged_twice", subject, now, key=refund.charge_ref, refund=refund)


def tell_buyer_refunded(refund: OrderRefund, *, now: datetime) -> None:
    """Queue the word that money is on its way back, once per refund."""
    amount = format_minor(refund.amount_minor, refund.currency)
    number = refund.order.number
    subject = (
        f"We gave {amount} back, order {number}" if refund.aside else f"We gave {amount} of your order {number} back"
    )
    _tell(refund.order, "refunded", subject, now, key=refund.cause_ref, refund=refund)


def _tell(order: Order, what: str, subject: str, now: datetime, *, key: str = "", **more: OrderRefund) -> None:
    if not order.email:
        return
    view = order_view(order)
    address = order_address(make_link(order, now=now))
    queue_mail(
        key=":".join(filter(None, (order.ref, what, key))),
        to=order.email,
        subject=subject,
        template=f"shop/mail/order_{what}",
        context={"view": view, "order": order, "address": address, **more},
        now=now,
    )
