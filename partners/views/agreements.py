"""Agreements on the desk: one person prepares a promise, another activates it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.agreement_forms import FIELD_OF, AgreementForm, EndForm, PaperForm, StatesForm
from partners.disclosure import scope_sentence
from partners.models import Agreement, AgreementDuty, AgreementEvent
from partners.operations.activate_agreement import (
    ChangedSince,
    Contradicts,
    Incomplete,
    NotADraft,
    activate_agreement,
)
from partners.operations.end_agreement_early import BadLastDay, NotInForce, end_agreement_early
from partners.operations.prepare_agreement import BadAgreement, prepare_agreement
from partners.queries.accounting import RECIPIENTS_MAX, recipient_by, recipients_warning
from partners.queries.papers import lacking, terms_of, told
from partners.queries.promises import promise_of
from partners.two_people import SamePerson
from people import clock, desk
from people.access import confirm_afresh, has_role, role_required
from people.approvers import MayNotApprove
from people.queries import local_day

PREPARER, APPROVER = "finance preparer", "finance approver"


@role_required(*desk.FINANCE)
@require_safe
def agreements(request: HttpRequest) -> HttpResponse:
    """Every agreement, drafts first, then those in force."""
    rows = Agreement.objects.select_related("partner").order_by("-starts_on", "partner__name", "id")
    found = [(row, promise_of(row)) for row in rows]
    found.sort(key=lambda pair: pair[0].state != Agreement.State.DRAFT)
    today = local_day(clock.now())
    context = {
        "rows": found,
        "may_prepare": has_role(request.user, PREPARER),
        "today": today,
        "warning": recipients_warning(today.year),
    }
    return render(request, "partners/desk/agreements.html", context | {"here": "agreements"})


@role_required(PREPARER)
@require_http_methods(["GET", "HEAD", "POST"])
def prepare(request: HttpRequest) -> HttpResponse:
    """The form of a new promise; the draft waits for another person."""
    form = AgreementForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            draft = prepare_agreement(**form.terms(), by=request.user, now=clock.now())  # type: ignore[arg-type]
        except BadAgreement as error:
            form.add_error(FIELD_OF.get(error.field, error.field), str(error))
        else:
            messages.success(request, "Prepared. It is promised to nobody until another person activates it.")
            return redirect("partners:desk_agreement", draft.pk)
    return render(
        request,
        "partners/desk/agreement_new.html",
        {"form": form, "here": "agreements"},
        status=400 if form.errors else 200,
    )


@role_required(*desk.FINANCE)
@require_safe
def agreement(request: HttpRequest, agreement_id: int) -> HttpResponse:
    """One agreement: what it promises, who prepared and activated it, and the next step."""
    return show(request, agreement_id)


def show(
    request: HttpRequest,
    agreement_id: int,
    *,
    end_form: EndForm | None = None,
    paper_form: PaperForm | None = None,
    states_form: StatesForm | None = None,
) -> HttpResponse:
    """The agreement's page, with the form that was filled in wrongly."""
    rows = Agreement.objects.select_related("partner", "prepared_by", "approved_by", "ended_by")
    row = get_object_or_404(rows, pk=agreement_id)
    roles = set(request.user.groups.values_list("name", flat=True))
    events = list(AgreementEvent.objects.filter(agreement=row).select_related("by"))
    own = row.prepared_by_id == request.user.pk
    wrote = any(event.kind == AgreementEvent.Kind.TERMS and event.by_id == request.user.pk for event in events)
    today = local_day(clock.now())
    bad = [form for form in (end_form, paper_form, states_form) if form is not None]
    terms = terms_of(row)
    missing = lacking(row) if row.state == Agreement.State.DRAFT else []
    context = {
        "agreement": row,
        "missing": missing,
        "terms": terms,
        "told": told(terms) if terms else [],
        "written_late": row.state != Agreement.State.DRAFT and _written_late([event.kind for event in events]),
        "may_write": bool(roles & {PREPARER, APPROVER}) and (terms is None or row.state == Agreement.State.DRAFT),
        "sentence": scope_sentence(promise_of(row), today),
        "promise": promise_of(row),
        "own": own,
        "wrote": wrote,
        "may_activate": row.state == Agreement.State.DRAFT and APPROVER in roles and not (own or wrote),
        "may_end": row.state == Agreement.State.ACTIVE and APPROVER in roles,
        "may_keep": bool(roles & {PREPARER, APPROVER}),
        "end_form": end_form or EndForm(),
        "paper_form": paper_form or PaperForm(),
        "states_form": states_form or StatesForm(),
        "events": events,
        "seen": events[-1].pk if events else "",
        "duties": AgreementDuty.objects.filter(agreement=row).select_related("rule"),
        "today": today,
        "here": "agreements",
    }
    return render(request, "partners/desk/agreement.html", context, status=400 if bad else 200)


def _written_late(kinds: list[str]) -> bool:
    """Whether the terms came after the second person had read and activated the agreement."""
    activated = kinds.index(AgreementEvent.Kind.ACTIVATED) if AgreementEvent.Kind.ACTIVATED in kinds else 0
    return AgreementEvent.Kind.TERMS in kinds[activated:]


@role_required(APPROVER)
@require_POST
@confirm_afresh
def activate(request: HttpRequest, agreement_id: int) -> HttpResponse:
    """Activate it; what makes a partner the sixth of a year, or a later one, is asked once more with that said."""
    row = get_object_or_404(Agreement.objects.select_related("partner"), pk=agreement_id)
    found = None if "counted" in request.POST else recipient_by(row, local_day(clock.now()))
    if found and row.state == Agreement.State.DRAFT:
        year, number = found
        said = {"year": year, "number": number, "most": RECIPIENTS_MAX, "seen": request.POST.get("seen", "")}
        context = said | {"agreement": row, "here": "agreements"}
        return render(request, "partners/desk/agreement_counted.html", context)
    seen = request.POST.get("seen", "")
    seen_event_id = int(seen) if seen.isascii() and seen.isdecimal() else None
    try:
        activate_agreement(agreement_id=agreement_id, by=request.user, now=clock.now(), seen_event_id=seen_event_id)  # type: ignore[arg-type]
    except (SamePerson, MayNotApprove, ChangedSince, Incomplete, Contradicts) as error:
        messages.error(request, str(error))
    except NotADraft:
        messages.error(request, "It was activated before.")
    else:
        messages.success(request, "Active. From its first day pages show it, and checkouts freeze it.")
    return redirect("partners:desk_agreement", agreement_id)


@role_required(APPROVER)
@require_POST
@confirm_afresh
def end(request: HttpRequest, agreement_id: int) -> HttpResponse:
    get_object_or_404(Agreement, pk=agreement_id)
    form = EndForm(request.POST)
    if not form.is_valid():
        return show(request, agreement_id, end_form=form)
    day = form.cleaned_data["ends_on"]
    try:
        end_agreement_early(agreement_id=agreement_id, ends_on=day, by=request.user, now=clock.now())  # type: ignore[arg-type]
    except BadLastDay as error:
        form.add_error("ends_on", str(error))
        return show(request, agreement_id, end_form=form)
    except NotInForce:
        messages.error(request, "Only an active agreement can end early.")
    else:
        messages.success(request, "It ends early. Orders that froze it before stay bound by it.")
    return redirect("partners:desk_agreement", agreement_id)
