"""Where partners are paid, on the desk: one person enters a change, another calls the partner back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners import bank_numbers, destination_forms
from partners.destination_forms import FORMS, NoteForm
from partners.models import Method, Partner, PayoutDestination, PayoutHold
from partners.operations.change_destination import WrongDetail, change_destination
from partners.operations.confirm_destination import (
    NotOnboarded,
    NotPending,
    confirm_destination,
    refuse_destination,
)
from partners.operations.hold_partner import NotHeld, hold_partner, lift_hold
from partners.queries.destinations import all_places, place_of
from partners.queries.stripe_accounts import account_state
from partners.two_people import SamePerson
from people import clock, desk
from people.access import confirm_afresh, is_confirmed, role_required
from people.approvers import MayNotApprove

PREPARER, APPROVER = "finance preparer", "finance approver"
REFUSALS = (NotPending, NotOnboarded, NotHeld, SamePerson, MayNotApprove)


@role_required(*desk.FINANCE)
@require_safe
def destinations(request: HttpRequest) -> HttpResponse:
    """Every partner: where it is paid, and what keeps its payouts back."""
    return render(request, "partners/desk/destinations.html", {"places": all_places(), "here": "payouts"})


@role_required(*desk.FINANCE)
@require_safe
def destination(request: HttpRequest, partner_id: int) -> HttpResponse:
    """One partner: what is in use, what waits for a call, what is on hold, and what was before."""
    return _page(request, partner_id, {})


def _page(request: HttpRequest, partner_id: int, typed: Mapping[str, NoteForm]) -> HttpResponse:
    partner = get_object_or_404(Partner, pk=partner_id)
    place = place_of(partner)
    stripe = account_state(partner)
    live = [(row.stripe_account, row.fingerprint) for row in (place.active, place.pending) if row]
    roles = set(request.user.groups.values_list("name", flat=True))
    context = {
        "partner": partner,
        "place": place,
        "stripe": stripe,
        "may_choose_stripe": stripe is None
        or stripe.account.state in ("refused", "closed")
        or (stripe.account.takes_transfers and (stripe.account.stripe_account, stripe.account.bank_mark) not in live),
        "own_change": place.pending is not None and place.pending.edited_by_id == request.user.pk,
        "may_change": PREPARER in roles,
        "may_decide": APPROVER in roles,
        "me": request.user.pk,
        "methods": [(method, Method(method).label) for method in FORMS],
        "call_form": typed.get("call") or destination_forms.call_form(),
        "refusal_form": typed.get("refuse") or destination_forms.refusal_form(),
        "hold_form": typed.get("hold") or destination_forms.hold_form(),
        "holds": [
            (hold, words, typed.get(f"lift{hold.pk}") or destination_forms.lift_form(hold.pk))
            for hold, words in place.holds
        ],
        "here": "payouts",
    }
    status = 400 if typed else 200
    return render(request, "partners/desk/destination.html", context, status=status)


@role_required(PREPARER)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, partner_id: int, method: str) -> HttpResponse:
    """The form of a change by one method; nothing is paid before another person has called the partner.

    Who has not shown the second factor lately is asked before the form and not after it: what is sent would wait in the
    session meanwhile, and bank numbers lie nowhere in clear.
    """
    partner = get_object_or_404(Partner, pk=partner_id)
    if not is_confirmed(request):
        if request.method != "POST":
            raise ReauthenticationRequired
        messages.error(request, "Nothing was kept: too long has passed since you showed that it is you. Type it again.")
        return redirect("partners:desk_destination_change", partner.pk, method)
    form = FORMS[method](request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            change_destination(
                partner_id=partner.pk,
                details=form.details(),
                by=request.user,  # type: ignore[arg-type]
                now=clock.now(),
            )
        except WrongDetail as error:
            form.add_error(error.field, str(error))
        except bank_numbers.NoKeys:
            form.add_error(None, "Bank numbers cannot be kept here yet: the server has no TASSEL_BANK_KEYS.")
        else:
            messages.success(request, f"Entered. {partner} is not paid until another person has called it back.")
            return redirect("partners:desk_destination", partner.pk)
    context = {"partner": partner, "form": form, "method": Method(method), "here": "payouts"}
    return render(request, "partners/desk/destination_new.html", context, status=400 if form.errors else 200)


@role_required(APPROVER)
@require_POST
@confirm_afresh
def confirm(request: HttpRequest, destination_id: int) -> HttpResponse:
    row = get_object_or_404(PayoutDestination, pk=destination_id)
    form = destination_forms.call_form(request.POST)
    return _step(
        request,
        row.partner_id,
        form,
        "Confirmed. Payouts go there from now on.",
        lambda by, note, now: confirm_destination(destination_id=row.pk, by=by, note=note, now=now),
    )


@role_required(PREPARER, APPROVER)
@require_POST
def refuse(request: HttpRequest, destination_id: int) -> HttpResponse:
    row = get_object_or_404(PayoutDestination, pk=destination_id)
    form = destination_forms.refusal_form(request.POST)
    return _step(
        request,
        row.partner_id,
        form,
        "The change is off. The hold stays until somebody other than its author lifts it.",
        lambda by, note, now: refuse_destination(destination_id=row.pk, by=by, reason=note, now=now),
    )


@role_required(PREPARER, APPROVER)
@require_POST
def hold(request: HttpRequest, partner_id: int) -> HttpResponse:
    form = destination_forms.hold_form(request.POST)
    return _step(
        request,
        get_object_or_404(Partner, pk=partner_id).pk,
        form,
        "On hold. Nothing is paid to this partner until another person lifts it.",
        lambda by, note, now: hold_partner(partner_id=partner_id, by=by, reason=note, now=now),
    )


@role_required(APPROVER)
@require_POST
@confirm_afresh
def lift(request: HttpRequest, hold_id: int) -> HttpResponse:
    row = get_object_or_404(PayoutHold, pk=hold_id)
    form = destination_forms.lift_form(row.pk, request.POST)
    return _step(
        request,
        row.partner_id,
        form,
        "Lifted.",
        lambda by, note, now: lift_hold(hold_id=row.pk, by=by, reason=note, now=now),
    )


def _step(
    request: HttpRequest, partner_id: int, form: NoteForm, done: str, step: Callable[[Any, str, Any], object]
) -> HttpResponse:
    """Take a step that needs a note, and say what came of it on the partner's page."""
    if not form.is_valid():
        return _page(request, partner_id, {str(form.prefix): form})
    try:
        step(request.user, form.cleaned_data["note"], clock.now())
    except REFUSALS as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("partners:desk_destination", partner_id)
