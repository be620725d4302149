"""Pages about documents: finance asks for them, anybody reads what is published and checks a file."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ledger.operations.close_month import current_closes
from ledger.operations.seal_entries import ContentMismatch
from partners.models import Partner
from people import clock
from people.access import has_role, has_second_factor, role_required
from people.desk import FINANCE
from people.models import User
from people.queries import local_day, month_bounds
from reports import queries
from reports.forms import MonthForm, VerifyForm
from reports.models import Document
from reports.operations.publish_document import NotFinal, NotReady, OpenedAgain, publish_document
from reports.operations.request_document import MonthNotBegun, Outcome, request_statement

PREPARER, APPROVER = "finance preparer", "finance approver"
UPLOAD_MAX_BYTES = 50 * 1024 * 1024  # more than that is not even read


@never_cache
@role_required(*FINANCE)
@require_safe
def desk_statements(request: HttpRequest) -> HttpResponse:
    """The statements of one month, a row for each partner; last month unless `?month=` says otherwise."""
    form = MonthForm({"month": request.GET["month"] if "month" in request.GET else _last_month()})
    context: dict[str, object] = {"form": form, "here": "statements"}
    if form.is_valid():
        roles = set(request.user.groups.values_list("name", flat=True))
        month = form.cleaned_data["month"]
        partners = list(Partner.objects.order_by("name"))
        first_day, _ = month_bounds(month)
        newest = queries.newest_statements(partners, month)
        opened_again = queries.opened_again(newest.values())
        context |= {
            "month": month,
            "first_day": first_day,
            "is_closed": bool(current_closes([first_day.year * 100 + first_day.month])),
            "rows": [(partner, newest.get(partner.owner)) for partner in partners],
            "opened_again": opened_again,
            "waiting": any(document.state in ("requested", "rendering") for document in newest.values()),
            "may_request": bool(roles & {PREPARER, APPROVER}),
            "may_publish": APPROVER in roles,
        }
    template = "reports/_statement_rows.html" if getattr(request, "htmx", False) else "reports/desk_statements.html"
    return render(request, template, context)


@role_required(PREPARER, APPROVER)
@require_POST
def desk_request(request: HttpRequest) -> HttpResponse:
    """Ask for one partner's statement, or everybody's."""
    form = MonthForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["month"][0]))
        return redirect("reports:desk_statements")
    month = form.cleaned_data["month"]
    wanted = Partner.objects.order_by("name")
    if slug := request.POST.get("partner"):
        wanted = wanted.filter(slug=slug)
    try:
        outcomes = [
            request_statement(partner=partner, month=month, by=_staff(request), now=clock.now()).outcome
            for partner in wanted
        ]
        _say(request, outcomes)
    except MonthNotBegun as error:
        messages.error(request, str(error))
    except ContentMismatch as mismatch:
        messages.error(request, f"No statement was made, because the books cannot be sealed: {mismatch}.")
    return redirect(f"{reverse('reports:desk_statements')}?month={month}")


@role_required(APPROVER)
@require_POST
def desk_publish(request: HttpRequest, document_id: int) -> HttpResponse:
    """Let anybody read a finished statement."""
    document = get_object_or_404(Document, pk=document_id)
    try:
        publish_document(document_id=document_id, by=_staff(request), now=clock.now())
        messages.success(request, f"Published: it stands on the page of {document.partner_name} now.")
    except (NotReady, NotFinal, OpenedAgain) as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('reports:desk_statements')}?month={document.period}")


@require_safe
def document(request: HttpRequest, sha256: str) -> HttpResponse:
    """The file with this hash: published ones for anybody, others for finance; to everybody else it does not exist."""
    found = queries.by_hash(sha256)
    if found is None or not (found.published_at or _is_finance(request)):
        raise Http404
    answer = HttpResponse(queries.content(found), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{found.file_name}"'
    answer["Cache-Control"] = "public, max-age=31536000, immutable" if found.published_at else "private, no-store"
    return answer


@require_safe
def statements(request: HttpRequest, slug: str) -> HttpResponse:
    """The published statements of one partner."""
    partner = get_object_or_404(Partner, slug=slug)
    published = list(queries.published_statements(partner))
    context = {"partner": partner, "statements": published, "opened_again": queries.opened_again(published)}
    return render(request, "reports/statements.html", context)


@csrf_exempt  # nothing is changed, and its check would read an upload of any size before we can refuse it
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Whether a file is one that we made, byte for byte. The file itself is not kept."""
    if int(request.headers.get("Content-Length") or 0) > UPLOAD_MAX_BYTES:
        return render(request, "reports/verify.html", {"form": VerifyForm(), "too_large": True}, status=413)
    form = VerifyForm(request.POST, request.FILES) if request.method == "POST" else VerifyForm()
    context: dict[str, object] = {"form": form}
    if form.is_bound and form.is_valid():
        context["digest"] = digest = _digest(form.cleaned_data["file"])
        if found := queries.by_hash(digest):
            newer = queries.published_since(found)
            context |= {"found": found, "newer": newer, "opened_again": not newer and queries.opened_again([found])}
    return render(request, "reports/verify.html", context)


def _digest(file: UploadedFile[Any]) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _say(request: HttpRequest, outcomes: list[Outcome]) -> None:
    asked = sum(outcome is not Outcome.UNCHANGED for outcome in outcomes)
    if asked:
        messages.success(request, f"{asked} statement{'s are' if asked > 1 else ' is'} being made.")
    elif outcomes:
        messages.info(request, "Nothing has changed since the newest version: it stays as it is.")
    else:
        messages.error(request, "There is no such partner.")


def _last_month() -> str:
    first = local_day(clock.now()).replace(day=1)
    return f"{first - timedelta(days=1):%Y-%m}"


def _staff(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _is_finance(request: HttpRequest) -> bool:
    user = request.user
    return user.is_authenticated and user.is_staff and has_second_factor(user) and has_role(user, *FINANCE)
