"""What must always be true between the shop's rows and the books; `manage.py books` runs these checks."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import BigIntegerField, Exists, F, IntegerField, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Concat

from ledger.models import Entry, Posting
from shop.models import Order, StockHold, StockMovement, Variant


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


def paid_orders_booked() -> Iterable[str]:
    """Each paid order has its sale in the books with the amount that was charged, and each sale is of a paid order."""
    posted = (
        Posting.objects.filter(entry__idempotency_key=OuterRef("sale_key"))
        .order_by()
        .values("entry")
        .annotate(total=Sum("amount_minor", filter=Q(debit__purpose="clearing")))
    )
    paid = Order.objects.filter(state=Order.State.PAID).annotate(sale_key=Concat("charge_ref", Value(":sale")))
    booked = paid.annotate(booked=Subquery(posted.values("total"), output_field=BigIntegerField()))
    for order in booked.exclude(booked=F("total_minor")).order_by("pk"):
        yield f"{order.ref}: {order.total_minor} charged by {order.charge_ref}, {order.booked or 0} in the sale entry"
    sales = Entry.objects.filter(kind="sale").exclude(Exists(paid.filter(sale_key=OuterRef("idempotency_key"))))
    for key in sales.order_by("pk").values_list("idempotency_key", flat=True):
        yield f"{key}: a sale of no paid order"


CHECKS = {
    "stock is explained by its movements and holds": stock_explained,
    "each paid order has its sale, each sale its paid order": paid_orders_booked,
}
