"""Bank accounts on the desk: their statements, the columns of their CSV, and the three-way comparison."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from ledger.models import ReconciliationException
from partners.bank.three_way import Held, in_transit, stripe_balance, three_way
from partners.forms import ColumnsForm
from partners.models import BankAccount, ColumnProfile
from partners.queries import bank as reads
from partners.views.bank import HANDS
from people import desk
from people.access import has_role, role_required
from people.operations.note_change import note_change
from people.queries import organisation

SHOWN = 50


@role_required(*desk.FINANCE)
@require_safe
def account(request: HttpRequest, account_id: int) -> HttpResponse:
    """An account's statements, the latest first, with what does not follow named beside each."""
    row = get_object_or_404(BankAccount, pk=account_id)
    statements = (
        row.statements.order_by("-last_on", "-pk")
        .select_related("imported_by")
        .annotate(number=Count("lines"), moved_minor=Sum("lines__amount_minor"))
    )
    page = Paginator(statements, SHOWN).get_page(request.GET.get("page"))
    open_ones = ReconciliationException.objects.filter(
        subject__in=[one.ref for one in page], kind__in=reads.KINDS, resolved_at__isnull=True
    )
    problems: dict[str, list[ReconciliationException]] = {}
    for exception in open_ones:
        problems.setdefault(exception.subject, []).append(exception)
    rows = [(one, problems.get(one.ref, [])) for one in page]
    context = {"account": row, "page": page, "rows": rows, "kinds": reads.KINDS, "here": "bank"}
    context |= {"profiles": row.profiles.all(), "may_act": has_role(request.user, *HANDS)}
    return render(request, "partners/desk/bank_account.html", context)


@role_required(*HANDS)
@require_http_methods(["GET", "POST"])
def new_columns(request: HttpRequest, account_id: int) -> HttpResponse:
    """Say how a CSV of this account is laid out."""
    row = get_object_or_404(BankAccount, pk=account_id)
    return _columns(request, ColumnProfile(account=row))


@role_required(*HANDS)
@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest, profile_id: int) -> HttpResponse:
    """Change how a CSV is read from now on; what was imported stays as it is."""
    return _columns(request, get_object_or_404(ColumnProfile.objects.select_related("account"), pk=profile_id))


def _columns(request: HttpRequest, profile: ColumnProfile) -> HttpResponse:
    form = ColumnsForm(request.POST or None, instance=profile)
    if request.method == "POST" and form.is_valid():
        is_new = profile.pk is None
        with transaction.atomic():
            form.save()
            note_change(row=profile, fields=form.changed_data, by=request.user, is_new=is_new)  # type: ignore[arg-type]
        messages.success(request, f"Files of {profile.account} with these columns can be read now.")
        return redirect("partners:desk_bank_account", profile.account_id)
    context = {"form": form, "account": profile.account, "here": "bank"}
    return render(request, "partners/desk/bank_columns.html", context, status=400 if form.errors else 200)


@role_required(*desk.FINANCE)
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """The books, Stripe and the bank side by side, each difference with its name."""
    currency = organisation().currency
    held = Held(currency)
    context = {
        "currency": currency,
        "stripe": stripe_balance(held),
        "transit": in_transit(held),
        "banks": three_way(held),
        "here": "bank",
    }
    return render(request, "partners/desk/bank_three_way.html", context)
