"""The desk's page of one order: what was paid, what went back of it, and the form that gives more back."""

from __future__ import annotations

import secrets

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from people import clock
from people.access import confirm_afresh, role_required, roles_of
from people.desk import READERS
from people.money import format_minor
from shop.desk_tasks import HANDS
from shop.forms import RefundForm
from shop.models import Order
from shop.operations.check_refund import check_refund
from shop.operations.request_refund import AmountNotTaken, Disputed, NotPaid, RefundAmountWrong, request_refund
from shop.outcomes import Outcome
from shop.queries.refunds import order_money, preview_of

MAY_REFUND = ("fulfilment", "finance preparer")
SAID = {
    Outcome.REFUNDED: "Given back. The partners' shares of it were taken back.",
    Outcome.PENDING: "On its way back; the books follow when it has succeeded.",
    Outcome.ASKED: "Stripe has not answered yet. It is asked again by itself; do not send the form a second time.",
    Outcome.REFUSED: "Stripe refused the refund, and nothing went back. The reason stands below.",
    Outcome.REFUND_FAILED: "The refund came back at once; nothing was given back.",
}


@role_required(*HANDS, *READERS)
@require_safe
def desk_order(request: HttpRequest, order_id: int) -> HttpResponse:
    """One order for staff. With `amount` in the address it shows what such a refund would take from whom."""
    order = get_object_or_404(Order.objects.prefetch_related("lines"), pk=order_id)
    form = RefundForm(request.GET, order=order) if "amount" in request.GET else RefundForm(order=order)
    return _page(request, order, form)


@role_required(*MAY_REFUND)
@require_POST
@confirm_afresh
def desk_refund(request: HttpRequest, order_id: int) -> HttpResponse:
    """Give a part of the order back. A form sent twice refunds once."""
    order = get_object_or_404(Order, pk=order_id)
    form = RefundForm(request.POST, order=order)
    if not form.is_valid():
        return _page(request, order, form)
    try:
        requested = request_refund(
            order_id=order.pk,
            amount_minor=form.cleaned_data["amount"],
            because=form.cleaned_data["because"],
            part=form.cleaned_data["part"],
            charge_ref=form.cleaned_data["charge"],
            form_key=form.cleaned_data["form_key"],
            by=request.user,  # type: ignore[arg-type]
            now=clock.now(),
        )
    except AmountNotTaken:
        form.add_error("amount", "Stripe takes thousandths in this currency only in steps of ten. Nothing was sent.")
        return _page(request, order, form)
    except RefundAmountWrong as error:
        most = format_minor(error.left_minor, order.currency)
        form.add_error("amount", f"At most {most} can go back. Nothing was sent to Stripe.")
        return _page(request, order, form)
    except Disputed:
        form.add_error(None, "The buyer's bank has taken this payment back, so a refund would give it twice.")
        return _page(request, order, form)
    except NotPaid:
        form.add_error(None, "There is no payment of this order that could go back.")
        return _page(request, order, form)
    tell = messages.success if requested.outcome in (Outcome.REFUNDED, Outcome.PENDING) else messages.warning
    tell(request, SAID[requested.outcome])
    return redirect("shop:desk_order", order.pk)


@role_required(*MAY_REFUND)
@require_POST
def desk_refund_checked(request: HttpRequest, order_id: int) -> HttpResponse:
    """Somebody has looked at the refunds of this order that were not made here, or came back."""
    order = get_object_or_404(Order, pk=order_id)
    check_refund(order_id=order.pk, by=request.user, now=clock.now())  # type: ignore[arg-type]
    messages.success(request, "Noted. They no longer wait on the desk.")
    return redirect("shop:desk_order", order.pk)


def _page(request: HttpRequest, order: Order, form: RefundForm) -> HttpResponse:
    money = order_money(order, form.second_charges)
    roles = roles_of(request)
    context = {
        "order": order,
        "money": money,
        "form": form,
        "form_key": secrets.token_hex(16),
        "preview": preview_of(order, form.cleaned_data, money.refunds) if form.is_bound and form.is_valid() else None,
        "may_refund": bool(roles & {*MAY_REFUND}) and money.left_minor > 0 and not money.is_disputed,
        "may_check": bool(roles & {*MAY_REFUND}) and money.waits_for_check,
        "payment": order.charge_ref.rpartition(":")[2] if roles & {*READERS} else "",
        "here": "desk",
    }
    return render(request, "shop/desk/order.html", context, status=400 if form.errors else 200)
