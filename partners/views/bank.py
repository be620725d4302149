"""The bank on the desk: a statement is checked, imported, and its lines settle payouts."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, Prefetch, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from partners.bank.readers import NotReadable
from partners.forms import UploadForm
from partners.models import BankAccount, BankLine, Match, PartnerPayout, StatementFile
from partners.operations.accept_statement import NotImportable, accept_statement, drop_statement, why_not
from partners.operations.choose_match import DoesNotFit, NotUndoable, choose_match, undo_match
from partners.operations.settle_matches import NotProposed, settle_matches
from partners.operations.upload_statement import AlreadyImported, upload_statement
from partners.operations.work_statements import work_through
from partners.queries.bank import payouts_on_their_way, proposed_matches, unknown_lines
from partners.two_people import SamePerson
from people import clock, desk
from people.access import has_role, role_required

HANDS = ("finance preparer", "finance approver")
ROWS_SHOWN = 100
SMALL_BYTES, SMALL_ROWS = 200_000, 2_000  # a file up to this is worked through while its uploader waits
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
def upload(request: HttpRequest) -> HttpResponse:
    """Keep the file; a small one is checked at once, a large one by a worker."""
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _bank(request, form)
    said = form.cleaned_data
    uploaded = said.pop("file")
    try:
        file = upload_statement(
            **said,
            file_name=uploaded.name,
            content=uploaded.read(),
            by=request.user,  # type: ignore[arg-type]
            now=clock.now(),
        )
    except (NotReadable, AlreadyImported) as error:
        form.add_error("file", str(error))
        return _bank(request, form)
    if uploaded.size <= SMALL_BYTES:
        work_through(file_id=file.pk, now=clock.now())
        file.refresh_from_db(fields=["state", "problem"])
        if file.state == StatementFile.State.UNREADABLE:
            form.add_error("file", file.problem)
            return _bank(request, form)
    return redirect("partners:desk_bank_file", file.pk)


@role_required(*desk.FINANCE)
@require_safe
def file(request: HttpRequest, file_id: int) -> HttpResponse:
    """How far a file is, and what it would do: a verdict for every row, those that need somebody first."""
    row = get_object_or_404(StatementFile.objects.defer("content").select_related("account"), pk=file_id)
    order = Case(When(verdict="refused", then=0), When(verdict="doubtful", then=1), default=2)
    verdicts = Paginator(row.verdicts.order_by(order, "id"), ROWS_SHOWN).get_page(request.GET.get("page"))
    context = {
        "file": row,
        "verdicts": verdicts,
        "why_not": why_not(row),
        "in_work": row.state in ("uploaded", "wanted", "matching"),
        "may_act": has_role(request.user, *HANDS),
    }
    return render(request, "partners/desk/bank_file.html", context | {"here": "bank"})


@role_required(*HANDS)
@require_POST
def accept(request: HttpRequest, file_id: int) -> HttpResponse:
    """Import the file that was checked."""
    row = get_object_or_404(StatementFile.objects.defer("content"), pk=file_id)
    try:
        accept_statement(file_id=row.pk)
    except NotImportable as error:
        messages.error(request, str(error))
    else:
        if row.rows <= SMALL_ROWS:
            work_through(file_id=row.pk, now=clock.now())
    return redirect("partners:desk_bank_file", row.pk)


@role_required(*HANDS)
@require_POST
def drop(request: HttpRequest, file_id: int) -> HttpResponse:
    """Leave the file alone."""
    row = get_object_or_404(StatementFile.objects.defer("content"), pk=file_id)
    try:
        drop_statement(file_id=row.pk)
    except NotImportable as error:
        messages.error(request, str(error))
        return redirect("partners:desk_bank_file", row.pk)
    messages.success(request, f"Nothing of {row.file_name} was imported.")
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
