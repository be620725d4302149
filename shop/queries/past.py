"""Sales before Tassel beside those in it: never in one sum, because only the latter are in the books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import F, Sum
from django.db.models.functions import ExtractYear, TruncDate

from partners.models import PastShare
from people.models import User
from people.queries import organisation
from shop.models import Order, OrderLine, PastSale, PastSaleLine

SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class YearOfSales:
    """A year's pieces and their price after discounts, before tax and shipping; of past years also settled shares."""

    year: int
    currency: str
    units: int
    goods_minor: int
    shares_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Purchases:
    """What one buyer bought, in Tassel and before it, the latest first."""

    orders: Sequence[Order]
    past: Sequence[PastSale]


def years_in_tassel() -> list[YearOfSales]:
    """By the local year of payment, the latest first. What was given back later is not taken off. One query."""
    zone = organisation().zone
    rows = (
        OrderLine.objects.filter(order__state=Order.State.PAID)
        .annotate(year=ExtractYear(TruncDate("order__paid_at", tzinfo=zone)), currency=F("order__currency"))
        .order_by("-year", "currency")
        .values_list("year", "currency")
        .annotate(Sum("units"), Sum("net_minor"))
    )
    return [YearOfSales(*row) for row in rows]


def years_before_tassel() -> list[YearOfSales]:
    """By the year of the sale, the latest first. Two queries."""
    shares = {
        (year, currency): amount
        for year, currency, amount in PastShare.objects.annotate(year=ExtractYear("sold_on"))
        .order_by()
        .values_list("year", "currency")
        .annotate(Sum("amount_minor"))
    }
    rows = (
        PastSaleLine.objects.annotate(year=ExtractYear("sale__sold_on"), currency=F("sale__currency"))
        .order_by("-year", "currency")
        .values_list("year", "currency")
        .annotate(Sum("units"), Sum("goods_minor"))
    )
    return [
        YearOfSales(year, currency, units, goods, shares.get((year, currency), 0))
        for year, currency, units, goods in rows
    ]


def past_sale_of(number: str) -> PastSale | None:
    """The past sale with this number of the other system. Three queries."""
    return (
        PastSale.objects.select_related("supporter", "imported").prefetch_related("lines").filter(number=number).first()
    )


def shares_of_past_sale(sale: PastSale) -> Sequence[PastShare]:
    """What the partners had of it, settled before the books began. One query."""
    return list(PastShare.objects.filter(source=sale.ref).select_related("partner").order_by("pk"))


def purchases_of(user: User) -> Purchases:
    """Everything that one signed-in buyer bought. Four queries."""
    orders = Order.objects.filter(supporter__user=user, state=Order.State.PAID).prefetch_related("lines")
    past = PastSale.objects.filter(supporter__user=user).prefetch_related("lines")
    return Purchases(list(orders.order_by("-paid_at")[:SHOWN]), list(past[:SHOWN]))
