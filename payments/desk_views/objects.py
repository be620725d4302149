"""One id of Stripe's on the desk: the payment behind it with everything that we know, and the box that finds ids."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from payments.forms import FindForm
from payments.models import BalanceTransaction, StripeCall, StripeEvent, StripePayout
from payments.trail import trail_of
from people import clock
from people.access import role_required
from people.desk import READERS
from people.sources import describe

LISTED_MAX = 50


@role_required(*READERS)
@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Open what an id names: an event, a balance transaction, a payout, or the payment behind anything else."""
    form = FindForm(request.GET)
    if not form.is_valid():
        messages.error(request, str(form.errors["id"][0]))
        return redirect("payments_desk:events")
    wanted = form.cleaned_data["id"]
    for model, field, page in (
        (StripeEvent, "event_id", "event"),
        (BalanceTransaction, "bt_id", "balance_transaction"),
        (StripePayout, "payout_id", "payout"),
    ):
        if model._default_manager.filter(**{field: wanted}).exists():
            return redirect(f"payments_desk:{page}", wanted)
    if "/" not in wanted and (StripeEvent.objects.filter(object_id=wanted).exists() or not trail_of(wanted).is_empty):
        return redirect("payments_desk:object", wanted)
    messages.error(request, f"Nothing here has the id {wanted}.")
    return redirect("payments_desk:events")


@role_required(*READERS)
@require_safe
def stripe_object(request: HttpRequest, object_id: str) -> HttpResponse:
    """A charge, refund, dispute, session, subscription or invoice, with the whole payment that it belongs to."""
    trail = trail_of(object_id)
    events = StripeEvent.objects.defer("body").filter(object_id__in={object_id, *trail.ids}).order_by("-id")
    listed = list(events[:LISTED_MAX])
    if trail.is_empty and not listed:
        raise Http404
    calls = StripeCall.objects.defer("params").filter(subject=trail.subject).order_by("-id") if trail.subject else ()
    context = {
        "object_id": object_id,
        "trail": trail,
        "subject": describe([trail.subject]).get(trail.subject) if trail.subject else None,
        "events": listed,
        "calls": calls[:LISTED_MAX],
        "now": clock.wall_now(),
        "here": "stripe",
        "part": "",
    }
    return render(request, "payments/desk/object.html", context)
