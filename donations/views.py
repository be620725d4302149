"""The donor's pages: give, thanks, cancelled, My giving, stop."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from donations import queries
from donations.attempts import AmountOutOfBounds, FundClosed, Intent
from donations.forms import MONTHLY, ONCE, OTHER, GiveForm, StopForm, first_choice, new_key
from donations.limits import TooManyAttempts
from donations.models import Fund, Gift, Plan
from donations.operations.open_page import Opened
from donations.operations.start_gift import start_gift
from donations.operations.start_plan_checkout import AlreadyGiving, start_plan_checkout
from donations.operations.stop_plan import stop_plan
from donations.outcomes import Outcome
from partners.queries import shares_of
from payments.gateway import StripeRefused, StripeUnavailable
from payments.operations.confirm_return import confirm_return
from people import clock
from people.models import Organisation, User
from people.money import format_minor
from people.queries import organisation

log = structlog.get_logger(__name__)

_CHOOSE_AGAIN = "This fund or amount is no longer offered. Nothing was charged; please choose again."
TROUBLE: dict[type[Exception], tuple[int, str]] = {
    TooManyAttempts: (
        429,
        "There were many attempts from here within an hour, so we stopped for now to keep cards safe."
        " Nothing was charged. Please try again in an hour, or write to us.",
    ),
    FundClosed: (409, _CHOOSE_AGAIN),
    AmountOutOfBounds: (409, _CHOOSE_AGAIN),
    StripeUnavailable: (
        503,
        "We could not reach the payment page. Nothing was charged. Please press the button once more.",
    ),
    StripeRefused: (502, "The payment page could not be opened. Nothing was charged. Please write to us."),
}


@require_http_methods(["GET", "HEAD", "POST"])
def give(request: HttpRequest) -> HttpResponse:
    """Give once or each month. A form with a mistake comes back with everything that was typed."""
    now = clock.now()
    funds = queries.open_funds(now)
    again = queries.attempt_by_token(request.GET["again"]) if request.GET.get("again") else None
    fund = _fund(request, funds, again)
    if fund is None:
        return render(request, "donations/closed.html", status=200)
    org = organisation()
    if request.method == "POST":
        form = GiveForm(request.POST, fund=fund, currency=org.currency)
        answer = _start(request, form, org)
        if isinstance(answer, HttpResponseRedirect):
            return answer
        status = answer
    else:
        form = GiveForm(initial=_initial(request, fund, org, again), fund=fund, currency=org.currency)
        status = 200
    promises = queries.promises_of_fund(fund, now)
    context = {
        "form": form,
        "fund": fund,
        "other_funds": [other for other in funds if other != fund],
        "promises": promises,
        "kept": queries.kept_percent(promises),
        "deductible": org.deductibility == Organisation.Deductibility.DEDUCTIBLE_170C,
    }
    response = render(request, "donations/give.html", context, status=status)
    if again is not None or request.user.is_authenticated:
        add_never_cache_headers(response)  # somebody's name and address are in the form
    else:
        patch_cache_control(response, private=True)
    return response


def _fund(request: HttpRequest, funds: list[Fund], again: Gift | Plan | None) -> Fund | None:
    """The fund asked for, else the first one; None when nothing is open. A closed one gives way to its successor."""
    asked = request.GET.get("fund", again.fund.slug if again else "").replace("\0", "")
    if asked and (known := Fund.objects.filter(slug=asked).select_related("successor").first()):
        wanted = [known.slug, known.successor.slug if known.successor else ""]
        for slug in wanted:
            if found := next((fund for fund in funds if fund.slug == slug), None):
                return found
    return funds[0] if funds else None


def _initial(request: HttpRequest, fund: Fund, org: Organisation, again: Gift | Plan | None) -> dict[str, Any]:
    """What the form shows first: the earlier attempt of a cancelled checkout, else the address's wishes."""
    tiers = [(str(tier.amount_minor), "") for tier in fund.tiers.all()]
    initial: dict[str, Any] = {
        "form_key": new_key(),
        "often": ONCE if request.GET.get("often") == ONCE else MONTHLY,
        "amount": first_choice(tiers),
    }
    if isinstance(request.user, User):
        initial |= {"email": request.user.email, "name": request.user.name}
    if again is None:
        return initial
    amount_minor = again.amount_minor if isinstance(again, Plan) else again.charged_minor
    is_tier = str(amount_minor) in dict(tiers)
    return initial | {
        "form_key": again.form_key or initial["form_key"],
        "often": MONTHLY if isinstance(again, Plan) else ONCE,
        "amount": str(amount_minor) if is_tier else OTHER,
        "own_amount": "" if is_tier else format_minor(amount_minor, org.currency).removeprefix("$"),
        "email": again.email,
        "name": again.name,
    }


def _start(request: HttpRequest, form: GiveForm, org: Organisation) -> HttpResponseRedirect | int:
    """On to Stripe, or the status under which the form is shown again with what went wrong."""
    if not form.is_valid():
        return 422
    words = form.cleaned_data
    intent = Intent(
        form_key=words["form_key"],
        fund=form.fund,
        amount_minor=words["amount_minor"],
        currency=org.currency,
        email=words["email"],
        name=words["name"],
        ip_address=get_adapter(request).get_client_ip(request),
    )
    try:
        return HttpResponseRedirect(_open(intent, monthly=words["often"] == MONTHLY).url, status=303)
    except AlreadyGiving as already:
        form.add_error("email", _already_giving(request, already.plan))
        form.already_giving = True
        return 409
    except tuple(TROUBLE) as error:
        status, sentence = next(TROUBLE[kind] for kind in TROUBLE if isinstance(error, kind))
        log.warning("give_not_started", error=type(error).__name__)
        form.add_error(None, sentence)
        return status


def _open(intent: Intent, *, monthly: bool) -> Opened:
    start = start_plan_checkout if monthly else start_gift
    return start(intent=intent, now=clock.now())


def _already_giving(request: HttpRequest, plan: Plan) -> str:
    """The amount is told to the plan's owner only: anybody may type an address."""
    where = "You can see it, or stop it, in My giving."
    if plan.supporter is not None and request.user.is_authenticated and plan.supporter.user_id == request.user.pk:
        amount = format_minor(plan.amount_minor, plan.currency)
        return f"You already give {amount} a month to {plan.fund.name}. {where}"
    return f"A monthly gift to {plan.fund.name} already comes from this address. {where}"


@never_cache
@require_GET
def thanks(request: HttpRequest, token: str) -> HttpResponse:
    """Where a donor returns to: what has arrived and where it goes, or that we still wait for word of it."""
    attempt = _attempt(token)
    if session_id := request.GET.get("session"):
        _look_up(session_id, attempt)
        return _unlinked(redirect("donations:thanks", token=token))
    gift = attempt if isinstance(attempt, Gift) else attempt.gifts.order_by("paid_at", "pk").first()
    context: dict[str, Any] = {"attempt": attempt, "token": token, "stage": _stage(attempt)}
    context["monthly"] = isinstance(attempt, Plan)
    if gift is not None and gift.state == Gift.State.PAID:
        shares = shares_of(gift.ref)
        context |= {"gift": gift, "shares": shares}
        context["parts"] = queries.money_parts(shares, gift.gift_part_minor, organisation(), gift.refunds.all())
    asked_by_htmx = request.headers.get("HX-Request") == "true"
    return _unlinked(render(request, "donations/_thanks.html" if asked_by_htmx else "donations/thanks.html", context))


def _look_up(session_id: str, attempt: Gift | Plan) -> None:
    """Ask for the payment's state now, rather than wait for word of it; the page stands without the answer."""
    if attempt.state != "pending":
        return
    try:
        confirm_return(session_id=session_id, now=clock.now())
    except Exception:  # somebody who has just given must see this page, whatever our trouble is
        log.warning("return_not_confirmed", subject=attempt.ref, exc_info=True)


def _stage(attempt: Gift | Plan) -> str:
    """waiting, paid, second (a plan stopped because there was one), ended, aside, expired or failed."""
    if attempt.state in ("expired", "failed", "aside"):
        return attempt.state
    if attempt.state == "pending":
        return "waiting"
    if isinstance(attempt, Gift) or attempt.is_living:
        return "paid"
    return "second" if attempt.events.filter(kind="duplicate").exists() else "ended"


@never_cache
@require_GET
def cancelled(request: HttpRequest, token: str) -> HttpResponse:
    """Back from Stripe's page without paying: nothing was charged, and the form still holds what was typed."""
    attempt = _attempt(token)
    if attempt.state not in ("pending", "expired", "failed"):
        return _unlinked(redirect("donations:thanks", token=token))
    return _unlinked(render(request, "donations/cancelled.html", {"attempt": attempt, "token": token}))


@never_cache
@login_required
@require_GET
def my(request: HttpRequest) -> HttpResponse:
    """A donor's plans and gifts, each with where it went."""
    assert isinstance(request.user, User)
    return render(request, "donations/my.html", {"giving": queries.giving_of(request.user, clock.now())})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Keep or stop a monthly gift: two answers of equal weight, and no questions that must be answered."""
    assert isinstance(request.user, User)
    plan = queries.plan_of(request.user, plan_id)
    if plan is None:
        raise Http404
    if not plan.is_living:
        messages.info(request, "This monthly gift is stopped already.")
        return redirect("donations:my")
    form = StopForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if stop_plan(plan_id=plan.pk, reason=form.cleaned_data["reason"], now=clock.now()) is Outcome.STOPPING:
            messages.success(request, "Your monthly gift is stopped. No further gift will be taken.")
        return redirect("donations:my")
    status = 422 if request.method == "POST" else 200
    return render(request, "donations/stop.html", {"plan": plan, "form": form}, status=status)


def _attempt(token: str) -> Gift | Plan:
    """The gift or plan of a link; a stranger's link answers like a missing page."""
    attempt = queries.attempt_by_token(token)
    if attempt is None:
        raise Http404
    return attempt


def _unlinked(response: HttpResponse) -> HttpResponse:
    """A page whose address is its key is not indexed; the site's referrer policy keeps the address among us."""
    response["X-Robots-Tag"] = "noindex"
    return response
