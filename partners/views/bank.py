"""The bank on the desk: what waits there, and files on their way into it."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, Max, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from partners.bank.readers import NotReadable
from partners.forms import UploadForm
from partners.models import BankAccount, Match, StatementFile
from partners.operations.accept_statement import NotImportable, accept_statement, drop_statement, why_not
from partners.operations.upload_statement import AlreadyImported, upload_statement
from partners.operations.work_statements import work_through
from partners.queries import bank as reads
from people import clock, desk
from people.access import confirm_afresh, has_role, role_required

HANDS = ("finance preparer", "finance approver")
ROWS_SHOWN, FIRST_SHOWN = 100, 20
SMALL_BYTES, SMALL_ROWS = 200_000, 2_000  # a file up to this is worked through while its uploader waits


@role_required(*desk.FINANCE)
@require_safe
def bank(request: HttpRequest) -> HttpResponse:
    """Matches to confirm, what does not add up by age, files on their way, the accounts."""
    return _bank(request, UploadForm())


def _bank(request: HttpRequest, form: UploadForm) -> HttpResponse:
    proposed = reads.matches(Match.State.PROPOSED)
    exceptions, exceptions_number = reads.open_exceptions(FIRST_SHOWN)
    working = StatementFile.objects.filter(state__in=["uploaded", "checked", "wanted", "matching"]).defer("content")
    context = {
        "form": form,
        "matches": proposed[:FIRST_SHOWN],
        "matches_number": proposed.count(),
        "exceptions": exceptions,
        "exceptions_number": exceptions_number,
        "files": working.select_related("account")[:FIRST_SHOWN],
        "accounts": BankAccount.objects.annotate(known_to=Max("statements__last_on")),
        "may_act": has_role(request.user, *HANDS),
        "now": clock.now(),
        "here": "bank",
    }
    return render(request, "partners/desk/bank.html", context, status=400 if form.errors else 200)


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
@confirm_afresh
def accept(request: HttpRequest, file_id: int) -> HttpResponse:
    """Import the file that was checked."""
    row = get_object_or_404(StatementFile.objects.defer("content"), pk=file_id)
    try:
        accept_statement(file_id=row.pk, by=request.user, now=clock.now())  # type: ignore[arg-type]
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
        drop_statement(file_id=row.pk, by=request.user, now=clock.now())  # type: ignore[arg-type]
    except NotImportable as error:
        messages.error(request, str(error))
        return redirect("partners:desk_bank_file", row.pk)
    messages.success(request, f"Nothing of {row.file_name} was imported.")
    return redirect("partners:desk_bank")
