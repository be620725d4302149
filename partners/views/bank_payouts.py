"""Stripe's payouts of a month on the desk: each with its match at the bank, or with the reason why it has none."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from ledger.models import Period
from partners.bank.month_payouts import LISTED, MATCHED, OPEN, payouts_of_month
from partners.operations.list_stripe_payout import AlreadyMatched, ReasonMissing, list_stripe_payout
from partners.views.bank import HANDS
from partners.views.numbers import row_id
from payments.models import StripePayout
from people import clock, desk
from people.access import has_role, role_required
from people.queries import days_of

SHOWN = 50
PLACES = {OPEN: 0, LISTED: 1, MATCHED: 2}


@role_required(*desk.FINANCE)
@require_safe
def payouts(request: HttpRequest, yyyymm: int) -> HttpResponse:
    """What is open first: the work list of the month's check."""
    get_object_or_404(Period, pk=yyyymm)
    rows = sorted(payouts_of_month(yyyymm), key=lambda row: PLACES[row.state])
    context = {
        "rows": Paginator(rows, SHOWN).get_page(request.GET.get("page")),
        "open_number": sum(row.state == OPEN for row in rows),
        "month": yyyymm,
        "first_day": days_of(yyyymm)[0],
        "may_act": has_role(request.user, *HANDS),
        "here": "months",
    }
    return render(request, "partners/desk/bank_payouts.html", context)


@role_required(*HANDS)
@require_POST
def say_why(request: HttpRequest, yyyymm: int) -> HttpResponse:
    """Keep a person's reason for one of them."""
    get_object_or_404(Period, pk=yyyymm)
    payout = StripePayout.objects.filter(pk=row_id(request.POST.get("payout", ""))).first()
    if payout is None:
        messages.error(request, "Say which payout you mean.")
        return redirect("partners:desk_bank_payouts", yyyymm)
    reason = request.POST.get("reason", "")
    try:
        list_stripe_payout(stripe_payout_id=payout.pk, reason=reason, by=request.user, now=clock.now())  # type: ignore[arg-type]
    except (ReasonMissing, AlreadyMatched) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{payout.payout_id} is listed with your reason. Check the month again to see it.")
    return redirect("partners:desk_bank_payouts", yyyymm)
