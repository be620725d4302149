"""The steps of one payout on the desk: what carries it, what came of it, and a new try."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners import payout_forms
from partners.bank_numbers import NoKeys, NotOpened
from partners.models import AchFile, Method, PartnerPayout, PayoutAttempt, PayoutBatch
from partners.nacha import TooLong
from partners.operations.check_destinations import HERE, TAKE_OUT, NotPayable, check_destinations
from partners.operations.confirm_sent_by_hand import NotAttachable, NotByHand, confirm_sent_by_hand
from partners.operations.issue_cheque import NotACheque, NotStale, NumberUsed, issue_cheque, void_cheque
from partners.operations.make_ach_file import (
    AlreadyDownloaded,
    FileChanged,
    FileOutdated,
    NoOriginator,
    NothingToWrite,
    WrongDay,
    download_ach_file,
    make_ach_file,
)
from partners.operations.record_bank_notice import NoSuchCode, record_bank_notice
from partners.operations.retry_payout import NotFailed, give_payout_up, retry_payout
from partners.operations.return_payout import NotArrived
from partners.operations.say_not_sent import MayHaveLeft, say_not_sent
from partners.operations.start_attempts import PayableShrunk
from partners.two_people import SamePerson
from people import clock, desk
from people.access import confirm_afresh, is_confirmed, role_required
from people.models import Attachment
from people.sources import describe

PREPARER, APPROVER = "finance preparer", "finance approver"
HANDS = (PREPARER, APPROVER)
State = PartnerPayout.State
WRONG: Mapping[type[Exception], str] = {
    NumberUsed: "number",
    NoSuchCode: "code",
    NotArrived: "account",
    NotAttachable: "proof",
}
NAMES: Mapping[type[Form], str] = {
    payout_forms.ChequeNumberForm: "cheque",
    payout_forms.SentByHandForm: "hand",
    payout_forms.BankNoticeForm: "notice",
}
REFUSALS = (
    NotACheque,
    NotByHand,
    NotFailed,
    NotPayable,
    NotStale,
    PayableShrunk,
    SamePerson,
    NoOriginator,
    NothingToWrite,
    NoKeys,
    NotOpened,
    AlreadyDownloaded,
    FileChanged,
    FileOutdated,
    MayHaveLeft,
    TooLong,
    WrongDay,
)


@role_required(*desk.FINANCE)
@require_safe
def payout(request: HttpRequest, batch_id: int, payout_id: int) -> HttpResponse:
    """One payout: where it stands, what carried it, its entries, and what it is made of down to allocations."""
    return _page(request, payout_id, {}, batch_id)


def _page(request: HttpRequest, payout_id: int, typed: Mapping[str, Form], batch_id: int | None = None) -> HttpResponse:
    within = {"batch": batch_id} if batch_id is not None else {}
    row = get_object_or_404(PartnerPayout.objects.select_related("partner", "batch", "paid_to"), pk=payout_id, **within)
    entries = ("sent_entry", "settled_entry", "back_entry")
    attempts = list(row.attempts.select_related("started_by", "cheque__account", "ach_entry__file", *entries))
    items = row.items.select_related("allocation__agreement").prefetch_related("allocation__lines")
    page = Paginator(items, 100).get_page(request.GET.get("page"))
    sources = describe(item.allocation.source for item in page if item.allocation)
    roles = set(request.user.groups.values_list("name", flat=True))
    last = attempts[-1] if attempts else None
    waits = row.state == State.SUBMITTING or _lies_in_a_file(last)
    context = {
        "payout": row,
        "attempts": attempts,
        "last": last,
        "proofs": Attachment.objects.filter(subject__in=[attempt.key for attempt in attempts]).defer("content"),
        "page": page,
        "items": [(item, sources[item.allocation.source] if item.allocation else None) for item in page],
        "may_act": bool(roles & set(HANDS)),
        "held_back": _held_back(row) if waits or row.state == State.FAILED else "",
        "may_say_not_sent": waits,
        "confirmed": is_confirmed(request),
        "wants_cheque": row.method == Method.CHEQUE and row.state == State.SUBMITTING,
        "cheque_is_out": row.method == Method.CHEQUE and row.state == State.IN_FLIGHT,
        "wants_proof": row.method == Method.MANUAL and row.state == State.SUBMITTING,
        "may_come_back": row.method != Method.CONNECT and row.state in (State.IN_FLIGHT, State.SETTLED),
        "cheque_form": typed.get("cheque") or payout_forms.ChequeNumberForm(),
        "hand_form": typed.get("hand") or payout_forms.SentByHandForm(),
        "notice_form": typed.get("notice") or payout_forms.BankNoticeForm(),
        "here": "payouts",
    }
    return render(request, "partners/desk/payout.html", context, status=400 if typed else 200)


def _held_back(payout: PartnerPayout) -> str:
    """Why it may not leave now, though it was sent; empty when it may."""
    try:
        check_destinations([payout], TAKE_OUT if payout.state == State.FAILED else HERE)
    except NotPayable as error:
        return str(error)
    return ""


def _lies_in_a_file(attempt: PayoutAttempt | None) -> bool:
    if attempt is None or attempt.state != PayoutAttempt.State.IN_FLIGHT or attempt.method != Method.ACH:
        return False
    return attempt.ach_entry.file.downloaded_at is None


@role_required(*HANDS)
@require_POST
@confirm_afresh
def retry(request: HttpRequest, payout_id: int) -> HttpResponse:
    done = "Tried again, with a key of its own."
    return _step(request, payout_id, done, lambda by, now: retry_payout(payout_id=payout_id, by=by, now=now))


@role_required(*HANDS)
@require_POST
@confirm_afresh
def not_sent(request: HttpRequest, payout_id: int) -> HttpResponse:
    done = "Recorded. The partner is owed it again: try again or take it out."
    return _step(request, payout_id, done, lambda by, now: say_not_sent(payout_id=payout_id, by=by, now=now))


@role_required(*HANDS)
@require_POST
@confirm_afresh
def give_up(request: HttpRequest, payout_id: int) -> HttpResponse:
    done = "Taken out. Its shares can be proposed again."
    return _step(request, payout_id, done, lambda by, now: give_payout_up(payout_id=payout_id, by=by, now=now))


@role_required(*HANDS)
@require_POST
@confirm_afresh
def cheque(request: HttpRequest, payout_id: int) -> HttpResponse:
    form = payout_forms.ChequeNumberForm(request.POST)
    return _typed(
        request,
        payout_id,
        form,
        "In the register. It is settled once the bank's line shows it.",
        lambda by, now: issue_cheque(payout_id=payout_id, **form.cleaned_data, by=by, now=now),
    )


@role_required(*HANDS)
@require_POST
@confirm_afresh
def void(request: HttpRequest, payout_id: int) -> HttpResponse:
    stale = request.POST.get("stale") == "yes"
    done = "Void. The partner is on hold until another person has seen that the bank stopped it."
    return _step(
        request, payout_id, done, lambda by, now: void_cheque(payout_id=payout_id, stale=stale, by=by, now=now)
    )


@role_required(*HANDS)
@require_http_methods(["GET", "HEAD", "POST"])
def by_hand(request: HttpRequest, payout_id: int) -> HttpResponse:
    """It went another way. The factor is asked for before the form and not after it: a file would be lost."""
    row = get_object_or_404(PartnerPayout, pk=payout_id)
    if request.method != "POST":
        if not is_confirmed(request):
            raise ReauthenticationRequired
        return redirect("partners:desk_payout", row.batch_id, row.pk)
    if not is_confirmed(request):
        messages.error(request, "Nothing was kept: too long has passed since you showed that it is you. Do it again.")
        return redirect("partners:desk_payout_by_hand", row.pk)
    form = payout_forms.SentByHandForm(request.POST, request.FILES)

    def step(by: Any, now: Any) -> object:
        proof = form.cleaned_data["proof"]
        reason = form.cleaned_data["reason"]
        return confirm_sent_by_hand(
            payout_id=payout_id, reason=reason, name=proof.name, content=proof.read(), by=by, now=now
        )

    return _typed(request, payout_id, form, "On its way, with its reason and proof.", step)


@role_required(*HANDS)
@require_POST
@confirm_afresh
def notice(request: HttpRequest, payout_id: int) -> HttpResponse:
    form = payout_forms.BankNoticeForm(request.POST)
    return _typed(
        request,
        payout_id,
        form,
        "Recorded. The partner is on hold.",
        lambda by, now: record_bank_notice(payout_id=payout_id, **form.cleaned_data, by=by, now=now),
    )


@role_required(*HANDS)
@require_POST
@confirm_afresh
def ach_file(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Make the batch's file; it is fetched by a button of its own."""
    get_object_or_404(PayoutBatch, pk=batch_id)
    form = payout_forms.AchFileForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"Nothing was made. Effective on: {form.errors['effective_on'][0]}")
        return redirect("partners:desk_batch", batch_id)
    try:
        file = make_ach_file(batch_id=batch_id, **form.cleaned_data, by=request.user, now=clock.now())  # type: ignore[arg-type]
    except REFUSALS as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{file} is made. Fetch it, once, and give it to the bank.")
    return redirect("partners:desk_batch", batch_id)


@role_required(*HANDS)
@require_POST
@confirm_afresh
def ach_download(request: HttpRequest, file_id: int) -> HttpResponse:
    """The file's bytes, once."""
    file = get_object_or_404(AchFile, pk=file_id)
    try:
        content = download_ach_file(file_id=file_id, by=request.user, now=clock.now())  # type: ignore[arg-type]
    except REFUSALS as error:
        messages.error(request, str(error))
        return redirect("partners:desk_payouts")
    name = f"tassel-{file.made_on:%Y%m%d}-{file.modifier}.ach"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type="text/plain; charset=us-ascii", headers=headers)


def _typed(
    request: HttpRequest, payout_id: int, form: Form, done: str, step: Callable[[Any, Any], object]
) -> HttpResponse:
    """A step that needs a form; what is wrong is said at its field, with what was typed."""
    row = get_object_or_404(PartnerPayout, pk=payout_id)
    if form.is_valid():
        try:
            step(request.user, clock.now())
        except tuple(WRONG) as error:
            form.add_error(WRONG[type(error)], str(error))
        except REFUSALS as error:
            messages.error(request, str(error))
            return redirect("partners:desk_payout", row.batch_id, row.pk)
        else:
            messages.success(request, done)
            return redirect("partners:desk_payout", row.batch_id, row.pk)
    return _page(request, payout_id, {NAMES[type(form)]: form})


def _step(request: HttpRequest, payout_id: int, done: str, step: Callable[[Any, Any], object]) -> HttpResponse:
    row = get_object_or_404(PartnerPayout, pk=payout_id)
    try:
        step(request.user, clock.now())
    except REFUSALS as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("partners:desk_payout", row.batch_id, row.pk)
