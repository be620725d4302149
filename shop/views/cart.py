"""The cart, and the one button that leads to payment."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from people import clock
from people.limits import count_attempt
from people.queries import organisation
from shop.forms import PieceForm, SkuForm
from shop.models import Variant
from shop.operations.add_to_cart import UnknownPiece, add_to_cart
from shop.operations.place_order import EmptyCart, LeftTheShop
from shop.operations.remove_from_cart import remove_from_cart
from shop.operations.set_quantity import set_quantity
from shop.operations.start_checkout import (
    EarlierOrderPaid,
    PaymentPageUnavailable,
    Replaced,
    start_checkout,
)
from shop.quantities import BadQuantity
from shop.queries import cart_view
from shop.session import cart_id, last_order, remember_cart, remember_order, remember_pieces
from shop.stock import OutOfStock
from shop.views.shelf import show_product

CHECKOUTS_HOURLY = 60  # from one network: each one holds pieces, so that nobody can empty the shelf without buying


@require_safe
@never_cache
def cart_page(request: HttpRequest) -> HttpResponse:
    return show_cart(request)


def show_cart(request: HttpRequest, *, form: PieceForm | None = None, status: int = 200) -> HttpResponse:
    """The cart; `form` is a change that could not be made, shown again beside its line."""
    org = organisation()
    cart = cart_view(cart_id(request), clock.now(), currency=org.currency)
    remember_pieces(request, cart.pieces)
    context = {"org": org, "cart": cart, "form": form, "last_order": last_order(request)}
    return render(request, "shop/cart.html", context, status=status)


@require_POST
def cart_add(request: HttpRequest) -> HttpResponse:
    """Put pieces into the cart; at most six queries."""
    form = PieceForm(request.POST)
    sku = request.POST.get("sku", "").replace("\0", "")
    if form.is_valid():
        try:
            cart = add_to_cart(
                cart_id=cart_id(request), sku=sku, quantity=form.cleaned_data["quantity"], now=clock.now()
            )
        except UnknownPiece:
            return _not_for_sale(request)
        except BadQuantity as problem:
            form.add_error("quantity", str(problem))
        else:
            remember_cart(request, cart)
            return redirect("shop:cart")
    slug = Variant.objects.filter(sku=sku).values_list("product__slug", flat=True).first()
    if slug is None:
        return _not_for_sale(request)
    return show_product(request, slug, sku=sku, form=form, status=422)


@require_POST
def cart_update(request: HttpRequest) -> HttpResponse:
    cart, form = cart_id(request), PieceForm(request.POST)
    if cart is None:
        return redirect("shop:cart")
    if form.is_valid():
        try:
            changed = set_quantity(cart_id=cart, now=clock.now(), **form.cleaned_data)
        except UnknownPiece:
            return _not_for_sale(request)
        except BadQuantity as problem:
            form.add_error("quantity", str(problem))
        else:
            remember_cart(request, changed)
            return redirect("shop:cart")
    return show_cart(request, form=form, status=422)


@require_POST
def cart_remove(request: HttpRequest) -> HttpResponse:
    cart, form = cart_id(request), SkuForm(request.POST)
    if cart is not None and form.is_valid():
        remember_cart(request, remove_from_cart(cart_id=cart, sku=form.cleaned_data["sku"]))
    return redirect("shop:cart")


@require_POST
def checkout(request: HttpRequest) -> HttpResponse:
    """Hold the pieces and go to the payment page; what stands in the way is said on the cart, and nothing is held."""
    cart = cart_id(request)
    try:
        if cart is None:
            raise EmptyCart
        network = get_adapter(request).get_client_ip(request)
        if count_attempt(what="checkout:address", who=network, now=clock.now()) > CHECKOUTS_HOURLY:
            return _too_many(request)
        started = start_checkout(cart_id=cart, now=clock.now())
    except EmptyCart:
        messages.warning(request, "Your cart is empty, so there is nothing to pay.")
    except (OutOfStock, LeftTheShop, BadQuantity):
        messages.error(request, "Nothing was charged. A piece in your cart cannot be had as asked: see below.")
    except PaymentPageUnavailable:
        messages.error(
            request, "Nothing was charged. The payment page could not be opened just now; please try again in a minute."
        )
    except Replaced:
        messages.warning(request, "Nothing was charged. You pressed the button twice; please press it once more.")
    except EarlierOrderPaid:
        messages.success(request, "You have paid this order already.")
        return redirect("shop:order", last_order(request)) if last_order(request) else redirect("shop:cart")
    else:
        remember_order(request, started.token)
        return redirect(started.url)
    return redirect("shop:cart")


def _too_many(request: HttpRequest) -> HttpResponse:
    messages.error(
        request,
        "Nothing was charged. There were many checkouts from your network within an hour, so we stopped for now;"
        " please try again in an hour, or write to us.",
    )
    return show_cart(request, status=429)


def _not_for_sale(request: HttpRequest) -> HttpResponse:
    return render(request, "shop/not_for_sale.html", status=404)
