"""An order's own pages, behind its unguessable link: never cached, never indexed, never passed on as a referrer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from payments.operations.confirm_return import confirm_return
from people import clock
from shop.operations.add_to_cart import pieces_in
from shop.queries import OrderView, order_by_token
from shop.session import cart_id, remember_pieces

log = structlog.get_logger(__name__)
OrderPage = Callable[[HttpRequest, OrderView, str], HttpResponse]
STOP_ASKING = 286  # htmx's word for "stop asking"


def by_token(page: OrderPage) -> Callable[[HttpRequest, str], HttpResponse]:
    """A page of the order behind the link; a wrong link looks like no page at all."""

    @require_safe
    @never_cache
    @wraps(page)
    def guarded(request: HttpRequest, token: str) -> HttpResponse:
        view = order_by_token(token)
        if view is None:
            raise Http404
        answer = page(request, view, token)
        answer["Referrer-Policy"] = "no-referrer"
        answer["X-Robots-Tag"] = "noindex"
        return answer

    return guarded


@by_token
def order_page(request: HttpRequest, view: OrderView, token: str) -> HttpResponse:
    """The state in words; while it is open, htmx asks for the middle part alone."""
    context = {"view": view, "order": view.order, "token": token}
    if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        status = 200 if view.is_open else STOP_ASKING
        return render(request, "shop/order_status.html", context, status=status)
    if not view.is_open and (cart := cart_id(request)) is not None:
        remember_pieces(request, pieces_in(cart))  # a paid order has emptied it
    return render(request, "shop/order.html", context)


@by_token
def order_return(request: HttpRequest, view: OrderView, token: str) -> HttpResponse:
    """Where the payment page sends the buyer: look the payment up like the webhook does, then show the order.

    What cannot be looked up now is found by the webhook or the sweep, so trouble only delays the good news.
    """
    session_id = request.GET.get("session_id", "")
    if view.is_open and session_id:
        try:
            confirm_return(session_id=session_id, now=clock.now())
        except Exception:  # somebody who has just paid must see their order, whatever our trouble is
            log.warning("return_not_confirmed", order=view.order.pk, exc_info=True)
    return redirect("shop:order", token)


@by_token
def order_cancelled(request: HttpRequest, view: OrderView, token: str) -> HttpResponse:
    """The buyer came back without paying. Nothing changes by looking: the checkout ends by itself or is replaced."""
    if not view.is_open:
        return redirect("shop:order", token)
    return render(request, "shop/order_cancelled.html", {"view": view, "order": view.order, "token": token})
