"""Files of ACH returns on the desk: a verdict for every entry first, then all of it or nothing."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from partners.models import AchReturnFile, AchReturnRow
from partners.operations.check_returns import AlreadyImported, NotReadable, OtherAccount, check_returns
from partners.operations.import_returns import NotImportable, Outcome, drop_returns, import_returns
from partners.payout_forms import AchReturnsForm
from people import clock, desk
from people.access import confirm_afresh, has_role, role_required
from people.paging import page_of

HANDS = ("finance preparer", "finance approver")
FILES_SHOWN = 30


@role_required(*desk.FINANCE)
@require_safe
def files(request: HttpRequest) -> HttpResponse:
    """The files so far, and a place for the next one."""
    return _files(request, AchReturnsForm())


def _files(request: HttpRequest, form: AchReturnsForm) -> HttpResponse:
    rows = AchReturnFile.objects.select_related("uploaded_by", "account").annotate(entries=Count("rows"))
    context = {
        "form": form,
        "files": rows[:FILES_SHOWN],
        "may_act": has_role(request.user, *HANDS),
        "here": "payouts",
    }
    return render(request, "partners/desk/ach_returns.html", context, status=400 if form.errors else 200)


@role_required(*HANDS)
@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Read the file; nothing is done by it yet."""
    form = AchReturnsForm(request.POST, request.FILES)
    if not form.is_valid():
        return _files(request, form)
    uploaded = form.cleaned_data["file"]
    try:
        file = check_returns(
            account=form.cleaned_data["account"],
            file_name=uploaded.name,
            content=uploaded.read(),
            by=request.user,  # type: ignore[arg-type]
            now=clock.now(),
        )
    except (NotReadable, AlreadyImported, OtherAccount) as error:
        form.add_error("file", str(error))
        return _files(request, form)
    return redirect("partners:desk_ach_return", file.pk)


@role_required(*desk.FINANCE)
@require_safe
def file(request: HttpRequest, return_id: int) -> HttpResponse:
    """What the file would do, or did, entry by entry."""
    row = get_object_or_404(AchReturnFile.objects.select_related("uploaded_by", "decided_by", "account"), pk=return_id)
    numbers = dict(row.rows.order_by().values_list("verdict").annotate(number=Count("pk")))
    entries = row.rows.select_related("entry__attempt__payout__partner", "entry__paid_to__partner")
    context = {
        "file": row,
        "page": page_of(request, entries.order_by("line")),
        "numbers": [(word.label, numbers[word]) for word in AchReturnRow.Verdict if word in numbers],
        "waits": row.state == AchReturnFile.State.CHECKED,
        "refused": numbers.get(AchReturnRow.Verdict.REFUSED, 0),
        "may_act": has_role(request.user, *HANDS),
        "here": "payouts",
    }
    return render(request, "partners/desk/ach_return.html", context)


@role_required(*HANDS)
@require_POST
@confirm_afresh
def take_in(request: HttpRequest, return_id: int) -> HttpResponse:
    """Do all of it."""
    get_object_or_404(AchReturnFile, pk=return_id)
    try:
        outcome = import_returns(file_id=return_id, by=request.user, now=clock.now())  # type: ignore[arg-type]
    except NotImportable as error:
        messages.error(request, str(error))
    else:
        if outcome is Outcome.OVERTAKEN:
            messages.error(request, "Something happened since the file was checked. Nothing was done: read it again.")
        else:
            messages.success(request, "Taken in. What came back is owed again, and its partners are on hold.")
    return redirect("partners:desk_ach_return", return_id)


@role_required(*HANDS)
@require_POST
def drop(request: HttpRequest, return_id: int) -> HttpResponse:
    """Nobody wants it."""
    get_object_or_404(AchReturnFile, pk=return_id)
    try:
        drop_returns(file_id=return_id, by=request.user, now=clock.now())  # type: ignore[arg-type]
    except NotImportable as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Dropped. Nothing was done by it.")
    return redirect("partners:desk_ach_returns")
