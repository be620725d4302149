"""The partners as everybody may see them: who they are, what is promised, what reached them."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from partners.disclosure import scope_sentence
from partners.models import Partner
from partners.queries import Totals, earned, months, promises_of, totals
from partners.queries.account import owed, raised_by_partner
from partners.queries.past import years_before
from people import clock
from people.money_line import Part
from people.queries import local_day, month_bounds, organisation


@require_safe
def partners(request: HttpRequest) -> HttpResponse:
    """Every partner that is not closed, with what it was promised so far."""
    org = organisation()
    raised = raised_by_partner(org.currency)
    rows = [(partner, raised.get(partner.pk, 0)) for partner in Partner.objects.exclude(status=Partner.Status.CLOSED)]
    return render(request, "partners/partners.html", {"org": org, "rows": rows})


@require_safe
def partner(request: HttpRequest, slug: str) -> HttpResponse:
    """One partner: its words, its promises, its figures, its months with their statements."""
    org = organisation()
    row = get_object_or_404(Partner, slug=slug)
    now = clock.now()
    today = local_day(now, org)
    first_day, last_day = month_bounds(f"{today:%Y-%m}")
    so_far = totals(row, currency=org.currency)
    eve = org.books_begin_on - timedelta(days=1) if org.books_begin_on else None
    carried_minor = owed(row, eve, org.currency) if eve else 0
    context = {
        "org": org,
        "partner": row,
        "carried_minor": carried_minor,
        "corrections_minor": so_far.other_minor - carried_minor,
        "promises": [scope_sentence(promise) for promise in promises_of(row, now)],
        "so_far": so_far,
        "line": _money_line(so_far),
        "month": earned(row, first_day, last_day, org.currency),
        "month_on": first_day,
        "months": months(row, org.currency),
        "years_before": years_before(row),
        "currency": org.currency,
    }
    return render(request, "partners/partner.html", context)


def _money_line(so_far: Totals) -> list[Part]:
    return [
        Part("Reached their bank", so_far.paid_minor, "paid"),
        Part("Promised, not paid yet", max(so_far.closing_minor, 0), "promised"),
    ]
