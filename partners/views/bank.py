"""The bank on the desk: a statement is checked, imported, and its lines settle payouts."""

from __future__ import annotations

import base64
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from partners import bank_csv
from partners.forms import ImportForm, UploadForm
from partners.models import BankAccount, BankLine, Match, PartnerPayout
from partners.operations.choose_match import DoesNotFit, NotUndoable, choose_match, undo_match
from partners.operations.import_bank_csv import AlreadyImported, NothingNew, RowsRefused, import_bank_csv, verdicts_of
from partners.operations.settle_matches import NotProposed, settle_matches
from partners.queries.bank import payouts_on_their_way, proposed_matches, unknown_lines
from partners.two_people import SamePerson
from people import clock, desk
from people.access import has_role, role_required

HANDS = ("finance preparer", "finance approver")
ROWS_SHOWN = 200
ID_DIGITS_MAX = 18


@role_required(*desk.FINANCE)
@require_safe
def bank(request: HttpRequest) -> HttpResponse:
    """Matches to confirm, lines to explain, payouts to find, and the lines so far."""
    return _bank(request, UploadForm())


def _bank(request: HttpRequest, form: UploadForm) -> HttpResponse:
    on_their_way = payouts_on_their_way()
    active = Match.objects.exclude(state=Match.State.UNDONE).select_related("payout__partner")
    lines = BankLine.objects.select_related("account").prefetch_related(
        Prefetch("matches", queryset=active, to_attr="active_matches")
    )
    matches = proposed_matches()
    may_act = has_role(request.user, *HANDS)
    context = {
        "form": form,
        "matches": matches,
        "unknown": unknown_lines(on_their_way),
        "on_their_way": on_their_way,
        "lines": Paginator(lines, 50).get_page(request.GET.get("page")),
        "has_account": BankAccount.objects.exists(),
        "may_act": may_act,
        "may_confirm": may_act and any(match.payout.batch.sent_by_id != request.user.pk for match in matches),
    }
    return render(request, "partners/desk/bank.html", context | {"here": "bank"}, status=400 if form.errors else 200)


@role_required(*HANDS)
@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """The dry run: a verdict for every row, and nothing is written."""
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _bank(request, form)
    account, file = form.cleaned_data["account"], form.cleaned_data["file"]
    content = file.read()
    try:
        return _dry_run(request, account, file.name, content)
    except (bank_csv.NotReadable, AlreadyImported) as error:
        form.add_error("file", str(error))
        return _bank(request, form)


def _dry_run(request: HttpRequest, account: BankAccount, file_name: str, content: bytes) -> HttpResponse:
    verdicts = verdicts_of(account, content, clock.now())
    counts = {word: sum(verdict.word == word for verdict in verdicts) for word in ("new", "known", "refused")}
    packed = base64.b64encode(content).decode()
    context: dict[str, Any] = {
        "account": account,
        "file_name": file_name,
        # Refused rows first: they are what must be mended.
        "verdicts": sorted(verdicts, key=lambda verdict: verdict.word != "refused")[:ROWS_SHOWN],
        "rows": len(verdicts),
        "counts": counts,
        "form": ImportForm(initial={"account": account.pk, "file_name": file_name[:120], "content": packed}),
    }
    return render(
        request, "partners/desk/bank_check.html", context | {"here": "bank"}, status=400 if counts["refused"] else 200
    )


@role_required(*HANDS)
@require_POST
def take_in(request: HttpRequest) -> HttpResponse:
    """Import the file that was checked."""
    form = ImportForm(request.POST)
    if not form.is_valid():
        messages.error(request, "The file did not arrive whole, and nothing was imported. Upload it again.")
        return redirect("partners:desk_bank")
    try:
        statement = import_bank_csv(**form.cleaned_data, by=request.user, now=clock.now())  # type: ignore[arg-type]
    except (bank_csv.NotReadable, AlreadyImported, NothingNew, RowsRefused) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Imported {statement.lines.count()} lines of {statement.file_name}.")
    return redirect("partners:desk_bank")


@role_required(*HANDS)
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Confirm the ticked matches; their payouts are settled."""
    ids = [number for value in request.POST.getlist("match") if (number := _id(value))]
    if not ids:
        messages.error(request, "Tick at least one match.")
        return redirect("partners:desk_bank")
    try:
        settled = settle_matches(match_ids=ids, by=request.user, now=clock.now())  # type: ignore[arg-type]
    except (NotProposed, SamePerson) as error:
        messages.error(request, str(error))
    else:
        words = "1 payout has" if len(settled) == 1 else f"{len(settled)} payouts have"
        messages.success(request, f"{words} reached the partner's bank.")
    return redirect("partners:desk_bank")


@role_required(*HANDS)
@require_POST
def undo(request: HttpRequest, match_id: int) -> HttpResponse:
    get_object_or_404(Match, pk=match_id)
    try:
        undo_match(match_id=match_id, by=request.user, now=clock.now())  # type: ignore[arg-type]
    except NotUndoable as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "They are not the same, then. The line waits to be explained.")
    return redirect("partners:desk_bank")


@role_required(*HANDS)
@require_POST
def match(request: HttpRequest, line_id: int) -> HttpResponse:
    get_object_or_404(BankLine, pk=line_id)
    payout = get_object_or_404(PartnerPayout, pk=_id(request.POST.get("payout", "")))
    try:
        choose_match(line_id=line_id, payout_id=payout.pk, by=request.user, now=clock.now())  # type: ignore[arg-type]
    except DoesNotFit as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Matched. Confirm it above.")
    return redirect("partners:desk_bank")


def _id(typed: str) -> int:
    """A row's number as a form sends it; 0, which no row has, for anything else."""
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= ID_DIGITS_MAX else 0
