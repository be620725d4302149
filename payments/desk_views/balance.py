"""Stripe's account of our money on the desk: each line with its entry or its exception, and its payout."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from payments.forms import BalanceFilter
from payments.models import BalanceComparison, BalanceTransaction
from payments.readings import object_ref
from payments.trail import booked, subject_of
from people.access import role_required
from people.desk import READERS
from people.paging import page_of
from people.sources import describe


@role_required(*READERS)
@require_safe
def balance(request: HttpRequest) -> HttpResponse:
    """Balance transactions, the latest first, below how Stripe's balance last compared with the books."""
    form = BalanceFilter(request.GET)
    page = page_of(request, _found(form))
    context = {
        "form": form,
        "filtered": form.is_valid() and any(form.cleaned_data.values()),
        "page": page,
        "comparisons": BalanceComparison.objects.order_by("currency", "-compared_at", "-id").distinct("currency"),
        "here": "stripe",
        "part": "balance",
    }
    return render(request, "payments/desk/balance.html", context, status=400 if form.errors else 200)


def _found(form: BalanceFilter) -> QuerySet[BalanceTransaction]:
    rows = booked()
    if not form.is_valid():
        return rows.none()
    typed = form.cleaned_data
    if typed["payout"]:
        rows = rows.filter(payout__payout_id=typed["payout"].strip())
    if typed["category"]:
        rows = rows.filter(category=typed["category"].strip().lower().replace(" ", "_"))
    if typed["entry"]:
        rows = rows.filter(entry__isnull=typed["entry"] == BalanceFilter.WITHOUT)
    if typed["id"]:
        rows = rows.filter(Q(bt_id=typed["id"].strip()) | Q(source_id=typed["id"].strip()))
    return rows.order_by("-created_at", "-id")


@role_required(*READERS)
@require_safe
def balance_transaction(request: HttpRequest, bt_id: str) -> HttpResponse:
    """One line of Stripe's account: amount, fee, net, what it is of, its entry, its payout."""
    row = get_object_or_404(booked(), bt_id=bt_id)
    subject = subject_of(row.source_id)
    source = object_ref(row.source_id)
    words = describe(filter(None, [source, subject]))
    context = {
        "bt": row,
        "source": words.get(source),
        "subject": words.get(subject),
        "here": "stripe",
        "part": "balance",
    }
    return render(request, "payments/desk/balance_transaction.html", context)
