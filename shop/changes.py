"""The changes that the shop's rows tell: refunds that staff asked for, and past sales taken in or out."""

from __future__ import annotations

from typing import Final

from django.db.models import F, Value
from django.db.models.functions import Concat

from people.history import Change, labelled
from shop.models import OrderRefund, PastSalesImport

_IMPORT = Concat(Value("past_sales:"), "pk")
CHANGES: Final = (
    Change(
        "Refunds",
        lambda: OrderRefund.objects.filter(asked_by__isnull=False),
        F("asked_at"),
        F("asked_by"),
        Concat(Value("order:"), "order_id"),
        Value("refund asked for"),
        labelled("because", OrderRefund.Because.choices),
    ),
    Change("Past sales", PastSalesImport.objects.all, F("imported_at"), F("imported_by"), _IMPORT, Value("taken in")),
    Change(
        "Past sales",
        lambda: PastSalesImport.objects.filter(undone_by__isnull=False),
        F("undone_at"),
        F("undone_by"),
        _IMPORT,
        Value("taken out again"),
    ),
)
