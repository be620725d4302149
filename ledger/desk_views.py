"""The desk's pages of the books: one entry whole, and what does not add up, by age."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from ledger.contents import contents_of
from ledger.details import detail_of, words_of
from ledger.discrepancies import KINDS
from ledger.forms import KEEPERS, AssignForm, ExceptionFilter, SettleForm
from ledger.models import Entry, ReconciliationException
from ledger.operations import assign_exception as assigning
from ledger.operations import resolve_exception as resolving
from people import clock
from people.access import has_role, role_required
from people.desk import READERS
from people.paging import page_of
from people.sources import describe


@role_required(*READERS)
@require_safe
def entry(request: HttpRequest, entry_id: int) -> HttpResponse:
    """One entry: its pairs of accounts, what it tells of, its seal, what it reverses and what reversed it."""
    row = get_object_or_404(Entry.objects.select_related("reverses", "seal"), pk=entry_id)
    postings = list(row.postings.select_related("debit", "credit").order_by("ordinal"))
    owners = {account.owner for posting in postings for account in (posting.debit, posting.credit) if account.owner}
    words = describe([row.source, row.idempotency_key, row.actor, *owners])
    [content] = contents_of([row.pk])
    currencies = {posting.currency for posting in postings}
    context = {
        "entry": row,
        "postings": [(p, words.get(p.debit.owner), words.get(p.credit.owner)) for p in postings],
        "total_minor": sum(p.amount_minor for p in postings) if len(currencies) == 1 else None,
        "currency": min(currencies, default=""),
        "source": words[row.source],
        "fact": words[row.idempotency_key],
        "actor": words[row.actor],
        "reversed_by": Entry.objects.filter(reverses=row).first(),
        "is_as_posted": content.is_as_posted,
        "seal_hash": bytes(row.seal.hash).hex() if hasattr(row, "seal") else "",
        "settles": ReconciliationException.objects.filter(resolution_entry=row).first(),
    }
    return render(request, "ledger/desk/entry.html", context)


@role_required(*READERS)
@require_safe
def exceptions(request: HttpRequest) -> HttpResponse:
    """What does not add up: open ones the oldest first, settled ones the latest first."""
    now = clock.now()
    form = ExceptionFilter(request.GET)
    state = form.cleaned_data["state"] if form.is_valid() else ""
    page = page_of(request, _found(form, state or ExceptionFilter.OPEN, now))
    words = words_of(page)
    context = {
        "form": form,
        "state": state or ExceptionFilter.OPEN,
        "page": page,
        "rows": [(row, words[row.subject], detail_of(row, words)) for row in page],
        "kinds": [kind for kind in KINDS.values() if kind.word in {row.kind for row in page}],
        "now": now,
        "filtered": any(request.GET.get(name) for name in ("kind", "subject")),
        "here": "exceptions",
    }
    return render(request, "ledger/desk/exceptions.html", context, status=400 if form.errors else 200)


def _found(form: ExceptionFilter, state: str, now: datetime) -> QuerySet[ReconciliationException]:
    rows = ReconciliationException.objects.select_related("owner", "resolved_by")
    if form.errors:
        return rows.none()
    rows = rows.filter(form.found())
    if state == ExceptionFilter.SETTLED:
        return rows.filter(resolved_at__isnull=False).order_by("-resolved_at", "-id")
    overdue = Q(due_at__lt=now) if state == ExceptionFilter.OVERDUE else Q()
    return rows.filter(overdue, resolved_at__isnull=True).order_by("opened_at", "id")


@role_required(*READERS)
@require_safe
def exception(request: HttpRequest, exception_id: int) -> HttpResponse:
    """One exception: what it is about, how old it is and may be, who has it, what was done."""
    return _exception(request, exception_id, SettleForm())


@role_required(*KEEPERS)
@require_POST
def assign(request: HttpRequest, exception_id: int) -> HttpResponse:
    row = get_object_or_404(ReconciliationException, pk=exception_id)
    form = AssignForm(request.POST)
    if not form.is_valid():
        return _exception(request, exception_id, SettleForm(), form)
    outcome = assigning.assign_exception(
        exception_id=row.pk,
        owner=form.cleaned_data["owner"],
        by=request.user,  # type: ignore[arg-type]
        now=clock.now(),
    )
    if outcome is assigning.Outcome.ALREADY_RESOLVED:
        messages.error(request, "It is settled already, so it stays with nobody.")
    else:
        owner = form.cleaned_data["owner"]
        messages.success(request, f"{owner} looks into it now." if owner else "It is everybody's again.")
    return redirect("ledger_desk:exception", row.pk)


@role_required(*KEEPERS)
@require_POST
def settle(request: HttpRequest, exception_id: int) -> HttpResponse:
    """Close it with a word and a reason; the first who does counts."""
    row = get_object_or_404(ReconciliationException, pk=exception_id)
    form = SettleForm(request.POST)
    if form.is_valid():
        typed = form.cleaned_data
        try:
            outcome = resolving.resolve_exception(
                exception_id=row.pk,
                resolution=typed["resolution"],
                reason=typed["reason"],
                by=request.user,  # type: ignore[arg-type]
                now=clock.now(),
                entry_key=typed["entry"],
            )
        except resolving.EntryMissing:
            form.add_error("entry", "Say which entry corrected it or wrote it off.")
        else:
            _tell(request, outcome)
            return redirect("ledger_desk:exception", row.pk)
    return _exception(request, exception_id, form)


def _tell(request: HttpRequest, outcome: resolving.Outcome) -> None:
    if outcome is resolving.Outcome.RESOLVED:
        messages.success(request, "Settled. It opens again only when its amount changes.")
    else:
        messages.error(request, "Somebody else settled it before you; your words were not kept.")


def _exception(
    request: HttpRequest, exception_id: int, settle_form: SettleForm, assign_form: AssignForm | None = None
) -> HttpResponse:
    rows = ReconciliationException.objects.select_related("owner", "resolved_by", "resolution_entry")
    row = get_object_or_404(rows, pk=exception_id)
    wrong = bool(settle_form.errors or (assign_form is not None and assign_form.errors))
    words = words_of([row])
    context: dict[str, Any] = {
        "exception": row,
        "source": words[row.subject],
        "detail": detail_of(row, words),
        "events": row.events.select_related("owner", "by", "note").order_by("id"),
        "now": clock.now(),
        "may_act": row.resolved_at is None and has_role(request.user, *KEEPERS),
        "settle_form": settle_form,
        "assign_form": assign_form or AssignForm(initial={"owner": row.owner_id}),
        "here": "exceptions",
    }
    return render(request, "ledger/desk/exception.html", context, status=400 if wrong else 200)
