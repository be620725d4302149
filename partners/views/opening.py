"""The opening balances on the desk: read from a file, proposed by one person, put into the books by another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from ledger.models import Opening
from ledger.openings import (
    ContentChanged,
    MonthClosed,
    NotWaiting,
    ReasonMissing,
    SamePerson,
    TrialLine,
    balances_of,
    current_hash,
    totals_of,
    trial_balance,
)
from ledger.operations.approve_opening import approve_opening
from ledger.operations.post_entry import BadPosting, NoSuchMonth
from ledger.operations.propose_opening import AlreadyOpened, NotBegun, Unfit, look_at_opening, propose_opening
from ledger.operations.refuse_opening import refuse_opening
from ledger.operations.reverse_opening import propose_opening_reversal, reverse_opening
from partners.forms import CheckedOpeningForm, OpeningForm, RefuseForm, WhyForm
from payments.gateway import StripeUnavailable
from payments.operations.ask_balance_at import StillMoving, ask_balance_at
from people import clock, desk
from people.access import confirm_afresh, has_role, role_required
from people.approvers import MayNotApprove
from people.csv_files import NotReadable
from people.models import Approval, Attachment, User
from people.operations.attach_file import NotAttachable
from people.queries import books_begin_at, organisation
from people.sources import describe

PREPARER, APPROVER = "finance preparer", "finance approver"
ROWS_SHOWN: Final = 500
_REFUSALS: Final = (
    AlreadyOpened,
    BadPosting,
    MonthClosed,
    NoSuchMonth,
    NotAttachable,
    NotBegun,
    NotReadable,
    ReasonMissing,
)
_DECISIONS: Final = (ContentChanged, MayNotApprove, MonthClosed, NoSuchMonth, NotWaiting, ReasonMissing, SamePerson)


@role_required(*desk.FINANCE)
@require_safe
def opening(request: HttpRequest) -> HttpResponse:
    """With which balances the books begin, who proposed and who approved them, and the next step."""
    return _opening(request, OpeningForm(), RefuseForm(), WhyForm())


def _opening(request: HttpRequest, form: OpeningForm, refuse: RefuseForm, why: WhyForm) -> HttpResponse:
    row = Opening.objects.select_related("proposed_by").filter(stands=True).first()
    refs = [row.ref, row.reversal_ref] if row else []
    approvals = list(
        Approval.objects.filter(subject__in=refs).select_related("requested_by", "decided_by").order_by("pk")
    )
    waiting = next((one for one in approvals if one.decision == Approval.Decision.WAITING), None)
    own = waiting is not None and waiting.requested_by_id == request.user.pk
    org = organisation()
    trial = trial_balance(balances_of(row)) if row else []
    errors = form.errors or refuse.errors or why.errors
    context = {
        "opening": row,
        "org": org,
        "trial": _named(trial),
        "totals": totals_of(trial),
        "file": Attachment.objects.filter(subject=row.ref).defer("content").first() if row else None,
        "content_hash": current_hash(row) if row else "",
        "approvals": approvals,
        "waiting": waiting,
        "of_reversal": row is not None and waiting is not None and waiting.subject == row.reversal_ref,
        "own": own,
        "may_decide": waiting is not None and not own and has_role(request.user, APPROVER),
        "may_prepare": has_role(request.user, PREPARER),
        "may_ask_back": row is not None and row.state == Opening.State.POSTED and waiting is None,
        "form": form,
        "refuse_form": refuse,
        "why_form": why,
        "earlier": Opening.objects.filter(stands=None).order_by("-pk")[:20],
    }
    return render(request, "partners/desk/opening.html", context | {"here": "opening"}, status=400 if errors else 200)


@role_required(PREPARER)
@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """The dry run: a verdict for every row and the trial balance; nothing is written."""
    form = OpeningForm(request.POST, request.FILES)
    if not form.is_valid():
        return _opening(request, form, RefuseForm(), WhyForm())
    file = form.cleaned_data["file"]
    content = file.read()
    try:
        looked = look_at_opening(content=content, stripe_minor=_stripe_minor())
    except (NotReadable, NotBegun, StripeUnavailable, StillMoving) as error:
        form.add_error("file", _said(error))
        return _opening(request, form, RefuseForm(), WhyForm())
    rows = sorted(looked.verdicts, key=lambda row: row.verdict != "refused")
    context = {
        "file_name": file.name,
        "looked": looked,
        "trial": _named(looked.trial),
        "refused": sum(row.verdict == "refused" for row in looked.verdicts),
        "rows": rows[:ROWS_SHOWN],
        "form": CheckedOpeningForm.carrying(file_name=file.name, content=content, words=form.cleaned_data["words"]),
    }
    status = 200 if looked.fits else 400
    return render(request, "partners/desk/opening_check.html", context | {"here": "opening"}, status=status)


@role_required(PREPARER)
@require_POST
@confirm_afresh
def propose(request: HttpRequest) -> HttpResponse:
    """Propose the file that was checked."""
    form = CheckedOpeningForm(request.POST)
    if not form.is_valid():
        messages.error(request, "The file did not arrive whole, and nothing was proposed. Upload it again.")
        return redirect("partners:desk_opening")
    try:
        propose_opening(
            **form.cleaned_data,
            stripe_minor=_stripe_minor(),
            by=request.user,  # type: ignore[arg-type]
            now=clock.now(),
        )
    except (*_REFUSALS, Unfit, StripeUnavailable, StillMoving) as error:
        messages.error(request, f"Nothing was proposed. {_said(error)}")
    else:
        messages.success(request, "Proposed. A finance approver, another person, decides.")
    return redirect("partners:desk_opening")


@role_required(APPROVER)
@require_POST
@confirm_afresh
def approve(request: HttpRequest, opening_id: int) -> HttpResponse:
    """Post what was proposed, or its reversal, as the approver saw it."""
    row = get_object_or_404(Opening, pk=opening_id)
    shown = request.POST.get("content_hash", "")
    decided, done = (
        (approve_opening, "The books are open.")
        if row.state == Opening.State.WAITING
        else (reverse_opening, "Taken back. Other balances can be proposed.")
    )
    return _decide(request, done, lambda by, now: decided(opening_id=row.pk, by=by, content_hash=shown, now=now))


@role_required(APPROVER)
@require_POST
@confirm_afresh
def refuse(request: HttpRequest, opening_id: int) -> HttpResponse:
    get_object_or_404(Opening, pk=opening_id)
    form = RefuseForm(request.POST)
    if not form.is_valid():
        return _opening(request, OpeningForm(), form, WhyForm())
    words = form.cleaned_data["reason"]
    done = "Refused. It can be proposed again."
    return _decide(request, done, lambda by, now: refuse_opening(opening_id=opening_id, by=by, words=words, now=now))


@role_required(PREPARER, APPROVER)
@require_POST
@confirm_afresh
def take_back(request: HttpRequest, opening_id: int) -> HttpResponse:
    """Ask another person to take the balances back."""
    get_object_or_404(Opening, pk=opening_id)
    form = WhyForm(request.POST)
    if not form.is_valid():
        return _opening(request, OpeningForm(), RefuseForm(), form)
    words = form.cleaned_data["why"]
    done = "Asked. Another person decides."
    return _decide(
        request, done, lambda by, now: propose_opening_reversal(opening_id=opening_id, by=by, words=words, now=now)
    )


def _decide(request: HttpRequest, done: str, step: Callable[[User, datetime], Any]) -> HttpResponse:
    """Take a step and say what came of it, on the same page."""
    try:
        step(request.user, clock.now())  # type: ignore[arg-type]
    except _DECISIONS as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("partners:desk_opening")


def _named(lines: Iterable[TrialLine]) -> list[tuple[TrialLine, str]]:
    """Each line with its owner in words: an approver signs for Dahlia's Hope, not for partner:7."""
    lines = list(lines)
    names = describe(line.owner for line in lines if line.owner)
    return [(line, names[line.owner].label if line.owner else "") for line in lines]


def _stripe_minor() -> dict[str, int]:
    """What Stripe held just before the books begin. Raises NotBegun, StripeUnavailable, StillMoving."""
    begin_at = books_begin_at()
    if begin_at is None:
        raise NotBegun("Somebody has to say first on which day the books begin (docs/going-live.md).")
    return dict(ask_balance_at(moment=begin_at))


def _said(error: Exception) -> str:
    if isinstance(error, StripeUnavailable):
        return "Stripe could not be asked for its balance. Try again in a minute."
    if isinstance(error, StillMoving):
        return "Money kept coming in while Stripe was asked. Try again in a quieter minute."
    return str(error)
