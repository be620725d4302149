"""The desk's front page, and "why this number" for one allocation."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from ledger.queries import balances_by_owner
from partners.disclosure import scope_sentence
from partners.models import Allocation, PartnerPayout
from partners.queries.promises import promise_of
from people import clock
from people import desk as waiting
from people.access import role_required, staff_required
from people.queries import organisation
from people.sources import describe


@staff_required
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """What needs you now, by age; for finance also what is owed."""
    org = organisation()
    now = clock.now()
    roles = set(request.user.groups.values_list("name", flat=True))
    context: dict[str, Any] = {"tasks": waiting.tasks(roles, now), "now": now, "org": org}
    if roles & set(waiting.FINANCE):
        owed_minor = -sum(balances_by_owner("payable", currency=org.currency).values())
        context |= {"finance": True, "currency": org.currency, "owed_minor": owed_minor}
    return render(request, "partners/desk/desk.html", context | {"here": "desk"})


@role_required(*waiting.FINANCE)
@require_safe
def allocation(request: HttpRequest, allocation_id: int) -> HttpResponse:
    """One share: the promise, the payment, the arithmetic, the entry, and the payout that paid it."""
    row = get_object_or_404(
        Allocation.objects.select_related("agreement__partner", "entry").prefetch_related("lines"), pk=allocation_id
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
