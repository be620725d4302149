"""Bank lines on the desk: found, opened, and explained by a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from partners.models import BankAccount, BankLine, LearnedRule, Match, MatchItem
from partners.operations.choose_match import DoesNotFit, choose_match, explain_line, name_duplicate, name_entry
from partners.queries import bank as reads
from partners.views.bank import HANDS
from partners.views.numbers import row_id, row_ids
from people import clock, desk
from people.access import has_role, role_required

SHOWN = 50
STATES = (("open", "Not explained"), ("proposed", "Waiting for a person"), ("confirmed", "Confirmed"))


@role_required(*desk.FINANCE)
@require_safe
def lines(request: HttpRequest) -> HttpResponse:
    """Lines by state, account and words, the latest first."""
    state, text = request.GET.get("state", ""), request.GET.get("text", "").replace("\0", "").strip()[:100]
    state = state if state in dict(STATES) else ""
    account = row_id(request.GET.get("account", ""))
    page = Paginator(reads.lines(state, account or None, text), SHOWN).get_page(request.GET.get("page"))
    context = {"lines": page, "state": state, "states": STATES, "text": text, "account": account}
    context |= {"accounts": BankAccount.objects.all(), "here": "bank"}
    return render(request, "partners/desk/bank_lines.html", context)


@role_required(*desk.FINANCE)
@require_safe
def line(request: HttpRequest, line_id: int) -> HttpResponse:
    """What the bank says, what it is or could be, and what it was taken for before."""
    row = get_object_or_404(BankLine.objects.select_related("account", "statement"), pk=line_id)
    return _line(request, row)


def _line(request: HttpRequest, row: BankLine, problem: str = "") -> HttpResponse:
    taken_for = list(
        reads.matches().filter(items__line=row, items__side=MatchItem.Side.BANK).order_by("-id").distinct()
    )
    is_open = not any(match.state != Match.State.UNDONE for match in taken_for)
    may_act = is_open and has_role(request.user, *HANDS)
    context = {
        "line": row,
        "taken_for": taken_for,
        "may_act": may_act,
        "could_be": reads.could_be(row) if may_act else [],
        "same_again": reads.same_again(row) if may_act else [],
        "beside": reads.beside(row) if may_act else [],
        "by_hand": reads.by_hand(row) if may_act else [],
        "purposes": LearnedRule.PURPOSES.items(),
        "problem": problem,
        "typed": request.POST,
        "chosen": request.POST.getlist("choice"),
        "here": "bank",
    }
    return render(request, "partners/desk/bank_line.html", context, status=400 if problem else 200)


@role_required(*HANDS)
@require_POST
def match(request: HttpRequest, line_id: int) -> HttpResponse:
    """The line, alone or with others, is the ticked payouts; what is over is a fee if the person says so."""
    chosen = [value.partition(":") for value in request.POST.getlist("choice")]
    others = row_ids(request.POST.getlist("line"))

    def step(row: BankLine, who: dict[str, Any]) -> Match:
        return choose_match(
            line_ids=[row.pk, *others],
            payout_ids=row_ids(number for kind, _, number in chosen if kind == "partner"),
            stripe_payout_ids=row_ids(number for kind, _, number in chosen if kind == "stripe"),
            rest_purpose=request.POST.get("rest", ""),
            **who,
        )

    return _propose(request, line_id, step)


@role_required(*HANDS)
@require_POST
def explain(request: HttpRequest, line_id: int) -> HttpResponse:
    """The line is a fee or interest of the bank."""
    purpose, always = request.POST.get("purpose", ""), "always" in request.POST
    return _propose(
        request, line_id, lambda row, who: explain_line(line_id=row.pk, purpose=purpose, always=always, **who)
    )


@role_required(*HANDS)
@require_POST
def by_hand(request: HttpRequest, line_id: int) -> HttpResponse:
    """The line is what two people booked."""
    key = request.POST.get("entry", "").replace("\0", "")
    return _propose(request, line_id, lambda row, who: name_entry(line_id=row.pk, entry_key=key, **who))


@role_required(*HANDS)
@require_POST
def duplicate(request: HttpRequest, line_id: int) -> HttpResponse:
    """The line repeats another."""
    other = row_id(request.POST.get("of", ""))
    return _propose(request, line_id, lambda row, who: name_duplicate(line_id=row.pk, of_line_id=other, **who))


def _propose(request: HttpRequest, line_id: int, step: Callable[[BankLine, dict[str, Any]], Match]) -> HttpResponse:
    """Take a step on a line; what does not fit is said on its page, with what was typed."""
    row = get_object_or_404(BankLine.objects.select_related("account", "statement"), pk=line_id)
    try:
        found = step(row, {"by": request.user, "now": clock.now()})
    except DoesNotFit as error:
        return _line(request, row, str(error))
    messages.success(request, "Proposed. Look at both sides, then confirm.")
    return redirect("partners:desk_bank_match", found.pk)
