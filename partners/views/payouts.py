"""Payouts on the desk: what could be paid, batches, and the decisions on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from ledger.operations.seal_entries import ContentMismatch
from partners.bank.bank_days import after
from partners.forms import ProposeForm, RefuseForm
from partners.models import AchFile, PartnerPayout, PayoutBatch, PayoutEvent
from partners.operations.approve_batch import ContentChanged, NotWaiting, approve_batch, is_own
from partners.operations.check_destinations import NotPayable
from partners.operations.edit_batch import NotEditable, take_out_payout
from partners.operations.propose_batch import CutOffAhead, NothingEligible, propose_batch
from partners.operations.refuse_batch import refuse_batch
from partners.operations.send_batch import NotApproved, PayableShrunk, send_batch
from partners.payout_forms import AchFileForm
from partners.queries.eligible import eligible, policy
from partners.two_people import SamePerson
from people import clock, desk
from people.access import confirm_afresh, has_role, role_required
from people.approvers import MayNotApprove
from people.models import Approval
from people.queries import local_day, organisation

PREPARER, APPROVER = "finance preparer", "finance approver"
_LIVE = ~Q(payouts__state="released")
REFUSALS = (
    NotWaiting,
    SamePerson,
    MayNotApprove,
    ContentChanged,
    NotEditable,
    NotApproved,
    NotPayable,
    PayableShrunk,
)


@role_required(*desk.FINANCE)
@require_safe
def payouts(request: HttpRequest) -> HttpResponse:
    """What could be paid to each partner on a cut-off day, and the batches so far."""
    return _payouts(request, ProposeForm(request.GET) if "as_of" in request.GET else None)


@role_required(PREPARER)
@require_POST
@confirm_afresh
def propose(request: HttpRequest) -> HttpResponse:
    form = ProposeForm(request.POST)
    if form.is_valid():
        try:
            batch = propose_batch(
                by=request.user,  # type: ignore[arg-type]
                as_of=form.cleaned_data["as_of"],
                currency=organisation().currency,
                now=clock.now(),
            )
        except (NothingEligible, CutOffAhead) as error:
            form.add_error("as_of", str(error))
        except ContentMismatch as mismatch:
            messages.error(request, f"Nothing was proposed, because the books cannot be sealed: {mismatch}.")
        else:
            messages.success(request, f"Batch {batch.pk} is proposed. Another person must approve it.")
            return redirect("partners:desk_batch", batch.pk)
    return _payouts(request, form)


def _payouts(request: HttpRequest, form: ProposeForm | None) -> HttpResponse:
    org = organisation()
    now = clock.now()
    today = local_day(now, org)
    form = form or ProposeForm({"as_of": today})
    as_of = form.cleaned_data["as_of"] if form.is_valid() else today
    rules = policy()
    rows = eligible(as_of=as_of, currency=org.currency, now=now, rules=rules)
    ready = [row for row in rows if not row.why_not]
    batches = (
        PayoutBatch.objects.annotate(
            total_minor=Sum("payouts__amount_minor", filter=_LIVE), partners=Count("payouts", filter=_LIVE)
        )
        .select_related("proposed_by")
        .order_by("-id")
    )
    context = {
        "form": form,
        "rows": rows,
        "ready_minor": sum(row.eligible_minor for row in ready),
        "ready_partners": len(ready),
        "policy": rules,
        "org": org,
        "batches": Paginator(batches, 20).get_page(request.GET.get("page")),
        "currency": org.currency,
        "may_propose": has_role(request.user, PREPARER),
    }
    return render(
        request, "partners/desk/payouts.html", context | {"here": "payouts"}, status=400 if form.errors else 200
    )


@role_required(*desk.FINANCE)
@require_safe
def batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    """One batch: who did what, what goes to whom, and the next step for the person who looks at it."""
    return _batch(request, batch_id, RefuseForm())


def _batch(request: HttpRequest, batch_id: int, refuse_form: RefuseForm) -> HttpResponse:
    row = get_object_or_404(PayoutBatch.objects.select_related("proposed_by", "sent_by"), pk=batch_id)
    lines = list(row.payouts.select_related("partner").annotate(items_count=Count("items")))
    live = [line for line in lines if line.state != PartnerPayout.State.RELEASED]
    approvals = list(
        Approval.objects.filter(subject=row.approval_subject)
        .select_related("requested_by", "decided_by")
        .order_by("id")
    )
    waiting = next((approval for approval in approvals if approval.decision == Approval.Decision.WAITING), None)
    roles = set(request.user.groups.values_list("name", flat=True))
    events = list(row.events.select_related("payout__partner", "by"))
    own = request.user.pk in {row.proposed_by_id, *(one.by_id for one in events if one.word in PayoutEvent.EDITS)}
    context = {
        "batch": row,
        "payouts": lines,
        "total_minor": sum(line.amount_minor for line in live),
        "partners": len(live),
        "approvals": approvals,
        "waiting": waiting,
        "events": events,
        "own": own,
        "may_decide": waiting is not None and APPROVER in roles,
        "may_refuse": row.state in ("proposed", "approved") and (APPROVER in roles or (own and PREPARER in roles)),
        "may_edit": PREPARER in roles and row.state in ("proposed", "approved") and len(live) > 1,
        "ach_waits": row.sent_by_id == request.user.pk
        and any(line.method == "ach" and line.state == PartnerPayout.State.SUBMITTING for line in lines),
        "ach_form": AchFileForm({"effective_on": after(local_day(clock.now()), 1)}),
        "ach_files": AchFile.objects.filter(entries__attempt__payout__batch=row).select_related("made_by").distinct(),
        "me": request.user.pk,
        "may_send": row.state == PayoutBatch.State.APPROVED and bool(roles & {PREPARER, APPROVER}),
        "refuse_form": refuse_form,
    }
    return render(
        request, "partners/desk/batch.html", context | {"here": "payouts"}, status=400 if refuse_form.errors else 200
    )


@role_required(APPROVER)
@require_POST
@confirm_afresh
def approve(request: HttpRequest, batch_id: int) -> HttpResponse:
    shown = request.POST.get("content_hash", "")
    done = "Approved. It can be sent now."
    return _decide(
        request, batch_id, done, lambda by, now: approve_batch(batch_id=batch_id, by=by, content_hash=shown, now=now)
    )


@role_required(PREPARER, APPROVER)
@require_POST
@confirm_afresh
def refuse(request: HttpRequest, batch_id: int) -> HttpResponse:
    """An approver refuses any batch; a preparer takes back what they proposed or changed."""
    row = get_object_or_404(PayoutBatch, pk=batch_id)
    if not (has_role(request.user, APPROVER) or is_own(row, request.user)):  # type: ignore[arg-type]
        messages.error(request, "You neither proposed nor changed this batch: a finance approver decides.")
        return redirect("partners:desk_batch", batch_id)
    form = RefuseForm(request.POST)
    if not form.is_valid():
        return _batch(request, batch_id, form)
    reason = form.cleaned_data["reason"]
    done = "Refused. Its shares can be proposed again."
    return _decide(
        request, batch_id, done, lambda by, now: refuse_batch(batch_id=batch_id, by=by, reason=reason, now=now)
    )


@role_required(PREPARER, APPROVER)
@require_POST
@confirm_afresh
def send(request: HttpRequest, batch_id: int) -> HttpResponse:
    done = "Sent. What you order, print or make a file for says so in its line."
    return _decide(request, batch_id, done, lambda by, now: send_batch(batch_id=batch_id, by=by, now=now))


@role_required(PREPARER)
@require_POST
@confirm_afresh
def take_out(request: HttpRequest, batch_id: int, payout_id: int) -> HttpResponse:
    get_object_or_404(PartnerPayout, pk=payout_id, batch=batch_id)
    done = "Taken out. The batch needs approval again."
    return _decide(request, batch_id, done, lambda by, now: take_out_payout(payout_id=payout_id, by=by, now=now))


def _decide(request: HttpRequest, batch_id: int, done: str, step: Callable[[Any, Any], object]) -> HttpResponse:
    """Take a step on a batch and say what came of it, on its page."""
    get_object_or_404(PayoutBatch, pk=batch_id)
    try:
        step(request.user, clock.now())
    except REFUSALS as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("partners:desk_batch", batch_id)
