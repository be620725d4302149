"""The desk's page of one gift: what was paid, what went back of it, and the form that gives more back."""

from __future__ import annotations

import secrets

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from donations.desk_tasks import HANDS
from donations.forms import GiftRefundForm
from donations.models import Gift, GiftRefund
from donations.operations.check_gift_refund import check_gift_refund
from donations.operations.request_gift_refund import AmountNotTaken, Disputed, RefundAmountWrong, request_gift_refund
from donations.outcomes import Outcome
from donations.refunding import NotPaid, money_left, payment_of
from payments.queries import Taken
from people import clock
from people.access import confirm_afresh, role_required, roles_of
from people.desk import READERS
from people.money import format_minor

MAY_REFUND = ("donor care", "finance preparer")
State = GiftRefund.State
SAID = {
    Outcome.REFUNDED: "Given back. The partners' shares of it were taken back.",
    Outcome.PENDING: "On its way back; the books follow when it has succeeded.",
    Outcome.ASKED: "Stripe has not answered yet. It is asked again by itself; do not send the form a second time.",
    Outcome.REFUSED: "Stripe refused the refund, and nothing went back. The reason stands below.",
    Outcome.REFUND_FAILED: "The refund came back at once; nothing was given back.",
}


@role_required(*HANDS, *READERS)
@require_safe
def desk_gift(request: HttpRequest, gift_id: int) -> HttpResponse:
    """One gift for staff."""
    gift = get_object_or_404(Gift.objects.select_related("fund"), pk=gift_id)
    taken = _taken(gift)
    return _page(request, gift, taken, GiftRefundForm(currency=_currency(gift, taken)))


@role_required(*MAY_REFUND)
@require_POST
@confirm_afresh
def desk_gift_refund(request: HttpRequest, gift_id: int) -> HttpResponse:
    """Give a part of the gift back. A form sent twice refunds once."""
    gift = get_object_or_404(Gift.objects.select_related("fund"), pk=gift_id)
    taken = _taken(gift)
    form = GiftRefundForm(request.POST, currency=_currency(gift, taken))
    if not form.is_valid():
        return _page(request, gift, taken, form)
    try:
        requested = request_gift_refund(
            gift_id=gift.pk,
            amount_minor=form.cleaned_data["amount"],
            form_key=form.cleaned_data["form_key"],
            by=request.user,  # type: ignore[arg-type]
            now=clock.now(),
        )
    except AmountNotTaken:
        form.add_error("amount", "Stripe takes thousandths in this currency only in steps of ten. Nothing was sent.")
        return _page(request, gift, taken, form)
    except RefundAmountWrong as error:
        most = format_minor(error.left_minor, _currency(gift, taken))
        form.add_error("amount", f"At most {most} can go back. Nothing was sent to Stripe.")
        return _page(request, gift, taken, form)
    except Disputed:
        form.add_error(None, "The donor's bank has taken this gift back, so a refund would give it twice.")
        return _page(request, gift, taken, form)
    except NotPaid:
        form.add_error(None, "There is no payment of this gift that could go back.")
        return _page(request, gift, taken, form)
    tell = messages.success if requested.outcome in (Outcome.REFUNDED, Outcome.PENDING) else messages.warning
    tell(request, SAID[requested.outcome])
    return redirect("donations:desk_gift", gift.pk)


@role_required(*MAY_REFUND)
@require_POST
def desk_gift_checked(request: HttpRequest, gift_id: int) -> HttpResponse:
    """Somebody has looked at the refunds of this gift that were not made here, or came back."""
    gift = get_object_or_404(Gift, pk=gift_id)
    check_gift_refund(gift_id=gift.pk, by=request.user, now=clock.now())  # type: ignore[arg-type]
    messages.success(request, "Noted. They no longer wait on the desk.")
    return redirect("donations:desk_gift", gift.pk)


def _taken(gift: Gift) -> Taken | None:
    try:
        return payment_of(gift)
    except NotPaid:
        return None


def _currency(gift: Gift, taken: Taken | None) -> str:
    """That of the payment, which may be another than was asked for."""
    return taken.currency if taken is not None else gift.currency


def _page(request: HttpRequest, gift: Gift, taken: Taken | None, form: GiftRefundForm) -> HttpResponse:
    refunds = list(gift.refunds.select_related("asked_by", "gift"))
    left_minor = money_left(gift, taken) if taken is not None else 0
    is_disputed = taken is not None and taken.is_disputed
    roles = roles_of(request)
    mine = bool(roles & {*MAY_REFUND})
    context = {
        "gift": gift,
        "refunds": refunds,
        "taken": taken,
        "currency": _currency(gift, taken),
        "left_minor": left_minor,
        "is_disputed": is_disputed,
        "form": form,
        "form_key": secrets.token_hex(16),
        "may_refund": mine and left_minor > 0 and not is_disputed,
        "may_check": mine and any(r.checked_at is None and r.state in (State.MADE, State.FAILED) for r in refunds),
        "payment": (gift.charge_ref or "").rpartition(":")[2] if roles & {*READERS} else "",
        "here": "desk",
    }
    return render(request, "donations/desk/gift.html", context, status=400 if form.errors else 200)
