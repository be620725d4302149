"""Pages about documents: staff ask for them, anybody reads what is published and checks a file."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from partners.models import Partner
from people import clock
from people.access import has_second_factor, staff_required
from people.models import User
from people.queries import local_day
from reports import queries
from reports.forms import MonthForm, VerifyForm
from reports.models import Document
from reports.operations.publish_document import NotFinal, NotReady, publish_document
from reports.operations.request_document import MonthNotBegun, request_statement


@never_cache
@staff_required
@require_GET
def desk_statements(request: HttpRequest) -> HttpResponse:
    """The statements of one month, a row for each partner; last month unless `?month=` says otherwise."""
    form = MonthForm({"month": request.GET.get("month") or _last_month()})
    month = form.cleaned_data["month"] if form.is_valid() else _last_month()
    partners = list(Partner.objects.order_by("name"))
    newest = queries.newest_statements(partners, month)
    rows = [(partner, newest.get(partner.owner)) for partner in partners]
    waiting = any(document and document.state in ("requested", "rendering") for _, document in rows)
    context = {"form": form, "month": month, "rows": rows, "waiting": waiting}
    template = "reports/_statement_rows.html" if getattr(request, "htmx", False) else "reports/desk_statements.html"
    return render(request, template, context)


@staff_required
@require_POST
def desk_request(request: HttpRequest) -> HttpResponse:
    """Ask for one partner's statement, or everybody's."""
    form = MonthForm(request.POST)
    if not form.is_valid():
        messages.error(request, form.errors["month"][0])
        return redirect("reports:desk_statements")
    month = form.cleaned_data["month"]
    wanted = Partner.objects.order_by("name")
    if slug := request.POST.get("partner"):
        wanted = wanted.filter(slug=slug)
    try:
        for partner in wanted:
            request_statement(partner=partner, month=month, by=_staff(request), now=clock.now())
    except MonthNotBegun as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('reports:desk_statements')}?month={month}")


@staff_required
@require_POST
def desk_publish(request: HttpRequest, document_id: int) -> HttpResponse:
    """Let anybody read a finished statement."""
    document = get_object_or_404(Document, pk=document_id)
    try:
        publish_document(document_id=document_id, by=_staff(request), now=clock.now())
        messages.success(request, "Published: it stands on the partner's page now.")
    except (NotReady, NotFinal) as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('reports:desk_statements')}?month={document.period}")


@require_GET
def document(request: HttpRequest, sha256: str) -> HttpResponse:
    """The file with this hash: published ones for anybody, others for staff; to everybody else it does not exist."""
    found = Document.objects.filter(sha256=sha256, state=Document.State.READY).order_by("-published_at").first()
    if found is None or not (found.published_at or _is_staff(request)):
        raise Http404
    partner = Partner.objects.get(pk=int(found.subject.partition(":")[2]))
    answer = HttpResponse(queries.content(found), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{partner.slug}-{found.period}.pdf"'
    answer["Cache-Control"] = "public, max-age=31536000, immutable" if found.published_at else "private, no-store"
    return answer


@require_GET
def statements(request: HttpRequest, slug: str) -> HttpResponse:
    """The published statements of one partner."""
    partner = get_object_or_404(Partner, slug=slug)
    context = {"partner": partner, "statements": queries.published_statements(partner)}
    return render(request, "reports/statements.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Whether a file is one that we made, byte for byte. The file itself is not kept."""
    form = VerifyForm(request.POST, request.FILES) if request.method == "POST" else VerifyForm()
    context: dict[str, object] = {"form": form}
    if form.is_bound and form.is_valid():
        digest = hashlib.sha256()
        for chunk in form.cleaned_data["file"].chunks():
            digest.update(chunk)
        found = Document.objects.filter(sha256=digest.hexdigest()).order_by("version").last()
        context |= {"checked": True, "found": found, "digest": digest.hexdigest()}
        if found:
            context["partner"] = Partner.objects.get(pk=int(found.subject.partition(":")[2]))
            context["newer"] = Document.objects.filter(supersedes=found).exists()
    return render(request, "reports/verify.html", context)


def _last_month() -> str:
    first = local_day(clock.now()).replace(day=1)
    return f"{first - timedelta(days=1):%Y-%m}"


def _staff(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _is_staff(request: HttpRequest) -> bool:
    return request.user.is_authenticated and request.user.is_staff and has_second_factor(request.user)
