"""The shop for programs: the shelf, and one order by its link's token. Same reads as the pages."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from people import clock
from people.queries import organisation
from shop.queries import OrderView, ProductOffer, catalogue, order_by_token, product
from shop.queries.shelf import Offer


class ShareSerializer(serializers.Serializer[Any]):
    partner = serializers.CharField(help_text="Slug of the partner.")
    name = serializers.CharField()
    amount_minor = serializers.IntegerField(help_text="Minor units of the currency beside it.")


class OrderShareSerializer(ShareSerializer):
    state = serializers.ChoiceField(["promised", "paid"], help_text="Paid: it has reached the partner's bank.")


class VariantSerializer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    option = serializers.CharField()
    price_minor = serializers.IntegerField()
    currency = serializers.CharField()
    available = serializers.IntegerField()
    max_per_order = serializers.IntegerField()
    shares = ShareSerializer(many=True, help_text="What one piece gives.")
    promises = serializers.ListField(child=serializers.CharField(), help_text="Each promise as the law wants it said.")


class ProductSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    url = serializers.URLField()
    variants = VariantSerializer(many=True)


class OrderLineSerializer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    name = serializers.CharField()
    option = serializers.CharField()
    units = serializers.IntegerField()
    unit_price_minor = serializers.IntegerField()
    discount_minor = serializers.IntegerField()
    net_minor = serializers.IntegerField()
    tax_minor = serializers.IntegerField()


class OrderSerializer(serializers.Serializer[Any]):
    number = serializers.CharField()
    state = serializers.CharField()
    closed_because = serializers.CharField()
    currency = serializers.CharField()
    subtotal_minor = serializers.IntegerField()
    discount_minor = serializers.IntegerField()
    shipping_minor = serializers.IntegerField()
    tax_minor = serializers.IntegerField()
    total_minor = serializers.IntegerField()
    placed_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)
    lines = OrderLineSerializer(many=True)
    shares = OrderShareSerializer(many=True, help_text="Empty until the order is paid.")
    promises = serializers.ListField(child=serializers.CharField(), help_text="As they were when checkout started.")


ORDER_COLUMNS = (
    "number",
    "state",
    "closed_because",
    "currency",
    "subtotal_minor",
    "discount_minor",
    "shipping_minor",
    "tax_minor",
    "total_minor",
    "placed_at",
    "paid_at",
)


class Products(GenericAPIView[Any]):
    """Everything on the shelf."""

    serializer_class = ProductSerializer

    @extend_schema(operation_id="products_list", responses=ProductSerializer(many=True))
    def get(self, request: Request) -> Response:
        offers = catalogue(clock.now(), currency=organisation().currency)
        page = self.paginate_queryset(offers)
        return self.get_paginated_response([_product(offer) for offer in page or []])


class ProductDetail(APIView):
    """One design on the shelf."""

    @extend_schema(operation_id="products_retrieve", responses=ProductSerializer)
    def get(self, request: Request, slug: str) -> Response:
        found = product(slug, clock.now(), currency=organisation().currency)
        if found is None:
            raise NotFound
        return Response(_product(found))


class OrderDetail(APIView):
    """One order, by the token in its link; a wrong token answers like a missing order."""

    @extend_schema(operation_id="orders_retrieve", responses=OrderSerializer)
    def get(self, request: Request, token: str) -> Response:
        view = order_by_token(token)
        if view is None:
            raise NotFound
        return Response(_order(view), headers={"Cache-Control": "no-store"})


def _product(found: ProductOffer) -> dict[str, Any]:
    design = found.design
    return {
        "slug": design.slug,
        "name": design.name,
        "description": design.description,
        "url": settings.BASE_URL + reverse("shop:product", args=[design.slug]),
        "variants": [_variant(offer) for offer in found.offers],
    }


def _variant(offer: Offer) -> dict[str, Any]:
    piece = offer.piece
    return {
        "sku": piece.sku,
        "option": piece.option,
        "price_minor": piece.price_minor,
        "currency": offer.currency,
        "available": piece.available,
        "max_per_order": piece.max_per_order,
        "shares": [
            {"partner": share.partner_slug, "name": share.partner_name, "amount_minor": share.amount_minor}
            for share in offer.shares
        ],
        "promises": offer.words,
    }


def _order(view: OrderView) -> dict[str, Any]:
    """The order's own columns, then what hangs on it."""
    order = view.order
    return OrderSerializer(
        {
            **{name: getattr(order, name) for name in ORDER_COLUMNS},
            "lines": view.lines,
            "promises": view.words,
            "shares": [
                {
                    "partner": share.partner_slug,
                    "name": share.partner_name,
                    "amount_minor": share.amount_minor,
                    "state": share.state,
                }
                for share in view.allocated
            ],
        }
    ).data
