"""The desk's pages for closing months: the checklist, the steps that two persons take, and the way back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.db.models import Max, OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from ledger import closing, month_board
from ledger.models import Entry, MonthWork, Period, PeriodEvent
from ledger.operations.abort_close import abort_close
from ledger.operations.approve_change import approve_change
from ledger.operations.ask_month_work import ask_month_work
from ledger.operations.export_trial_balance import export_trial_balance
from ledger.operations.propose_close import propose_close
from ledger.operations.propose_reopen import propose_reopen
from ledger.operations.refuse_change import refuse_change
from ledger.operations.reopen_month import reopen_month
from ledger.operations.soft_close import Outcome, lift_soft_close, soft_close
from people import clock
from people.access import confirm_afresh, role_required
from people.approvers import MayNotApprove, counts_as
from people.desk import READERS
from people.models import User
from people.queries import days_of, local_day, organisation

PREPARER, APPROVER = "finance preparer", "finance approver"
HANDS: Final = (PREPARER, APPROVER)
REFUSALS: Final = (
    closing.AlreadyApproved,
    closing.ContentChanged,
    closing.EarlierMonthOpen,
    closing.LaterMonthClosed,
    closing.MonthBusy,
    closing.NotApproved,
    closing.NotWaiting,
    closing.SamePerson,
    closing.WrongState,
    MayNotApprove,
)
Kind = MonthWork.Kind
_ENTRY: Final = re.compile(r"\bentry (\d{1,18})\b")


class ReasonForm(forms.Form):
    """Words that stay with the decision."""

    reason = forms.CharField(
        label="Why",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why: the next person, and the auditor, will want to know."},
    )


@role_required(*READERS)
@require_safe
def months(request: HttpRequest) -> HttpResponse:
    """Every month from the first entry to this one, the latest first."""
    today = local_day(clock.now(), organisation())
    first = Entry.objects.order_by("effective_date").values_list("effective_date", flat=True).first() or today
    newest = MonthWork.objects.filter(period=OuterRef("pk"), finished_at__isnull=False).order_by("-pk")
    closed = PeriodEvent.objects.filter(period=OuterRef("pk"), kind=PeriodEvent.Kind.CLOSED)
    rows = (
        Period.objects.filter(pk__gte=first.year * 100 + first.month, pk__lte=today.year * 100 + today.month)
        .annotate(
            checked_at=Subquery(newest.values("finished_at")[:1]),
            problem=Subquery(newest.values("problem")[:1]),
            closed_at=Subquery(closed.values("period").annotate(last=Max("at")).values("last")),
        )
        .order_by("-pk")
    )
    context = {"rows": [(row, days_of(row.pk)[0]) for row in rows[: month_board.SHOWN_MONTHS]], "here": "months"}
    return render(request, "ledger/months/months.html", context)


@role_required(*READERS)
@require_safe
def month(request: HttpRequest, yyyymm: int) -> HttpResponse:
    """The checklist of one month, the next step for the person who looks at it, and its history."""
    return _month(request, yyyymm)


def _month(request: HttpRequest, yyyymm: int, **bound: forms.Form) -> HttpResponse:
    period = get_object_or_404(Period, pk=yyyymm)
    now = clock.now()
    board = month_board.board(period)
    me = _me(request)
    roles = set(me.groups.values_list("name", flat=True))
    own = bool((board.asked or board.approved) and (board.asked or board.approved).requested_by_id == me.pk)  # type: ignore[union-attr]
    context = {
        "board": board,
        "now": now,
        "is_running": local_day(now) <= days_of(yyyymm)[1],
        "may_act": bool(roles & set(HANDS)),
        "own": own,
        "may_decide": bool(board.asked) and not own and counts_as(APPROVER, user=me, now=now),
        "is_approver": APPROVER in roles,
        "content": closing.current_hash(board.asked.subject) if board.asked else "",
        "results": month_board.results(yyyymm) if board.closed else [],
        "closing_hash": bytes(board.closed.closing_hash or b"").hex() if board.closed else "",
        "forms": {
            "soft": ReasonForm(prefix="soft"),
            "propose": ReasonForm(prefix="propose"),
            "refuse": ReasonForm(prefix="refuse"),
        }
        | bound,
        "here": "months",
    }
    return render(request, "ledger/months/month.html", context, status=400 if bound else 200)


@role_required(*READERS)
@require_safe
def check(request: HttpRequest, yyyymm: int, number: int) -> HttpResponse:
    """What one line of the checklist found when it was last looked at, and where that is worked on."""
    board = month_board.board(get_object_or_404(Period, pk=yyyymm))
    item = next((item for item in board.items if item.number == number), None)
    if item is None:
        raise Http404
    context = {
        "board": board,
        "item": item,
        "findings": [_with_links(finding) for finding in item.findings],
        "more": (item.count or 0) - len(item.findings),
        "now": clock.now(),
        "here": "months",
    }
    return render(request, "ledger/months/check.html", context)


@role_required(*HANDS)
@require_POST
def ask_checks(request: HttpRequest, yyyymm: int) -> HttpResponse:
    return _step(
        request,
        yyyymm,
        "A worker is checking.",
        lambda by, now: ask_month_work(yyyymm=yyyymm, kind=Kind.CHECK, by=by, now=now),
    )


@role_required(*HANDS)
@require_POST
def take_trial_balance(request: HttpRequest, yyyymm: int) -> HttpResponse:
    """The file, and a row that says it was taken."""
    get_object_or_404(Period, pk=yyyymm)
    exported = export_trial_balance(yyyymm=yyyymm, by=_me(request), now=clock.now())
    answer = HttpResponse(exported.content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="trial-balance-{yyyymm // 100}-{yyyymm % 100:02}.csv"'
    return answer


@role_required(*HANDS)
@require_POST
def close_softly(request: HttpRequest, yyyymm: int) -> HttpResponse:
    form = ReasonForm(request.POST, prefix="soft")
    if not form.is_valid():
        return _month(request, yyyymm, soft=form)

    def step(by: User, now: datetime) -> str:
        done = soft_close(yyyymm=yyyymm, by=by, now=now, reason=form.cleaned_data["reason"])
        return "Softly closed." if done is Outcome.DONE else "It was softly closed before."

    return _step(request, yyyymm, "", step)


@role_required(*HANDS)
@require_POST
def open_again(request: HttpRequest, yyyymm: int) -> HttpResponse:
    def step(by: User, now: datetime) -> str:
        done = lift_soft_close(yyyymm=yyyymm, by=by, now=now)
        return "Open: it takes every entry again." if done is Outcome.DONE else "It was open before."

    return _step(request, yyyymm, "", step)


@role_required(*HANDS)
@require_POST
def propose(request: HttpRequest, yyyymm: int) -> HttpResponse:
    """Ask for the closing, or, of a closed month, for its reopening; with the reason that the other person reads."""
    period = get_object_or_404(Period, pk=yyyymm)
    form = ReasonForm(request.POST, prefix="propose")
    if not form.is_valid():
        return _month(request, yyyymm, propose=form)
    ask = propose_reopen if period.state == Period.State.CLOSED else propose_close
    reason = form.cleaned_data["reason"]
    done = "Asked. Another person decides."
    return _step(request, yyyymm, done, lambda by, now: ask(yyyymm=yyyymm, by=by, now=now, reason=reason))


@role_required(APPROVER)
@require_POST
@confirm_afresh
def approve_close(request: HttpRequest, yyyymm: int) -> HttpResponse:
    shown = request.POST.get("content", "")

    def step(by: User, now: datetime) -> None:
        approve_change(subject=closing.close_subject(yyyymm), by=by, content_hash=shown, now=now)
        ask_month_work(yyyymm=yyyymm, kind=Kind.CLOSE, by=by, now=now)

    return _step(request, yyyymm, "Approved. A worker checks the month once more and closes it.", step)


@role_required(APPROVER)
@require_POST
@confirm_afresh
def approve_reopening(request: HttpRequest, yyyymm: int) -> HttpResponse:
    shown = request.POST.get("content", "")

    def step(by: User, now: datetime) -> None:
        approve_change(subject=closing.reopen_subject(yyyymm), by=by, content_hash=shown, now=now)
        reopen_month(yyyymm=yyyymm, now=now)

    return _step(request, yyyymm, "Opened again, for entries by hand. Close it again when they are made.", step)


@role_required(APPROVER)
@require_POST
def refuse(request: HttpRequest, yyyymm: int) -> HttpResponse:
    """Refuse what is asked, or take an approval back that nothing has come of."""
    period = get_object_or_404(Period, pk=yyyymm)
    form = ReasonForm(request.POST, prefix="refuse")
    if not form.is_valid():
        return _month(request, yyyymm, refuse=form)
    closed = period.state == Period.State.CLOSED
    subject = closing.reopen_subject(yyyymm) if closed else closing.close_subject(yyyymm)
    reason = form.cleaned_data["reason"]
    return _step(
        request, yyyymm, "Refused.", lambda by, now: refuse_change(subject=subject, by=by, reason=reason, now=now)
    )


@role_required(*HANDS)
@require_POST
@confirm_afresh
def finish(request: HttpRequest, yyyymm: int) -> HttpResponse:
    """Do what is approved and was not done: close the month, or reopen it."""
    period = get_object_or_404(Period, pk=yyyymm)
    if period.state == Period.State.CLOSED:
        return _step(request, yyyymm, "Opened again.", lambda by, now: reopen_month(yyyymm=yyyymm, now=now))
    done = "A worker checks the month once more and closes it."
    return _step(request, yyyymm, done, lambda by, now: ask_month_work(yyyymm=yyyymm, kind=Kind.CLOSE, by=by, now=now))


@role_required(APPROVER)
@require_POST
@confirm_afresh
def abort(request: HttpRequest, yyyymm: int) -> HttpResponse:
    done = "Taken back: the month is softly closed. Closing it takes two people anew."
    return _step(request, yyyymm, done, lambda by, now: abort_close(yyyymm=yyyymm, by=by, now=now))


def _step(request: HttpRequest, yyyymm: int, done: str, step: Callable[[User, datetime], Any]) -> HttpResponse:
    """Take a step and say on the month's page what came of it; a step may say it in its own words."""
    get_object_or_404(Period, pk=yyyymm)
    try:
        said = step(_me(request), clock.now())
    except REFUSALS as refusal:
        messages.error(request, _sentence(str(refusal), yyyymm))
    else:
        messages.success(request, said if isinstance(said, str) else done)
    return redirect("months:month", yyyymm)


def _sentence(refusal: str, yyyymm: int) -> str:
    """The operations name a month by its number; here it has a name."""
    name = date_format(days_of(yyyymm)[0], "F Y")
    words = refusal.rstrip(".").replace(f"month {yyyymm}", name)
    for subject in (closing.close_subject(yyyymm), closing.reopen_subject(yyyymm)):
        words = words.replace(subject, name)
    return f"{words[:1].upper()}{words[1:]}."


def _with_links(finding: str) -> SafeString:
    """A finding whose entries open."""
    pieces = _ENTRY.split(finding)  # text, entry id, text, ...
    return format_html_join(
        "",
        "{}",
        (
            (format_html('<a href="{}">entry {}</a>', reverse("ledger_desk:entry", args=[piece]), piece),)
            if place % 2
            else (piece,)
            for place, piece in enumerate(pieces)
        ),
    )


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
