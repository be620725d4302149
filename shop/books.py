"""What must always be true between the shop's rows and the books; `manage.py books` runs these checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from django.db.models import F, IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from ledger.books import Check, in_words
from ledger.contents import stream
from ledger.given_back import more_than_was_paid
from shop.models import StockHold, StockMovement, Variant


def stock_explained() -> Iterable[str]:
    """Each count is the sum of its movements, each reservation the sum of its open holds."""
    moved = StockMovement.objects.filter(variant=OuterRef("pk")).values("variant").annotate(total=Sum("quantity"))
    held = (
        StockHold.objects.filter(variant=OuterRef("pk"), state__in=StockHold.ON_SHELF)
        .values("variant")
        .annotate(total=Sum("quantity"))
    )
    variants = Variant.objects.annotate(
        moved=Coalesce(Subquery(moved.values("total"), output_field=IntegerField()), 0),
        held=Coalesce(Subquery(held.values("total"), output_field=IntegerField()), 0),
    )
    for variant in variants.exclude(Q(moved=F("on_hand")) & Q(held=F("reserved"))).order_by("pk"):
        yield (
            f"{variant.sku}: on hand {variant.on_hand}, movements {variant.moved};"
            f" reserved {variant.reserved}, holds {variant.held}"
        )


def paid_orders_booked() -> Iterator[str]:
    """L12: of each paid order goods, shipping and tax are what its sale says and its lines add up to, and come together
    to what was charged; each sale is of a paid order."""
    for order, charge, currency, part, asked, other, amount in stream(_PARTS):
        said = in_words(int(amount), currency) if amount is not None else "nothing"
        yield f"order:{order} ({charge}): {part} is {in_words(asked, currency)}, {other} {said}"
    for kind, key, entry in stream(_SALES_OF_NO_ORDER):
        yield f"{kind} {key} (entry {entry}) is of no paid order"


def refunds_within_their_parts() -> Iterator[str]:
    """L12: of no part of an order more went back than was paid for it."""
    yield from more_than_was_paid("order")


CHECKS: Final = (
    Check("L12", "each paid order has its sale, each sale its paid order", paid_orders_booked),
    Check("L12", "no part of an order was refunded beyond itself", refunds_within_their_parts),
    Check("", "stock is explained by its movements and holds", stock_explained),
)

# For each paid order each of its parts beside what sale, lines and charge say of it; what differs is wrong.
_PARTS: Final = """
    WITH booked AS (
        SELECT e.idempotency_key AS key,
               -sum(l.amount_minor) FILTER (WHERE a.purpose IN ('sales', 'discounts')) AS goods,
               -sum(l.amount_minor) FILTER (WHERE a.purpose = 'shipping_income') AS shipping,
               -sum(l.amount_minor) FILTER (WHERE a.purpose = 'tax_payable') AS tax,
               sum(l.amount_minor) FILTER (WHERE a.purpose = 'clearing') AS total
          FROM ledger_entry e
          JOIN leg l ON l.entry_id = e.id
          JOIN ledger_account a ON a.id = l.account_id
         WHERE e.kind = 'sale'
         GROUP BY e.id
    ), by_line AS (
        SELECT order_id, sum(net_minor) AS goods, sum(tax_minor) AS tax FROM shop_orderline GROUP BY order_id
    )
    SELECT o.id, o.charge_ref, o.currency, p.part, p.asked, p.other, p.amount
      FROM shop_order o
      LEFT JOIN booked b ON b.key = o.charge_ref || ':sale'
      LEFT JOIN by_line i ON i.order_id = o.id
      LEFT JOIN payments_charge c ON 'stripe:charge:' || c.charge_id = o.charge_ref AND c.currency = o.currency
     CROSS JOIN LATERAL (VALUES
           ('goods', o.subtotal_minor - o.discount_minor, 'the sale says', coalesce(b.goods, 0)),
           ('goods', o.subtotal_minor - o.discount_minor, 'its lines come to', coalesce(i.goods, 0)),
           ('shipping', o.shipping_minor, 'the sale says', coalesce(b.shipping, 0)),
           ('tax', o.tax_minor, 'the sale says', coalesce(b.tax, 0)),
           ('tax', o.tax_minor, 'its lines come to', coalesce(i.tax, 0)),
           ('the whole', o.subtotal_minor - o.discount_minor + o.shipping_minor + o.tax_minor, 'the order says',
            o.total_minor),
           ('the whole', o.total_minor, 'the sale took from clearing', coalesce(b.total, 0)),
           ('the whole', o.total_minor, 'the charge was', c.amount_minor)
           ) AS p (part, asked, other, amount)
     WHERE o.state = 'paid' AND p.amount IS DISTINCT FROM p.asked
     ORDER BY o.id
"""

_SALES_OF_NO_ORDER: Final = """
    SELECT e.kind, e.idempotency_key, e.id
      FROM ledger_entry e
     WHERE e.kind = 'sale'
       AND NOT EXISTS (SELECT FROM shop_order o
                        WHERE o.state = 'paid' AND o.charge_ref || ':sale' = e.idempotency_key)
     ORDER BY e.id
"""
