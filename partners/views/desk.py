"""The desk's front page, and "why this number" for one allocation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from ledger.figures import Figures, figures
from partners.disclosure import scope_sentence
from partners.models import Allocation, Partner, PartnerPayout
from partners.queries.promises import promise_of
from partners.views.why import CONTACT
from people import clock
from people import desk as waiting
from people.access import role_required, staff_required
from people.models import Organisation
from people.queries import local_day, organisation
from people.sources import describe


@staff_required
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """What needs you now, by age; for finance also what is owed."""
    org = organisation()
    now = clock.now()
    roles = set(request.user.groups.values_list("name", flat=True))
    if roles == {CONTACT}:
        return redirect("partners:own")
    tasks = waiting.tasks(roles, now, user_id=request.user.pk)
    context: dict[str, Any] = {
        "approvals": [task for task in tasks if task.asked_by_id],
        "tasks": [task for task in tasks if not task.asked_by_id],
        "now": now,
        "org": org,
    }
    if roles & set(waiting.FINANCE):
        context |= _figures(org, now)
    return render(request, "partners/desk/desk.html", context | {"here": "desk"})


def _figures(org: Organisation, now: datetime) -> dict[str, Any]:
    """One query, and one for the partners' names."""
    found = figures(today=local_day(now, org), now=now, currency=org.currency)
    partners = Partner.objects.in_bulk([int(owner.partition(":")[2]) for owner in found.owed])
    payable = sorted(((row, found.owed[row.owner]) for row in partners.values()), key=lambda pair: -pair[1])
    return {"finance": True, "currency": org.currency, "figures": found, "bars": _bars(found), "payable": payable}


def _bars(moved: Figures) -> list[dict[str, Any]]:
    """This month beside last, all to one scale of 1,000."""
    rows = [
        ("Received", moved.month.received_minor, moved.last_month.received_minor),
        ("Promised to partners", moved.month.given_minor, moved.last_month.given_minor),
        ("Given back", moved.month.refunded_minor, moved.last_month.refunded_minor),
    ]
    most = max((amount for _, *amounts in rows for amount in amounts), default=0) or 1
    return [
        {
            "label": label,
            "now_minor": now_minor,
            "then_minor": then_minor,
            "now_width": max(now_minor, 0) * 1000 // most,
            "then_width": max(then_minor, 0) * 1000 // most,
        }
        for label, now_minor, then_minor in rows
    ]


@role_required(*waiting.FINANCE)
@require_safe
def allocation(request: HttpRequest, allocation_id: int) -> HttpResponse:
    """One share: the promise, the payment, the arithmetic, the entry, and the payout that paid it."""
    row = get_object_or_404(
        Allocation.objects.select_related("agreement__partner", "entry__seal").prefetch_related("lines"),
        pk=allocation_id,
    )
    payout = PartnerPayout.objects.filter(items__allocation=row, items__released_at__isnull=True).first()
    context = {
        "allocation": row,
        "promise": promise_of(row.agreement),
        "sentence": scope_sentence(promise_of(row.agreement)),
        "source": describe([row.source])[row.source],
        "payout": payout,
    }
    return render(request, "partners/desk/allocation.html", context | {"here": "payouts"})
