"""Matches on the desk: confirmed, undone, each with its history and its entries; and the rules that people taught."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from ledger.models import Entry
from ledger.operations.post_entry import NoSuchMonth
from partners.bank.confirmers import Whole, why_not
from partners.models import LearnedRule, Match
from partners.operations.return_payout import NotArrived
from partners.operations.settle_matches import NotProposed, settle_matches
from partners.operations.settle_payout import NotOnItsWay
from partners.operations.stop_rule import stop_rule
from partners.operations.undo_match import NotUndoable, undo_match
from partners.queries import bank as reads
from partners.two_people import SamePerson
from partners.views.bank import HANDS
from partners.views.numbers import row_ids
from people import clock, desk
from people.access import confirm_afresh, has_role, role_required
from people.models import User

SHOWN = 50


@role_required(*desk.FINANCE)
@require_safe
def matches(request: HttpRequest) -> HttpResponse:
    """All matches of a state, the latest first; those that wait can be ticked and confirmed together."""
    state = request.GET.get("state", "proposed")
    state = state if state in Match.State.values else ""
    page = Paginator(reads.matches(state).order_by("-id"), SHOWN).get_page(request.GET.get("page"))
    context = {
        "matches": page,
        "state": state,
        "states": Match.State.choices,
        "may_act": has_role(request.user, *HANDS),
        "here": "bank",
    }
    return render(request, "partners/desk/bank_matches.html", context)


@role_required(*desk.FINANCE)
@require_safe
def match(request: HttpRequest, match_id: int) -> HttpResponse:
    """One match: both sides, who decided what and when, and every entry that it made."""
    row = get_object_or_404(reads.matches(), pk=match_id)
    entries = Entry.objects.filter(pk__in=row.entries.values("entry")).order_by("id")
    context = {
        "match": row,
        "entries": entries.prefetch_related("postings__debit", "postings__credit"),
        "events": row.events.select_related("by"),
        "may_act": has_role(request.user, *HANDS),
        "why_not": _why_not(row, request.user) if row.state == Match.State.PROPOSED else "",  # type: ignore[arg-type]
        "here": "bank",
    }
    return render(request, "partners/desk/bank_match.html", context)


def _why_not(row: Match, by: User) -> str:
    """Nobody is shown a button that would refuse them."""
    return why_not([Whole.of(row, row.items.all())], by)


@role_required(*HANDS)
@require_POST
@confirm_afresh
def confirm(request: HttpRequest) -> HttpResponse:
    """Confirm the ticked matches; the books say what they say."""
    ids = row_ids(request.POST.getlist("match"))
    if not ids:
        messages.error(request, "Tick at least one match.")
        return redirect("partners:desk_bank")
    try:
        settled = settle_matches(match_ids=ids, by=request.user, now=clock.now())  # type: ignore[arg-type]
    except (NotProposed, SamePerson, NotOnItsWay, NotArrived, NoSuchMonth) as error:
        messages.error(request, str(error))
    else:
        words = "1 match is" if len(settled) == 1 else f"{len(settled)} matches are"
        messages.success(request, f"{words} confirmed and in the books.")
    return redirect("partners:desk_bank")


@role_required(*HANDS)
@require_POST
@confirm_afresh
def undo(request: HttpRequest, match_id: int) -> HttpResponse:
    """They are not the same; what was posted is booked back."""
    get_object_or_404(Match, pk=match_id)
    reason = request.POST.get("reason", "").replace("\0", "")
    try:
        undone = undo_match(match_id=match_id, by=request.user, now=clock.now(), reason=reason)  # type: ignore[arg-type]
    except (NotUndoable, NoSuchMonth) as error:
        messages.error(request, str(error))
        return redirect("partners:desk_bank_match", match_id)
    booked = " and booked back" if undone.entries.exists() else ""
    messages.success(request, f"The match is undone{booked}. Its lines wait to be explained.")
    return redirect("partners:desk_bank_match", match_id)


@role_required(*desk.FINANCE)
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """What lines were taught to be, by whom, and until when."""
    rows = LearnedRule.objects.select_related("account", "learned_by", "stopped_by").order_by("stopped_at", "-id")
    context = {
        "rules": Paginator(rows, SHOWN).get_page(request.GET.get("page")),
        "may_act": has_role(request.user, *HANDS),
        "here": "bank",
    }
    return render(request, "partners/desk/bank_rules.html", context)


@role_required(*HANDS)
@require_POST
def stop(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Lines like these are for people again."""
    get_object_or_404(LearnedRule, pk=rule_id)
    stop_rule(rule_id=rule_id, by=request.user, now=clock.now())  # type: ignore[arg-type]
    messages.success(request, "The rule is stopped. Matches that it proposed stay until somebody decides on them.")
    return redirect("partners:desk_bank_rules")
