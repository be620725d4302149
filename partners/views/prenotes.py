"""Prenotes on the desk: banks are asked whether ACH accounts exist, and what they answered is noted."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from partners.bank.bank_days import after
from partners.bank_numbers import NoKeys, NotOpened
from partners.models import AchEntry, AchFile
from partners.nacha import TooLong
from partners.operations.make_ach_file import (
    FileChanged,
    NoOriginator,
    NothingToWrite,
    WrongDay,
    make_prenote_file,
    never_asked,
)
from partners.operations.note_prenote import AlreadyNoted, NeverFetched, NoSuchCode, TooEarly, note_prenote
from partners.payout_forms import AchFileForm, PrenoteForm
from partners.queries.eligible import policy
from people import clock, desk
from people.access import confirm_afresh, has_role, role_required
from people.queries import local_day

HANDS = ("finance preparer", "finance approver")
SHOWN = 50


@role_required(*desk.FINANCE)
@require_safe
def prenotes(request: HttpRequest) -> HttpResponse:
    """Accounts that no bank was asked about, files to be fetched, and what came of those that were."""
    rules, today = policy(), local_day(clock.now())
    asked = AchEntry.objects.filter(attempt__isnull=True).select_related("file__made_by", "paid_to__partner")
    asked = asked.prefetch_related("outcomes")
    rows = []
    for entry in asked.order_by("-pk")[:SHOWN]:
        over_on = after(entry.file.effective_on, rules.prenote_wait_days)
        rows.append((entry, over_on, entry.outcome or not entry.file.downloaded_at or today < over_on))
    context = {
        "fresh": list(never_asked(today)),
        "form": AchFileForm({"effective_on": after(today, 1)}),
        "to_fetch": AchFile.objects.filter(
            entries__attempt__isnull=True,
            entries__isnull=False,
            downloaded_at__isnull=True,
            effective_on__gte=today,
            made_by=request.user.pk,
        ).distinct(),
        "rows": rows,
        "wait_days": rules.prenote_wait_days,
        "may_act": has_role(request.user, *HANDS),
        "here": "payouts",
    }
    return render(request, "partners/desk/prenotes.html", context)


@role_required(*HANDS)
@require_POST
@confirm_afresh
def make(request: HttpRequest) -> HttpResponse:
    """One file for all accounts that were never asked about or paid."""
    form = AchFileForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"Nothing was made. Effective on: {form.errors['effective_on'][0]}")
        return redirect("partners:desk_prenotes")
    try:
        file = make_prenote_file(**form.cleaned_data, by=request.user, now=clock.now())  # type: ignore[arg-type]
    except (NoOriginator, NothingToWrite, NoKeys, NotOpened, FileChanged, TooLong, WrongDay) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{file} is made. Fetch it, once, and give it to the bank.")
    return redirect("partners:desk_prenotes")


@role_required(*HANDS)
@require_POST
@confirm_afresh
def note(request: HttpRequest, prenote_id: int) -> HttpResponse:
    """The bank's code, or that nothing came back."""
    entry = get_object_or_404(AchEntry, pk=prenote_id, attempt__isnull=True)
    form = PrenoteForm(request.POST)
    if not form.is_valid():
        messages.error(request, "A code has three characters, such as R03.")
        return redirect("partners:desk_prenotes")
    try:
        outcome = note_prenote(entry_id=entry.pk, **form.cleaned_data, by=request.user, now=clock.now())  # type: ignore[arg-type]
    except (AlreadyNoted, NeverFetched, TooEarly, NoSuchCode) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Noted. The partner is on hold." if outcome.code else "Noted: nothing came back.")
    return redirect("partners:desk_prenotes")
