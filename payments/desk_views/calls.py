"""Our calls that change something at Stripe: those of which nobody knows what came of them first."""

from __future__ import annotations

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from ledger.models import ReconciliationException
from payments.discrepancies import CALL_UNKNOWN
from payments.forms import CallFilter
from payments.models import UNFINISHED_CALLS, StripeCall
from payments.trail import Trail, trail_of
from people import clock
from people.access import role_required
from people.desk import READERS
from people.paging import page_of
from people.sources import describe

_WORST_FIRST = Case(
    When(state="unknown", then=Value(0)), When(state="sent", then=Value(1)), default=2, output_field=IntegerField()
)


@role_required(*READERS)
@require_safe
def calls(request: HttpRequest) -> HttpResponse:
    """Calls by state; without one, those that have no answer."""
    form = CallFilter(request.GET)
    found = form.cleaned_data if form.is_valid() else {}
    state = found.get("state") or (CallFilter.ALL if found.get("subject") else CallFilter.UNANSWERED)
    page = page_of(request, _found(form, state))
    words = describe(call.subject for call in page)
    context = {
        "form": form,
        "state": state,
        "filtered": bool(found.get("subject") or found.get("purpose")),
        "page": page,
        "rows": [(call, words[call.subject]) for call in page],
        "now": clock.now(),
        "here": "stripe",
        "part": "calls",
    }
    return render(request, "payments/desk/calls.html", context, status=400 if form.errors else 200)


def _found(form: CallFilter, state: str) -> QuerySet[StripeCall]:
    rows = StripeCall.objects.defer("params")
    if form.errors:
        return rows.none()
    typed = form.cleaned_data
    if typed["purpose"]:
        rows = rows.filter(purpose=typed["purpose"])
    if typed["subject"]:
        rows = rows.filter(subject=typed["subject"].strip())
    if state == CallFilter.UNANSWERED:
        return rows.filter(state__in=UNFINISHED_CALLS).order_by(_WORST_FIRST, "intended_at", "id")
    return (rows if state == CallFilter.ALL else rows.filter(state=state)).order_by("-id")


@role_required(*READERS)
@require_safe
def call(request: HttpRequest, call_id: int) -> HttpResponse:
    """One call: its key, its attempts, its answer, and what came of it in the books."""
    row = get_object_or_404(StripeCall.objects.defer("params"), pk=call_id)
    named = ReconciliationException.objects.filter(kind=CALL_UNKNOWN.word, subject=f"stripe:call:{row.pk}")
    context = {
        "call": row,
        "source": describe([row.subject])[row.subject],
        "exception": named.order_by("-id").first(),
        "is_unfinished": row.state in UNFINISHED_CALLS,
        "trail": trail_of(row.result_id) if row.result_id else Trail(),
        "here": "stripe",
        "part": "calls",
    }
    return render(request, "payments/desk/call.html", context)
