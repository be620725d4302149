"""A buyer is on their way to the payment page, with the pieces held for them until it closes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from payments.operations.expire_checkout import Outcome as Expiry
from payments.operations.expire_checkout import expire_checkout
from payments.operations.open_checkout import (
    CheckoutLine,
    CheckoutRequest,
    OpenedCheckout,
    StripeRefused,
    StripeUnavailable,
    open_checkout,
)
from people.queries import organisation
from shop.links import order_address
from shop.models import Order
from shop.operations.close_order import close_order
from shop.operations.place_order import EarlierCheckoutOpen, Placed, place_order

SHIPS_TO = ("US",)
PLACE_ATTEMPTS = 5
Because = Order.ClosedBecause


class EarlierOrderPaid(Exception):
    """The checkout that this one would replace has just been paid; nothing new was started."""


class PaymentPageUnavailable(Exception):
    """The payment page could not be opened. Nothing was charged, nothing is held, the cart is as it was."""


class Replaced(Exception):
    """A newer checkout of the same cart took over while this one was opening (a double click)."""


@dataclass(frozen=True, slots=True)
class StartedCheckout:
    """The order, the token of its page, and the address of the payment page."""

    order_id: int
    token: str
    url: str


def start_checkout(*, cart_id: int, now: datetime) -> StartedCheckout:
    """Hold the cart's pieces and open the payment page for them. Not inside a transaction: it calls out.

    Raises EmptyCart, LeftTheShop, OutOfStock, BadQuantity (see `place_order`), EarlierOrderPaid,
    PaymentPageUnavailable, Replaced. Source: DESIGN.md section 5, rules/shop.md 3.2.
    """
    # 1. Hold the pieces and freeze the order, after closing what this cart had open before.
    placed = _place(cart_id, organisation().currency, now)
    # 2. The order is committed; now the processor may be called.
    try:
        opened = open_checkout(request=_request(placed), now=now)
    except (StripeUnavailable, StripeRefused) as trouble:
        # Nobody was given the page's address, so it cannot be paid: the pieces may go back at once.
        close_order(order_id=placed.order.pk, because=Because.UNAVAILABLE, now=now)
        raise PaymentPageUnavailable from trouble
    # 3. A double click may have replaced this order while its page was opening.
    _still_ours(placed, opened, now)
    return StartedCheckout(placed.order.pk, placed.token, opened.url)


def _place(cart_id: int, currency: str, now: datetime) -> Placed:
    for _ in range(PLACE_ATTEMPTS):
        try:
            return place_order(cart_id=cart_id, currency=currency, now=now)
        except EarlierCheckoutOpen as earlier:
            _replace(earlier.order_id, now)
    raise PaymentPageUnavailable


def _replace(order_id: int, now: datetime) -> None:
    """Close an earlier checkout of the same cart: first at the processor, so that it can no longer be paid."""
    try:
        closed = expire_checkout(subject=f"order:{order_id}", now=now)
    except StripeUnavailable as trouble:
        raise PaymentPageUnavailable from trouble
    if closed is Expiry.ALREADY_PAID:
        raise EarlierOrderPaid
    close_order(order_id=order_id, because=Because.REPLACED, now=now)


def _request(placed: Placed) -> CheckoutRequest:
    order = placed.order
    return CheckoutRequest(
        kind="order",
        subject=order.ref,
        mode="payment",
        currency=order.currency,
        lines=[CheckoutLine(name=line.title, amount_minor=line.net_minor) for line in placed.lines],
        success_url=order_address(placed.token, "return") + "?session_id={CHECKOUT_SESSION_ID}",
        cancel_url=order_address(placed.token, "cancelled"),
        expires_at=placed.session_ends_at,
        attempt_key=order.attempt_key,
        collect_shipping_countries=SHIPS_TO,
    )


def _still_ours(placed: Placed, opened: OpenedCheckout, now: datetime) -> None:
    """Close the page again when its order is no longer pending. Raises Replaced."""
    if Order.objects.filter(pk=placed.order.pk, state=Order.State.PENDING).exists():
        return
    expire_checkout(subject=placed.order.ref, now=now)
    raise Replaced
