"""What can be bought, and what each piece promises."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from people import clock
from people.queries import organisation
from shop.forms import PieceForm
from shop.models import ProductImage
from shop.queries import catalogue, product
from shop.session import cart_id


@require_safe
def product_list(request: HttpRequest) -> HttpResponse:
    org = organisation()
    products = catalogue(clock.now(), currency=org.currency)
    return render(request, "shop/product_list.html", {"org": org, "products": products})


@require_safe
def product_page(request: HttpRequest, slug: str) -> HttpResponse:
    return show_product(request, slug, sku=request.GET.get("option", ""))


def show_product(
    request: HttpRequest, slug: str, *, sku: str, form: PieceForm | None = None, status: int = 200
) -> HttpResponse:
    """The page of one design with one of its variants chosen; also the answer to a quantity that cannot be."""
    org = organisation()
    found = product(slug, clock.now(), currency=org.currency, cart_id=cart_id(request))
    if found is None:
        raise Http404
    offer = found.offer(sku) or found.first
    context = {"org": org, "product": found, "offer": offer, "form": form or PieceForm(initial={"quantity": 1})}
    return render(request, "shop/product.html", context, status=status)


@require_safe
def picture(request: HttpRequest, pk: int) -> FileResponse:
    """An uploaded photograph of a product; browsers may keep it for a day."""
    image = get_object_or_404(ProductImage, pk=pk).image
    try:
        answer = FileResponse(image.open())
    except FileNotFoundError:
        raise Http404 from None
    answer["Cache-Control"] = "public, max-age=86400"
    answer["Content-Security-Policy"] = "sandbox"
    return answer
