"""What somebody bought, and the years of sales, in Tassel and before it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from people.access import role_required
from people.desk import READERS
from people.models import User
from shop.queries.past import (
    past_sale_of,
    purchases_of,
    shares_of_past_sale,
    years_before_tassel,
    years_in_tassel,
)

NUMBER_MAX = 60


@never_cache
@login_required
@require_safe
def my_purchases(request: HttpRequest) -> HttpResponse:
    """A buyer's orders, and what they bought before Tassel, told apart."""
    assert isinstance(request.user, User)
    return render(request, "shop/my_purchases.html", {"purchases": purchases_of(request.user)})


@role_required(*READERS)
@require_safe
def desk_sales(request: HttpRequest) -> HttpResponse:
    """Sales year by year, and one past sale by its number: what it was, and that nothing of it is given back here."""
    number = " ".join(request.GET.get("number", "").replace("\0", "").split())[:NUMBER_MAX]
    sale = past_sale_of(number) if number else None
    context = {
        "number": number,
        "sale": sale,
        "shares": shares_of_past_sale(sale) if sale else [],
        "years": years_in_tassel(),
        "past_years": years_before_tassel(),
        "here": "sales",
    }
    return render(request, "shop/desk/sales.html", context, status=404 if number and sale is None else 200)
