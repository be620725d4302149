"""The front page and the two health doors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from donations.queries import campaign_progress, running_campaign
from partners.models import Partner
from partners.queries import paid_by_partner
from payments.operations.check_endpoint import may_be_ready
from people import clock
from people.queries import local_day, organisation
from shop.queries import ProductOffer, catalogue
from shop.session import cart_id

DESIGNS_SHOWN = 2


@dataclass(frozen=True, slots=True)
class Reached:
    """What reached a partner's bank in a month."""

    partner: Partner
    amount_minor: int


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What it is, two designs with their promise, the circle with its thermometer, what reached partners last month."""
    now = clock.now()
    org = organisation()
    campaign = running_campaign(now)
    first_day, last_day = _last_month(local_day(now, org))
    context = {
        "org": org,
        "products": _promised_first(now, org.currency, cart_id(request)),
        "progress": campaign_progress(campaign) if campaign else None,
        "reached": _reached(first_day, last_day, org.currency),
        "last_month": first_day,
    }
    return render(request, "home.html", context)


def _promised_first(now: datetime, currency: str, cart: int | None) -> list[ProductOffer]:
    """The first designs of the shelf of which a share goes to a partner, then the others."""
    offers = catalogue(now, currency=currency, cart_id=cart)
    return sorted(offers, key=lambda product: not product.cheapest.shares)[:DESIGNS_SHOWN]


def _last_month(today: date) -> tuple[date, date]:
    last_day = today.replace(day=1) - timedelta(days=1)
    return last_day.replace(day=1), last_day


def _reached(first_day: date, last_day: date, currency: str) -> list[Reached]:
    paid = paid_by_partner(first_day, last_day, currency)
    return [Reached(partner, paid[partner.pk]) for partner in Partner.objects.filter(pk__in=paid).order_by("name")]


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok", "environment": settings.TASSEL_ENV})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """The process and its database answer, and Stripe was seen to send what we read; 503 otherwise."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        told = may_be_ready()
    except DatabaseError:
        return JsonResponse({"status": "database unreachable"}, status=503)
    if not told:
        return JsonResponse({"status": "webhook endpoint not checked"}, status=503)
    return JsonResponse({"status": "ok"})
