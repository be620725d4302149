"""What `order:7` means to staff who follow money back to what was bought."""

from __future__ import annotations

from django.urls import reverse

from people.sources import Source
from shop.models import Order


def describe_orders(refs: list[str]) -> dict[str, Source]:
    """References of orders by their number, with where to open them; no buyer's name, which is not needed here."""
    ids = [int(number) for ref in refs if (number := ref.partition(":")[2]).isdecimal()]
    return {
        order.ref: Source(f"Order {order.number}", reverse("shop:desk_order", args=[order.pk]))
        for order in Order.objects.filter(pk__in=ids)
    }
