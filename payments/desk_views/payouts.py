"""Stripe's payouts to our bank on the desk: each beside the sum of what it is made of, and the bank's line."""

from __future__ import annotations

from django.db.models import BigIntegerField, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from ledger.models import ReconciliationException
from payments.at_bank import seen_at_bank
from payments.forms import PayoutFilter
from payments.models import StripePayout
from payments.trail import booked
from people import clock
from people.access import role_required
from people.desk import READERS
from people.paging import page_of
from people.queries import local_day


@role_required(*READERS)
@require_safe
def payouts(request: HttpRequest) -> HttpResponse:
    """Payouts, the latest first."""
    form = PayoutFilter(request.GET)
    rows = _with_parts(StripePayout.objects.all())
    if not form.is_valid():
        rows = rows.none()
    elif form.cleaned_data["state"]:
        rows = rows.filter(status=form.cleaned_data["state"])
    page = page_of(request, rows.order_by("-created_at", "-id"))
    seen = seen_at_bank([row.ref for row in page])
    context = {
        "form": form,
        "filtered": form.is_valid() and bool(form.cleaned_data["state"]),
        "page": page,
        "rows": [(row, seen.get(row.ref)) for row in page],
        "today": local_day(clock.now()),
        "here": "stripe",
        "part": "payouts",
    }
    return render(request, "payments/desk/payouts.html", context, status=400 if form.errors else 200)


@role_required(*READERS)
@require_safe
def payout(request: HttpRequest, payout_id: str) -> HttpResponse:
    """One payout: what it is made of, line by line, and whether that comes to it."""
    row = get_object_or_404(_with_parts(StripePayout.objects.all()), payout_id=payout_id)
    own = booked().filter(bt_id__in=filter(None, [row.bt_id, row.failure_bt_id]))
    contents = booked().filter(payout=row).exclude(source_id=row.payout_id).order_by("created_at", "id")
    exceptions = ReconciliationException.objects.filter(subject=row.ref, resolved_at__isnull=True)
    context = {
        "payout": row,
        "own": own.order_by("created_at", "id"),
        "page": page_of(request, contents),
        "exceptions": exceptions,
        "seen": seen_at_bank([row.ref]).get(row.ref),
        "today": local_day(clock.now()),
        "here": "stripe",
        "part": "payouts",
    }
    return render(request, "payments/desk/payout.html", context)


def _with_parts(rows: QuerySet[StripePayout]) -> QuerySet[StripePayout]:
    """`parts_minor` is what Stripe lists as its contents, without its own row; `difference_minor` that less itself."""
    theirs = Sum("contents__net_minor", filter=~Q(contents__source_id=F("payout_id")))
    parts = Coalesce(theirs, 0, output_field=BigIntegerField())
    return rows.annotate(parts_minor=parts).annotate(difference_minor=F("parts_minor") - F("amount_minor"))
