"""A partner's account at Stripe, on the desk: asked for, answered for, looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from partners.models import Partner
from partners.operations.choose_stripe import Outcome, choose_stripe
from partners.operations.make_accounts import make_accounts
from partners.operations.open_onboarding import (
    NoAccount,
    StripeRefused,
    StripeUnavailable,
    account_of,
    open_onboarding,
)
from partners.operations.send_onboarding import NoAddress, send_onboarding
from payments.operations.ask_accounts import ask_account
from people import clock
from people.access import confirm_afresh, role_required

PREPARER, APPROVER = "finance preparer", "finance approver"
AWAY: Final = "Stripe does not answer now. It is asked again by itself; nothing was done twice."
SAID: Final = {
    Outcome.ASKED: "Asked for. Now have the partner answer Stripe's questions.",
    Outcome.ALREADY_ASKED: "This partner has a Stripe account that waits for its answers to Stripe.",
    Outcome.ENTERED: "Entered. The partner is not paid until another person has called it back.",
    Outcome.ALREADY_ENTERED: "This account is entered already.",
}


@role_required(PREPARER)
@require_POST
@confirm_afresh
def choose(request: HttpRequest, partner_id: int) -> HttpResponse:
    """Have an account made for the partner, or enter the one that is ready."""
    partner = get_object_or_404(Partner, pk=partner_id)
    outcome = choose_stripe(partner_id=partner.pk, by=request.user, now=clock.now())  # type: ignore[arg-type]
    make_accounts(now=clock.now())
    messages.success(request, SAID[outcome])
    return redirect("partners:desk_destination", partner.pk)


@role_required(PREPARER, APPROVER)
@require_POST
def look(request: HttpRequest, partner_id: int) -> HttpResponse:
    """Ask Stripe how the account stands."""

    def step() -> None:
        ask_account(account_id=account_of(partner_id).stripe_account, now=clock.now())
        messages.success(request, "Stripe was asked. This is how the account stands.")

    return _step(request, partner_id, step)


@role_required(PREPARER)
@require_POST
@confirm_afresh
def open_questions(request: HttpRequest, partner_id: int) -> HttpResponse:
    """Go to Stripe's questions oneself, such as with the partner on the phone; whoever does never confirms."""
    page = settings.BASE_URL + reverse("partners:desk_destination", args=[partner_id])
    addresses: list[str] = []

    def step() -> None:
        account = account_of(partner_id)
        by, now = request.user, clock.now()
        addresses.append(open_onboarding(account=account, by=by, refresh_url=page, return_url=page, now=now))  # type: ignore[arg-type]

    answer = _step(request, partner_id, step)
    return HttpResponse(status=303, headers={"Location": addresses[0]}) if addresses else answer


@role_required(PREPARER)
@require_POST
@confirm_afresh
def send(request: HttpRequest, partner_id: int) -> HttpResponse:
    """Send the partner a link of ours to Stripe's questions."""

    def step() -> None:
        sent = send_onboarding(account=account_of(partner_id), now=clock.now())
        words = "one address" if sent == 1 else f"{sent} addresses"
        messages.success(request, f"Sent to {words}. The link is good for 30 days.")

    return _step(request, partner_id, step)


def _step(request: HttpRequest, partner_id: int, step: Callable[[], None]) -> HttpResponse:
    """Take a step with the partner's account, and say on its page what came of it."""
    get_object_or_404(Partner, pk=partner_id)
    try:
        step()
    except (NoAccount, NoAddress) as error:
        messages.error(request, str(error))
    except StripeRefused as error:
        messages.error(request, f"Stripe refused: {error}")
    except StripeUnavailable:
        messages.error(request, AWAY)
    return redirect("partners:desk_destination", partner_id)
