"""An agreement's papers, what states ask about it, and its final accounting."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.agreement_forms import DoneForm, PaperForm, StatesForm, TermsForm
from partners.models import Agreement, AgreementDuty, AgreementEvent, AgreementTerms
from partners.operations.keep_paper import keep_paper
from partners.operations.plan_duties import plan_duties
from partners.operations.settle_duty import Outcome, settle_duty
from partners.operations.write_terms import Frozen, NobodyLeft, TooEarly, write_terms
from partners.queries.accounting import COLUMNS, accounting_rows, final_accounting
from partners.queries.papers import terms_of
from partners.views.agreements import APPROVER, PREPARER, show
from people import clock
from people.access import role_required
from people.csv_files import text_of
from people.desk import FINANCE
from people.models import Organisation
from people.operations.attach_file import NotAttachable
from people.queries import organisation

FROZEN = "The agreement is in force, so its terms stay as they were written."


@role_required(PREPARER, APPROVER)
@require_POST
def keep(request: HttpRequest, agreement_id: int) -> HttpResponse:
    """Keep a signed document or a consent."""
    get_object_or_404(Agreement, pk=agreement_id)
    form = PaperForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            keep_paper(
                agreement_id=agreement_id,
                kind=form.cleaned_data["kind"],
                on=form.cleaned_data["on"],
                name=file.name or "",
                content=file.read(),
                by=request.user,  # type: ignore[arg-type]
                now=clock.now(),
            )
        except NotAttachable as error:
            form.add_error("file", str(error))
        else:
            messages.success(request, "Kept with the agreement.")
            return redirect("partners:desk_agreement", agreement_id)
    return show(request, agreement_id, paper_form=form)


@role_required(*FINANCE)
@require_safe
def paper(request: HttpRequest, agreement_id: int, paper_id: int) -> HttpResponse:
    """The kept file, to be saved."""
    rows = AgreementEvent.objects.select_related("attachment").filter(attachment__isnull=False)
    file = get_object_or_404(rows, pk=paper_id, agreement=agreement_id).attachment
    assert file is not None
    headers = {"Content-Disposition": f'attachment; filename="agreement-{agreement_id}-{paper_id}{_ending(file.name)}"'}
    return HttpResponse(bytes(file.content), content_type=file.media_type, headers=headers)


@role_required(PREPARER, APPROVER)
@require_http_methods(["GET", "HEAD", "POST"])
def terms(request: HttpRequest, agreement_id: int) -> HttpResponse:
    """Write down what the signed contract says; who does cannot activate the agreement."""
    agreement = get_object_or_404(Agreement.objects.select_related("partner"), pk=agreement_id)
    written = terms_of(agreement)
    if written is not None and agreement.state != Agreement.State.DRAFT:
        messages.error(request, FROZEN)
        return redirect("partners:desk_agreement", agreement_id)
    form = TermsForm(request.POST or None, instance=written, initial={"seller_type": _seller()})
    if request.method == "POST" and form.is_valid():
        try:
            write_terms(agreement_id=agreement_id, contract=form.contract(), by=request.user, now=clock.now())  # type: ignore[arg-type]
        except TooEarly as error:
            form.add_error("accounting_on", str(error))
        except NobodyLeft as error:
            form.add_error(None, str(error))
        except Frozen:
            messages.error(request, FROZEN)
            return redirect("partners:desk_agreement", agreement_id)
        else:
            is_draft = agreement.state == Agreement.State.DRAFT
            then = "Another person activates it." if is_draft else "They are frozen, and nobody has approved them."
            messages.success(request, f"The terms lie with the agreement. {then}")
            return redirect("partners:desk_agreement", agreement_id)
    context = {"form": form, "agreement": agreement, "here": "agreements"}
    return render(request, "partners/desk/agreement_terms.html", context, status=400 if form.errors else 200)


def _seller() -> str:
    deductible = organisation().deductibility == Organisation.Deductibility.DEDUCTIBLE_170C
    return AgreementTerms.Seller.NONPROFIT if deductible else AgreementTerms.Seller.COMMERCIAL


@role_required(PREPARER, APPROVER)
@require_POST
def plan(request: HttpRequest, agreement_id: int) -> HttpResponse:
    """Plan what the ticked states ask."""
    get_object_or_404(Agreement, pk=agreement_id)
    form = StatesForm(request.POST)
    if not form.is_valid():
        return show(request, agreement_id, states_form=form)
    plan_duties(agreement_id=agreement_id, states=form.cleaned_data["states"], by=request.user)  # type: ignore[arg-type]
    messages.success(request, "Planned. The desk and a mail remind of each in time.")
    return redirect("partners:desk_agreement", agreement_id)


@role_required(PREPARER, APPROVER)
@require_POST
def settle(request: HttpRequest, agreement_id: int, duty_id: int) -> HttpResponse:
    """Something that a state asked was done."""
    get_object_or_404(AgreementDuty, pk=duty_id, agreement=agreement_id)
    form = DoneForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Write the day on which it was done as year-month-day.")
    else:
        day = form.cleaned_data["done_on"]
        outcome = settle_duty(duty_id=duty_id, done_on=day, by=request.user, now=clock.now())  # type: ignore[arg-type]
        words = "Done." if outcome is Outcome.DONE else "It was done before."
        messages.success(request, words)
    return redirect("partners:desk_agreement", agreement_id)


@role_required(*FINANCE)
@require_safe
def accounting(request: HttpRequest, agreement_id: int) -> HttpResponse:
    """The per-unit final accounting as CSV."""
    agreement = get_object_or_404(Agreement.objects.select_related("partner"), pk=agreement_id)
    text = text_of(COLUMNS, accounting_rows(agreement, final_accounting(agreement)))
    headers = {"Content-Disposition": f'attachment; filename="agreement-{agreement_id}-accounting.csv"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


def _ending(name: str) -> str:
    """ ".pdf"; nothing for a file whose name was erased."""
    dot = name.rfind(".")
    return name[dot:].lower() if dot >= 0 and name[dot + 1 :].isalnum() else ""
