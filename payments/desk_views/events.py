"""The inbox on the desk: what Stripe told us, and what came of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from payments.cutting import kept_of
from payments.forms import EventFilter
from payments.models import StripeEvent
from payments.operations.revive_event import Outcome, revive_event
from payments.readings import object_ref
from payments.trail import Trail, trail_of
from people import clock
from people.access import has_role, role_required
from people.desk import READERS
from people.paging import page_of
from people.sources import describe

REVIVERS = ("finance preparer",)
OTHERS_MAX = 20
State = StripeEvent.State


@role_required(*READERS)
@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """Events by state: those that wait and the dead ones the oldest first, the others the latest first."""
    form = EventFilter(request.GET)
    found = form.cleaned_data if form.is_valid() else {}
    state = found.get("state") or (EventFilter.ALL if found.get("id") else EventFilter.WAITING)
    counts = StripeEvent.objects.filter(state__in=[State.RECEIVED, State.DEAD]).aggregate(
        waiting=Count("pk", filter=Q(state=State.RECEIVED)), dead=Count("pk", filter=Q(state=State.DEAD))
    )
    context = {
        "form": form,
        "state": state,
        "filtered": bool(found.get("type") or found.get("id")),
        "page": page_of(request, _found(form, state)),
        "counts": counts,
        "now": clock.wall_now(),
    }
    return _render(request, "events", context, status=400 if form.errors else 200)


def _found(form: EventFilter, state: str) -> QuerySet[StripeEvent]:
    rows = StripeEvent.objects.defer("body")
    if form.errors:
        return rows.none()
    typed = form.cleaned_data
    if state != EventFilter.ALL:
        rows = rows.filter(state=state)
    if typed["type"]:
        rows = rows.filter(type=typed["type"].strip())
    if typed["id"]:
        rows = rows.filter(Q(event_id=typed["id"].strip()) | Q(object_id=typed["id"].strip()))
    return rows.order_by("id" if state in (State.RECEIVED, State.DEAD) else "-id")


@role_required(*READERS)
@require_safe
def event(request: HttpRequest, event_id: str) -> HttpResponse:
    """One event: what it is about, its attempts, and what the books have of that object now."""
    row = get_object_or_404(StripeEvent, event_id=event_id)
    trail = trail_of(row.object_id) if row.object_id else Trail()
    ref = object_ref(row.object_id)
    words = describe(filter(None, [ref, trail.subject]))
    others = StripeEvent.objects.defer("body").filter(object_id=row.object_id).exclude(pk=row.pk).exclude(object_id="")
    context = {
        "event": row,
        "kept": kept_of(row.body),
        "trail": trail,
        "about": words.get(ref),
        "subject": words.get(trail.subject),
        "others": others.order_by("-id")[:OTHERS_MAX],
        "may_revive": row.state == State.DEAD and has_role(request.user, *REVIVERS),
        "now": clock.wall_now(),
    }
    return _render(request, "event", context)


@role_required(*REVIVERS)
@require_POST
def try_again(request: HttpRequest, event_id: str) -> HttpResponse:
    """Make a dead event due again."""
    row = get_object_or_404(StripeEvent.objects.only("event_id"), event_id=event_id)
    revived = revive_event(event_id=row.event_id, by=request.user)  # type: ignore[arg-type]
    if revived is Outcome.REVIVED:
        messages.success(request, "It is tried again within a minute, as often as at first.")
    else:
        messages.error(request, "It is not dead, so there is nothing to try again.")
    return redirect("payments_desk:event", row.event_id)


def _render(request: HttpRequest, page: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    words = {"here": "stripe", "part": "events"}
    return render(request, f"payments/desk/{page}.html", context | words, status=status)
