"""Where a partner comes from the link in its mail, and back from Stripe's questions. The link is the key."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from partners.models import PartnerAccount
from partners.onboarding_links import account_by
from partners.operations.open_onboarding import StripeRefused, StripeUnavailable, open_onboarding
from payments.operations.ask_accounts import ask_account
from people import clock
from people.limits import count_attempt

HOURLY = 20
log = structlog.get_logger(__name__)
Page = Callable[[HttpRequest, PartnerAccount, str], HttpResponse]


def by_token(page: Page) -> Callable[[HttpRequest, str], HttpResponse]:
    """A page of the account behind the link, passed on to nobody; a wrong or dead link is no page at all."""

    @never_cache
    @wraps(page)
    def guarded(request: HttpRequest, token: str) -> HttpResponse:
        account = account_by(token)
        if account is None:
            raise Http404
        answer = page(request, account, token)
        answer["Referrer-Policy"] = "same-origin"  # with none the form would come from nowhere
        answer["X-Robots-Tag"] = "noindex"
        return answer

    return guarded


@require_http_methods(["GET", "HEAD", "POST"])
@by_token
def begin(request: HttpRequest, account: PartnerAccount, token: str) -> HttpResponse:
    """What is asked and why; the button makes a fresh link, so that no mail scanner uses it up."""
    context = {"account": account, "partner": account.partner, "token": token}
    if request.method != "POST":
        return render(request, "partners/own/onboarding.html", context)
    here, back_here = (_address(name, token) for name in ("partners:onboarding", "partners:onboarding_back"))
    if count_attempt(what="onboarding", who=account.ref, now=clock.now()) > HOURLY:
        return render(request, "partners/own/onboarding.html", context | {"too_often": True}, status=429)
    try:
        address = open_onboarding(account=account, by=None, refresh_url=here, return_url=back_here, now=clock.now())
    except (StripeUnavailable, StripeRefused) as error:
        log.warning("onboarding_not_opened", account=account.pk, error=type(error).__name__)
        return render(request, "partners/own/onboarding.html", context | {"is_away": True})
    return HttpResponse(status=303, headers={"Location": address})


@require_safe
@by_token
def back(request: HttpRequest, account: PartnerAccount, token: str) -> HttpResponse:
    """Coming back does not mean that everything was answered: Stripe is asked, and what is missing is said.

    Whoever comes back more often than that sees what is known, and Stripe is left alone.
    """
    now = clock.now()
    try:
        if count_attempt(what="onboarding_back", who=account.ref, now=now) <= HOURLY:
            ask_account(account_id=account.stripe_account, now=now)
    except Exception:  # the webhook or the sweep will tell; whoever comes back must see a page
        log.warning("account_not_seen_on_return", account=account.pk, exc_info=True)
    account.refresh_from_db()
    context = {"account": account, "partner": account.partner, "token": token}
    return render(request, "partners/own/onboarding_back.html", context)


def _address(name: str, token: str) -> str:
    return settings.BASE_URL + reverse(name, args=[token])
