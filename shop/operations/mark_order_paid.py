"""An order is paid: its pieces are sold, the sale is in the books, and each partner's share is promised for good."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger import builders, splitting
from ledger.operations.post_entry import post_entry
from partners.operations.allocate import allocate
from payments.facts import CheckoutPaid
from people.operations.find_or_make_supporter import find_or_make_supporter
from people.queries import local_day
from shop.giving import share_line
from shop.models import CartLine, Order, OrderEvent, OrderLine, StockHold
from shop.operations.set_money_aside import keep_second_charge, owe_refund, set_mismatch_aside
from shop.operations.tell_buyer import tell_buyer_paid
from shop.outcomes import Outcome
from shop.stock import OutOfStock, held_by, lock_variants, record_sale, reserve, take
from shop.subjects import lock_order


@transaction.atomic
def mark_order_paid(fact: CheckoutPaid, *, now: datetime) -> Outcome:
    """Book the payment of an order, whoever tells of it first: webhook, return page or sweep (DESIGN.md section 5).

    Returns PAID; ALREADY_PAID for the same charge again; SECOND_CHARGE for another charge of a paid order; MISMATCH
    when the payment is not what was asked; REFUND_DUE when it came after the pieces were released and none are left.
    In the last three nothing is sold or shared and the money is kept apart; a second charge and one that is due go back
    by themselves, of a mismatch staff are told. Raises UnknownOrder.
    """
    # 1. One caller at a time; the second one gets the first one's result.
    order = lock_order(fact.subject)
    if order.charge_ref == fact.charge_ref:
        return Outcome.ALREADY_PAID
    if order.charge_ref:
        return keep_second_charge(order, fact, now=now)
    _remember_buyer(order, fact, now)

    # 2. Only what was asked for is a sale.
    if differences := _differences(order, fact):
        return set_mismatch_aside(order, fact, differences, now=now)

    # 3. The pieces leave the shelf: out of the hold, or, after a release, if there are any.
    if not _take_stock(order, now):
        return owe_refund(order, fact, now=now)

    # 4. The order is paid, with the tax that the processor figured.
    lines = list(order.lines.prefetch_related("agreements"))
    _mark_paid(order, lines, fact, now)

    # 5. The sale, in the books.
    post_entry(
        builders.sale(
            charge_ref=fact.charge_ref,
            source=order.ref,
            event_at=fact.paid_at,
            effective_on=local_day(fact.paid_at),
            currency=order.currency,
            goods_minor=order.subtotal_minor,
            discount_minor=order.discount_minor,
            shipping_minor=order.shipping_minor,
            tax_minor=order.tax_minor,
        ),
        now=now,
    )

    # 6. Each partner's share, by the agreements that were shown when checkout started.
    allocate(
        source=order.ref,
        charge_ref=fact.charge_ref,
        currency=order.currency,
        lines=[share_line(line) for line in lines],
        other_parts_minor=order.other_parts_minor,
        bound_at=order.placed_at,
        earned_at=fact.paid_at,
        now=now,
    )

    # 7. What was bought leaves the cart, and the buyer hears of it.
    _empty_cart(order, lines)
    tell_buyer_paid(order, now=now)
    return Outcome.PAID


def _remember_buyer(order: Order, fact: CheckoutPaid, now: datetime) -> None:
    """Keep what was typed on the payment page on this order; a known supporter's own row is never edited."""
    order.email, order.name, order.shipping_address = fact.email, fact.name, dict(fact.shipping_address)
    if fact.email:
        order.supporter = find_or_make_supporter(email=fact.email, name=fact.name, now=now)
    order.save(update_fields=["email", "name", "shipping_address", "supporter"])


def _differences(order: Order, fact: CheckoutPaid) -> list[str]:
    """The names of what does not match; the processor decides about tax alone."""
    compared = {
        "currency": (fact.currency, order.currency),
        "subtotal": (fact.subtotal_minor, order.net_minor),
        "shipping": (fact.shipping_minor, order.shipping_minor),
        "total": (fact.total_minor, fact.subtotal_minor + fact.shipping_minor + fact.tax_minor),
    }
    return [name for name, (paid, asked) in compared.items() if paid != asked]


def _take_stock(order: Order, now: datetime) -> bool:
    """Whether every piece of the order could leave the shelf; all or none."""
    quantities = held_by(order)
    try:
        with transaction.atomic():
            if quantities:
                lock_variants(quantities)
            else:
                quantities = dict(order.lines.values_list("variant_id", "units"))
                lock_variants(quantities)
                reserve(quantities)
    except OutOfStock:
        return False
    take(quantities)
    record_sale(order, quantities, now=now)
    StockHold.objects.filter(order=order).update(state=StockHold.State.TAKEN, until=None)
    return True


def _mark_paid(order: Order, lines: list[OrderLine], fact: CheckoutPaid, now: datetime) -> None:
    taxes = splitting.split(fact.tax_minor, [line.net_minor for line in lines])
    for line, tax in zip(lines, taxes, strict=True):
        line.tax_minor = tax
    OrderLine.objects.bulk_update(lines, ["tax_minor"])
    order.state, order.closed_because = Order.State.PAID, Order.ClosedBecause.NOT_CLOSED
    order.charge_ref, order.paid_at = fact.charge_ref, fact.paid_at
    order.tax_minor, order.total_minor = fact.tax_minor, fact.total_minor
    order.save(update_fields=["state", "closed_because", "charge_ref", "paid_at", "tax_minor", "total_minor"])
    OrderEvent.objects.create(order=order, kind=OrderEvent.Kind.PAID, detail=fact.charge_ref, at=now)


def _empty_cart(order: Order, lines: list[OrderLine]) -> None:
    """Take out what was bought; what was added while the payment page was open stays."""
    bought = {line.variant_id: line.units for line in lines}
    in_cart = CartLine.objects.select_for_update().filter(cart__orders=order, variant_id__in=bought)
    for cart_line in in_cart.order_by("pk"):
        cart_line.quantity -= bought[cart_line.variant_id]
        if cart_line.quantity > 0:
            cart_line.save(update_fields=["quantity"])
        else:
            cart_line.delete()
